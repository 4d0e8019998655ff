package capture

import "sync"

// halt ends what waits, once and for all. Any goroutine may call it.
type halt struct {
	once sync.Once
	done chan struct{} // closed by Stop
}

func newHalt() *halt { return &halt{done: make(chan struct{})} }

// Stop ends it. A second time does nothing.
func (h *halt) Stop() { h.once.Do(func() { close(h.done) }) }

func (h *halt) stopped() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}
