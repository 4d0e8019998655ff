package sink

import (
	"errors"

	"popupwatch/sensor/event"
)

// Sink takes events, in order. It must not keep one: an event is valid until Emit returns.
type Sink interface {
	Emit(e *event.Event) error
	Close() error
}

// Fanout hands every event to several sinks, in their order. The line is rendered once.
type Fanout []Sink

// Emit hands the event to all sinks, also behind one that fails: a full disk must not cost the store its event. The errors are joined.
func (f Fanout) Emit(e *event.Event) error {
	var failed error
	for _, s := range f {
		if err := s.Emit(e); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// Flush lets those sinks that gather events hand them on. The errors are joined.
func (f Fanout) Flush() error {
	var failed error
	for _, s := range f {
		if g, ok := s.(interface{ Flush() error }); ok {
			failed = errors.Join(failed, g.Flush())
		}
	}
	return failed
}

// Close closes all sinks, in their order. The errors are joined.
func (f Fanout) Close() error {
	var failed error
	for _, s := range f {
		failed = errors.Join(failed, s.Close())
	}
	return failed
}

// Discard writes nothing and counts. The zero value is ready.
type Discard struct {
	Events   [event.SetCount]uint64
	Messages uint64 // popups that the message documents stand for
}

// Emit counts the event.
func (d *Discard) Emit(e *event.Event) error {
	d.Events[e.Set]++
	d.Messages += e.Count()
	return nil
}

// Close does nothing.
func (d *Discard) Close() error { return nil }
