package rules

import (
	"errors"
	"slices"
	"strings"
)

// lexicon is the word lists of all rules over one automaton. A list has the name of its rule.
type lexicon struct {
	words *automaton
	shown []string       // by phrase: as the first author wrote it
	in    [][]uint16     // by phrase: numbers of the lists that hold it
	lists map[string]int // number of a list by its rule's name
	seen  []bool         // scratch of scan, by phrase
	found []uint16       // scratch of scan: phrases in order of appearance
}

var errUnreadable = errors.New("nothing is left of it in the normal form")

// pattern turns a phrase as written into what stands in a normal form: whole words, blanks included, unless a star opens an end.
func pattern(phrase string, normal func(string) string) (string, error) {
	before, after := " ", " "
	if rest, ok := strings.CutPrefix(phrase, "*"); ok {
		phrase, before = rest, ""
	}
	if rest, ok := strings.CutSuffix(phrase, "*"); ok {
		phrase, after = rest, ""
	}
	phrase = normal(phrase)
	if phrase == "" {
		return "", errUnreadable
	}
	return before + phrase + after, nil
}

// newLexicon compiles the words of rules. The lists are numbered as the rules with words stand.
func newLexicon(rules []Rule, normal func(string) string) (*lexicon, error) {
	x := &lexicon{lists: map[string]int{}}
	numbers := map[string]uint16{}
	var patterns []string
	var faults []error
	for i := range rules {
		rule := &rules[i]
		if len(rule.Words) == 0 {
			continue
		}
		list := uint16(len(x.lists))
		x.lists[rule.Name] = int(list)
		for _, word := range rule.Words {
			p, err := pattern(word, normal)
			if err != nil {
				faults = append(faults, rule.fault("use letters or digits", "word %q: %v", word, err))
				continue
			}
			if _, ok := numbers[p]; !ok {
				numbers[p] = uint16(len(patterns))
				patterns, x.shown, x.in = append(patterns, p), append(x.shown, word), append(x.in, nil)
			}
			x.enter(numbers[p], list)
		}
	}
	var err error
	if x.words, err = newAutomaton(patterns); err != nil {
		faults = append(faults, err)
	}
	x.seen = make([]bool, len(patterns))
	return x, errors.Join(faults...)
}

// enter adds a phrase to a list, once: two spellings with one normal form are one phrase.
func (x *lexicon) enter(phrase, list uint16) {
	if in := x.in[phrase]; len(in) == 0 || in[len(in)-1] != list {
		x.in[phrase] = append(in, list)
	}
}

// count scans a normal form. counts, by list, must be zero and receives the number of distinct phrases of each. The phrases found are
// valid until the next count.
func (x *lexicon) count(norm string, counts []uint16) []uint16 {
	x.found = x.words.scan(norm, x.seen, x.found[:0])
	for _, phrase := range x.found {
		x.seen[phrase] = false
		for _, list := range x.in[phrase] {
			counts[list]++
		}
	}
	return x.found
}

// maxMatched bounds Hit.Matched, in octets.
const maxMatched = 80

// matched joins those of the found phrases that are of the list, as their authors wrote them, cut between phrases at maxMatched octets.
func (x *lexicon) matched(list int, found []uint16) string {
	var room [maxMatched]byte
	b := room[:0]
	for _, phrase := range found {
		if !slices.Contains(x.in[phrase], uint16(list)) {
			continue
		}
		shown := x.shown[phrase]
		if len(b)+len(", ")+len(shown) > maxMatched {
			break
		}
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = append(b, shown...)
	}
	return string(b)
}
