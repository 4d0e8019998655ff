package handout

import (
	"strings"
	"unicode"
)

// maxRepeated is how many captures the command names.
const maxRepeated = 20

// repeat is the command that makes the report again, in the folder of the captures.
func repeat(a *About) string {
	words := []string{"popupwatch", "replay"}
	for _, s := range a.Settings {
		words = append(words, "--"+s.Name, quoted(s.Value))
	}
	words = append(words, "--report", "again.html")
	if len(a.Inputs) > maxRepeated {
		return strings.Join(append(words, "CAPTURES..."), " ")
	}
	for _, in := range a.Inputs {
		words = append(words, quoted(in.Name))
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("./:_,=+-@", r)
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
