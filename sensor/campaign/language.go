package campaign

import (
	"slices"
	"strings"
	"unicode"
)

// stopwords are words that hardly any text of a language does without, and few of another have.
func stopwords(language string) []string {
	switch language {
	case "en":
		return []string{"the", "and", "your", "to", "of", "is", "for", "you", "with", "this"}
	case "de":
		return []string{"der", "die", "und", "sie", "ist", "ihr", "ihre", "nicht", "zu", "mit"}
	case "fr":
		return []string{"le", "les", "et", "vous", "votre", "est", "pour", "des", "une", "sur"}
	case "es":
		return []string{"el", "los", "su", "y", "para", "con", "una", "del", "por", "es"}
	case "nl":
		return []string{"het", "een", "uw", "van", "niet", "voor", "met", "is", "en", "op"}
	}
	return nil
}

// leastWords is how many stop words say what language a text is in.
const leastWords = 2

// leastHan is how many Chinese characters without kana are not Japanese.
const leastHan = 12

// languageOf is the language of a text, as far as its script or its most common words tell; empty else.
func languageOf(s string) string {
	if script := scriptOf(s); script != "" {
		return script
	}
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) })
	best, most := "", leastWords-1
	for _, language := range []string{"en", "de", "fr", "es", "nl"} {
		n, of := 0, stopwords(language)
		for _, w := range words {
			if slices.Contains(of, w) {
				n++
			}
		}
		if n > most {
			best, most = language, n
		}
	}
	return best
}

// scriptOf is the language that a script stands for, where a quarter of the letters are of it.
func scriptOf(s string) string {
	var letters, hangul, kana, han, cyrillic int
	for _, r := range s {
		switch {
		case r < 0x80:
			if 'a' <= r|0x20 && r|0x20 <= 'z' {
				letters++
			}
			continue
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
