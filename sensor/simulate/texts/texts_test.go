package texts

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"popupwatch/decoders/text"
)

func TestTheSameOptionsGiveTheSameOctets(t *testing.T) {
	o := Options{Seed: 3, Levels: []Level{L0, L3}, Poison: 0.1}
	a, b := Stream(o), Stream(o)
	if !slices.EqualFunc(a, b, func(x, y Message) bool { return x.At == y.At && bytes.Equal(x.Text, y.Text) }) {
		t.Error("two streams of one seed differ")
	}
	o.Seed++
	if c := Stream(o); bytes.Equal(a[0].Text, c[0].Text) {
		t.Error("two seeds give one text")
	}
}

func TestFamiliesAreManyAndShareLittle(t *testing.T) {
	for _, split := range []Split{Dev, Test} {
		m := newMaker(Options{Split: split, Seed: 1}, "test")
		all := families(m.grammar, &m.params, 48, m.r)
		if len(all) != 48 {
			t.Errorf("%s: %d families, want 48", split, len(all))
		}
		for i, f := range all {
			if n := len(f.sentences); n < 2 || n > 6 {
				t.Errorf("%s: a family of %d sentences", split, n)
			}
			for _, other := range all[:i] {
				if s := shared(f, other); s > mostShared {
					t.Errorf("%s: %s and %s share %.2f", split, f.name, other.name, s)
				}
			}
		}
	}
}

// No sentence stands in both splits: nor do four words in a row that a template fixes.
func TestTheSplitsShareNoSentence(t *testing.T) {
	known := map[string]bool{}
	for _, l := range literals(readGrammar(Dev)) {
		known[l] = true
	}
	for _, l := range literals(readGrammar(Test)) {
		if known[l] {
			t.Errorf("%q stands in both splits", l)
		}
	}
}

func literals(g *grammar) (all []string) {
	for _, topic := range g.topics {
		for _, s := range slices.Concat(topic.opens, topic.bodies, topic.ends) {
			for _, l := range s.literals {
				if strings.Count(strings.TrimSpace(l), " ") >= 3 {
					all = append(all, l)
				}
			}
		}
	}
	for _, n := range g.notices {
		all = append(all, n.text)
	}
	return all
}

// Each language is read back as it was written, for nearly every text.
func TestTextsAreInTheirCodePages(t *testing.T) {
	for _, split := range []Split{Dev, Test} {
		wrong, all := 0, 0
		for _, m := range Stream(Options{Split: split, Seed: 2}) {
			_, _, shown, page, _ := text.Decode(m.From, m.To, m.Text, false)
			if page == text.PageASCII {
				continue
			}
			all++
			want := map[string]string{"ko": "cp949", "ja": "cp932", "ru": "cp866"}[m.Language]
			if want != "" && string(page) != want {
				wrong++
				t.Logf("%s read as %s: %q", m.Language, page, shown.Shown)
			}
		}
		if all == 0 || wrong*100 > all {
			t.Errorf("%s: %d of %d texts are read in another page", split, wrong, all)
		}
	}
}

func TestALevelChangesWhatItSays(t *testing.T) {
	distinct := func(level Level) float64 {
		all, seen := 0, map[string]bool{}
		for _, m := range Stream(Options{Seed: 4, Levels: []Level{level}}) {
			if m.Legitimate == "" {
				all++
				seen[string(m.Text)] = true
			}
		}
		return float64(len(seen)) / float64(all)
	}
	if d := distinct(L0); d > 0.4 {
		t.Errorf("%.2f of the L0 texts are distinct", d)
	}
	for _, l := range []Level{L1, L2, L3} {
		if d := distinct(l); d < 0.95 {
			t.Errorf("%.2f of the %s texts are distinct", d, l)
		}
	}
}

func TestLegitimatePopupsAreOfManyKindsAndFilled(t *testing.T) {
	kinds := map[string]bool{}
	for _, m := range Legitimate(Dev, 1, 500) {
		kinds[m.Legitimate] = true
		if i := bytes.IndexByte(m.Text, '%'); i >= 0 && i+1 < len(m.Text) && m.Text[i+1] > ' ' && m.Text[i+1] != '.' {
			t.Errorf("a place is not filled: %s", m.Text)
		}
	}
	if len(kinds) < 14 {
		t.Errorf("%d kinds: %v", len(kinds), kinds)
	}
}

func TestPoisonIsOfEveryKind(t *testing.T) {
	seen := map[Poison]int{}
	for _, m := range Stream(Options{Seed: 5, Poison: 0.2}) {
		seen[m.Poison]++
		if (m.Poison == Bridge) != (m.Family == "") {
			t.Fatalf("%s is of %q", m.Poison, m.Family)
		}
	}
	if len(seen) != PoisonCount {
		t.Errorf("kinds of poison: %v", seen)
	}
}
