package rules

import (
	"slices"

	"popupwatch/decoders"
)

// Explanation is a verdict with every rule that had a say in it. Owned.
type Explanation struct {
	Verdict    Verdict
	Thresholds Thresholds
	Rules      []Explained // the hits, strongest first, then the others in the same order
}

// Explained is one rule, asked about one message.
type Explained struct {
	Rule      Rule
	Hit       bool
	Found     int    // distinct words of its list in the text
	Matched   string // those words, at most 80 octets
	WordsHold bool   // true where it has no words
	WhenHolds bool   // true where it has no condition
	Err       error  // why the condition could not be run; it does not hold then
}

// Explain judges one message anew, without what the Set remembers, and says for each rule whether it hit and what matched.
func (s *Set) Explain(m *decoders.Message, c Context) Explanation {
	norm := normOf(m)
	t, p := s.judgeText(norm, textKeyOf(m).stats), s.judgeSender(senderKeyOf(m, c))
	e := Explanation{Verdict: s.verdict(t, p), Thresholds: s.thresholds, Rules: make([]Explained, len(s.rules))}
	found := s.words.count(norm, make([]uint16, len(s.words.lists)))
	for i := range s.rules {
		e.Rules[i] = s.explain(&s.rules[i], found, &t.fields)
	}
	slices.SortStableFunc(e.Rules, func(a, b Explained) int { return place(a) - place(b) })
	return e
}

// place is 0 for a hit and 1 for the others.
func place(x Explained) int {
	if x.Hit {
		return 0
	}
	return 1
}

// explain asks one rule about s.record, which verdict left filled.
func (s *Set) explain(r *rule, found []uint16, t *textFields) Explained {
	x := Explained{Rule: r.Rule, WordsHold: r.wordsHold(t), Matched: s.matched(r, found)}
	if r.list >= 0 {
		x.Found = int(t.WordHits[r.list])
	}
	x.WhenHolds, x.Err = s.conditionHolds(r)
	x.Hit = x.WordsHold && x.WhenHolds && r.Weight != 0
	return x
}
