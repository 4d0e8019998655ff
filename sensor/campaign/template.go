package campaign

import (
	"strings"

	"popupwatch/decoders/text"
)

// template is the sample with what the normal form replaces made visible: words as first written, addresses and numbers as {url}, {phone}, {number}, one blank between.
func template(sample string) string {
	var b strings.Builder
	b.Grow(len(sample))
	for i := afterBlanks(sample, 0); i < len(sample); {
		end, telling := plainWords(sample, i)
		if b.Len() > 0 {
			b.WriteByte(' ')
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
	word := i
	for at := i; at < len(s); at++ {
		switch c := s[at]; {
		case c == ' ' && at+1 < len(s) && s[at+1] > ' ':
			if telling {
				return at, true
			}
			word = at + 1
		case c <= ' ':
			return at, telling
		case c < 'A' && tells(c) && !telling:
			if word > i {
				return word - 1, false
			}
			telling = true
		}
	}
	return len(s), telling
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
