package capture

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"popupwatch/decoders"
)

// source is an open file and its frame ahead.
type source struct {
	*reader
	frame  decoders.Frame
	order  int
	tally  *tally
	file   io.Closer // nil for standard input, which is not ours to close
	beside io.Closer // the inflater, closed before the file; nil for a plain file
	read   *counted
	size   int64
}

// opening is how a file is opened.
type opening struct {
	stdin    io.Reader
	block    int  // octets of its window
	beside   bool // a goroutine may inflate it
	progress *atomic.Int64
	declarer declarer
}

// open opens a file and reads its head. Where the head is damaged the source is nil, and the error a *DamageError or a *FilterError.
func (in *input) open(o opening) (*source, error) {
	s := &source{order: in.order, size: in.size, read: &counted{src: o.stdin, total: o.progress}}
	if in.path != standardInput {
		file, err := os.Open(in.path)
		if err != nil {
			return nil, fmt.Errorf("open a capture: %w (is it readable for this user?)", err)
		}
		s.file, s.read.src = file, file
	}
	w := &window{src: s.read, buf: make([]byte, o.block)}
	s.beside = w.inflate(o.beside && in.seeks) // a pipe may never yield, and Close would wait for its goroutine
	var err error
	if s.reader, err = newReader(w, in.path, s.beside != nil, o.declarer); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// next reads one frame ahead; false at the end of the file, and then its tally has the error.
func (s *source) next() bool {
	err := s.reader.next(&s.frame)
	if err != nil && err != io.EOF {
		s.tally.err = err
	}
	return err == nil
}

// before says whether the source's frame is due before one of that time of the file of that order.
func (s *source) before(nanos int64, order int) bool {
	return s.nanos < nanos || s.nanos == nanos && s.order < order
}

// close ends the inflater, then the file; what was not read counts as done.
func (s *source) close() {
	if s.beside != nil {
		s.beside.Close()
	}
	if s.file != nil {
		s.file.Close()
	}
	s.read.rest(s.size)
}

// counted counts the octets that are read of a file, compressed as they are.
type counted struct {
	src   io.Reader
	n     int64
	total *atomic.Int64 // of all files; nil: nobody asks
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.add(int64(n))
	return n, err
}

func (c *counted) add(n int64) {
	c.n += n
	if c.total != nil {
		c.total.Add(n)
	}
}

// rest counts what a file of that size has left.
func (c *counted) rest(size int64) { c.add(max(0, size-c.n)) }

// queue is the open files as a heap: the one whose frame is due is the first.
type queue []*source

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].before(q[j].nanos, q[j].order) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push adds a *source; for container/heap.
func (q *queue) Push(s any) { *q = append(*q, s.(*source)) }

// Pop takes the last; for container/heap.
func (q *queue) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return s
}
