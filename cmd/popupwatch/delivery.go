package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"popupwatch/sensor/elastic"
	"popupwatch/sensor/event"
	"popupwatch/sensor/sink"
	"popupwatch/sensor/store"
)

// delivery is the queue of a run and what empties it. The nil delivery is none.
type delivery struct {
	store     *store.Store
	temporary bool
	writer    *store.Writer
	sender    *elastic.Sender // nil: events are kept for a later drain
	log       *slog.Logger
	wait      time.Duration // without progress, until it gives up; 0: never
	stays     bool          // more files come: a full queue is waited for without end

	shed   uint64       // at the last look; of the road's goroutine
	shedAt atomic.Int64 // when more was seen, by the clock, nanoseconds since 1970

	cancel context.CancelFunc
	finish chan struct{} // closed when nothing more comes
	ended  chan struct{} // closed when the sender has ended
	err    error         // of the sender, once it ended
}

// openDelivery opens the queue of the settings and begins to deliver. live never waits for it; a replay does. Without --elasticsearch and
// --store there is no delivery.
func (s *settings) openDelivery(log *slog.Logger, live bool) (*delivery, error) {
	e := &s.elastic
	if !e.delivers() && e.store == "" {
		return nil, nil
	}
	d := &delivery{log: log, temporary: e.store == "", stays: s.watching, finish: make(chan struct{}), ended: make(chan struct{})}
	if !live {
		d.wait = e.wait
		if n := time.Duration(len(e.hosts)); n > 1 {
			d.wait = max(d.wait, n*e.config.Timeout) // or a host that works is not asked
		}
	}
	var client *elastic.Client
	if e.delivers() {
		var err error
		if client, err = e.client(); err != nil {
			return nil, err
		}
	}
	if err := d.open(e, live); err != nil {
		return nil, err
	}
	d.start(e, client, live)
	return d, nil
}

// open opens the store. One that is damaged ends a replay, where somebody is there to look at it, and not a service.
func (d *delivery) open(e *elasticSettings, live bool) (err error) {
	if d.temporary {
		d.store, err = store.OpenTemporary(os.TempDir(), e.queueLimit)
		return err
	}
	d.store, err = store.Open(e.store, e.queueLimit)
	if live && errors.Is(err, store.ErrDamaged) {
		aside, errAside := store.SetAside(e.store, time.Now())
		if errAside != nil {
			return errors.Join(err, errAside)
		}
		d.log.Error("the store is damaged: it is set aside, and begun anew", "store", e.store, "aside", aside, "error", err)
		d.store, err = store.Open(e.store, e.queueLimit)
	}
	if err == nil {
		err = d.store.KeepFor(e.keep)
	}
	if err == nil && d.store.Carried() > 0 {
		d.log.Info("the queue holds documents of an earlier run", "documents", d.store.Carried())
	}
	return err
}

// start begins to write and to deliver.
func (d *delivery) start(e *elasticSettings, client *elastic.Client, live bool) {
	d.writer = store.NewWriter(d.store, !live, d.failed())
	if client == nil {
		if !d.temporary {
			d.writer.KeepOn()
		}
		close(d.ended)
		d.cancel = func() {}
		if !live {
			d.store.EndWaiting() // nobody makes room
		}
		return
	}
	d.sender = elastic.NewSender(client, d.store, elastic.SenderConfig{
		Documents: e.documents, Octets: e.octets, Compression: e.compression, AskFirst: !live, Lasts: live || d.stays, Log: d.log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	go func() {
		defer close(d.ended)
		defer d.store.EndWaiting()
		d.err = d.sender.Run(ctx, d.finish)
	}()
	if d.wait > 0 {
		go d.watchProgress(ctx)
	}
}

// failed logs what the writer of a service sheds, the first time and then once a minute.
func (d *delivery) failed() func(error) {
	var told time.Time
	return func(err error) {
		if now := time.Now(); now.Sub(told) >= time.Minute {
			told = now
			d.log.Error("events find no place in the queue: they are counted as shed", "error", err)
		}
	}
}

// hopeless is how long a replay waits where waiting does not help: credentials, a missing set-up, a wrong address.
const hopeless = 5 * time.Second

// watchProgress gives up where nothing is delivered for too long while something has to be: all was read, or the queue is full.
func (d *delivery) watchProgress(ctx context.Context) {
	last, at := d.sender.Settled(), time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.ended:
			return
		case now := <-tick.C:
			if n := d.sender.Settled(); n != last || !d.urgent() {
				last, at = n, now
			}
			wait := d.wait
			if a := d.sender.Alarm(); a != nil && a.Permanent {
				wait = min(wait, hopeless)
			}
			if now.Sub(at) >= wait {
				d.cancel()
				return
			}
		}
	}
}

// urgent says whether somebody waits for the sender.
func (d *delivery) urgent() bool {
	select {
	case <-d.finish:
		return true
	default:
		return d.store.Full() && !d.stays
	}
}

// keeps says whether what is not delivered is there at the next start.
func (d *delivery) keeps() bool { return d != nil && !d.temporary }

// hurry lets nobody wait for room any more.
func (d *delivery) hurry() {
	if d != nil {
		d.store.EndWaiting()
	}
}

// besides gives a sink of both the events file and the queue.
func (d *delivery) besides(out eventSink) eventSink {
	if d == nil {
		return out
	}
	return sink.Fanout{out, d.writer}
}

// complete waits until all is delivered, or until stop says so, or the sender gives up. The writer is closed by now.
func (d *delivery) complete(stop func() bool, show func(left int64)) error {
	if d == nil {
		return nil
	}
	close(d.finish)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-d.ended:
			return d.err
		case <-tick.C:
			if stop() {
				d.cancel()
			}
			show(d.store.Waiting())
		}
	}
}

// discard gives the store up, when the sender has ended.
func (d *delivery) discard() error {
	if d == nil {
		return nil
	}
	return d.store.Close()
}

// Ledger is what became of the documents so far.
func (d *delivery) Ledger() elastic.Ledger {
	if d.sender != nil {
		return d.sender.Ledger(d.writer)
	}
	return elastic.Ledger{Produced: d.writer.Produced(), Carried: uint64(d.store.Carried()), Queued: uint64(d.store.Waiting()), Shed: d.writer.Shed()}
}

// flush hands on what is gathered, and looks whether something was shed.
func (d *delivery) flush(now time.Time) {
	if d == nil {
		return
	}
	d.writer.Flush() // a writer that does not wait has no error
	n := d.writer.Shed()
	if n == d.shed {
		return
	}
	if d.shed = n; now.Sub(time.Unix(0, d.shedAt.Swap(now.UnixNano()))) > shedRecently {
		d.log.Error("events find no place in the queue: they are counted as shed", "shed", n)
	}
}

// shedRecently is how long readiness remembers that events were shed.
const shedRecently = time.Minute

// sheds says whether events were shed a short while ago. Any goroutine may ask.
func (d *delivery) sheds(now time.Time) bool {
	return d != nil && now.Sub(time.Unix(0, d.shedAt.Load())) < shedRecently
}

// stopWriting puts what is gathered into the store, for good; nothing may come after it.
func (d *delivery) stopWriting() error {
	if d == nil {
		return nil
	}
	return d.writer.Close()
}

// tallies are the ledger for the sensor's documents, in the order of the table of fields.
func (d *delivery) tallies() []event.Tally {
	l := d.Ledger()
	return []event.Tally{
		{Name: "produced", N: l.Produced}, {Name: "carried", N: l.Carried}, {Name: "indexed", N: l.Indexed}, {Name: "duplicate", N: l.Duplicate},
		{Name: "dead", N: l.Dead}, {Name: "queued", N: l.Queued}, {Name: "shed", N: l.Shed}, {Name: "failure_store", N: l.FailureStore},
	}
}

// farewell is how long a service delivers what is left when it stops: with a store the rest is delivered after the next start.
const farewell = 3 * time.Second

// close ends a delivery. It delivers what is left for a moment; what is left then stays in the store, and is lost with a temporary one.
func (d *delivery) close() error {
	if d == nil {
		return nil
	}
	err := d.writer.Close()
	late := time.Now().Add(farewell)
	err = errors.Join(err, d.complete(func() bool { return time.Now().After(late) }, func(int64) {}))
	l := d.Ledger()
	if left := l.Queued + l.Dead; left > 0 && d.temporary {
		err = errors.Join(err, fmt.Errorf("%d events are lost with the temporary queue: %d were not delivered, %d refused (--store FILE keeps them)", left, l.Queued, l.Dead))
	}
	d.log.Info("delivery ended", "produced", l.Produced, "carried", l.Carried, "indexed", l.Indexed, "duplicate", l.Duplicate, "dead", l.Dead,
		"queued", l.Queued, "shed", l.Shed)
	return errors.Join(err, d.store.Close())
}

// outcomeError says that a replay did not deliver or keep everything; nil where it did, or was not to.
func (d *delivery) outcomeError() error {
	if d == nil {
		return nil
	}
	l := d.Ledger()
	switch {
	case d.sender == nil && l.Shed > 0:
		return fmt.Errorf("%d of %d events found no place in the store: %w (make room for it, or name another; a second replay adds what is missing)", l.Shed, l.Produced, d.writer.Failure())
	case d.sender == nil:
		return nil
	case l.Queued > 0 && d.temporary:
		return fmt.Errorf("%d events were not delivered and are lost with the temporary queue (run it again: nothing is stored twice; --store FILE keeps what waits)%s", l.Queued, d.why())
	case l.Queued > 0:
		return fmt.Errorf("%d events wait in %s (popupwatch queue drain --store %s --elasticsearch ...)%s", l.Queued, d.store.Path(), d.store.Path(), d.why())
	case l.Dead > 0 && d.temporary:
		return fmt.Errorf("%d events were not taken for good, and are lost with the temporary queue (--store FILE keeps them)", l.Dead)
	case l.Dead > 0:
		return fmt.Errorf("%d events were not taken for good (popupwatch queue deadletter --store %s shows which were refused, and why)", l.Dead, d.store.Path())
	}
	return nil
}

// account adds to the error of a run what became of its events.
func (d *delivery) account(err error) error {
	if d == nil {
		return err
	}
	l := d.Ledger()
	return fmt.Errorf("%w%s\n%d events so far: %d indexed, %d there already, %d refused, %d queued, %d found no place",
		err, d.why(), l.Produced, l.Indexed, l.Duplicate, l.Dead, l.Queued, l.Shed)
}

// alarm is why nothing is delivered; nil while it is.
func (d *delivery) alarm() *elastic.Alarm {
	if d == nil || d.sender == nil {
		return nil
	}
	return d.sender.Alarm()
}

// why gives the reason for which nothing was delivered last.
func (d *delivery) why() string {
	if a := d.alarm(); a != nil {
		return ": " + a.Text
	}
	return ""
}
