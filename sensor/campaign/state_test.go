package campaign

import (
	"bytes"
	"encoding/gob"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// reloaded gives a new Tracker what another saved.
func reloaded(t *testing.T, from *Tracker, memory int64) *Tracker {
	t.Helper()
	var b bytes.Buffer
	if err := from.Save(gob.NewEncoder(&b)); err != nil {
		t.Fatal(err)
	}
	next := New(Config{Memory: memory})
	if err := next.Load(gob.NewDecoder(&b)); err != nil {
		t.Fatal(err)
	}
	return next
}

// A flood of new texts, with the same memory and with less: the books are right, and no campaign is lost from the totals.
func TestAFloodOfTextsSurvivesARestartWithinItsMemory(t *testing.T) {
	const memory, messages = 8 << 20, 5000
	rnd, p, tracker := rand.New(rand.NewPCG(1, 1)), newPopups(), New(Config{Memory: memory})
	for i := range messages {
		tracker.Join(p.make(time.Duration(i)*time.Second, i, i%7, randomText(rnd, 60)))
	}
	same, less := reloaded(t, tracker, memory), reloaded(t, tracker, memory/4)
	checkBooks(t, same)
	checkBooks(t, less)
	want, wantLost, wantMessages := tracker.Totals()
	got, lost, lostMessages := same.Totals()
	if diff := cmp.Diff(want, got); diff != "" || lost != wantLost || lostMessages != wantMessages {
		t.Errorf("totals, %d and %d lost (-want +got):\n%.1000s", wantLost, lost, diff)
	}
	if less.Shed() != uint64(tracker.remembered()-less.remembered()) || less.Shed() == 0 {
		t.Errorf("%d shed, of %d campaigns %d are left", less.Shed(), tracker.remembered(), less.remembered())
	}
	all, lost, _ := less.Totals()
	if n := uint64(len(all)) + lost; n != uint64(len(want))+wantLost {
		t.Errorf("%d campaigns in all, want %d", n, uint64(len(want))+wantLost)
	}
	for i := range messages { // what comes then is joined alike, and fits
		text := randomText(rnd, 60)
		a := tracker.Join(p.make(time.Duration(messages+i)*time.Second, i, i%7, text))
		b := same.Join(p.make(time.Duration(messages+i)*time.Second, i, i%7, text))
		if a.ID != b.ID || a.Opened != b.Opened {
			t.Fatalf("message %d is of %s, want %s", i, b.ID, a.ID)
		}
	}
	checkBooks(t, same)
}

// A state of before shingles were made when they are asked for holds them, and no normal forms: its campaigns are found, and more texts of theirs.
func TestAStateWithShinglesIsRead(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 1))
	k, base := newTalk(Config{}), newWords(rnd, 60)
	id := k.say(base)
	for range 9 {
		k.say(noisy(rnd, base, 0.1))
	}
	r := k.tracker.last
	s := k.tracker.savedRecord(r)
	for _, rep := range r.reps {
		s.Reps = append(s.Reps, shinglesOf(rep))
	}
	s.Norms = nil
	next := New(Config{})
	old := s.record(&next.sorter)
	next.records = make([]*record, old.slot+1)
	next.place(old, s)
	next.resemble(old)
	if len(old.reps) != len(r.reps) || old.size != r.size {
		t.Fatalf("%d representatives, %d octets, want %d, %d", len(old.reps), old.size, len(r.reps), r.size)
	}
	if got := next.Join(k.make(k.at, 1, 1, noisy(rnd, base, 0.1))).ID; got != id {
		t.Errorf("a variant is of %s, want %s", got, id)
	}
}
