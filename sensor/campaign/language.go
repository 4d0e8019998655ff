package campaign

import (
	"unicode"
	"unicode/utf8"
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
	if !isASCII(s) {
		if script := scriptOf(s); script != "" {
			return script
		}
	}
	counts := stopwords(s)
	best, most := "", leastWords-1
	for i, n := range counts {
		if n > most {
			best, most = languageAt(i), n
		}
	}
	return best
}

// longestStop is how many letters a stop word has at most, all of them ASCII.
const longestStop = 5

// stopwords counts the stop words of each language.
func stopwords(s string) (counts [languages]int) {
	var word [longestStop]byte
	n := 0 // letters of the word so far
	for i := 0; i <= len(s); i++ {
		c := byte(' ')
		if i < len(s) {
			c = s[i]
		}
		switch {
		case isASCIILetter(c):
			if n < longestStop {
				word[n] = c | 0x20
			}
			n++
		case c >= utf8.RuneSelf && letterAt(s, i):
			n = longestStop + 1 // no stop word has it
		case 0 < n && n <= longestStop:
			if language := stopword(string(word[:n])); language >= 0 {
				counts[language]++
			}
			n = 0
		default:
			n = 0
		}
	}
	return counts
}

// letterAt says whether the character that an octet outside ASCII is of is a letter; within a character it is as at its beginning.
func letterAt(s string, i int) bool {
	for back := 0; back < utf8.UTFMax && i > 0 && !utf8.RuneStart(s[i]); back++ {
		i--
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLetter(r)
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// scriptOf is the language that a script stands for, where a quarter of the letters are of it.
func scriptOf(s string) string {
	var letters, hangul, kana, han, cyrillic int
	for _, r := range s {
		if r < utf8.RuneSelf {
			if isASCIILetter(byte(r)) {
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
