package capture

import (
	"fmt"
	"io"
	"time"

	"popupwatch/decoders"
)

// declarer is told of each interface that a file names, and says which number it has in the run and what its frames are tested with.
type declarer interface {
	declare(name string, link decoders.LinkType, snap uint32, o order) (declared, error)
}

// declared is what the run knows of an interface.
type declared struct {
	iface  int      // its number in the run
	filter *program // nil: every frame passes
}

// origin is where frames of a file come from: what they share.
type origin struct {
	declared
	link  decoders.LinkType
	snap  uint32 // pcapng: octets that are captured at most, 0 is no limit
	clock clock  // pcapng: its time unit
}

// reader walks the records of one capture. Its errors are io.EOF, a *DamageError or a *FilterError.
type reader struct {
	window
	path     string
	inflated bool
	declarer declarer
	at       int64 // offset of the record that is being read
	order    order
	pcapng   bool
	nanos    int64 // packet time of the last frame, since 1970

	head  int    // pcap: octets before the data of a record
	tick  int64  // pcap: nanoseconds a unit of the second field of time
	alone origin // pcap: the one interface

	origins  []origin              // pcapng: of this section, by their number in it
	declared map[identity]declared // pcapng: the interfaces of all sections, at most maxInterfaces
}

// newReader reads the head of the file: a *DamageError where it is none of a capture.
func newReader(w *window, path string, inflated bool, d declarer) (*reader, error) {
	r := &reader{window: *w, path: path, inflated: inflated, declarer: d, at: w.offset()}
	if !r.need(4) {
		return nil, r.noCapture()
	}
	switch magic := littleEndian.u32(r.buf[r.r:]); {
	case magic == blockSection: // reads the same in both orders
		r.pcapng, r.declared = true, make(map[identity]declared)
		return r, nil
	default:
		return r, r.readHead(magic)
	}
}

// noCapture is the damage of a file that does not begin like a capture.
func (r *reader) noCapture() error {
	if r.err != nil && r.err != io.EOF {
		return r.fault()
	}
	what := "it is no capture (neither pcap nor pcapng by its first four octets)"
	if r.unread() == 0 {
		what = "the file is empty"
	}
	e := r.damage("%s", what)
	e.foreign = true
	return e
}

// next reads the next frame into f, all but its Seq; f.Data is a view of the window that holds until the next next.
func (r *reader) next(f *decoders.Frame) error {
	r.at = r.offset()
	if r.pcapng {
		return r.nextPacket(f)
	}
	return r.nextRecord(f)
}

// deliver fills in what both formats say of a frame of n captured octets that begin at buf[from].
func (r *reader) deliver(f *decoders.Frame, o *origin, from, n int, wire uint32, sec, nsec int64) {
	f.Time = time.Unix(sec, nsec).UTC()
	f.Data = r.buf[from : from+n : from+n]
	f.Len = max(n, int(min(wire, 1<<31-1)))
	f.Link = o.link
	f.Iface = o.iface
	f.Filtered = o.filter != nil && !o.filter.match(f.Data, f.Len)
	r.nanos = sec*nanosPerSecond + nsec
}

// damage is the error for the record that is being read.
func (r *reader) damage(format string, args ...any) *DamageError {
	return &DamageError{Path: r.path, Offset: r.at, Inflated: r.inflated, What: fmt.Sprintf(format, args...)}
}

// short is the error where octets are missing: io.EOF between two records, else the file is cut.
func (r *reader) short(what string, n int64) error {
	if r.err != io.EOF {
		return r.fault()
	}
	there := r.base + int64(r.w) - r.at
	if there == 0 {
		return io.EOF
	}
	return r.damage("the file is cut short: %d of the %d octets of a %s are there", there, n, what)
}

// fault is the error where the octets cannot be had: the disk, or the inflater.
func (r *reader) fault() error {
	e := r.damage("it cannot be read: %v", r.err)
	if r.inflated {
		e.What = fmt.Sprintf("it cannot be inflated: %v (zstd: windows of more than 8 MiB, levels above 19, are not read)", r.err)
	}
	e.Err = r.err
	return e
}
