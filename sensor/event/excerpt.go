package event

import (
	"strings"
	"unicode/utf8"
)

// excerptOctets is about how much of a text the line for people shows.
const excerptOctets = 80

// excerpt appends what of a text fits in one line for people, fit to stand within a JSON string. White space and the line marks of
// Windows (0x14) become one blank. Characters that drive a terminal are spelt, as U+XXXX in angle brackets. Addresses become
// [address]: who writes the address of an innocent into his text must not have it in the titles of alerts.
type excerpt struct {
	out   []byte
	text  string
	at    int  // next octet of text
	floor int  // octets before it are no longer as they were: part of a hidden address
	blank bool // the last character was white space, or there was none
}

func appendExcerpt(b []byte, s string) []byte {
	x := excerpt{out: b, text: s, blank: true}
	for limit := len(b) + excerptOctets; x.at < len(s); {
		if len(x.out) >= limit {
			return append(x.out, "..."...)
		}
		x.plain(limit)
		if x.at < len(s) && len(x.out) < limit {
			x.special(limit)
		}
	}
	return x.out
}

// plain copies letters and marks that need no thought, and single blanks between them.
func (x *excerpt) plain(limit int) {
	s := x.text[x.at:]
	n, most := 0, min(len(s), limit-len(x.out))
	for n < most && (excerptClass[s[n]] == 0 || s[n] == ' ' && n > 0 && s[n-1] != ' ') {
		n++
	}
	if n > 0 {
		x.out = append(x.out, s[:n]...)
		x.at += n
		x.blank = s[n-1] == ' '
	}
}

// special deals with the character at the cursor, which is not plain.
func (x *excerpt) special(limit int) {
	switch c := x.text[x.at]; {
	case c >= '0' && c <= '9':
		x.digits(limit)
	case c == ':':
		x.colon()
	case c == '"' || c == '\\':
		x.out, x.blank = append(x.out, '\\', c), false
		x.at++
	default:
		x.character()
	}
}

// digits copies a number, or hides it and three more with dots.
func (x *excerpt) digits(limit int) {
	s := x.text[x.at:]
	if n := quadLength(s); n > 0 {
		x.hide(n)
		return
	}
	n, most := 1, min(len(s), limit-len(x.out))
	for n < most && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	x.out, x.blank = append(x.out, s[:n]...), false
	x.at += n
}

// colon looks back for the first group of an IPv6 address: those digits are copied already and are taken back.
func (x *excerpt) colon() {
	back := 0
	for back < 4 && x.at-back > x.floor && isHex(x.text[x.at-back-1]) {
		back++
	}
	n := colonLength(x.text[x.at-back:])
	if n == 0 {
		x.out, x.blank = append(x.out, ':'), false
		x.at++
		return
	}
	x.out = x.out[:len(x.out)-back]
	x.hide(n - back)
}

func (x *excerpt) hide(n int) {
	x.out, x.blank = append(x.out, "[address]"...), false
	x.at += n
	x.floor = x.at
}

func (x *excerpt) character() {
	r, size := utf8.DecodeRuneInString(x.text[x.at:])
	x.at += size
	if isBlank(r) {
		if !x.blank {
			x.out = append(x.out, ' ')
		}
		x.blank = true
		return
	}
	x.blank = false
	if drivesTerminal(r) {
		x.out = appendSpelt(x.out, r)
		return
	}
	x.out = utf8.AppendRune(x.out, r)
}

// excerptClass is 0 for what needs no thought: printable ASCII but blanks, digits, quotes, backslashes and colons.
var excerptClass = [256]uint8{
	0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1, 12: 1, 13: 1, 14: 1, 15: 1,
	16: 1, 17: 1, 18: 1, 19: 1, 20: 1, 21: 1, 22: 1, 23: 1, 24: 1, 25: 1, 26: 1, 27: 1, 28: 1, 29: 1, 30: 1, 31: 1,
	' ': 1, '"': 1, '\\': 1, ':': 1, 0x7f: 1,
	'0': 1, '1': 1, '2': 1, '3': 1, '4': 1, '5': 1, '6': 1, '7': 1, '8': 1, '9': 1,
	0x80: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	0xa0: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	0xc0: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	0xe0: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
}

func isBlank(r rune) bool {
	return r == ' ' || r == '\n' || r == '\r' || r == '\t' || r == 0x14 || r == 0xa0 || r == 0x85 || r == 0x2028 || r == 0x2029
}

func appendSpelt(b []byte, r rune) []byte {
	b = append(b, "<U+"...)
	for shift := 12; shift >= 0; shift -= 4 {
		b = append(b, "0123456789ABCDEF"[r>>shift&15])
	}
	return append(b, '>')
}

// quadLength measures four runs of digits with dots between at the begin of s; 0 if there are none. It would rather hide too much: the
// numbers may be of any size. No run is read beyond excerptOctets: a text of digits must not cost its square.
func quadLength(s string) int {
	s = s[:min(len(s), excerptOctets)]
	i, groups := 0, 0
	for {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		if i == from {
			return 0
		}
		if groups++; groups == 4 {
			return i
		}
		if i == len(s) || s[i] != '.' {
			return 0
		}
		i++
	}
}

// colonLength measures hexadecimal digits and colons, with an IPv4 tail, at the begin of s: an address has two colons in a row or
// seven; else 0, as for the time of day.
func colonLength(s string) int {
	s = s[:min(len(s), excerptOctets)]
	i, colons := 0, 0
	for i < len(s) && (isHex(s[i]) || s[i] == ':' || s[i] == '.' && colons > 1) {
		if s[i] == ':' {
			colons++
		}
		i++
	}
	if colons >= 7 || i > 2 && strings.Contains(s[:i], "::") {
		return i
	}
	return 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
