package main

import (
	"log/slog"
	"sync/atomic"
	"time"

	"popupwatch/sensor/event"
)

// retryOutput is how long a failing output is left alone between two tries.
const retryOutput = time.Second

// output is the events file of a service: a disk that is full, or a folder that went away, costs the events of that time, which are
// counted, and does not end the sensor. It belongs to the road's goroutine, but for what is atomic.
type output struct {
	to      eventSink
	log     *slog.Logger
	now     func() time.Time
	written [event.SetCount]atomic.Uint64
	lost    atomic.Uint64 // events
	failing atomic.Bool
	since   uint64 // lost before it failed
	again   time.Time
}

// Emit hands the event on, or counts it as lost. The error is always nil.
func (o *output) Emit(e *event.Event) error {
	if o.resting() {
		o.lost.Add(1)
		return nil
	}
	if err := o.to.Emit(e); err != nil {
		o.fail(err)
		o.lost.Add(1)
		return nil
	}
	o.written[e.Set].Add(1)
	if _, gathers := o.to.(flusher); !gathers {
		o.recover()
	}
	return nil
}

// Close closes what is written to.
func (o *output) Close() error { return o.to.Close() }

// flusher is an output that gathers events: that it took one says nothing of the disk.
type flusher interface{ Flush() error }

// flush hands on what is gathered, and so tries again an output that failed.
func (o *output) flush() {
	f, ok := o.to.(flusher)
	if !ok || o.resting() {
		return
	}
	if err := f.Flush(); err != nil {
		o.fail(err)
		return
	}
	o.recover()
}

// resting says whether the output failed less than a second ago.
func (o *output) resting() bool { return o.failing.Load() && o.now().Before(o.again) }

func (o *output) fail(err error) {
	o.again = o.now().Add(retryOutput)
	if !o.failing.Swap(true) {
		o.since = o.lost.Load()
		o.log.Error("events cannot be written; what comes meanwhile is counted as lost", "error", err)
	}
}

func (o *output) recover() {
	if o.failing.Swap(false) {
		o.log.Info("events are written again", "lost", o.lost.Load()-o.since)
	}
}
