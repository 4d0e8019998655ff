package rules

import (
	"slices"

	"popupwatch/decoders"
)

// Class is what a score amounts to.
type Class uint8

// The classes, in rising order.
const (
	Clean Class = iota
	Suspect
	Spam
)

// String is the word that stands in events.
func (c Class) String() string { return [...]string{"clean", "suspect", "spam"}[c] }

// Hit is one rule that held for a message. Read-only, shared.
type Hit struct {
	Rule        string  // name, snake_case
	Category    string  // e.g. "lure", "contact", "style", "sender", "legitimate"
	Ruleset     string  // what the rule file calls itself: its key ruleset, else its base name without ending
	Version     string  // version that the file states
	Weight      float64 // what it added; negative speaks for a clean message
	Description string  // a sentence
	Lure        string  // lure class that the rule speaks for: registry_cleaner, fake_update, ...; empty mostly
	Matched     string  // what matched, e.g. the words; at most 80 octets, may be empty
}

// Verdict is the judgement over one message. Hits is shared and read-only, strongest (by absolute weight) first, ties by name.
type Verdict struct {
	Score float64 // sum of the weights, rounded to 0.1
	Class Class
	Hits  []Hit
	Lure  string // lure class with the largest sum of weights among the hits; empty if none
}

// Context is what a message's text does not say.
type Context struct {
	Direction decoders.Direction

	// How widely the message's campaign was sent so far, the message among it; 0 where nobody knows. Rules see steps: see Steps.
	Sources, Targets, PerMinute int
	Forged                      bool // the campaign has a source whose address was found forged
}

// Steps are the counts of a campaign that rules tell apart: a count is taken for the largest step that it reaches. So verdicts are
// remembered over thousands of messages of a campaign.
func Steps() []int { return slices.Clone(steps[:]) }

// step is the number of the largest step that n reaches.
func step(n int) uint8 {
	reached := 0
	for reached+1 < len(steps) && n >= steps[reached+1] {
		reached++
	}
	return uint8(reached)
}

// steps are those of Steps.
var steps = [...]int{0, 1, 3, 10, 30, 100, 300, 1000}
