package campaign

import (
	"strings"
	"unicode"
)

// languages are those that stop words tell, in the order in which ties are decided.
const languages = 5

func languageAt(i int) string { return [languages]string{"en", "de", "fr", "es", "nl"}[i] }

// stopword is the language of a word that hardly any text of it does without, and few of another have; -1 where it is none.
func stopword(w string) int {
	switch w {
	case "the", "and", "your", "to", "of", "for", "you", "with", "this":
		return 0
	case "der", "die", "und", "sie", "ist", "ihr", "ihre", "nicht", "zu", "mit":
		return 1
	case "le", "les", "et", "vous", "votre", "est", "pour", "des", "sur":
		return 2
	case "el", "los", "su", "y", "para", "con", "del", "por", "es":
		return 3
	case "het", "een", "uw", "van", "niet", "voor", "met", "en", "op":
		return 4
	}
	return -1
}

// leastWords is how many stop words say what language a text is in.
const leastWords = 2

// maxTold is how many octets of a text tell its language.
const maxTold = 640

// leastHan is how many Chinese characters without kana are not Japanese.
const leastHan = 12

// languageOf is the language of a text, as far as its script or its most common words tell; empty else.
func languageOf(s string) string {
	s = cut(s, maxTold)
	if script := scriptOf(s); script != "" {
		return script
	}
	var counts [languages]int
	for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if i := stopword(w); i >= 0 {
			counts[i]++
		}
	}
	best, most := "", leastWords-1
	for i, n := range counts {
		if n > most {
			best, most = languageAt(i), n
		}
	}
	return best
}

// scriptOf is the language that a script stands for, where a quarter of the letters are of it.
func scriptOf(s string) string {
	var letters, hangul, kana, han, cyrillic int
	for _, r := range s {
		if r < 0x80 {
			if 'a' <= r|0x20 && r|0x20 <= 'z' {
				letters++
			}
			continue
		}
		switch {
		case unicode.Is(unicode.Hangul, r):
			hangul++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			kana++
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		}
		letters++
	}
	switch {
	case hangul+kana+han+cyrillic == 0:
	case 4*hangul > letters:
		return "ko"
	case kana > 0 && 4*(kana+han) > letters:
		return "ja"
	case han >= leastHan && 4*han > letters:
		return "zh"
	case 4*cyrillic > letters:
		return "ru"
	}
	return ""
}
