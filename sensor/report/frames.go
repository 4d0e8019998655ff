package report

import (
	"bufio"
	"fmt"
	"os"

	"popupwatch/decoders"
)

// ring holds the last frames that evidence may come to cite, in octets at most. The oldest goes first.
type ring struct {
	most, octets int64
	frames       map[uint64]*held
	order        []*held
	head         int
}

// held is a frame with octets of its own.
type held struct {
	decoders.Frame
	left bool // there was no room for it in the spool
}

func newRing(most int64) *ring { return &ring{most: most, frames: map[uint64]*held{}} }

// heldCost is what a frame takes besides its octets.
const heldCost = 200

// put copies a frame into the ring.
func (r *ring) put(f *decoders.Frame) {
	h := &held{Frame: *f}
	h.Data = append([]byte(nil), f.Data...)
	r.frames[f.Seq] = h
	r.order = append(r.order, h)
	r.octets += int64(len(h.Data)) + heldCost
	for r.octets > r.most && r.head < len(r.order)-1 {
		r.drop()
	}
}

func (r *ring) drop() {
	old := r.order[r.head]
	r.order[r.head] = nil
	r.head++
	r.octets -= int64(len(old.Data)) + heldCost
	delete(r.frames, old.Seq)
	if r.head > 1024 && r.head > len(r.order)/2 {
		r.order = append(r.order[:0], r.order[r.head:]...)
		r.head = 0
	}
}

// spool is a file without a name that holds the octets of the frames that are kept.
type spool struct {
	file *os.File
	w    *bufio.Writer
	size int64
}

// newSpool makes a spool in dir, beside the file that is to come.
func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, ".popupwatch-evidence-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for packets: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close() // the error above says it all
		return nil, fmt.Errorf("make a file for packets: %w", err)
	}
	return &spool{file: f, w: bufio.NewWriterSize(f, 1<<16)}, nil
}

// put appends octets and says where they begin.
func (s *spool) put(data []byte) (at int64, err error) {
	at = s.size
	n, err := s.w.Write(data)
	s.size += int64(n)
	if err != nil {
		return 0, fmt.Errorf("keep packets: %w", err)
	}
	return at, nil
}

// get reads octets; all must have been flushed.
func (s *spool) get(at int64, into []byte) error {
	if _, err := s.file.ReadAt(into, at); err != nil {
		return fmt.Errorf("read kept packets: %w", err)
	}
	return nil
}
