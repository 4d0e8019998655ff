package campaign

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// judgement says whether two real texts are of one campaign, and why.
type judgement struct {
	a, b int
	same bool
	free bool // either answer will do
	why  string
}

func judgements(t *testing.T) (all []judgement) {
	t.Helper()
	table, err := os.ReadFile("testdata/judged.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var j judgement
		var word string
		if _, err := fmt.Sscan(line, &j.a, &j.b, &word); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		j.same, j.free, j.why = word == "same", word == "either", strings.Join(strings.Fields(line)[3:], " ")
		if !slices.Contains([]string{"same", "other", "either"}, word) || j.why == "" {
			t.Errorf("%q is no judgement with a reason", line)
		}
		all = append(all, j)
	}
	return all
}

func TestTrackerAgreesWithPeopleOnEveryPairOfRealTexts(t *testing.T) {
	texts, all := realTexts(t), judgements(t)
	if want := len(texts) * (len(texts) - 1) / 2; len(all) != want {
		t.Fatalf("%d pairs are judged, want %d", len(all), want)
	}
	rnd := rand.New(rand.NewPCG(11, 11))
	for range 40 {
		order, p, tracker := rnd.Perm(len(texts)), newPopups(), New(Config{})
		ids := make([]ID, len(texts))
		for i, line := range order {
			at := time.Duration(i) * 11 * time.Minute // a pass between each two
			tracker.Advance(start.Add(at))
			ids[line] = tracker.Join(p.make(at, i, i, texts[line])).ID
		}
		for _, j := range all {
			if got := lastName(tracker, ids[j.a]) == lastName(tracker, ids[j.b]); got != j.same && !j.free {
				t.Errorf("texts %d and %d in order %v: one campaign %v, people say %v: %s", j.a, j.b, order, got, j.same, j.why)
			}
		}
	}
}
