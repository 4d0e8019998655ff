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

// Emit writes the event, or counts it as lost. The error is always nil.
func (o *output) Emit(e *event.Event) error {
	if o.failing.Load() && o.now().Before(o.again) {
		o.lost.Add(1)
		return nil
	}
	if err := o.to.Emit(e); err != nil {
		o.lost.Add(1)
		o.fail(err)
		return nil
	}
	o.written[e.Set].Add(1)
	o.recover()
	return nil
}

// flush hands on what is gathered.
func (o *output) flush() {
	f, ok := o.to.(interface{ Flush() error })
	if !ok || o.failing.Load() {
		return
	}
	if err := f.Flush(); err != nil {
		o.fail(err)
	}
}

func (o *output) fail(err error) {
	o.again = o.now().Add(retryOutput)
	if !o.failing.Swap(true) {
		o.since = o.lost.Load()
		o.log.Error("events cannot be written; what comes meanwhile is counted as lost", "error", err)
	}
}

func (o *output) recover() {
	if o.failing.Swap(false) {
		o.log.Info("events are written again", "lost", o.lost.Load()-o.since+1)
	}
}
