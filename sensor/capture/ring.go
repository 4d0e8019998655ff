package capture

import "io"

// ring inflates in a goroutine of its own while the blocks before are decoded; it holds ringBlocks blocks and no more, so that a
// stream which inflates to a thousand times its size costs time and not memory. The goroutine ends at the end of the stream or with
// Close, which waits for it.
type ring struct {
	full  chan inflated
	empty chan []byte
	stop  chan struct{}
	over  chan struct{} // closed when the goroutine has returned
	held  []byte        // the block that is being read
	rest  []byte        // what of it is unread
	err   error         // what comes after rest
}

// inflated is a filled block, and what ended the stream after it.
type inflated struct {
	octets []byte
	err    error
}

func newRing(src io.ReadCloser) *ring {
	g := &ring{
		full:  make(chan inflated, ringBlocks),
		empty: make(chan []byte, ringBlocks),
		stop:  make(chan struct{}),
		over:  make(chan struct{}),
	}
	for range ringBlocks {
		g.empty <- make([]byte, ringOctets)
	}
	go g.run(src)
	return g
}

func (g *ring) run(src io.ReadCloser) {
	defer close(g.over)
	defer src.Close()
	for {
		var block []byte
		select {
		case block = <-g.empty:
		case <-g.stop:
			return
		}
		n, err := fill(src, block)
		select {
		case g.full <- inflated{block[:n], err}:
		case <-g.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// fill reads until the block is full or the stream ends; unlike io.ReadFull it leaves the error as it is, since a stream that is cut
// and one that is over must not look alike.
func fill(src io.Reader, block []byte) (n int, err error) {
	for idle := 0; n < len(block) && err == nil; {
		var got int
		got, err = src.Read(block[n:])
		n += got
		if got > 0 {
			idle = 0
		} else if idle++; idle == emptyReads && err == nil {
			err = io.ErrNoProgress
		}
	}
	return n, err
}

// Read copies from the block that is ready, and waits for one only when it has none.
func (g *ring) Read(p []byte) (int, error) {
	for len(g.rest) == 0 {
		if g.err != nil {
			return 0, g.err
		}
		if g.held != nil {
			g.empty <- g.held[:cap(g.held)]
		}
		next := <-g.full
		g.held, g.rest, g.err = next.octets, next.octets, next.err
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// Close stops the goroutine and waits until it has returned; after it nothing reads the file, and Read fails.
func (g *ring) Close() error {
	close(g.stop)
	<-g.over
	g.rest, g.err = nil, io.ErrClosedPipe
	return nil
}
