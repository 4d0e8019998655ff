package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldRunes makes text outside ASCII fit for the octets' way: steps 1 to 3 of n1. What it returns holds ASCII, its case kept, and letters of other scripts, small; every other
// sign has become the ASCII sign that it stands for, or a '~', which the octets' way drops. On ASCII it changes nothing. Obfuscated says that it undid invisible
// characters, stacked marks or look-alikes.
func foldRunes(s string) (folded string, obfuscated bool) {
	s = norm.NFKC.String(s)
	f := runeFolder{out: make([]byte, 0, len(s)), mostlyLatin: mostlyLatin(s)}
	word := -1
	for i, r := range s {
		if unicode.IsLetter(r) || unicode.IsMark(r) || isFormat(r) || isWordRune(r) {
			if word < 0 {
				word = i
			}
			continue
		}
		if word >= 0 {
			f.word(s[word:i])
			word = -1
		}
		f.out = append(f.out, signFor(r))
	}
	if word >= 0 {
		f.word(s[word:])
	}
	return string(f.out), f.obfuscated
}

type runeFolder struct {
	out         []byte
	mostlyLatin bool
	obfuscated  bool
}

func isFormat(r rune) bool   { return unicode.Is(unicode.Cf, r) }
func isWordRune(r rune) bool { return unicode.IsNumber(r) }

// mostlyLatin says whether seven of ten letters are Latin: only there is a word of foreign look-alikes a disguise.
func mostlyLatin(s string) bool {
	latin, all := 0, 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			all++
			if unicode.Is(unicode.Latin, r) {
				latin++
			}
		}
	}
	return latin*10 >= all*7
}

// word folds one word: look-alikes become Latin where they pose as Latin, never in a word of a genuine other language.
func (f *runeFolder) word(w string) {
	disguised := f.disguised(w)
	latin := false // the letter before is Latin: marks upon it are stacked to hide it
	for _, r := range w {
		switch {
		case r < utf8.RuneSelf:
			f.out = append(f.out, byte(r))
			latin = unicode.IsLetter(r)
		case isFormat(r):
			f.obfuscated = true
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			f.obfuscated = f.obfuscated || latin
		case disguised && lookalikes[r] != 0:
			f.out = append(f.out, lookalikes[r])
			f.obfuscated = true
		default:
			f.out = appendLetter(f.out, r)
			latin = unicode.Is(unicode.Latin, r)
		}
	}
}

// disguised says whether a word mixes Latin letters with look-alikes, or, in a mostly Latin text, is made of look-alikes alone.
func (f *runeFolder) disguised(w string) bool {
	latin, alike, other := 0, 0, 0
	for _, r := range w {
		switch {
		case r < utf8.RuneSelf && unicode.IsLetter(r):
			latin++
		case lookalikes[r] != 0:
			alike++
		case unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r):
			other++
		}
	}
	return alike > 0 && (latin > 0 && other <= latin || f.mostlyLatin && other == 0)
}

// appendLetter appends a letter outside ASCII: without diacritics if Latin, else small.
func appendLetter(out []byte, r rune) []byte {
	if s, ok := latinLetters[unicode.ToLower(r)]; ok {
		return append(out, s...)
	}
	if unicode.Is(unicode.Latin, r) {
		if d := norm.NFD.PropertiesString(string(r)).Decomposition(); len(d) > 0 && d[0] < utf8.RuneSelf {
			return append(out, d[0])
		}
	}
	if r == 'ς' {
		r = 'σ'
	}
	return utf8.AppendRune(out, unicode.ToLower(r))
}

// signFor is the ASCII octet that stands for a sign.
func signFor(r rune) byte {
	switch {
	case r < utf8.RuneSelf:
		return byte(r)
	case unicode.Is(unicode.Z, r) || unicode.IsControl(r):
		return ' '
	case unicode.Is(unicode.Pd, r) || r == '−':
		return '-'
	case unicode.Is(unicode.Sc, r):
		return '$'
	case r == '。' || r == '·':
		return '.'
	case unicode.Is(unicode.Pi, r) || unicode.Is(unicode.Pf, r):
		return '\''
	}
	return '~'
}
