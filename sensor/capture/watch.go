package capture

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"popupwatch/decoders"
)

// pollEvery is how often a watched directory is looked at while nothing is being read.
const pollEvery = time.Second

// WatchConfig says how a directory is watched. The zero value of each field is its default.
type WatchConfig struct {
	Filter string                 // as in Config
	Poll   time.Duration          // 1 s
	Done   func(FileReport) error // called in Next after each file, and its error is that of Next; nil: nobody asks
	Idle   func()                 // called in Next before it waits; nil: nobody asks
	Faulty func(FileReport)       // called once for each file that cannot be read, and where the directory is away; nil: nobody asks
}

// Watch delivers the frames of captures that a rotating capture leaves in a directory, each once, in order of their first frames. It belongs
// to one goroutine, but for Stop.
type Watch struct {
	cfg      WatchConfig
	rotation rotation
	halt     *halt
	files    *Files // the one file that is read; nil
	current  candidate
	position uint64 // frames of it that were delivered
	seq      uint64
	ifaces   []decoders.Interface
	base     int  // number of the first interface of files
	away     bool // the directory cannot be read, which was told
}

// OpenWatch looks at the directory for the first time. Its error is that of a path that is no directory, or cannot be read, or of a filter.
func OpenWatch(dir string, c WatchConfig) (*Watch, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("watch a directory: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("watch a directory: %s is a file (without --watch it can be read)", dir)
	}
	if err := CheckFilter(c.Filter); err != nil {
		return nil, err
	}
	if c.Poll <= 0 {
		c.Poll = pollEvery
	}
	if c.Done == nil {
		c.Done = func(FileReport) error { return nil }
	}
	if c.Idle == nil {
		c.Idle = func() {}
	}
	if c.Faulty == nil {
		c.Faulty = func(FileReport) {}
	}
	return &Watch{cfg: c, rotation: newRotation(dir), halt: newHalt()}, nil
}

// Next gives the next frame, and waits for it; io.EOF after Stop.
func (w *Watch) Next() (decoders.Frame, error) {
	for {
		if w.halt.stopped() {
			return decoders.Frame{}, io.EOF
		}
		if w.files != nil {
			f, err := w.files.Next()
			if err == nil {
				return w.deliver(f), nil
			}
			if err := w.finish(err); err != nil {
				return decoders.Frame{}, err
			}
		}
		if err := w.begin(); err != nil {
			return decoders.Frame{}, err
		}
	}
}

// deliver numbers a frame, and its interface, over all files.
func (w *Watch) deliver(f decoders.Frame) decoders.Frame {
	w.position++
	w.seq++
	f.Seq = w.seq
	for w.base+f.Iface >= len(w.ifaces) {
		w.ifaces = append(w.ifaces, w.files.Interface(len(w.ifaces)-w.base))
	}
	f.Iface += w.base
	return f
}

// finish closes a file that was read, to its end or to its damage.
func (w *Watch) finish(err error) error {
	report := w.files.Reports()[0]
	w.files.Close()
	w.files = nil
	if !errors.Is(err, io.EOF) {
		return err
	}
	w.rotation.done(w.current, w.position)
	w.current, w.position = candidate{}, 0
	return w.cfg.Done(report)
}

// begin opens the next file that is to be read, or waits.
func (w *Watch) begin() error {
	c, ok, err := w.rotation.next()
	w.say(err)
	if ok && err == nil {
		return w.open(c)
	}
	for _, r := range w.rotation.faults() {
		w.cfg.Faulty(r)
	}
	w.cfg.Idle()
	select {
	case <-w.halt.done:
	case <-time.After(w.cfg.Poll):
	}
	return nil
}

// say tells once of a directory that cannot be read now: it may be mounted again.
func (w *Watch) say(err error) {
	if err != nil && !w.away {
		w.cfg.Faulty(FileReport{Path: w.rotation.dir, Err: err})
	}
	w.away = err != nil
}

// open opens a file, and goes over what was delivered of it before.
func (w *Watch) open(c candidate) (err error) {
	if w.files, err = Open([]string{c.path}, Config{Filter: w.cfg.Filter}); err != nil {
		w.files = nil // gone, or not ours to read, since it was seen: the next look tells
		w.rotation.again(c.path)
		return nil
	}
	w.base, w.current, w.position = len(w.ifaces), c, c.frames
	for range c.frames {
		if _, err := w.files.Next(); err != nil {
			return w.finish(err)
		}
	}
	return nil
}

// Interface is the interface that a frame's Iface names; empty where none has that number.
func (w *Watch) Interface(i int) decoders.Interface {
	if i < 0 || i >= len(w.ifaces) {
		return decoders.Interface{}
	}
	return w.ifaces[i]
}

// Stop ends the watching: Next gives io.EOF, within a file too. Any goroutine may call it, more than once.
func (w *Watch) Stop() { w.halt.Stop() }

// Close closes the file that is open. The error is always nil.
func (w *Watch) Close() error {
	if w.files != nil {
		return w.files.Close()
	}
	return nil
}

// watched is what a Watch hands on over a restart.
type watched struct {
	Seq  uint64
	Read []readFile
}

// Save writes which files were read, and how far the one in hand is.
func (w *Watch) Save(enc *gob.Encoder) error {
	if w.files != nil {
		inHand := w.current
		inHand.size = 0 // there is more
		w.rotation.done(inHand, w.position)
	}
	return enc.Encode(watched{w.seq, w.rotation.list()})
}

// Load takes over what Save wrote. It is called before Next.
func (w *Watch) Load(dec *gob.Decoder) error {
	var from watched
	if err := dec.Decode(&from); err != nil {
		return err
	}
	w.seq = from.Seq
	w.rotation.load(from.Read)
	return nil
}
