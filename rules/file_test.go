package rules

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const goodRule = `- {name: sells_tea, weight: 2, category: lure, description: sells tea, words: [tea]}`

func load(doc string) (*Set, error) {
	return Load(fstest.MapFS{"tea.yml": {Data: []byte(doc)}})
}

// withRules is a rule file with thresholds whose rules begin in line 4.
func withRules(rules ...string) string {
	return "version: '1'\nthresholds: {suspect: 3, spam: 5}\nrules:\n" + strings.Join(rules, "\n") + "\n"
}

func TestFaultsNameFileLineRuleAndHint(t *testing.T) {
	tests := map[string]struct{ doc, want string }{
		"unknown key of a rule": {
			withRules(goodRule, "- name: coffee\n  weigth: 1"),
			`builtin/tea.yml:6: rule "coffee": unknown key "weigth" (keys of a rule are name, weight, category, lure, description, words, min, when)`},
		"unknown key of the file": {
			"version: 1\nrule: []\nthresholds: {suspect: 3, spam: 5}\n",
			`builtin/tea.yml:2: unknown key "rule" (keys of the file are ruleset, version, thresholds, rules)`},
		"missing weight": {
			withRules("- {name: coffee, category: lure, description: d, words: [tea]}"),
			`builtin/tea.yml:4: rule "coffee": weight is missing or not a number (add: weight: 1.5; negative speaks for a clean message)`},
		"missing description": {
			withRules("- {name: coffee, category: lure, weight: 1, words: [tea]}"),
			`builtin/tea.yml:4: rule "coffee": description is missing (add: description: says that the registry is damaged)`},
		"duplicate name": {
			withRules(goodRule, goodRule),
			`builtin/tea.yml:5: rule "sells_tea": the name is taken by builtin/tea.yml:4 (give it another name, or name the file tea.yml to replace that file)`},
		"unreadable words": {
			withRules("- {name: coffee, weight: 1, category: lure, description: d, words: ['!?']}"),
			`builtin/tea.yml:4: rule "coffee": word "!?": nothing is left of it in the normal form (use letters or digits)`},
		"words that are no text": {
			withRules("- {name: coffee, weight: 1, category: lure, description: d, words: [tea, 900]}"),
			`builtin/tea.yml:4: rule "coffee": word is not text (put it in quotes)`},
		"neither words nor condition": {
			withRules("- {name: coffee, weight: 1, category: lure, description: d}"),
			`builtin/tea.yml:4: rule "coffee": the rule has no words and no condition (add words: [...] or when: ...)`},
		"more words asked than there are": {
			withRules("- {name: coffee, weight: 1, category: lure, description: d, words: [tea], min: 2}"),
			`builtin/tea.yml:4: rule "coffee": min is 2 but there are 1 words`},
		"name that is none": {
			withRules("- {name: Two Cups, weight: 1, category: lure, description: d, words: [tea]}"),
			`builtin/tea.yml:4: rule "Two Cups": name "Two Cups" is not a name (small letters, digits and _, at most 64, a letter first)`},
		"thresholds upside down": {
			"version: 1\nthresholds: {suspect: 5, spam: 3}\n",
			`builtin/tea.yml:2: thresholds need suspect above 0 and below spam (thresholds: {suspect: 3, spam: 5})`},
		"no version": {
			"thresholds: {suspect: 3, spam: 5}\nrules:\n" + goodRule,
			`builtin/tea.yml:1: the file states no version (add: version: "1")`},
		"not YAML": {
			"version: 1\nrules: [\n",
			`builtin/tea.yml:2: read YAML: `},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { wantFault(t, tt.doc, tt.want) })
	}
}

func wantFault(t *testing.T, doc, want string) {
	t.Helper()
	set, err := load(doc)
	if err == nil || set != nil {
		t.Fatalf("loads, want %s", want)
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		if strings.HasPrefix(line, want) {
			return
		}
	}
	t.Errorf("faults:\n%v\nwant among them:\n%s", err, want)
}

func TestConditionFaultsSayWhatIsAllowed(t *testing.T) {
	tests := map[string]struct{ when, want string }{
		"unknown identifier":     {`url > 0`, "unknown identifier url, see: popupwatch help rules"},
		"hidden identifier":      {`word_hits[0] > 0`, "unknown identifier word_hits, see: popupwatch help rules"},
		"whole environment":      {`len(string($env)) > 0`, "unknown identifier $env, see: popupwatch help rules"},
		"wrong type":             {`from > 3`, "invalid operation: > (mismatched types string and int) (1:6)"},
		"not a question":         {`urls + 1`, "expected bool, but got int"},
		"regular expression":     {`from matches "^a"`, "operator matches is not allowed, use words, contains, startsWith, endsWith or in"},
		"range":                  {`urls in 1..1000000`, "operator .. is not allowed, use words, contains, startsWith, endsWith or in"},
		"clock":                  {`now().Year() > 2000`, "function now is not allowed, there are hits, abs, len, lower, max, min, trim, upper"},
		"loop":                   {`all([1], # > 0)`, "function all is not allowed, there are hits, abs, len, lower, max, min, trim, upper"},
		"hits of no list":        {`hits("coffee") > 0`, `hits: no rule with words is named "coffee"`},
		"hits of a computed one": {`hits(from) > 0`, `hits takes a name in quotes: hits("NAME")`},
		"unfinished":             {`urls >`, "unexpected token EOF (1:6)"},
		"too large":              {strings.Repeat("urls + ", 150) + "urls > 0", "compilation failed: expression exceeds maximum allowed nodes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rule := "- {name: sells_milk, weight: 1, category: lure, description: d, when: '" + tt.when + "'}"
			wantFault(t, withRules(goodRule, rule), `builtin/tea.yml:5: rule "sells_milk": compile condition: `+tt.want)
		})
	}
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	_, err := load(withRules("- {name: a, weight: x, category: lure, description: d, words: [tea]}",
		"- {name: b, weight: 1, category: lure, description: d, when: milk}", "- {name: c, category: lure, weight: 1}"))
	var rules []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		if p, ok := errors.AsType[*Problem](e); ok {
			rules = append(rules, p.Rule)
		}
	}
	if diff := cmp.Diff([]string{"a", "c", "c", "b"}, rules); diff != "" {
		t.Errorf("rules with faults (-want +got):\n%s\n%v", diff, err)
	}
}

func TestAFileIsReadAsItStands(t *testing.T) {
	doc := `ruleset: drinks
version: 2.1
rules:
  - name: sells_tea
    weight: -1.5
    category: lure
    lure: tea
    description: |
      sells tea
    words: ['ear* grey', tea]
    min: 2
    when: urls > 0
`
	f, faults := readFile("dir/tea.yml", []byte(doc))
	if len(faults) > 0 {
		t.Fatal(errors.Join(faults...))
	}
	want := []Rule{{Name: "sells_tea", Category: "lure", Lure: "tea", Description: "sells tea", Weight: -1.5, Words: []string{"ear* grey", "tea"},
		Min: 2, When: "urls > 0", Ruleset: "drinks", Version: "2.1", File: "dir/tea.yml", Line: 4}}
	if diff := cmp.Diff(want, f.rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}
