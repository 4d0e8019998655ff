package campaign

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders/text"
)

func randomText(rnd *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz      "[rnd.IntN(32)]
	}
	return string(b)
}

func TestFloodOfNewTextsStaysInItsBoundAndEachPartCloses(t *testing.T) {
	const memory = 4 << 20
	p, tracker, rnd := newPopups(), New(Config{Memory: memory}), rand.New(rand.NewPCG(2, 2))
	const n = 4000
	closed := make(map[ID]int)
	for i := range n {
		for _, u := range tracker.Advance(start.Add(time.Duration(i) * time.Second)) {
			closed[u.ID]++
			if !u.Final() {
				t.Fatalf("%+v is not final", u)
			}
		}
		m := tracker.Join(p.make(time.Duration(i)*time.Second, i, i, randomText(rnd, 400)))
		tracker.Note(start.Add(time.Duration(i)*time.Second), m.ID, &spam)
		if tracker.held+tracker.made > tracker.limit {
			t.Fatalf("%d octets held, bound %d", tracker.held, tracker.limit)
		}
	}
	for _, u := range tracker.Finish(start.Add(n * time.Second)) {
		closed[u.ID]++
	}
	if len(closed) != n {
		t.Errorf("%d parts closed, want %d", len(closed), n)
	}
	for id, times := range closed {
		if times != 1 {
			t.Fatalf("%s closed %d times", id, times)
		}
	}
	checkBooks(t, tracker)
	totals, lost, lostMessages := tracker.Totals()
	if tracker.Shed() == 0 || uint64(len(totals))+lost != n || lost != lostMessages || tracker.retired.rare > tracker.retired.places {
		t.Errorf("shed %d, %d totals, %d lost with %d messages", tracker.Shed(), len(totals), lost, lostMessages)
	}
	t.Logf("%d octets for each campaign of one message of 400 octets", tracker.held/int64(tracker.remembered())+int64(bandCount*8))
}

// checkBooks compares what the tracker counts with what it holds.
func checkBooks(t *testing.T, tracker *Tracker) {
	t.Helper()
	var held, made int64
	records, forms := 0, 0
	for _, r := range tracker.records {
		if r == nil {
			continue
		}
		records, forms, held = records+1, forms+len(r.forms), held+r.size
		for i, rep := range r.reps {
			if r.sorted>>i&1 != 0 {
				made += int64(4 * len(shinglesOf(rep)))
			} else if rep.Sorted() {
				t.Errorf("the shingles of representative %d of %s are not counted", i, r.id)
			}
		}
	}
	if made != tracker.made {
		t.Errorf("representatives hold shingles of %d octets, counted %d", made, tracker.made)
	}
	if held != tracker.held || records != tracker.remembered() || forms != len(tracker.byForm) {
		t.Errorf("records hold %d octets, counted %d; %d records, %d remembered; %d forms, %d found", held, tracker.held, records, tracker.remembered(), forms, len(tracker.byForm))
	}
}

// A campaign that a pass looked at, and found to be no other's, holds the shingles that were made for it.
func TestWhatAPassMakesIsCounted(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 13))
	k, base := newTalk(Config{}), newWords(rnd, 80)
	part := base[:strings.LastIndexByte(base[:len(base)/3], ' ')]
	k.say(part + " " + newWords(rnd, 60))
	r := k.tracker.last
	for range 12 {
		k.say(noisy(rnd, base, 0.1))
	}
	if k.pass(); !r.reps[0].Sorted() || k.tracker.named(r.id) != r {
		t.Fatal("the pass did not look at the campaign, or gave it to another")
	}
	checkBooks(t, k.tracker)
}

// Many texts of which no two are alike: memory is as much as is allowed, whatever their number. POPUPWATCH_TEXTS=10000000 is the full test.
func TestDistinctTextsStayInTheirMemory(t *testing.T) {
	n := 20000
	if s := os.Getenv("POPUPWATCH_TEXTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	const memory = 16 << 20
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := live(), uint64(0)
	p, tracker, rnd := popups{text.NewAnalyzer(text.Config{Memory: 1 << 20})}, New(Config{Memory: memory}), rand.New(rand.NewPCG(12, 12))
	for i := range n {
		at := time.Duration(i) * 100 * time.Millisecond
		tracker.Advance(start.Add(at))
		shown := randomText(rnd, 100+rnd.IntN(500))
		if i%3 == 0 {
			shown += fmt.Sprintf(" www.%s.com", strings.ReplaceAll(randomText(rnd, 12), " ", "x"))
		}
		tracker.Join(p.make(at, i, i, shown))
		if i%max(n/8, 5000) == 0 {
			most = max(most, live())
		}
	}
	checkBooks(t, tracker)
	taken := int64(most) - int64(before)
	t.Logf("%d texts: %d campaigns remembered, %d shed, %d octets taken of %d allowed", n, tracker.remembered(), tracker.Shed(), taken, memory)
	if taken > memory*5/4 || len(tracker.pass.fresh)+len(tracker.pass.small)+len(tracker.pass.grown) > 3*maxAwaiting {
		t.Errorf("%d octets taken of %d allowed", taken, memory)
	}
}

func TestRareCampaignsGoBeforeCommonOnes(t *testing.T) {
	p, tracker, rnd := newPopups(), New(Config{Memory: 1 << 20}), rand.New(rand.NewPCG(3, 3))
	var common ID
	for i := range manyMessages {
		common = tracker.Join(p.make(time.Duration(i), 1, 1, "Windows has found critical system errors")).ID
	}
	for i := range 2000 {
		tracker.Join(p.make(time.Duration(i)*time.Second, i, i, randomText(rnd, 400)))
	}
	if tracker.named(common) == nil || tracker.Shed() == 0 {
		t.Error("the common campaign went first")
	}
}

func TestEvictedCampaignComesBackWithItsTotals(t *testing.T) {
	p, tracker, rnd := newPopups(), New(Config{Memory: 1 << 20}), rand.New(rand.NewPCG(4, 4))
	const shown = "Windows has found critical system errors"
	id := tracker.Join(p.make(0, 1, 1, shown)).ID
	for i := 0; tracker.named(id) != nil; i++ {
		tracker.Join(p.make(time.Duration(i)*time.Second, i, i, randomText(rnd, 400)))
	}
	if again := tracker.Join(p.make(time.Hour, 1, 1, shown)).ID; again != id {
		t.Fatalf("came back as %s", again)
	}
	totals, _, _ := tracker.Totals()
	i := slices.IndexFunc(totals, func(s Total) bool { return s.ID == id })
	if totals[i].Messages != 2 || !totals[i].Sources.Estimated {
		t.Errorf("total %+v", totals[i])
	}
}

func TestManyFormsOfOneCampaignAreBounded(t *testing.T) {
	p, tracker, rnd := newPopups(), New(Config{}), rand.New(rand.NewPCG(5, 5))
	base := randomText(rnd, 600)
	var m Membership
	for i := range 100 {
		m = tracker.Join(p.make(time.Duration(i)*time.Second, i, i, base+" "+randomText(rnd, 12)))
	}
	r := tracker.named(m.ID)
	if r.messagesEver != 100 || len(r.forms) != maxForms || len(m.Aliases) != maxForms+sealings || len(r.reps) > maxReps || !slices.IsSorted(m.Aliases) {
		t.Errorf("%d messages, %d forms, %d aliases, %d representatives", r.messagesEver, len(r.forms), len(m.Aliases), len(r.reps))
	}
	checkBooks(t, tracker)
}

func TestSameMessagesGiveTheSameUpdates(t *testing.T) {
	run := func() (all []Update) {
		p, tracker, rnd := newPopups(), New(Config{Memory: 1 << 20, Idle: time.Hour}), rand.New(rand.NewPCG(6, 6))
		for i := range 1500 {
			at := time.Duration(i) * 7 * time.Second
			all = append(all, tracker.Advance(start.Add(at))...)
			m := tracker.Join(p.make(at, rnd.IntN(2000), i, randomText(rand.New(rand.NewPCG(7, rnd.Uint64N(700))), 300)+" http://"+fmt.Sprint(rnd.IntN(1e6))+".example.com"))
			if u := tracker.Note(start.Add(at), m.ID, &spam); u != nil {
				all = append(all, *u)
			}
		}
		return append(all, tracker.Finish(start.Add(1500*7*time.Second))...)
	}
	if diff := cmp.Diff(run(), run()); diff != "" {
		t.Error(diff)
	}
}
