package campaign

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

var start = time.Date(2005, 6, 10, 18, 46, 0, 0, time.UTC)

// popups makes messages as the decoder does.
type popups struct{ analyzer *text.Analyzer }

func newPopups() popups { return popups{text.NewAnalyzer(text.Config{})} }

func (p popups) make(at time.Duration, src, dst int, shown string) *decoders.Message {
	return &decoders.Message{
		Time: start.Add(at), Src: netip.AddrPortFrom(host(24, src), 666), Dst: netip.AddrPortFrom(host(10, dst), 1026), First: true,
		From: text.String{Shown: "SYSTEM"}, To: text.String{Shown: "ALERT"}, Text: text.String{Raw: shown, Shown: shown}, Features: p.analyzer.Analyze(shown),
	}
}

func host(net byte, n int) netip.Addr {
	return netip.AddrFrom4([4]byte{net, byte(n >> 16), byte(n >> 8), byte(n)})
}

var spam = Facts{HasStanding: true, Standing: Standing{Score: 9, Level: 2, Verdict: "spam", Rules: []string{"r"}}}

func realTexts(t testing.TB) (texts []string) {
	t.Helper()
	f, err := os.Open("../../testdata/captures/spam-texts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct{ Message string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, line.Message)
	}
	if len(texts) != 17 {
		t.Fatalf("%d real texts, want 17", len(texts))
	}
	return texts
}

func TestRealTextsFormTheCampaignsThatPeopleSee(t *testing.T) {
	p, tracker := newPopups(), New(Config{})
	var ids []ID
	texts := realTexts(t)
	for i, s := range texts {
		m := tracker.Join(p.make(time.Duration(i)*time.Minute, i, i, s))
		ids = append(ids, m.ID)
	}
	for i := range texts {
		for j := range i {
			jaccard := text.Jaccard(p.analyzer.Analyze(texts[i]).Form.Shingles, p.analyzer.Analyze(texts[j]).Form.Shingles)
			if jaccard > 0.15 {
				t.Logf("texts %d and %d: Jaccard %.3f", j, i, jaccard)
			}
		}
	}
	same := [][]int{{0, 3}, {1, 7}, {2, 9}, {4, 5}, {8, 10}}
	for _, group := range same {
		if ids[group[0]] != ids[group[1]] {
			t.Errorf("texts %v are two campaigns", group)
		}
	}
	for i, a := range []int{0, 1, 2, 4, 8, 11, 12, 13, 14, 15} {
		for _, b := range []int{0, 1, 2, 4, 8, 11, 12, 13, 14, 15}[:i] {
			if ids[a] == ids[b] {
				t.Errorf("texts %d and %d are one campaign", b, a)
			}
		}
	}
}

func TestSitesOfOneMailShotAreKeysOfOneCampaign(t *testing.T) {
	p, tracker, texts := newPopups(), New(Config{}), realTexts(t)
	tracker.Join(p.make(0, 1, 1, texts[0]))
	tracker.Note(start, tracker.last.id, spam)
	const years = 2 * 365 * 24 * time.Hour
	if closed := tracker.Advance(start.Add(years)); len(closed) != 1 || !closed[0].Final() || !closed[0].Time.Equal(start.Add(24*time.Hour)) {
		t.Fatalf("after two years: %+v", closed)
	}
	m := tracker.Join(p.make(years, 2, 2, texts[3]))
	if !m.Opened {
		t.Error("a new part must open")
	}
	u, ok := tracker.Note(start.Add(years), m.ID, spam)
	if !ok || u.Cause != CauseOpened || u.Worse || u.Messages != 1 || !u.Part.Equal(start.Add(years)) {
		t.Errorf("opening of the second part: %v %+v", ok, u)
	}
	var values []string
	for _, k := range u.Domains {
		values = append(values, k.Value)
	}
	if diff := cmp.Diff([]string{"helpfixpc.com", "regfixit.com"}, values); diff != "" {
		t.Errorf("domains (-want +got):\n%s", diff)
	}
	totals, _, _ := tracker.Totals()
	if len(totals) != 1 || totals[0].Messages != 2 || totals[0].Sources.N != 2 {
		t.Errorf("totals %+v", totals)
	}
}

func TestIDIsThatOfTheFirstForm(t *testing.T) {
	p, tracker := newPopups(), New(Config{})
	m := tracker.Join(p.make(0, 1, 1, "STOP! Visit www.regfixit.com"))
	if m.ID != "cmp1-hbduw7mrh3pcyxv2" && (len(m.ID) != 21 || !strings.HasPrefix(string(m.ID), "cmp1-")) {
		t.Errorf("id %q", m.ID)
	}
	if diff := cmp.Diff([]string{"tpl1-" + string(m.ID)[5:]}, m.Aliases); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
	empty := tracker.Join(p.make(0, 1, 1, "!!!"))
	if again := tracker.Join(p.make(0, 1, 1, "???")); again.ID != empty.ID || again.ID == m.ID {
		t.Error("texts without words are not one campaign of their own")
	}
	if bare := tracker.Join(&decoders.Message{Time: start}); bare.ID != empty.ID {
		t.Error("a message without features is not in the campaign of texts without words")
	}
}

// twin does what Tracker does, comparing with everything, and forgets nothing.
type twin struct {
	ids   []ID
	forms []map[[32]byte]bool
	reps  [][]*text.Form
}

func (w *twin) join(f *text.Form) ID {
	for i := range w.ids {
		if w.forms[i][f.Hash] {
			return w.ids[i]
		}
	}
	best, likeness := w.nearest(f)
	if best < 0 {
		w.ids = append(w.ids, idOf(f))
		w.forms = append(w.forms, map[[32]byte]bool{f.Hash: true})
		w.reps = append(w.reps, []*text.Form{f})
		return idOf(f)
	}
	if len(w.forms[best]) < maxForms {
		w.forms[best][f.Hash] = true
	}
	if likeness < distinct && len(w.reps[best]) < maxReps {
		w.reps[best] = append(w.reps[best], f)
	}
	return w.ids[best]
}

func (w *twin) nearest(f *text.Form) (best int, likeness float64) {
	type found struct{ index, hits int }
	var all []found
	for i, reps := range w.reps {
		hits := 0
		for _, rep := range reps {
			for band := range bandCount {
				if len(f.Shingles) > 0 && [3]uint32(rep.Sketch[3*band:]) == [3]uint32(f.Sketch[3*band:]) {
					hits++
				}
			}
		}
		if hits > 0 {
			all = append(all, found{i, hits})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return b.hits - a.hits })
	best = -1
	for _, c := range all[:min(len(all), maxCandidates)] {
		for _, rep := range w.reps[c.index] {
			j := text.Jaccard(f.Shingles, rep.Shingles)
			if j >= alike && (best < 0 || j > likeness || j == likeness && c.index < best) {
				best, likeness = c.index, j
			}
		}
	}
	return best, likeness
}

func TestTrackerJoinsAsItsNaiveTwin(t *testing.T) {
	words := strings.Fields("windows has found critical system errors visit site download registry update reboot computer cheap loan offer university diploma call now free scan")
	rapid.Check(t, func(t *rapid.T) {
		p, tracker, w := newPopups(), New(Config{}), &twin{}
		templates := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(words), 0, 20), 1, 5).Draw(t, "templates")
		for i := range rapid.IntRange(1, 60).Draw(t, "messages") {
			s := slices.Clone(rapid.SampledFrom(templates).Draw(t, "template"))
			for range rapid.IntRange(0, 5).Draw(t, "edits") {
				if len(s) > 0 {
					s[rapid.IntRange(0, len(s)-1).Draw(t, "at")] = rapid.StringMatching(`[a-z]{3,7}`).Draw(t, "word")
				}
			}
			m := p.make(time.Duration(i)*time.Second, i, i, strings.Join(s, " "))
			if got, want := tracker.Join(m), w.join(m.Features.Form); got.ID != want {
				t.Fatalf("message %d %q joined %s, the twin %s", i, m.Text.Shown, got.ID, want)
			} else if !slices.IsSorted(got.Aliases) || len(got.Aliases) > maxForms {
				t.Fatalf("aliases %v", got.Aliases)
			}
		}
	})
}

func TestUpdatesComeWhenTheyAreDue(t *testing.T) {
	p, tracker := newPopups(), New(Config{Update: 5 * time.Minute, Idle: time.Hour})
	const shown = "Windows has found critical errors"
	type said struct {
		At       time.Duration
		Cause    Cause
		Messages uint64
		Worse    bool
	}
	var got []said
	say := func(us ...Update) {
		for _, u := range us {
			got = append(got, said{u.Time.Sub(start), u.Cause, u.Messages, u.Worse})
		}
	}
	hear := func(at time.Duration, level int) {
		say(tracker.Advance(start.Add(at))...)
		m := tracker.Join(p.make(at, 1, 1, shown))
		if u, ok := tracker.Note(start.Add(at), m.ID, Facts{HasStanding: true, Standing: Standing{Level: level}}); ok {
			say(u)
		}
	}
	hear(0, 1)
	hear(time.Minute, 1)
	hear(2*time.Minute, 2) // worse
	hear(3*time.Minute, 0)
	hear(20*time.Minute, 2)  // the update of minute 7 comes first
	hear(40*time.Minute, 2)  // the one of minute 20 comes first
	hear(200*time.Minute, 2) // those of minute 40 and 100 come first
	say(tracker.Finish(start.Add(201 * time.Minute))...)
	want := []said{
		{0, CauseOpened, 1, true}, {2 * time.Minute, CauseVerdict, 3, true}, {7 * time.Minute, CausePeriod, 4, false}, {20 * time.Minute, CausePeriod, 5, false},
		{40 * time.Minute, CausePeriod, 6, false}, {100 * time.Minute, CauseClosed, 6, false}, {200 * time.Minute, CauseOpened, 1, false}, {201 * time.Minute, CauseClosed, 1, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := tracker.Finish(start.Add(300 * time.Minute)); len(again) != 0 {
		t.Errorf("closed twice: %+v", again)
	}
}

func TestUpdatesComeInOrderOfTheirTimeThenID(t *testing.T) {
	p, tracker := newPopups(), New(Config{Idle: time.Hour})
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range 200 {
		tracker.Join(p.make(time.Duration(i%7)*time.Minute, i, i, randomText(rnd, 60)))
	}
	us := tracker.Advance(start.Add(2 * time.Hour))
	if len(us) != 200 {
		t.Fatalf("%d updates, want 200", len(us))
	}
	if !slices.IsSortedFunc(us, func(a, b Update) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID), string(b.ID))
	}) {
		t.Error("not in order")
	}
}

func TestPartSurvivesTimeThatGoesBack(t *testing.T) {
	p, tracker := newPopups(), New(Config{})
	for _, at := range []time.Duration{0, -48 * time.Hour, time.Hour, -1e6 * time.Hour} {
		tracker.Advance(start.Add(at))
		m := tracker.Join(p.make(at, 1, 1, "Windows has found critical errors"))
		tracker.Note(start.Add(at), m.ID, spam)
	}
	us := tracker.Finish(start)
	if len(us) != 1 || us[0].Messages != 4 || !us[0].Last.Equal(start.Add(time.Hour)) || !us[0].First.Equal(start.Add(-1e6*time.Hour)) || !us[0].Part.Equal(start) {
		t.Errorf("%+v", us)
	}
}

func TestPartThatWasIdleClosesEvenIfTimeWasNotAdvanced(t *testing.T) {
	p, tracker := newPopups(), New(Config{})
	tracker.Join(p.make(0, 1, 1, "Windows has found critical errors"))
	if m := tracker.Join(p.make(25*time.Hour, 1, 1, "Windows has found critical errors")); !m.Opened {
		t.Error("no new part opened")
	}
	us := tracker.Advance(start.Add(25 * time.Hour))
	if len(us) != 1 || !us[0].Final() || !us[0].Time.Equal(start.Add(24*time.Hour)) {
		t.Errorf("%+v", us)
	}
}

func TestFactsOfSourcesMoveThemBetweenStates(t *testing.T) {
	p, tracker := newPopups(), New(Config{})
	id := tracker.Join(p.make(0, 1, 1, "Windows has found critical errors")).ID
	for _, f := range []Facts{
		{HasSource: true, NewSource: true, State: 3, Emitter: "e1"}, {HasSource: true, NewSource: true, State: 3, Emitter: "e1"},
		{HasSource: true, Previous: 3, State: 5, Reportable: true}, {HasSource: true, Previous: 0, State: 99}, {HasSource: true, Previous: -1, State: 0},
	} {
		if _, ok := tracker.Note(start, id, f); ok {
			t.Error("a source's state is no reason for an update")
		}
	}
	u, _ := tracker.Note(start, id, spam)
	if diff := cmp.Diff([StateCount]uint64{1, 0, 0, 1, 0, 1}, u.SourcesByState); diff != "" || u.ReportableSources != 1 || len(u.Emitters) != 1 {
		t.Errorf("reportable %d, emitters %v, states (-want +got):\n%s", u.ReportableSources, u.Emitters, diff)
	}
	for i := range 40 {
		tracker.Note(start, id, Facts{HasSource: true, NewSource: true, Emitter: fmt.Sprint(i)})
	}
	if n := len(tracker.named(id).emitters); n != maxEmitters {
		t.Errorf("%d emitters, want %d", n, maxEmitters)
	}
	if _, ok := tracker.Note(start, "cmp1-nobody", spam); ok {
		t.Error("an unknown campaign was noted")
	}
}

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
		tracker.Note(start.Add(time.Duration(i)*time.Second), m.ID, spam)
		if tracker.held > tracker.limit {
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
	t.Logf("%d octets for each campaign of one message of 400 octets", tracker.held/int64(len(tracker.byID))+int64(bandCount*8))
}

// checkBooks compares what the tracker counts with what it holds.
func checkBooks(t *testing.T, tracker *Tracker) {
	t.Helper()
	var held int64
	records, forms := 0, 0
	for _, r := range tracker.records {
		if r != nil {
			records, forms, held = records+1, forms+len(r.forms), held+r.size
		}
	}
	if held != tracker.held || records != len(tracker.byID) || forms != len(tracker.byForm) {
		t.Errorf("records hold %d octets, counted %d; %d records, %d ids; %d forms, %d found", held, tracker.held, records, len(tracker.byID), forms, len(tracker.byForm))
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
	if r.messagesEver != 100 || len(r.forms) != maxForms || len(m.Aliases) != maxForms || len(r.reps) > maxReps || !slices.IsSorted(m.Aliases) {
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
			if u, ok := tracker.Note(start.Add(at), m.ID, spam); ok {
				all = append(all, u)
			}
		}
		return append(all, tracker.Finish(start.Add(1500*7*time.Second))...)
	}
	if diff := cmp.Diff(run(), run()); diff != "" {
		t.Error(diff)
	}
}

func TestJoinOfARepeatAllocatesNothing(t *testing.T) {
	p, tracker := newPopups(), New(Config{})
	m := p.make(0, 1, 1, realTexts(t)[0])
	tracker.Join(m)
	tracker.Join(m)
	if n := testing.AllocsPerRun(100, func() { tracker.Join(m) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func benchmarkJoin(b *testing.B, shown func(i int) string) {
	p, tracker := newPopups(), New(Config{})
	messages := make([]*decoders.Message, 1<<15)
	for i := range messages {
		messages[i] = p.make(time.Duration(i)*time.Millisecond, i%20000, i, shown(i))
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		tracker.Join(messages[i&(1<<15-1)])
		tracker.Advance(start)
		i++
	}
}

func BenchmarkJoinRepeat(b *testing.B) {
	texts := realTexts(b)
	benchmarkJoin(b, func(i int) string { return texts[i%10] })
}

func BenchmarkJoinVariant(b *testing.B) {
	texts := realTexts(b)
	benchmarkJoin(b, func(i int) string { return texts[i%10] + fmt.Sprintf("\nhttp://www.fix%04d.com/?id=%06d", i%1000, i) })
}

func BenchmarkJoinNearDuplicate(b *testing.B) {
	texts, rnd := realTexts(b), rand.New(rand.NewPCG(8, 8))
	benchmarkJoin(b, func(i int) string { return texts[i%10] + " " + randomText(rnd, 20) })
}

func BenchmarkJoinNew(b *testing.B) {
	rnd := rand.New(rand.NewPCG(9, 9))
	benchmarkJoin(b, func(int) string { return randomText(rnd, 400) })
}
