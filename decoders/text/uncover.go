package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fewestLetters is how many Cyrillic letters, or what looks like them, a word has beside a digit that stands for a letter: "2го" and "3д" are no disguise.
const fewestLetters = 3

// fewDisguised is how many words look disguised at least where a text does: one is a slip of the keyboard.
const fewDisguised = 2

// uncover writes the words of a Cyrillic text in Cyrillic alone where Latin letters, or digits, that look like Cyrillic ones stand among their letters: "звoните" with a
// Latin o. A text is Cyrillic where it has more letters that only Cyrillic has than such that only Latin has, addresses aside; in any other the mixture is
// for foldRunes, which makes it Latin. Words is how many words it wrote anew. What it writes it leaves alone the next time. It takes time linear in s.
func uncover(s string) (out string, words int) {
	if !isCyrillicText(s) {
		return s, 0
	}
	var b strings.Builder
	from := 0
	for at := 0; at < len(s); {
		end, w := readMixture(s, at)
		if end == at {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
			continue
		}
		if w.disguised() || end-at == 1 && standsAlone(s, at) && alikeCyrillic(rune(s[at])) != 0 {
			b.WriteString(s[from:at])
			w.write(&b, s[at:end])
			from = end
			words++
		}
		at = end
	}
	if words == 0 {
		return s, 0
	}
	b.WriteString(s[from:])
	return b.String(), words
}

func isCyrillicText(s string) bool {
	cyrillic, latin := 0, 0
	for token := range strings.FieldsSeq(s) {
		inToken := 0
		for i, r := range token {
			switch {
			case r >= utf8.RuneSelf:
				if unicode.Is(unicode.Cyrillic, r) && lookalikes[r] == 0 {
					cyrillic++
				}
			case isLetter(byte(r)):
				if alikeCyrillic(r) == 0 {
					inToken++
				}
			case strings.ContainsRune("./@", r) && i > 0 && i+1 < len(token) && isASCIIWord(token[i+1]): // an address
				inToken = -len(token)
			}
		}
		latin += max(inToken, 0)
	}
	return cyrillic > latin
}

// mixture is what a word is made of.
type mixture struct {
	cyrillic, alike, other int  // letters; alike are Latin ones that look Cyrillic
	digits                 int  // that look like Cyrillic letters and stand alone among letters, or 0 at an end
	numeral                bool // it has a digit of another kind
}

// readMixture reads the letters and digits from i on.
func readMixture(s string, i int) (end int, w mixture) {
	before := rune(0)
	for end = i; end < len(s); {
		r, size := utf8.DecodeRuneInString(s[end:])
		if !unicode.IsLetter(r) && !isNumeral(r) {
			break
		}
		switch {
		case isNumeral(r):
			next, _ := utf8.DecodeRuneInString(s[end+size:])
			if alikeCyrillic(r) != 0 && (r == '0' || before != 0 && unicode.IsLetter(next)) && !isNumeral(before) && !isNumeral(next) {
				w.digits++
			} else {
				w.numeral = true
			}
		case unicode.Is(unicode.Cyrillic, r):
			w.cyrillic++
		case alikeCyrillic(r) != 0:
			w.alike++
		default:
			w.other++
		}
		end, before = end+size, r
	}
	return end, w
}

func isNumeral(r rune) bool { return '0' <= r && r <= '9' }

// disguised says whether a word is a Cyrillic one with something else among its letters.
func (w *mixture) disguised() bool {
	return w.cyrillic > 0 && w.other == 0 && (w.alike > 0 || w.replacesDigits())
}

func (w *mixture) replacesDigits() bool {
	return w.digits > 0 && !w.numeral && w.cyrillic+w.alike >= fewestLetters
}

// write writes a word in Cyrillic.
func (w *mixture) write(b *strings.Builder, word string) {
	for _, r := range word {
		if c := alikeCyrillic(r); c != 0 && (!isNumeral(r) || w.replacesDigits()) {
			r = c
		}
		b.WriteRune(r)
	}
}

// standsAlone says whether the octet at i has a blank or an end of the text on both sides.
func standsAlone(s string, i int) bool {
	return s[i] >= 'a' && (i == 0 || isBlank(s[i-1])) && (i+1 == len(s) || isBlank(s[i+1]))
}

// alikeCyrillic is the small Cyrillic letter that a Latin letter or a digit looks like; 0 if there is none.
func alikeCyrillic(r rune) rune {
	switch r {
	case 'a', 'A':
		return 'а'
	case 'b', 'B':
		return 'в'
	case 'c', 'C':
		return 'с'
	case 'e', 'E':
		return 'е'
	case 'h', 'H':
		return 'н'
	case 'k', 'K':
		return 'к'
	case 'm', 'M':
		return 'м'
	case 'n':
		return 'п'
	case 'o', 'O', '0':
		return 'о'
	case 'p', 'P':
		return 'р'
	case 't', 'T':
		return 'т'
	case 'x', 'X':
		return 'х'
	case 'y', 'Y':
		return 'у'
	case '3':
		return 'з'
	case '4':
		return 'ч'
	case '6':
		return 'б'
	}
	return 0
}

// spelt is the letter that a sign at an edge of a word stands for; 0 if it is none. n1 reads signs only between letters; the others of them are
// punctuation at an edge.
func spelt(c byte) byte {
	if c == '@' || c == '$' || c == '+' {
		return leetSign(c)
	}
	return 0
}

// fewestBeside is how many letters stand beside a sign that is one itself: "A+" and "$ a" are no words.
const fewestBeside = 2

// spellEdges writes the letters for which signs stand at the edges of words: "@ll pill$". Parts of addresses stay, and so do sums: "$US 5", "sales @ example.com". Words is how
// many words it wrote anew. What it writes it leaves alone the next time. It takes time linear in s.
func spellEdges(s string) (out string, words int) {
	if strings.IndexByte(s, '@') < 0 && strings.IndexByte(s, '$') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, 0
	}
	b := []byte(nil)
	for at := 0; at < len(s); {
		for at < len(s) && isBlank(s[at]) {
			at++
		}
		end := at
		for end < len(s) && !isBlank(s[end]) {
			end++
		}
		first, last := edges(s[at:end])
		if first || last >= 0 {
			if b == nil {
				b = []byte(s)
			}
			if first {
				b[at] = spelt(s[at])
			}
			if last >= 0 {
				b[at+last] = spelt(s[at+last])
			}
			words++
		}
		at = end
	}
	if words == 0 {
		return s, 0
	}
	return string(b), words
}

// edges says whether a token begins with a sign that is a letter, and where it ends with one; -1 where it does not.
func edges(token string) (first bool, last int) {
	inner := strings.TrimRight(token, ".,;:!?)\"'")
	if len(inner) <= fewestBeside {
		return false, -1
	}
	word := inner
	if first = spelt(inner[0]) != 0; first {
		word = word[1:]
	}
	if last = len(inner) - 1; spelt(inner[last]) != 0 {
		word = word[:len(word)-1]
	} else {
		last = -1
	}
	if !first && last < 0 || len(word) < fewestBeside || !isASCIILetters(word) || isCurrency(inner) {
		return false, -1
	}
	return first, last
}

func isASCIILetters(word string) bool {
	for _, c := range []byte(word) {
		if c >= utf8.RuneSelf || !isLetter(c) {
			return false
		}
	}
	return true
}

// isCurrency says whether a token is the sign of a currency beside its name.
func isCurrency(token string) bool {
	switch strings.ToLower(token) {
	case "$us", "us$", "$usd", "usd$", "$can", "can$", "$aud", "aud$", "$au", "au$", "$cad", "cad$", "hk$", "nz$":
		return true
	}
	return false
}
