package store

import (
	"fmt"
	"sync"
	"sync/atomic"

	"popupwatch/sensor/event"
)

// handed is how many batches may wait for the writing goroutine, besides the one that is being gathered.
const handed = 4

// Writer puts events into the queue. Emit, Flush and Close belong to the road's goroutine; a goroutine of the Writer's writes the rows.
type Writer struct {
	store *Store
	waits bool
	fails func(error)

	batch    *Batch
	closed   bool
	full     chan order
	free     chan *Batch
	drafts   chan draftOrder
	unkept   atomic.Uint64 // drafts
	done     sync.WaitGroup
	failure  atomic.Pointer[error] // the first error of a Writer that waits
	produced atomic.Uint64
	shed     atomic.Uint64
}

// NewWriter begins to write. A Writer that waits is one for a replay: it waits while the queue is full, and its first error ends the run. One
// that does not is for live: it never waits, and what finds no room, or cannot be written, is counted as shed; fails hears of each such error,
// in the writing goroutine.
func NewWriter(s *Store, waits bool, fails func(error)) *Writer {
	w := &Writer{store: s, waits: waits, fails: fails, batch: new(Batch), full: make(chan order, handed+1), free: make(chan *Batch, handed+1),
		drafts: make(chan draftOrder, draftsWaiting)}
	for range handed {
		w.free <- new(Batch)
	}
	w.done.Add(1)
	go w.write()
	return w
}

// Emit takes an event. The error is that of an earlier write, and only a Writer that waits has one.
func (w *Writer) Emit(e *event.Event) error {
	w.produced.Add(1)
	w.batch.Add(e.Stream(), e.ID(), e.JSON())
	if w.batch.full() {
		w.handOn()
		return w.err()
	}
	return nil
}

// Flush hands on what is gathered. A Writer that waits returns when all of it stands in the store.
func (w *Writer) Flush() error {
	if w.batch.documents > 0 {
		w.handOn()
	}
	if w.waits {
		written := make(chan struct{})
		w.full <- order{written: written}
		<-written
	}
	return w.err()
}

// order is what the writing goroutine is asked for: to write a batch, or to say that all before is written.
type order struct {
	batch   *Batch
	written chan<- struct{}
}

// handOn gives the batch to the writing goroutine and takes an empty one. There are as many as may be handed on, so that what does not wait
// here never waits at the next line.
func (w *Writer) handOn() {
	if w.waits {
		w.full <- order{batch: w.batch}
		w.batch = <-w.free
		return
	}
	select {
	case free := <-w.free:
		w.full <- order{batch: w.batch}
		w.batch = free
	default:
		w.drop(w.batch)
	}
}

// drop counts a batch as shed and empties it.
func (w *Writer) drop(b *Batch) {
	w.shed.Add(uint64(b.documents))
	b.reset()
}

func (w *Writer) err() error {
	if e := w.failure.Load(); e != nil {
		return *e
	}
	return nil
}

// write writes what is handed on, until Close.
func (w *Writer) write() {
	defer w.done.Done()
	for {
		select {
		case o, more := <-w.full:
			if !more {
				w.writeDrafts()
				return
			}
			w.obey(o)
		case o := <-w.drafts:
			w.writeDraft(o)
		}
	}
}

// obey carries one order out.
func (w *Writer) obey(o order) {
	b := o.batch
	if b == nil {
		w.writeDrafts()
		close(o.written)
		return
	}
	if err := w.put(b); err != nil {
		w.fail(err)
		w.drop(b)
	}
	b.reset()
	w.free <- b
}

// put writes one batch, after waiting for room where that is the policy.
func (w *Writer) put(b *Batch) error {
	switch {
	case w.err() != nil:
		return w.err()
	case w.waits && !w.store.AwaitRoom(), !w.waits && w.store.Full():
		return fmt.Errorf("the queue %s is full (%d MiB wait): nothing was delivered for too long", w.store.path, w.store.octets.Load()>>20)
	}
	return w.store.Put(b)
}

func (w *Writer) fail(err error) {
	if w.waits {
		w.failure.CompareAndSwap(nil, &err)
	}
	if w.fails != nil {
		w.fails(err)
	}
}

// Close writes what is gathered and ends the goroutine; what comes later is an error of the caller's. The store stays open. Closed twice, it
// does nothing.
func (w *Writer) Close() error {
	if w.closed {
		return w.err()
	}
	w.closed = true
	if w.batch.documents > 0 {
		w.full <- order{batch: w.batch}
		w.batch = new(Batch)
	}
	close(w.full)
	w.done.Wait()
	return w.err()
}

// Produced is how many events came, and Shed how many of them found no room. Any goroutine may ask.
func (w *Writer) Produced() uint64 { return w.produced.Load() }

// Shed is how many events could not be put into the queue.
func (w *Writer) Shed() uint64 { return w.shed.Load() }
