package rules

import (
	"fmt"
	"slices"
)

// maxStates bounds the automaton: with 64 classes it takes 16 MiB.
const maxStates = 1 << 16

// ends marks a transition into a state where phrases end, so that the walk looks nowhere else for the many that end none.
const ends = 1 << 31

// automaton finds all of its phrases in one pass over a text: Aho-Corasick as a full table. Octets that no phrase holds share one
// class, which keeps the rows short and the table in the cache.
type automaton struct {
	class [256]uint8
	width uint32     // classes
	next  []uint32   // by state*width + class: the next state times width, with ends
	found [][]uint16 // by state: numbers of the phrases that end there
}

// newAutomaton builds the table for the phrases, which are numbered as they stand. Its size depends on them alone, never on a text.
func newAutomaton(phrases []string) (*automaton, error) {
	a := &automaton{}
	a.classify(phrases)
	a.next = make([]uint32, a.width)
	a.found = make([][]uint16, 1)
	for i, phrase := range phrases {
		if err := a.add(phrase, uint16(i)); err != nil {
			return nil, err
		}
	}
	a.link()
	return a, nil
}

// classify numbers the octets that occur, the frequent first, so that the columns a text walks through share cache lines; class 0 are
// the rest. UTF-8 never uses all 256 octets, so that the numbers suffice; of hostile phrases the rarest octet would share class 0.
func (a *automaton) classify(phrases []string) {
	var count [256]int
	for _, phrase := range phrases {
		for _, c := range []byte(phrase) {
			count[c]++
		}
	}
	var octets []byte
	for c := range count {
		if count[c] > 0 {
			octets = append(octets, byte(c))
		}
	}
	slices.SortStableFunc(octets, func(x, y byte) int { return count[y] - count[x] })
	octets = octets[:min(len(octets), 255)]
	for i, c := range octets {
		a.class[c] = uint8(i + 1)
	}
	a.width = uint32(len(octets)) + 1
}

// add enters one phrase in the trie. Until link, 0 in a row means that there is no child.
func (a *automaton) add(phrase string, number uint16) error {
	state := uint32(0)
	for _, c := range []byte(phrase) {
		at := state*a.width + uint32(a.class[c])
		if a.next[at] == 0 {
			if len(a.found) == maxStates {
				return fmt.Errorf("build word table: the words of all rules need more than %d states", maxStates)
			}
			a.next[at] = uint32(len(a.found))
			a.next = append(a.next, make([]uint32, a.width)...)
			a.found = append(a.found, nil)
		}
		state = a.next[at]
	}
	a.found[state] = append(a.found[state], number)
	return nil
}

// link fills the rows breadth first: a missing child is the child of the longest proper suffix, whose row is complete by then.
func (a *automaton) link() {
	fail := make([]uint32, len(a.found))
	queue := []uint32{0}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		row, suffix := a.row(state), a.row(fail[state])
		for c, child := range row {
			switch {
			case child == 0:
				row[c] = suffix[c] // at the root itself: 0, the root
			default:
				if state != 0 {
					fail[child] = suffix[c]
				}
				a.found[child] = slices.Concat(a.found[child], a.found[fail[child]])
				queue = append(queue, child)
			}
		}
	}
	for at, state := range a.next {
		a.next[at] = state * a.width
		if len(a.found[state]) > 0 {
			a.next[at] |= ends
		}
	}
}

func (a *automaton) row(state uint32) []uint32 {
	return a.next[state*a.width : (state+1)*a.width]
}

// scan appends the number of each phrase that occurs in text, once, in the order in which they first end. The text is read as if a blank
// stood before and after it. seen is indexed by phrase; it must be all false, and marks what was appended.
func (a *automaton) scan(text string, seen []bool, out []uint16) []uint16 {
	blank := uint32(a.class[' '])
	at := a.next[blank]
	for i := range len(text) {
		at = a.next[at&^ends+uint32(a.class[text[i]])]
		if at&ends != 0 {
			out = a.collect(at, seen, out)
		}
	}
	if at = a.next[at&^ends+blank]; at&ends != 0 {
		out = a.collect(at, seen, out)
	}
	return out
}

func (a *automaton) collect(at uint32, seen []bool, out []uint16) []uint16 {
	for _, number := range a.found[at&^ends/a.width] {
		if !seen[number] {
			seen[number] = true
			out = append(out, number)
		}
	}
	return out
}
