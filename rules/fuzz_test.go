package rules

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// FuzzLoad holds that any octets are a set or an error, never a panic, and that a set judges.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("*.yml")
	if err != nil || len(files) == 0 {
		f.Fatal("no default rules", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(tea))
	f.Add([]byte("rules: [&a {name: *a}]\n---\n"))
	f.Add([]byte("version: 1\nthresholds: {suspect: .nan, spam: .inf}\nrules:\n- {name: a, weight: 1e309, when: '((((1'}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Load(fstest.MapFS{"fuzz.yml": {Data: data}})
		if (err == nil) != (set != nil) {
			t.Fatalf("set %v beside error %v", set != nil, err)
		}
		if err == nil {
			set.Explain(message("FROM", "TO", features("tea zurl", text.Stats{URLs: 1})), Context{})
		}
	})
}

// FuzzJudge holds for any text and names: hits in order, each of a rule, a finite score that agrees with the class, and the same verdict again.
func FuzzJudge(f *testing.F) {
	for _, s := range append(realSpam(f), legitimate(f)...) {
		f.Add(s.From, s.To, s.Text, uint8(flagIdempotent), uint8(1))
	}
	set, a := defaultSet(f), text.NewAnalyzer(text.Config{})
	f.Fuzz(func(t *testing.T, from, to, shown string, flags, direction uint8) {
		m := message(from, to, a.Analyze(shown))
		setFlags(&m.RPC.Flags, flags)
		c := Context{Direction: decoders.Direction(direction % 5)}
		v := set.Judge(m, c)
		if math.IsNaN(v.Score) || math.IsInf(v.Score, 0) || v.Class != set.Thresholds().Class(v.Score) {
			t.Errorf("score %v, class %v", v.Score, v.Class)
		}
		for i, h := range v.Hits {
			if len(h.Matched) > maxMatched || i > 0 && math.Abs(h.Weight) > math.Abs(v.Hits[i-1].Weight) {
				t.Errorf("hit %d: %+v", i, h)
			}
		}
		if diff := cmp.Diff(v, set.Explain(m, c).Verdict); diff != "" {
			t.Errorf("remembered and fresh differ:\n%s", diff)
		}
	})
}
