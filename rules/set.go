// Package rules says of a popup how far it is spam, and why: rules in YAML files add their weights to a score.
package rules

import (
	"cmp"
	"math"
	"slices"
	"unsafe"

	"github.com/expr-lang/expr/vm"
)

// rule is a compiled Rule.
type rule struct {
	Rule
	list      int        // number of its word list; -1: no words
	condition *condition // nil: the words alone decide
	place     int        // in the order of the files
}

// Set is a compiled set of rules with a bounded memory of what it judged. It is used by one goroutine. What it answers depends on
// the rules and the message alone, never on what it remembers.
type Set struct {
	rules      []rule // strongest first, as they stand among hits
	thresholds Thresholds
	version    string
	words      *lexicon

	conditions map[string]*condition // by source
	machine    vm.VM                 // runs them
	record     record                // what they read
	turn       uint64                // how often the record was filled
	holding    []held                // scratch of one verdict
	outcome    []byte                // scratch of its key

	texts    *generations[textKey, *textPart]
	outcomes *generations[string, Verdict] // by what holds: most new texts end as others did
	senders  *generations[senderKey, *senderPart]
	verdicts *generations[verdictKey, Verdict]
}

// newSet divides cacheBytes: verdicts are many, texts and what they come to fewer, senders few. Verdicts may share their hits with outcomes;
// each is counted as if it did not.
func newSet(words *lexicon, cacheBytes int) *Set {
	return &Set{
		words:      words,
		conditions: map[string]*condition{},
		machine:    vm.VM{MemoryBudget: maxValues},
		texts:      newGenerations(cacheBytes/4, sizeOfText),
		senders:    newGenerations(cacheBytes/16, sizeOfSender),
		outcomes:   newGenerations(cacheBytes/16, sizeOfOutcome),
		verdicts:   newGenerations(cacheBytes/8*5, sizeOfVerdict),
	}
}

// add compiles one rule. The words of all rules are known by then.
func (s *Set) add(r *Rule) error {
	c := rule{Rule: *r, list: -1, place: len(s.rules)}
	if len(r.Words) > 0 {
		c.list = s.words.lists[r.Name]
		c.Part = PartText
	}
	if r.When != "" {
		condition, err := s.condition(r.When)
		if err != nil {
			return r.fault("popupwatch help rules", "compile condition: %v", err)
		}
		c.condition = condition
		c.Part |= condition.part
	}
	if c.Part == 0 { // a condition that looks at nothing
		c.Part = PartText
	}
	s.rules = append(s.rules, c)
	return nil
}

// condition compiles a condition, once for all rules that state it.
func (s *Set) condition(when string) (*condition, error) {
	if c, ok := s.conditions[when]; ok {
		return c, nil
	}
	c, err := compileCondition(when, s.words.lists)
	if err == nil {
		s.conditions[when] = c
	}
	return c, err
}

// sort puts the rules in the order of hits, once, so that no verdict compares weights and names.
func (s *Set) sort() {
	slices.SortFunc(s.rules, func(a, b rule) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)), cmp.Compare(a.Name, b.Name))
	})
}

// Rules lists the rules in the order of their files, as a copy.
func (s *Set) Rules() []Rule {
	all := make([]Rule, len(s.rules))
	for i := range s.rules {
		all[s.rules[i].place] = s.rules[i].Rule
	}
	for i := range all {
		all[i].Words = slices.Clone(all[i].Words)
	}
	return all
}

// Thresholds are those of the last file that stated them.
func (s *Set) Thresholds() Thresholds { return s.thresholds }

// Version names the content of the rule files: 12 hexadecimal digits of its SHA-256. Each Hit carries the version that its file states.
func (s *Set) Version() string { return s.version }

// What an entry of a Go map costs besides its key and value: control octet, and the slots that stand empty.
const slack = 2

func sizeOfHeld(all []held) int {
	n := cap(all) * int(unsafe.Sizeof(held{}))
	for i := range all {
		n += len(all[i].matched)
	}
	return n
}

func sizeOfText(k textKey, t *textPart) int {
	return slack*int(unsafe.Sizeof(k)+unsafe.Sizeof(t)) + int(unsafe.Sizeof(*t)) + 2*cap(t.fields.WordHits) + sizeOfHeld(t.holds) + sizeOfHeld(t.open)
}

// A sender's names stand in its key, and in small letters in its fields.
func sizeOfSender(k senderKey, p *senderPart) int {
	return slack*int(unsafe.Sizeof(k)+unsafe.Sizeof(p)) + int(unsafe.Sizeof(*p)) + len(k.from) + len(k.to) +
		len(p.fields.From) + len(p.fields.To) + sizeOfHeld(p.holds)
}

func sizeOfVerdict(k verdictKey, v Verdict) int {
	return slack*int(unsafe.Sizeof(k)+unsafe.Sizeof(v)) + len(k.sender.from) + len(k.sender.to) + sizeOfHits(v.Hits)
}

func sizeOfOutcome(k string, v Verdict) int {
	return slack*int(unsafe.Sizeof(k)+unsafe.Sizeof(v)) + len(k) + sizeOfHits(v.Hits)
}

func sizeOfHits(hits []Hit) int {
	n := cap(hits) * int(unsafe.Sizeof(Hit{}))
	for i := range hits {
		n += len(hits[i].Matched)
	}
	return n
}
