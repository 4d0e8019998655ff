package campaign

import (
	"strings"

	"popupwatch/decoders/text"
)

// template is the sample with what the normal form replaces made visible: words as first written, addresses and numbers as {url}, {phone}, {number}, one blank between.
// Where nothing is replaced it is the sample itself.
func template(sample string) string {
	var b strings.Builder
	for i := afterBlanks(sample, 0); i < len(sample); {
		end, telling := plainWords(sample, i)
		if i == 0 && end == len(sample) && !telling {
			return sample
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		} else {
			b.Grow(len(sample))
		}
		if telling {
			b.WriteString(placeholder(sample[i:end]))
		} else {
			b.WriteString(sample[i:end])
		}
		i = afterBlanks(sample, end)
	}
	return b.String()
}

func afterBlanks(s string, i int) int {
	for i < len(s) && s[i] <= ' ' {
		i++
	}
	return i
}

// plainWords is where words end that stay as they are, one blank between each two, or else the one word at i that has a sign or digit which the normal form may replace.
func plainWords(s string, i int) (end int, telling bool) {
	for at := i; at < len(s); at++ {
		for !telling && at+8 < len(s) && plainOctets(octets(s[at:]), s[at+8]) {
			at += 8
		}
		switch c := s[at]; {
		case c == ' ' && at+1 < len(s) && s[at+1] > ' ':
			if telling {
				return at, true
			}
		case c <= ' ':
			return at, telling
		case !telling && tells(c) && !endsWord(s, at):
			if blank := strings.LastIndexByte(s[i:at], ' '); blank >= 0 {
				return i + blank, false
			}
			telling = true
		}
	}
	return len(s), telling
}

// endsWord says whether a sign is the end of a word and perhaps of its sentence.
func endsWord(s string, i int) bool {
	return (s[i] == '.' || s[i] == ':') && (i+1 == len(s) || s[i+1] <= ' ')
}

// plainOctets says of eight octets that plainWords has nothing to do there: no octet that tells, no control, no two blanks in a row. Next is the
// octet behind them. It may say no where there is nothing, as for a '/'.
func plainOctets(w uint64, next byte) bool {
	low, ascii := w&^highBits, ^w&highBits // octets above 0x7f are parts of letters
	control, blank := ^atLeast(low, ' ')&ascii, ^atLeast(low, ' '+1)&ascii
	ends := equalTo(low, '.') & (blank >> 8) // a sentence
	tells := (atLeast(low, '.')&^atLeast(low, ':'+1)&^ends | equalTo(low, '$')) & ascii
	return control|tells|blank&(blank>>8) == 0 && (blank>>63 == 0 || next > ' ')
}

// tells says whether an octet can make its word one that the normal form replaces.
func tells(c byte) bool { return '0' <= c && c <= ':' || c == '.' || c == '$' }

// placeholder is the sign for a word that the normal form replaces, or the word.
func placeholder(word string) string {
	switch text.Normalise(word) {
	case "zurl":
		return "{url}"
	case "zphone":
		return "{phone}"
	case "zip":
		return "{ip}"
	case "zmail":
		return "{mail}"
	case "zmoney":
		return "{money}"
	case "zhex":
		return "{code}"
	case "znum":
		return "{number}"
	}
	return word
}
