package capture

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"sync/atomic"

	"popupwatch/decoders"
)

// The bounds of what is open at once. A file is opened when the merge reaches the time of its first frame and closed at its end, so that
// only files whose times overlap count; where more do, Next fails, since no order could be kept. Windows grow to the longest record of
// their file: 256 MiB in all 512, if each holds frames of 256 KiB.
const (
	maxOpen      = 512
	maxInflating = 64      // each holds up to maxWindow besides its window
	windowBudget = 8 << 20 // octets: the nth window has an nth of it at most, which makes 36 MiB for all 512 and never less than 16 KiB
	peekBlock    = 4 << 10 // octets of the window that looks for a file's first frame
)

// Config says how captures are read. The zero value reads everything from files.
type Config struct {
	Filter    string    // BPF expression as of tcpdump; frames that it refuses are delivered as Filtered. Empty: none
	Stdin     io.Reader // what "-" stands for; nil is os.Stdin. It is not closed
	BlockSize int       // octets of one read(2), by which a file's window begins; not positive is 512 KiB
}

// Files delivers the frames of captures in order of packet time, ties to the earlier path. Within a file the order is the file's,
// whatever its times. It belongs to one goroutine, but for Progress.
type Files struct {
	cfg     Config
	filters *filters
	skipped []string
	ifaces  []decoders.Interface
	tallies []tally  // by order of the inputs
	waiting []*input // not open yet, by the time of their first frame
	open    queue
	openZip int // of the open ones, those that are inflated

	seq   uint64
	given bool  // the first source's frame has been delivered
	until int64 // the first source is due as long as it is before this time of that order
	after int

	done    atomic.Int64
	total   int64
	streams bool // an input's size is unknown
}

// Open finds the captures that the paths stand for - files, directories (to their depth, without hidden entries and links to directories),
// "-" - and looks at the first frame of each regular file. Its errors are those that no reading can mend, with a hint: a path that is
// not there or not readable, a directory without captures, an expression that libpcap refuses (*FilterError). What is damaged is told by
// Reports. Close it after use.
func Open(paths []string, cfg Config) (*Files, error) {
	if len(paths) == 0 {
		return nil, errors.New("open captures: no path is given (give files, directories, or - for standard input)")
	}
	f := &Files{cfg: cfg, filters: newFilters(cfg.Filter)}
	f.setDefaults()
	if err := CheckFilter(cfg.Filter); err != nil {
		return nil, err
	}
	for i, path := range paths {
		if path == standardInput && slices.Contains(paths[:i], path) {
			return nil, errors.New("open captures: standard input is given twice (it can be read once)")
		}
		if err := f.add(path); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(f.waiting, func(a, b *input) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.order, b.order))
	})
	return f, nil
}

func (f *Files) setDefaults() {
	if f.cfg.Stdin == nil {
		f.cfg.Stdin = os.Stdin
	}
	if f.cfg.BlockSize <= 0 {
		f.cfg.BlockSize = defaultBlock
	}
}

// add adds what a path stands for.
func (f *Files) add(path string) error {
	found, err := find(path)
	if err != nil {
		return err
	}
	f.skipped = append(f.skipped, found.skipped...)
	before := len(f.waiting)
	for i := range found.inputs {
		if err := f.admit(&found.inputs[i]); err != nil {
			return err
		}
	}
	if found.dir && len(f.waiting) == before {
		return fmt.Errorf("open captures: no capture in %s: %d files are none, hidden ones are not read (name a file to see what is wrong with it)",
			path, len(found.inputs))
	}
	return nil
}

// admit adds a file, after a look at its first frame.
func (f *Files) admit(in *input) error {
	if in.seeks {
		err := f.peek(in)
		var damage *DamageError
		switch {
		case err == nil, err == io.EOF:
		case !in.named && (errors.Is(err, fs.ErrNotExist) || errors.As(err, &damage) && damage.foreign):
			f.skipped = append(f.skipped, in.path)
			return nil
		case !errors.As(err, &damage):
			return err
		}
	}
	in.order = len(f.tallies)
	f.tallies = append(f.tallies, newTally(in.path))
	f.waiting = append(f.waiting, in)
	f.total += in.size
	f.streams = f.streams || !in.seeks
	return nil
}

// peek reads the file up to its first frame and closes it again: thousands of files of a directory are not open at once because the
// merge has to know when each begins.
func (f *Files) peek(in *input) error {
	s, err := in.open(opening{block: peekBlock, declarer: f.filters})
	if err != nil {
		return err
	}
	defer s.close()
	in.zip = s.beside != nil
	if err = s.reader.next(&s.frame); err == nil {
		in.first = s.nanos
	}
	return err
}

// Next gives the next frame; its Data is a view that holds until the next Next or Close. io.EOF after the last one. Other errors mean that
// the order cannot be kept: more than 512 files overlap in time, or more than 64 compressed ones. Damage is no error of Next: the file
// ends there, the others go on, and Reports tells.
func (f *Files) Next() (decoders.Frame, error) {
	if err := f.advance(); err != nil {
		return decoders.Frame{}, err
	}
	f.seq++
	f.given = true
	s := f.open[0]
	s.frame.Seq = f.seq
	s.tally.count(len(s.frame.Data), s.nanos)
	return s.frame, nil
}

// advance makes the first of the open files the one whose frame is due. While one file is ahead of all others, as a single one always
// is, no heap is touched.
func (f *Files) advance() error {
	if f.given && len(f.open) > 0 {
		s := f.open[0]
		switch more := s.next(); {
		case more && s.before(f.until, f.after):
			return nil
		case more:
			heap.Fix(&f.open, 0)
		default:
			f.closeFirst()
		}
	}
	f.given = false
	if err := f.openDue(); err != nil {
		return err
	}
	if len(f.open) == 0 {
		return io.EOF
	}
	f.setUntil()
	return nil
}

// closeFirst closes the file that is first in the heap, because it has ended.
func (f *Files) closeFirst() {
	s := heap.Pop(&f.open).(*source)
	if s.beside != nil {
		f.openZip--
	}
	s.close()
}

// openDue opens the files that begin before the frame that is due.
func (f *Files) openDue() error {
	for len(f.waiting) > 0 {
		in := f.waiting[0]
		if len(f.open) > 0 && f.open[0].before(in.first, in.order) {
			return nil
		}
		if len(f.open) == maxOpen || in.zip && f.openZip >= maxInflating {
			return fmt.Errorf("merge captures: more than %d files (%d compressed ones) overlap in time at %s (join them first, as with mergecap)",
				maxOpen, maxInflating, in.path)
		}
		f.waiting = f.waiting[1:]
		f.start(in)
	}
	return nil
}

// start opens a file and puts it in the heap with its first frame; a file without any is closed at once.
func (f *Files) start(in *input) {
	block := min(f.cfg.BlockSize, windowBudget/(len(f.open)+1))
	s, err := in.open(opening{stdin: f.cfg.Stdin, block: block, beside: true, progress: &f.done, declarer: register{f, in.path}})
	if err != nil {
		f.tallies[in.order].err = err
		return
	}
	s.tally = &f.tallies[in.order]
	if !s.next() {
		s.close()
		return
	}
	if s.beside != nil {
		f.openZip++
	}
	heap.Push(&f.open, s)
}

// setUntil notes who comes after the first: the least of its children in the heap and of those that wait.
func (f *Files) setUntil() {
	f.until, f.after = math.MaxInt64, math.MaxInt
	for _, s := range f.open[1:min(len(f.open), 3)] {
		if s.before(f.until, f.after) {
			f.until, f.after = s.nanos, s.order
		}
	}
	if len(f.waiting) == 0 {
		return
	}
	if in := f.waiting[0]; cmp.Or(cmp.Compare(in.first, f.until), cmp.Compare(in.order, f.after)) < 0 {
		f.until, f.after = in.first, in.order
	}
}

// register numbers the interfaces of one file over the run.
type register struct {
	files *Files
	path  string
}

func (r register) declare(name string, link decoders.LinkType, snap uint32, o order) (declared, error) {
	d, err := r.files.filters.declare(name, link, snap, o)
	if err != nil {
		return d, err
	}
	d.iface = len(r.files.ifaces)
	r.files.ifaces = append(r.files.ifaces, decoders.Interface{Name: name, Path: r.path, Link: link, Role: decoders.RoleSpan, Snap: snap})
	return d, nil
}

// Interface is the interface that a frame's Iface names; empty where none has that number.
func (f *Files) Interface(i int) decoders.Interface {
	if i < 0 || i >= len(f.ifaces) {
		return decoders.Interface{}
	}
	return f.ifaces[i]
}

// Reports says what each file has given so far, in order of the paths; complete after io.EOF. Owned by the caller.
func (f *Files) Reports() []FileReport {
	all := make([]FileReport, len(f.tallies))
	for i := range f.tallies {
		all[i] = f.tallies[i].report()
	}
	return all
}

// Skipped names what was found in directories and is no capture: for each path first what is no regular file, then what is none by its
// first octets. Owned by the caller.
func (f *Files) Skipped() []string { return slices.Clone(f.skipped) }

// Progress is the octets read and to be read, of compressed files the compressed ones; total is 0 where an input is a stream. Any
// goroutine may call it.
func (f *Files) Progress() (done, total int64) {
	done = f.done.Load()
	if f.streams {
		return done, 0
	}
	return min(done, f.total), f.total
}

// Close closes what is open and waits for the goroutines that inflate. Next gives io.EOF after it. The error is always nil.
func (f *Files) Close() error {
	f.waiting = nil
	for _, s := range f.open {
		s.close()
	}
	f.open, f.openZip = nil, 0
	return nil
}
