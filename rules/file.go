package rules

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Bounds of a rule file. Its author is the operator, but a file may be fetched from elsewhere.
const (
	maxFile   = 1 << 20 // octets
	maxWords  = 1000    // phrases of one rule
	maxWhen   = 2000    // octets of a condition
	maxWeight = 100
)

// The keys that a rule file knows.
var (
	fileKeys      = []string{"ruleset", "version", "thresholds", "rules"}
	thresholdKeys = []string{"suspect", "spam"}
	ruleKeys      = []string{"name", "weight", "category", "lure", "description", "words", "min", "when"}
)

// file is one rule file, read but not compiled.
type file struct {
	ruleset    string
	version    string
	thresholds *Thresholds // nil where the file states none
	rules      []Rule
}

// reader walks the tree of one YAML file and collects what is wrong with it, so that an author sees all faults at once.
type reader struct {
	path   string
	rule   string // name of the rule being read
	faults []error
}

// readFile reads one rule file. Every fault is reported; the file is whole only where there is none.
func readFile(name string, data []byte) (file, []error) {
	r := &reader{path: name}
	f := file{ruleset: strings.TrimSuffix(path.Base(name), path.Ext(name))}
	if body := r.parse(data); body != nil {
		r.file(body, &f)
	}
	for i := range f.rules {
		f.rules[i].Ruleset, f.rules[i].Version = f.ruleset, f.version
	}
	return f, r.faults
}

// parse gives the one document of a file, nil where it is none.
func (r *reader) parse(data []byte) ast.Node {
	if len(data) > maxFile {
		r.fault(nil, "split it", "the file has %d octets, the most is %d", len(data), maxFile)
		return nil
	}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		r.faults = append(r.faults, r.syntax(err))
		return nil
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		r.fault(nil, "a rule file is one YAML document with the keys "+strings.Join(fileKeys, ", "), "the file holds %d documents or nothing", len(tree.Docs))
		return nil
	}
	return tree.Docs[0].Body
}

// syntax is a fault of the YAML parser, with its line.
func (r *reader) syntax(err error) *Problem {
	p := &Problem{File: r.path, Fault: "read YAML: " + err.Error(), Hint: "indent with blanks, quote texts that hold : or #"}
	if e, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		p.Fault = "read YAML: " + e.Message
		if e.Token != nil && e.Token.Position != nil {
			p.Line = e.Token.Position.Line
		}
	}
	return p
}

func (r *reader) file(body ast.Node, f *file) {
	r.mapping(body, "the file", fileKeys, func(key string, v ast.Node) {
		switch key {
		case "ruleset":
			f.ruleset = r.name(v, key)
		case "version":
			f.version = r.version(v)
		case "thresholds":
			f.thresholds = r.thresholds(v)
		case "rules":
			f.rules = r.rules(v)
		}
	})
	if f.version == "" && len(f.rules) > 0 {
		r.fault(body, `add: version: "1"`, "the file states no version")
	}
}

func (r *reader) thresholds(n ast.Node) *Thresholds {
	t := Thresholds{Suspect: math.NaN(), Spam: math.NaN()}
	r.mapping(n, "thresholds", thresholdKeys, func(key string, v ast.Node) {
		if key == "suspect" {
			t.Suspect = r.number(v, key)
		} else {
			t.Spam = r.number(v, key)
		}
	})
	if !(t.Suspect > 0 && t.Suspect < t.Spam) { // NaN fails too
		r.fault(n, "thresholds: {suspect: 3, spam: 5}", "thresholds need suspect above 0 and below spam")
		return nil
	}
	return &t
}

// list gives the entries of a list, which is called what, of things that are called one; none where it is no list, which is a fault.
func (r *reader) list(n ast.Node, what, one string) []ast.Node {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fault(n, "begin each "+one+" with a dash", "%s is not a list", what)
		return nil
	}
	return list.Values
}

func (r *reader) rules(n ast.Node) (rules []Rule) {
	for _, v := range r.list(n, "rules", "rule") {
		rules = append(rules, r.oneRule(v))
	}
	return rules
}

func (r *reader) oneRule(n ast.Node) Rule {
	rule := Rule{File: r.path, Line: line(n), Weight: math.NaN()}
	defer func() { r.rule = "" }()
	// The name first, so that the faults of the keys above it name the rule as well.
	r.rule = nameOf(n)
	r.mapping(n, "a rule", ruleKeys, func(key string, v ast.Node) { r.ruleKey(&rule, key, v) })
	r.complete(&rule, n)
	return rule
}

func (r *reader) ruleKey(rule *Rule, key string, v ast.Node) {
	switch key {
	case "name":
		rule.Name = r.name(v, key)
	case "category":
		rule.Category = r.name(v, key)
	case "lure":
		rule.Lure = r.name(v, key)
	case "weight":
		rule.Weight = r.number(v, key)
	case "min":
		rule.Min = r.count(v, key)
	case "description":
		rule.Description = r.text(v, key)
	case "when":
		rule.When = r.text(v, key)
	case "words":
		rule.Words = r.words(v)
	}
}

// complete refuses a rule that lacks what it needs, and fills what it may lack.
func (r *reader) complete(rule *Rule, n ast.Node) {
	for _, need := range []struct{ key, value, example string }{
		{"name", rule.Name, "name: fake_registry_error"},
		{"category", rule.Category, "category: lure"},
		{"description", rule.Description, "description: says that the registry is damaged"},
	} {
		if need.value == "" {
			r.fault(n, "add: "+need.example, "%s is missing", need.key)
		}
	}
	switch {
	case math.IsNaN(rule.Weight):
		r.fault(n, "add: weight: 1.5; negative speaks for a clean message", "weight is missing or not a number")
	case math.Abs(rule.Weight) > maxWeight:
		r.fault(n, "", "weight %v is not between -%d and %d", rule.Weight, maxWeight, maxWeight)
	}
	r.completeConditions(rule, n)
}

func (r *reader) completeConditions(rule *Rule, n ast.Node) {
	switch {
	case len(rule.Words) == 0 && rule.When == "":
		r.fault(n, "add words: [...] or when: ...", "the rule has no words and no condition")
	case len(rule.Words) == 0 && rule.Min != 0:
		r.fault(n, "", "min without words")
	case len(rule.Words) == 0 && rule.Weight == 0:
		r.fault(n, "weight 0 makes a word list for others", "a rule of weight 0 needs words")
	case rule.Weight == 0 && rule.When != "":
		r.fault(n, "take the condition away", "a word list has no condition")
	case len(rule.When) > maxWhen:
		r.fault(n, "make two rules of it", "the condition has %d octets, the most is %d", len(rule.When), maxWhen)
	case rule.Min > len(rule.Words):
		r.fault(n, "", "min is %d but there are %d words", rule.Min, len(rule.Words))
	case rule.Min == 0 && len(rule.Words) > 0:
		rule.Min = 1
	}
}

func (r *reader) fault(n ast.Node, hint, format string, args ...any) {
	r.faults = append(r.faults, &Problem{File: r.path, Line: line(n), Rule: r.rule, Fault: fmt.Sprintf(format, args...), Hint: hint})
}
