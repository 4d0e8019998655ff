package capture

import "io"

// The sizes of reading.
const (
	maxCaptured  = 262144    // octets of one frame, libpcap's MAXIMUM_SNAPLEN; a record that announces more is damage
	maxBlock     = 512 << 10 // octets of one pcapng block that has to be understood; the largest window, too
	defaultBlock = 512 << 10 // octets of one read(2): the fastest of the sizes measured
	emptyReads   = 100       // reads without an octet or an error that are borne, as by bufio
)

// window is the part of a stream that is in memory: records are walked in place, and only what a block cuts is moved. It owns buf;
// what it hands out are views that hold until the next need.
type window struct {
	src  io.Reader
	buf  []byte
	r, w int   // buf[r:w] is unread
	base int64 // offset in the stream of buf[0]
	err  error // what ended the stream: io.EOF or a fault
}

// offset is that of the first unread octet in the stream.
func (w *window) offset() int64 { return w.base + int64(w.r) }

// unread is the number of octets that can be taken without reading.
func (w *window) unread() int { return w.w - w.r }

// need makes n unread octets available and is false where the stream ends before. The caller bounds n: the window grows to it.
func (w *window) need(n int) bool { return w.w-w.r >= n || w.refill(n) }

func (w *window) refill(n int) bool {
	if w.err != nil {
		return false
	}
	w.makeRoom(n)
	for idle := 0; w.unread() < n && w.err == nil; {
		var got int
		got, w.err = w.src.Read(w.buf[w.w:])
		w.w += got
		if got > 0 {
			idle = 0
		} else if idle++; idle == emptyReads && w.err == nil {
			w.err = io.ErrNoProgress
		}
	}
	return w.unread() >= n
}

// makeRoom moves the unread octets to the front of a buffer that holds n.
func (w *window) makeRoom(n int) {
	to := w.buf
	if n > len(to) {
		to = make([]byte, n)
	}
	w.base += int64(w.r)
	w.w = copy(to, w.buf[w.r:w.w])
	w.buf, w.r = to, 0
}

// discard drops n octets however many are in memory, and is false where the stream ends before.
func (w *window) discard(n int64) bool {
	for n > int64(w.unread()) {
		n -= int64(w.unread())
		w.r = w.w
		if !w.need(1) {
			return false
		}
	}
	w.r += int(n)
	return true
}
