package rules

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// tea is a small set whose rules look at every part of a popup.
const tea = `
version: '1'
thresholds: {suspect: 2, spam: 4}
rules:
- {name: drinks, weight: 0, category: words, description: d, words: [tea, coffee, milk]}
- {name: sells_tea, weight: 1, category: lure, lure: tea, description: d, words: [tea, green tea]}
- {name: sells_coffee, weight: 1, category: lure, lure: coffee, description: d, words: [coffee]}
- {name: two_drinks, weight: 1, category: lure, description: d, when: hits("drinks") >= 2}
- {name: site, weight: 1.25, category: contact, description: d, when: urls > 0}
- {name: stranger, weight: 0.5, category: sender, description: d, when: from == "shop"}
- {name: shop_sells, weight: 2, category: sender, description: d, words: [tea], when: from == "shop" and urls > 0}
- {name: many, weight: 0.75, category: campaign, description: d, when: campaign_targets >= 10}
- {name: forged, weight: 0.25, category: campaign, description: d, when: campaign_forged}
- {name: home, weight: -3, category: legitimate, description: d, when: internal}
`

func teaSet(tb testing.TB, cacheBytes int, more ...string) *Set {
	tb.Helper()
	c := Config{Defaults: fstest.MapFS{"tea.yml": {Data: []byte(tea + strings.Join(more, "\n"))}}, CacheBytes: cacheBytes}
	s, err := c.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestAVerdictSumsTheWeightsOfRulesThatHold(t *testing.T) {
	one := text.Stats{URLs: 1}
	tests := map[string]struct {
		m    *decoders.Message
		c    Context
		want Verdict
		hits string
	}{
		"nothing holds":            {message("", "", features("water", text.Stats{})), Context{}, Verdict{}, ""},
		"no features":              {message("", "", nil), Context{}, Verdict{}, ""},
		"words":                    {message("", "", features("green tea", text.Stats{})), Context{}, Verdict{Score: 1, Lure: "tea"}, "sells_tea(green tea, tea) "},
		"the first lure of equals": {message("", "", features("tea coffee", text.Stats{})), Context{}, Verdict{Score: 3, Class: Suspect, Lure: "coffee"}, "sells_coffee(coffee) sells_tea(tea) two_drinks() "},
		"score is rounded":         {message("", "", features("", one)), Context{}, Verdict{Score: 1.3}, "site() "},
		"both parts, strongest first": {message(" SHOP ", "", features("tea", one)), Context{}, Verdict{Score: 4.8, Class: Spam, Lure: "tea"},
			"shop_sells(tea) site() sells_tea(tea) stranger() "},
		"a campaign to many": {message("", "", features("tea", text.Stats{})), Context{Targets: 25, Forged: true}, Verdict{Score: 2, Class: Suspect, Lure: "tea"}, "sells_tea(tea) many() forged() "},
		"a campaign to few":  {message("", "", features("tea", text.Stats{})), Context{Targets: 9}, Verdict{Score: 1, Lure: "tea"}, "sells_tea(tea) "},
		"negative":           {message("", "", features("tea", text.Stats{})), Context{Direction: decoders.DirectionInternal}, Verdict{Score: -2, Lure: "tea"}, "home() sells_tea(tea) "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := teaSet(t, 0).Judge(tt.m, tt.c)
			if diff := cmp.Diff(tt.hits, names(got)); diff != "" {
				t.Errorf("hits (-want +got):\n%s", diff)
			}
			got.Hits = nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

func TestThePartOfARuleFollowsFromItsIdentifiers(t *testing.T) {
	want := map[string]string{"drinks": "text", "sells_tea": "text", "sells_coffee": "text", "two_drinks": "text", "site": "text",
		"stranger": "sender", "shop_sells": "both", "home": "sender", "many": "sender", "forged": "sender"}
	got := map[string]string{}
	for _, r := range teaSet(t, 0).Rules() {
		got[r.Name] = r.Part.String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

// drawMessage draws from few values, so that caches are hit.
func drawMessage(t *rapid.T) (*decoders.Message, Context) {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"tea", "green", "coffee", "milk", "water"}), 0, 4).Draw(t, "words")
	stats := text.Stats{URLs: rapid.Uint16Range(0, 1).Draw(t, "urls"), Letters: rapid.Uint32Range(0, 2).Draw(t, "letters")}
	m := message(rapid.SampledFrom([]string{"", "shop", "Shop"}).Draw(t, "from"), "", features(strings.Join(words, " "), stats))
	setFlags(&m.RPC.Flags, rapid.SampledFrom([]uint8{0, flagIdempotent, flagBroadcast}).Draw(t, "flags"))
	return m, Context{
		Direction: decoders.Direction(rapid.IntRange(0, 4).Draw(t, "direction")),
		Targets:   rapid.SampledFrom([]int{0, 9, 10, 29}).Draw(t, "targets"), Forged: rapid.Bool().Draw(t, "forged"),
	}
}

func TestAVerdictDoesNotDependOnWhatIsRemembered(t *testing.T) {
	remembers, forgets := teaSet(t, 20_000), teaSet(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		m, c := drawMessage(t)
		want := forgets.Explain(m, c).Verdict
		if diff := cmp.Diff(want, remembers.Judge(m, c)); diff != "" {
			t.Errorf("remembered (-fresh +remembered):\n%s", diff)
		}
		if diff := cmp.Diff(want, forgets.Judge(m, c)); diff != "" {
			t.Errorf("without memory (-fresh +judged):\n%s", diff)
		}
	})
}

func TestARuleMoreNeverRemovesAHit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, c := drawMessage(t)
		extra := fmt.Sprintf("- {name: extra, weight: %d, category: lure, description: d, words: [%s], when: '%s'}",
			rapid.IntRange(-100, 100).Filter(func(w int) bool { return w != 0 }).Draw(t, "weight"),
			rapid.SampledFrom([]string{"tea", "green*", "'*ilk'", "tea coffee"}).Draw(t, "word"),
			rapid.SampledFrom([]string{"true", "urls > 0", "internal", `hits("extra") > 0`}).Draw(t, "when"))
		less, err1 := load(tea)
		more, err2 := load(tea + extra)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		had := less.Judge(m, c)
		has := map[string]bool{}
		for _, h := range more.Judge(m, c).Hits {
			has[h.Rule] = true
		}
		for _, h := range had.Hits {
			if !has[h.Rule] {
				t.Errorf("%s no longer hits beside %s", h.Rule, extra)
			}
		}
	})
}

func TestCachesStayWithinTheirBudget(t *testing.T) {
	const budget = 64 << 10
	s := teaSet(t, budget)
	turned := 0
	for i := range 2000 {
		m := message(fmt.Sprint("from", i), strings.Repeat("x", i), features(fmt.Sprint("tea ", i), text.Stats{URLs: 1}))
		before := s.verdicts.cost
		s.Judge(m, Context{})
		if s.verdicts.cost < before {
			turned++
		}
		if held := sizeOf(s.texts) + sizeOf(s.senders) + sizeOf(s.outcomes) + sizeOf(s.verdicts); held > budget {
			t.Fatalf("after %d messages %d octets are held, the budget is %d", i, held, budget)
		}
	}
	if turned < 10 {
		t.Errorf("generations turned %d times: the test does not reach the bound", turned)
	}
}

// sizeOf adds up what is held, independently of the running sum.
func sizeOf[K comparable, V any](g *generations[K, V]) int {
	n := 0
	for _, m := range []map[K]V{g.young, g.old} {
		for k, v := range m {
			n += g.size(k, v)
		}
	}
	return n
}

func TestWhatIsUsedSurvivesATurnOfGenerations(t *testing.T) {
	g := newGenerations(20, func(int, string) int { return 1 })
	g.put(0, "used")
	for i := 1; i < 100; i++ {
		g.put(i, "new")
		if v, ok := g.get(0); !ok || v != "used" {
			t.Fatalf("after %d entries the used one is %q, %v", i, v, ok)
		}
	}
	if _, ok := g.get(1); ok {
		t.Error("the entry that nobody used is still held")
	}
}

func TestAnEntryLargerThanAGenerationIsNotHeld(t *testing.T) {
	g := newGenerations(20, func(_ int, v string) int { return len(v) })
	g.put(1, "eleven octs")
	if _, ok := g.get(1); ok || g.cost != 0 {
		t.Errorf("held, cost %d", g.cost)
	}
}

func TestLongNamesAreCutAndNotKeptWhole(t *testing.T) {
	s := teaSet(t, 0)
	long := strings.Repeat("x", 60_000)
	s.Judge(message(long, long, features("tea", text.Stats{})), Context{})
	for k := range s.verdicts.young {
		if len(k.sender.from) != maxName || len(k.sender.to) != maxName {
			t.Errorf("%d and %d octets of the names are kept, want %d", len(k.sender.from), len(k.sender.to), maxName)
		}
	}
}

func TestTotalsAreNeverMinusZero(t *testing.T) {
	if got := total([]Hit{{Weight: -0.04}}); math.Signbit(got) {
		t.Errorf("total is %v", got)
	}
}

func TestAConditionThatFailsAsItRunsDoesNotHoldAndIsExplained(t *testing.T) {
	s := teaSet(t, 0, `- {name: broken, weight: 1, category: lure, description: d, when: '[1, 2][urls] > 0'}`)
	m := message("", "", features("", text.Stats{URLs: 9}))
	if v := s.Judge(m, Context{}); strings.Contains(names(v), "broken") {
		t.Errorf("hits %s", names(v))
	}
	for _, x := range s.Explain(m, Context{}).Rules {
		if x.Rule.Name == "broken" && (x.Err == nil || x.Hit) {
			t.Errorf("explained as hit %v, error %v", x.Hit, x.Err)
		}
	}
}

func TestExplainNamesEachRuleAndWhyItDidNotHit(t *testing.T) {
	e := teaSet(t, 0).Explain(message("", "", features("tea", text.Stats{URLs: 1})), Context{})
	type row struct {
		Rule             string
		Hit, Words, When bool
		Found            int
	}
	var got []row
	for _, x := range e.Rules {
		got = append(got, row{x.Rule.Name, x.Hit, x.WordsHold, x.WhenHolds, x.Found})
	}
	want := []row{
		{"site", true, true, true, 0}, {"sells_tea", true, true, true, 1},
		{"home", false, true, false, 0}, {"shop_sells", false, true, false, 1}, {"sells_coffee", false, false, true, 0},
		{"two_drinks", false, true, false, 0}, {"many", false, true, false, 0}, {"stranger", false, true, false, 0}, {"forged", false, true, false, 0}, {"drinks", false, true, true, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("explanation (-want +got):\n%s", diff)
	}
}
