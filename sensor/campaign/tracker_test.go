package campaign

import (
	"bufio"
	"crypto/sha256"
	"encoding/base32"
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

func shinglesOf(f *text.Form) []uint32 { return new(text.Sorter).Shingles(f) }

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
			jaccard := text.Jaccard(shinglesOf(p.analyzer.Analyze(texts[i]).Form), shinglesOf(p.analyzer.Analyze(texts[j]).Form))
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
	tracker.Note(start, tracker.last.id, &spam)
	const years = 2 * 365 * 24 * time.Hour
	if closed := tracker.Advance(start.Add(years)); len(closed) != 1 || !closed[0].Final() || !closed[0].Time.Equal(start.Add(24*time.Hour)) {
		t.Fatalf("after two years: %+v", closed)
	}
	m := tracker.Join(p.make(years, 2, 2, texts[3]))
	if !m.Opened {
		t.Error("a new part must open")
	}
	u := tracker.Note(start.Add(years), m.ID, &spam)
	if u == nil || u.Cause != CauseOpened || u.Worse || u.Messages != 1 || !u.Part.Equal(start.Add(years)) {
		t.Fatalf("opening of the second part: %+v", u)
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
	sum := sha256.Sum256([]byte("stop visit zurl"))
	if want := ID("cmp1-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))); m.ID != want {
		t.Errorf("id %q, want %q", m.ID, want)
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

// twin does what Tracker does, comparing with everything, and forgets nothing but that of five representatives with one band the eldest is not
// found by it.
type twin struct {
	ids   []ID
	forms []map[[32]byte]bool
	reps  [][]*text.Form
	heard [bandCount]map[[bandRows]uint32][]int // campaigns by band, the latest last
}

// represent adds a representative of a campaign.
func (w *twin) represent(campaign int, f *text.Form) {
	w.reps[campaign] = append(w.reps[campaign], f)
	for band := range w.heard {
		if w.heard[band] == nil {
			w.heard[band] = map[[bandRows]uint32][]int{}
		}
		of := bandOf(f, band)
		if slices.Contains(w.heard[band][of], campaign) {
			continue
		}
		all := append(w.heard[band][of], campaign)
		w.heard[band][of] = all[max(0, len(all)-len(bucket{})):]
	}
}

func bandOf(f *text.Form, band int) [bandRows]uint32 {
	return [bandRows]uint32(f.Sketch[bandRows*band:])
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
		w.reps = append(w.reps, nil)
		if !f.Empty() {
			w.represent(len(w.ids)-1, f)
		}
		return idOf(f)
	}
	if len(w.forms[best]) < maxForms {
		w.forms[best][f.Hash] = true
	}
	if likeness < distinct && len(w.reps[best]) < maxReps {
		w.represent(best, f)
	}
	return w.ids[best]
}

func (w *twin) nearest(f *text.Form) (best int, likeness float64) {
	if f.Empty() {
		return -1, 0
	}
	hits := make([]int, len(w.reps))
	for band := range w.heard {
		for _, campaign := range w.heard[band][bandOf(f, band)] {
			hits[campaign]++
		}
	}
	type found struct{ index, hits int }
	var all []found
	for i, n := range hits {
		if n > 0 {
			all = append(all, found{i, n})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return b.hits - a.hits })
	best = -1
	for _, c := range all[:min(len(all), maxCandidates)] {
		for i, rep := range w.reps[c.index] {
			j := text.Jaccard(shinglesOf(f), shinglesOf(rep))
			if i > 0 && text.Jaccard(shinglesOf(f), shinglesOf(w.reps[c.index][0])) < akin {
				continue
			}
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
		p, tracker, w := newPopups(), New(Config{Without: Agreement | Corroboration | Rescue | Merges}), &twin{}
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
			} else if !slices.IsSorted(got.Aliases) || len(got.Aliases) > maxForms+sealings {
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
		if u := tracker.Note(start.Add(at), m.ID, &Facts{HasStanding: true, Standing: Standing{Level: level}}); u != nil {
			say(*u)
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
		tracker.Note(start.Add(at), m.ID, &spam)
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
		if u := tracker.Note(start, id, &f); u != nil {
			t.Error("a source's state is no reason for an update")
		}
	}
	u := tracker.Note(start, id, &spam)
	if diff := cmp.Diff([StateCount]uint64{1, 0, 0, 1, 0, 1}, u.SourcesByState); diff != "" || u.ReportableSources != 1 || len(u.Emitters) != 1 {
		t.Errorf("reportable %d, emitters %v, states (-want +got):\n%s", u.ReportableSources, u.Emitters, diff)
	}
	for i := range 40 {
		tracker.Note(start, id, &Facts{HasSource: true, NewSource: true, Emitter: fmt.Sprint(i)})
	}
	if n := len(tracker.named(id).emitters); n != maxEmitters {
		t.Errorf("%d emitters, want %d", n, maxEmitters)
	}
	if u := tracker.Note(start, "cmp1-nobody", &spam); u != nil {
		t.Error("an unknown campaign was noted")
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
