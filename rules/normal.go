package rules

import (
	"strings"

	"popupwatch/decoders/text"
)

// placeholders are the words that the normal form n1 puts for what it replaces. A rule may name them: visit zurl.
var placeholders = []string{"zurl", "zphone", "zip", "zmail", "zmoney", "zhex", "znum"}

// normal brings a rule's phrase into the form that texts are matched in, by the same code, so that rules are written as people write.
// Placeholders stay: folded as a word, zurl would become zuri.
func normal(phrase string) string {
	words := strings.Fields(text.Normalise(phrase))
	for i, word := range words {
		for _, p := range placeholders {
			if word == text.Normalise(p) {
				words[i] = p
			}
		}
	}
	return strings.Join(words, " ")
}
