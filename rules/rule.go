package rules

import (
	"fmt"
	"strings"
)

// Part says what of a popup a rule looks at, and so how often it must be asked.
type Part uint8

// The parts of a popup.
const (
	PartText   Part = 1 << iota // the text alone: asked once for each normal form and its stats
	PartSender                  // the rest alone: names, flags, direction, ports
	PartBoth   = PartText | PartSender
)

// String is the word that `rules list` prints.
func (p Part) String() string {
	switch p {
	case PartSender:
		return "sender"
	case PartBoth:
		return "both"
	default:
		return "text"
	}
}

// Rule is one rule as its file states it. Read-only.
type Rule struct {
	Name        string   // snake_case, unique over all files
	Category    string   // snake_case
	Lure        string   // lure class that it speaks for; empty mostly
	Description string   // a sentence
	Weight      float64  // -100 to 100; 0: the rule is a word list for others and never a hit
	Words       []string // phrases as written; empty: the condition alone decides
	Min         int      // how many distinct phrases must occur, from 1; 0 where there are no words
	When        string   // condition as written; empty: the words alone decide
	Ruleset     string   // what the file calls itself, or its base name without ending
	Version     string   // version that the file states
	File        string   // path of the file; builtin/NAME for a default one
	Line        int      // line where the rule begins, from 1
	Part        Part     // what it looks at; found by the compiler
}

// hit is what the rule gives a verdict when it holds.
func (r *Rule) hit(matched string) Hit {
	return Hit{
		Rule: r.Name, Category: r.Category, Ruleset: r.Ruleset, Version: r.Version,
		Weight: r.Weight, Description: r.Description, Lure: r.Lure, Matched: matched,
	}
}

// Thresholds are the scores from which a popup is suspect, and spam.
type Thresholds struct {
	Suspect float64
	Spam    float64
}

// Class is what score amounts to.
func (t Thresholds) Class(score float64) Class {
	switch {
	case score >= t.Spam:
		return Spam
	case score >= t.Suspect:
		return Suspect
	default:
		return Clean
	}
}

// Problem is one fault of a rule file, with its place. It is an error.
type Problem struct {
	File  string // path of the file
	Line  int    // from 1; 0 where no line can be named
	Rule  string // name of the rule; empty where the fault is outside a rule or the rule has no name
	Fault string // what is wrong
	Hint  string // what to do about it; may be empty
}

// Error is one line: file:line: rule "name": fault (hint).
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", p.Rule)
	}
	b.WriteString(p.Fault)
	if p.Hint != "" {
		fmt.Fprintf(&b, " (%s)", p.Hint)
	}
	return b.String()
}

// fault is a Problem at the place of the rule.
func (r *Rule) fault(hint, format string, args ...any) *Problem {
	return &Problem{File: r.File, Line: r.Line, Rule: r.Name, Fault: fmt.Sprintf(format, args...), Hint: hint}
}
