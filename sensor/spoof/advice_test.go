package spoof

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"popupwatch/sensor/spoof/proof"
)

// known is every id that evidence may have: those of the catalogue, those of the rules, and those that stand as literals in the package.
func known(t *testing.T) (ids []string) {
	t.Helper()
	for _, r := range rowTable {
		ids = append(ids, r.id)
	}
	for r := proof.RuleCallback; r <= proof.RuleAccess; r++ {
		ids = append(ids, r.String(), r.String()+"-failed")
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:Evidence\{|id :?= )"([ER][^"]*)"`).FindAllSubmatch(content, -1) {
			ids = append(ids, string(m[1]))
		}
	}
	return ids
}

func TestEveryEvidenceHasItsCounsel(t *testing.T) {
	ids := known(t)
	for _, must := range []string{"E10", "E05", "R1", "R1b", "R2", "R2'", "R2''", "R2c", "R3", "R2-failed"} {
		if !slices.Contains(ids, must) {
			t.Fatalf("the list of ids lacks %s: %v", must, ids)
		}
	}
	for _, id := range ids {
		if a, ok := adviceOn(id); !ok || a.change+a.never == "" {
			t.Errorf("%s has no sentence in rowAdvice", id)
		}
	}
	for i, a := range rowAdvice {
		if slices.ContainsFunc(rowAdvice[:i], func(o adviceOfRow) bool { return o.id == a.id }) {
			t.Errorf("%s stands twice", a.id)
		}
	}
}

func TestEveryStateHasItsCounselAndOnlyProvenOnesMayHurtNobody(t *testing.T) {
	for i := range State(StateCount) {
		c := Advice(i.String(), nil)
		if len(c.Change) != 1 || len(c.Never) != 1 || (c.Harm == "") != (i == GenuineBound) {
			t.Errorf("%s: %+v", i, c)
		}
		if stateAdvice[i].state != i {
			t.Errorf("the line of %s is %s's", i, stateAdvice[i].state)
		}
	}
	if got, want := Advice("proven, by the Great Owl", []string{"E999"}), Advice("unknown", nil); !slices.Equal(got.Never, want.Never) || got.Harm != want.Harm {
		t.Errorf("a word that is not known: %+v", got)
	}
}

func TestCounselGoesByTheEvidenceAndSaysNothingTwice(t *testing.T) {
	c := Advice("forged_probable", []string{"E26", "E14", "R2'-failed", "E24", "E24"})
	if len(c.Never) != 4 || len(c.Change) != 4 {
		t.Errorf("%d and %d sentences: %+v", len(c.Change), len(c.Never), c)
	}
	for _, s := range slices.Concat(c.Change, c.Never, []string{c.Harm}) {
		if !strings.HasSuffix(s, ".") || strings.ToUpper(s[:1]) != s[:1] {
			t.Errorf("no sentence: %q", s)
		}
	}
}

func TestEveryGateHasItsSentence(t *testing.T) {
	for _, word := range []string{RefusedRestored, RefusedOwn, RefusedAllowed, RefusedText, RefusedFew, RefusedSingle, RefusedConflict, RefusedLoss, RefusedShort} {
		if Refusal(word) == "" {
			t.Errorf("%s has no sentence", word)
		}
	}
	if Refusal("other") != "" {
		t.Error("a word that is not known has a sentence")
	}
}

func TestOfAGroupTheStrongestCounts(t *testing.T) {
	all := []Evidence{{ID: "E14", Group: "G1", Decibans: 20}, {ID: "E10", Group: "G1", Decibans: 13}, {ID: "E13", Group: "G1", Decibans: -5},
		{ID: "R3", Group: "rule"}, {ID: "E24", Group: "G2", Decibans: 0}, {ID: "E61", Group: "G6", Decibans: 1}, {ID: "E63", Group: "G6", Decibans: 1}}
	counted, left := Weigh(all)
	ids := func(l []Evidence) (s string) {
		for _, e := range l {
			s += e.ID + " "
		}
		return s
	}
	if ids(counted) != "E14 E13 R3 E61 " || ids(left) != "E10 E24 E63 " {
		t.Errorf("counted %s, left %s", ids(counted), ids(left))
	}
}
