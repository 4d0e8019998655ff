package campaign

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// languages are those that stop words tell, in the order in which ties are decided.
const languages = 5

func languageAt(i int) string { return [languages]string{"en", "de", "fr", "es", "nl"}[i] }

// stopwords are words that hardly any text of a language does without, and few of another have. Each has at most five letters, all of them small ASCII ones, and no q.
var stopwords = newStopwords([languages][]string{
	{"the", "and", "your", "to", "of", "for", "you", "with", "this"},
	{"der", "die", "und", "sie", "ist", "ihr", "ihre", "nicht", "zu", "mit"},
	{"le", "les", "et", "vous", "votre", "est", "pour", "des", "sur"},
	{"el", "los", "su", "y", "para", "con", "del", "por", "es"},
	{"het", "een", "uw", "van", "niet", "voor", "met", "en", "op"},
})

// stoptable holds stop words by a hash of their letters, each in a place of its own; language is that of no language where a place is free.
type stoptable [1 << stopBits]struct {
	word     uint64
	language uint8
}

// stopBits and stopFactor are such that no two stop words meet, which a test holds.
const (
	stopBits   = 8
	stopFactor = 0x61d0c35978047127
)

func newStopwords(words [languages][]string) (t stoptable) {
	for i := range t {
		t[i].language = languages
	}
	for language, list := range words {
		for _, s := range list {
			var b [8]byte
			copy(b[:], s)
			w := binary.LittleEndian.Uint64(b[:])
			place := &t[w*stopFactor>>(64-stopBits)]
			place.word, place.language = w, uint8(language)
		}
	}
	return t
}

// of is the language of a word of small letters, the first one lowest; languages where it is no stop word.
func (t *stoptable) of(word uint64) uint8 {
	if p := &t[word*stopFactor>>(64-stopBits)]; p.word == word {
		return p.language
	}
	return languages
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
	plain := isASCII(s)
	if !plain {
		if script := scriptOf(s); script != "" {
			return script
		}
	}
	counts := countStopwords(s, plain)
	best, most := "", leastWords-1
	for i, n := range counts[:languages] {
		if n > most {
			best, most = languageAt(i), n
		}
	}
	return best
}

// countStopwords counts the stop words of each language, and at the end the other words, in a text of at most maxTold octets, plain where all of them are
// ASCII.
func countStopwords(s string, plain bool) (counts [languages + 1]int) {
	const block = 64
	var room [maxTold + block + 8]byte // a block of blanks ends the last word
	copy(room[:], s)
	if !plain {
		spell(room[:], s)
	}
	before := uint64(0) // 1 where the octet before is a letter
	for at := 0; at < len(s); at += block {
		var in uint64
		for i := 0; i < block; i += 8 {
			in |= gatherBits(lettersOf(binary.LittleEndian.Uint64(room[at+i:]))) << i
		}
		for starts := in &^ (in<<1 | before); starts != 0; starts &= starts - 1 {
			counts[stopwords.of(wordAt(room[at+bits.TrailingZeros64(starts):]))]++
		}
		before = in >> (block - 1)
	}
	return counts
}

// spell puts q, which no stop word has, for the letters outside ASCII, and blanks for other signs there.
func spell(room []byte, s string) {
	for i, r := range s {
		if r < utf8.RuneSelf {
			continue
		}
		sign := byte(' ')
		if unicode.IsLetter(r) {
			sign = 'q'
		}
		for j := i; j < len(s) && (j == i || !utf8.RuneStart(s[j])); j++ {
			room[j] = sign
		}
	}
}

const (
	eachOctet = 0x0101010101010101
	highBits  = 0x80 * eachOctet
)

// lettersOf has the high bit of each octet set that is an ASCII letter. All octets are ASCII.
func lettersOf(w uint64) uint64 {
	w |= 0x20 * eachOctet
	return atLeast(w, 'a') &^ atLeast(w, 'z'+1)
}

// atLeast and equalTo mark by their high bits the octets, all of them ASCII, that are at least c, or c.
func atLeast(w uint64, c byte) uint64 { return (w + uint64(0x80-c)*eachOctet) & highBits }
func equalTo(w uint64, c byte) uint64 {
	return ^((w ^ uint64(c)*eachOctet) + 0x7f*eachOctet) & highBits
}

// gatherBits brings the high bits of eight octets together, that of the first lowest.
func gatherBits(w uint64) uint64 { return w >> 7 * 0x0102040810204080 >> 56 }

// wordAt is the first eight octets of b as far as they are letters, made small.
func wordAt(b []byte) uint64 {
	w := binary.LittleEndian.Uint64(b)
	n := bits.TrailingZeros64(^lettersOf(w)&highBits) &^ 7 // bits of letters; 64 where all are
	return (w | 0x20*eachOctet) & (1<<n - 1)
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isASCII(s string) bool {
	for ; len(s) >= 8; s = s[8:] {
		if octets(s)&highBits != 0 {
			return false
		}
	}
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
