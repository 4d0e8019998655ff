package elastic

import (
	"strings"
	"sync/atomic"
	"time"

	"popupwatch/sensor/store"
)

// Ledger says what became of the documents of one run. Produced and Carried are what there was to deliver; they are the sum of Indexed,
// Duplicate, Dead, Queued and Shed.
type Ledger struct {
	Produced     uint64 // events of this run
	Carried      uint64 // documents that an earlier run left in the store
	Indexed      uint64 // taken by the cluster; FailureStore of them went to the failure store
	Duplicate    uint64 // held by the cluster already
	Dead         uint64 // refused for good: dead letters
	Queued       uint64 // waiting in the store
	Shed         uint64 // for which there was no room; live only
	FailureStore uint64
}

// Balance is what is missing, or too much, in the ledger: 0.
func (l Ledger) Balance() int64 {
	return int64(l.Produced+l.Carried) - int64(l.Indexed+l.Duplicate+l.Dead+l.Queued+l.Shed)
}

// fates counts what became of documents.
type fates struct{ indexed, duplicate, dead, failureStore uint64 }

// counted is the sender's side of the ledger. It moves when rows are settled, not before: what is indexed in a row that is still in the queue
// counts as queued, since it will be sent again after a crash.
type counted struct{ indexed, duplicate, dead, failureStore atomic.Uint64 }

func (c *counted) add(f fates) {
	c.indexed.Add(f.indexed)
	c.duplicate.Add(f.duplicate)
	c.dead.Add(f.dead)
	c.failureStore.Add(f.failureStore)
}

// Ledger adds the sender's counts to what the writer of the same store has counted; a nil writer counts nothing.
func (s *Sender) Ledger(w *store.Writer) Ledger {
	l := Ledger{
		Carried: uint64(s.store.Carried()), Queued: uint64(s.store.Waiting()),
		Indexed: s.counted.indexed.Load(), Duplicate: s.counted.duplicate.Load(), Dead: s.counted.dead.Load(),
		FailureStore: s.counted.failureStore.Load(),
	}
	if w != nil {
		l.Produced, l.Shed = w.Produced(), w.Shed()
	}
	return l
}

// Alarm is why nothing is delivered.
type Alarm struct {
	Since     time.Time
	Text      string // what is wrong, and what to do
	Permanent bool   // waiting will not help: credentials, set-up, the address
}

// Alarm is nil while documents go through, or nothing waits to. Any goroutine may ask.
func (s *Sender) Alarm() *Alarm { return s.alarm.Load() }

// raise sets the alarm, and logs it unless it stands with the same words.
func (s *Sender) raise(text string, permanent bool) {
	before := s.alarm.Load()
	a := &Alarm{Since: time.Now(), Text: text, Permanent: permanent}
	if before != nil {
		a.Since = before.Since
	}
	s.alarm.Store(a)
	if before == nil || withoutDigits(before.Text) != withoutDigits(text) {
		s.config.Log.Warn("events wait in the queue: "+text, "waiting", s.store.Waiting())
	}
}

// withoutDigits is a text without what changes from try to try.
func withoutDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// calm ends an alarm.
func (s *Sender) calm() {
	if before := s.alarm.Swap(nil); before != nil {
		s.config.Log.Info("events are delivered again", "after", time.Since(before.Since).Round(time.Second).String(), "waiting", s.store.Waiting())
	}
}
