package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func scan(tb testing.TB, text string, patterns ...string) []uint16 {
	tb.Helper()
	a, err := newAutomaton(patterns)
	if err != nil {
		tb.Fatal(err)
	}
	return a.scan(text, make([]bool, len(patterns)), nil)
}

func TestWordsAreWholeUnlessAStarOpensAnEnd(t *testing.T) {
	tests := map[string]struct {
		words []string
		text  string
		want  []string
	}{
		"word at the begin, amid, at the end": {[]string{"one", "two", "three"}, "one two three", []string{"one", "two", "three"}},
		"part of a word":                      {[]string{"gist"}, "registry gists", nil},
		"open end":                            {[]string{"reg*"}, "registry", []string{"reg*"}},
		"open end is not in the middle":       {[]string{"gist*"}, "registry", nil},
		"open begin":                          {[]string{"*try"}, "registry", []string{"*try"}},
		"both open":                           {[]string{"*대출*"}, "무담보대출상담", []string{"*대출*"}},
		"phrase":                              {[]string{"scan now"}, "please scan now", []string{"scan now"}},
		"phrase with words between":           {[]string{"scan now"}, "scan it now", nil},
		"phrases that share a blank":          {[]string{"a b", "b c", "c"}, "a b c", []string{"a b", "b c", "c"}},
		"phrase within a phrase":              {[]string{"registry cleaner", "registry"}, "registry cleaner", []string{"registry", "registry cleaner"}},
		"twice is once":                       {[]string{"tea"}, "tea tea tea", []string{"tea"}},
		"empty text":                          {[]string{"tea"}, "", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var patterns []string
			for _, w := range tt.words {
				p, err := pattern(w, strings.Clone)
				if err != nil {
					t.Fatal(err)
				}
				patterns = append(patterns, p)
			}
			var got []string
			for _, i := range scan(t, tt.text, patterns...) {
				got = append(got, tt.words[i])
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAutomatonFindsWhatSearchingEachPhraseFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfNDistinct(rapid.StringMatching(`[abe\x{e4} ]{1,6}`), 1, 12, rapid.ID[string]).Draw(t, "phrases")
		text := rapid.StringMatching(`[abcde\x{e4} ]{0,60}`).Draw(t, "text")
		a, err := newAutomaton(words)
		if err != nil {
			t.Fatal(err)
		}
		got := a.scan(text, make([]bool, len(words)), nil)
		slices.Sort(got)
		var want []uint16
		for i, w := range words {
			if strings.Contains(" "+text+" ", w) {
				want = append(want, uint16(i))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	})
}

func TestWordsBeyondTheTableAreRefused(t *testing.T) {
	var words []string
	for i := range 1 + maxStates/1000 {
		words = append(words, string(rune('a'+i%26))+string(rune('a'+i/26))+strings.Repeat("x", 1000))
	}
	if _, err := newAutomaton(words); err == nil || !strings.HasPrefix(err.Error(), "build word table: ") {
		t.Errorf("newAutomaton gives %v, want a refusal", err)
	}
}

func TestMatchedNamesThePhrasesAsWrittenInOrderWithinItsBound(t *testing.T) {
	rule := Rule{Name: "drinks", Words: []string{"Green Tea", "coffee", strings.Repeat("milk ", 15) + "end"}}
	x, err := newLexicon([]Rule{{Name: "none"}, rule}, strings.ToLower)
	if err != nil {
		t.Fatal(err)
	}
	counts := make([]uint16, 1)
	found := x.count("coffee and green tea with "+strings.Repeat("milk ", 15)+"end", counts)
	if got := x.matched(0, found); got != "coffee, Green Tea" {
		t.Errorf("matched %q, want %q", got, "coffee, Green Tea")
	}
	if counts[0] != 3 {
		t.Errorf("%d phrases counted, want 3", counts[0])
	}
}
