package store

import (
	"fmt"
	"sync"
	"sync/atomic"

	"popupwatch/sensor/event"
)

// handed is how many batches may wait for the writing goroutine, besides the one that is being gathered. What waits is written in one
// transaction: pages that many events touch are then written once.
const handed = 8

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
	keepsOn  bool          // events are kept when the queue is full
	keeps    bool          // events are kept, and never queued
	unqueued atomic.Uint64 // events that were kept so
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

// Emit takes an event. The error is that of an earlier write, and only a Writer that waits for a queue has one.
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

// err is the error that ends a run. One that only keeps events for the console, or for a report, goes on without them: Failure has it then.
func (w *Writer) err() error {
	if w.keepsOn || w.keeps {
		return nil
	}
	return w.Failure()
}

// Failure is the first error of a Writer that waits; nil without one. Any goroutine may ask.
func (w *Writer) Failure() error {
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

// obey carries one order out, and the batches that wait behind it.
func (w *Writer) obey(o order) {
	var group []*Batch
	for more := true; more && o.batch != nil; {
		group = append(group, o.batch)
		o, more = w.waiting()
	}
	if err := w.put(group); err != nil {
		w.fail(err)
		for _, b := range group {
			w.drop(b)
		}
	}
	for _, b := range group {
		b.reset()
		w.free <- b
	}
	if o.written != nil {
		w.writeDrafts()
		close(o.written)
	}
}

// waiting gives the next order, if one waits.
func (w *Writer) waiting() (o order, ok bool) {
	select {
	case o, ok = <-w.full:
	default:
	}
	return o, ok
}

// put writes batches, after waiting for room in the queue where that is the policy. Where nothing is delivered the queue takes what it has room
// for, and the rest is kept for the console alone.
func (w *Writer) put(group []*Batch) error {
	switch {
	case len(group) == 0:
		return nil
	case w.err() != nil:
		return w.err()
	case w.keeps:
		return w.store.Keep(group...)
	case w.store.Full() && w.keepsOn:
		for _, b := range group {
			w.unqueued.Add(uint64(b.documents))
		}
		return w.store.Keep(group...)
	case w.waits && !w.store.AwaitRoom(), !w.waits && w.store.Full():
		return fmt.Errorf("the queue %s is full (%d MiB wait): nothing was delivered for too long", w.store.path, w.store.octets.Load()>>20)
	}
	return w.store.Put(group...)
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

// KeepOn lets the writer keep events for the console when the queue is full, instead of waiting or shedding: for a store that nothing is
// delivered from meanwhile. It belongs before the first Emit.
func (w *Writer) KeepOn() { w.keepsOn = true }

// KeepOnly lets the writer keep events for questions and queue none: for a store that nothing will ever be delivered from. It belongs before the
// first Emit.
func (w *Writer) KeepOnly() { w.keeps = true }

// Unqueued is how many events were kept and not queued. Any goroutine may ask.
func (w *Writer) Unqueued() uint64 { return w.unqueued.Load() }

// Produced is how many events came, and Shed how many of them found no room. Any goroutine may ask.
func (w *Writer) Produced() uint64 { return w.produced.Load() }

// Shed is how many events could not be put into the queue.
func (w *Writer) Shed() uint64 { return w.shed.Load() }
