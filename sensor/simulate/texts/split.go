package texts

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// Split is a space of seeds with its own sentences.
type Split uint8

// The splits.
const (
	Dev  Split = iota // for development: look at it and tune
	Test              // for published figures: count, and do not look
)

// String is the word that a command line takes.
func (s Split) String() string { return [...]string{"dev", "test"}[min(s, Test)] }

// ParseSplit reads that word.
func ParseSplit(word string) (Split, error) {
	for _, s := range []Split{Dev, Test} {
		if s.String() == word {
			return s, nil
		}
	}
	return Dev, fmt.Errorf("split %q is neither dev nor test", word)
}

// NewRand gives the random numbers of one use: split and name choose the half of the state that no seed reaches.
func NewRand(split Split, name string, seed uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte("popupwatch texts " + split.String() + " " + name))
	return rand.New(rand.NewPCG(h.Sum64(), seed))
}

// Params are what the splits differ in besides their sentences.
type Params struct {
	Days       int      // that a stream lasts
	Alpha      float64  // of the Pareto law of campaign sizes
	Smallest   int      // messages of the smallest campaign
	Largest    int      // messages of the largest
	Affiliates int      // siblings of a family at most
	Drifts     float64  // changes of a template a day
	Words      bool     // hash-busters are words of a language and not letters at random
	BareTags   bool     // a random tag may come without brackets
	Accents    []string // what look-alikes a Latin letter has, as pairs
	Mixed      []string // Latin look-alikes of Cyrillic letters, as pairs
	GermanPage string   // code page of German texts
}

// ParamsOf gives those of a split.
func ParamsOf(split Split) Params {
	if split == Test {
		return Params{
			Days: 45, Alpha: 1.05, Smallest: 8, Largest: 300, Affiliates: 4, Drifts: 0.15, Words: true, BareTags: true,
			Accents: []string{"aá", "eè", "oò", "iì", "uù", "t+", "s5", "a4", "o0"}, Mixed: []string{"рp", "сc", "хx", "уy", "о0"}, GermanPage: "cp1252",
		}
	}
	return Params{
		Days: 20, Alpha: 1.2, Smallest: 10, Largest: 400, Affiliates: 3, Drifts: 0.2,
		Accents: []string{"aà", "eé", "oö", "ií", "uü", "a4", "a@", "e3", "i1", "i!", "o0", "s5", "s$", "t7", "l1"}, Mixed: []string{"аa", "еe", "оo"}, GermanPage: "cp850",
	}
}
