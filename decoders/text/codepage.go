package text

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// codePage is one way to read octets. A nil coding is UTF-8.
type codePage struct {
	page     Page
	coding   encoding.Encoding
	alphabet []alphabet // languages written in it
	eastern  eastern    // frequent characters of the double-byte pages
	prior    int        // tenths of a nat
}

// codePages are the candidates in their fixed order, and EBCDIC, which is never guessed.
var codePages = struct {
	guessed []codePage
	ebcdic  codePage
}{
	guessed: []codePage{
		{page: PageUTF8, alphabet: everyAlphabet, eastern: everyEastern, prior: 40},
		{page: "cp437", coding: charmap.CodePage437, alphabet: western},
		{page: "cp850", coding: charmap.CodePage850, alphabet: western, prior: -2},
		{page: "cp1252", coding: charmap.Windows1252, alphabet: western, prior: -4},
		{page: "cp852", coding: charmap.CodePage852, alphabet: central, prior: -6},
		{page: "cp866", coding: charmap.CodePage866, alphabet: cyrillic, prior: -6},
		{page: "cp932", coding: japanese.ShiftJIS, alphabet: none, eastern: japaneseText, prior: -8},
		{page: "cp949", coding: korean.EUCKR, alphabet: none, eastern: koreanText, prior: -8},
		{page: "cp936", coding: simplifiedchinese.GBK, alphabet: none, eastern: chineseText, prior: -8},
	},
	ebcdic: codePage{page: PageEBCDIC, coding: charmap.CodePage037},
}

func (p codePage) decode(octets string) string {
	if p.coding == nil {
		return octets
	}
	s, err := p.coding.NewDecoder().String(octets)
	if err != nil {
		return octets // the decoders of x/text replace what they cannot read; none returns an error today
	}
	return s
}

func (p codePage) encode(s string) (string, bool) {
	if p.coding == nil {
		return s, true
	}
	b, err := p.coding.NewEncoder().String(s)
	return b, err == nil
}

// weighed is how much of the strings is looked at to choose a page: hostile length buys no time.
const weighed = 1024

// widest is the greatest margin: nothing else could be the page.
const widest = 1_000_000

// choosePage weighs every candidate over a sample of the strings that are shown.
func choosePage(octets string) (page codePage, margin int) {
	var scores [16]int
	var shown [16]string
	top := -1
	for i, p := range codePages.guessed {
		if p.coding == nil && !utf8.ValidString(octets) {
			scores[i] = -widest
			continue
		}
		shown[i] = p.decode(octets)
		scores[i] = p.score(shown[i])
		if top < 0 || scores[i] > scores[top] {
			top = i
		}
	}
	margin = widest
	for i := range codePages.guessed {
		if shown[i] != shown[top] {
			margin = min(margin, scores[top]-scores[i])
		}
	}
	return codePages.guessed[top], margin
}

// pages remembers the choice for samples seen last, one for each value of 8 bits of their hash: weighing takes a hundred times as long.
type pages [256]struct {
	octets string
	page   codePage
	margin int
}

// choose chooses a page. A nil table remembers none.
func (p *pages) choose(octets string) (codePage, int) {
	if p == nil {
		return choosePage(octets)
	}
	known := &p[hash(octets)%256]
	if known.octets != octets || octets == "" {
		known.octets = octets
		known.page, known.margin = choosePage(octets)
	}
	return known.page, known.margin
}

// sample joins the strings by line ends, the names first, cut at weighed octets. A cut that splits a double-byte character costs its page one octet of 1,024.
func sample(from, to, text []byte) string {
	b := make([]byte, 0, min(weighed, len(from)+len(to)+len(text)+2))
	for _, s := range [][]byte{from, to, text} {
		room := min(weighed-len(b), len(s))
		b = append(b, s[:max(room, 0)]...)
		if len(b) < weighed {
			b = append(b, '\n')
		}
	}
	return validPrefix(string(b))
}

// validPrefix drops a UTF-8 sequence that the cut left unfinished at the very end.
func validPrefix(s string) string {
	if len(s) < weighed {
		return s
	}
	for i := 1; i < utf8.UTFMax && i < len(s); i++ {
		if c := s[len(s)-i]; utf8.RuneStart(c) {
			if c >= 0xc0 && !utf8.FullRuneInString(s[len(s)-i:]) {
				return s[:len(s)-i]
			}
			break
		}
	}
	return s
}

// Encode gives the octets that a text decoded from a code page had; false where the page cannot hold the text, or is none that Decode gives.
func Encode(page Page, shown string) ([]byte, bool) {
	if page == PageASCII {
		return []byte(shown), isASCII([]byte(shown))
	}
	for _, p := range append(codePages.guessed[:len(codePages.guessed):len(codePages.guessed)], codePages.ebcdic) {
		if p.page == page {
			octets, ok := p.encode(shown)
			return []byte(octets), ok
		}
	}
	return nil, false
}
