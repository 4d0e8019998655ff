package event

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// What an octet of a string asks for.
const (
	plain   = iota
	escape  // a quote, a backslash, a control character
	several // part of a character of several octets, or no UTF-8
)

var octetClass = [256]uint8{
	0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1, 12: 1, 13: 1, 14: 1, 15: 1,
	16: 1, 17: 1, 18: 1, 19: 1, 20: 1, 21: 1, 22: 1, 23: 1, 24: 1, 25: 1, 26: 1, 27: 1, 28: 1, 29: 1, 30: 1, 31: 1,
	'"': escape, '\\': escape, 0x7f: escape,
	0x80: 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	0xa0: 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	0xc0: 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	0xe0: 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
}

const lowerHex = "0123456789abcdef"

// appendString appends s as a JSON string. Octets that are no UTF-8 become U+FFFD, as in encoding/json. Whatever could drive a
// terminal that shows the line (controls, C1, DEL, line and paragraph separators, bidirectional controls) is written as \uXXXX:
// the text of a packet must not rearrange what an analyst reads (CONTRACT.md 4).
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	b = appendEscaped(b, s)
	return append(b, '"')
}

// appendWord appends a word of ours as a JSON string: nothing in it needs thought.
func appendWord(b []byte, s string) []byte {
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendEscaped copies runs of what is plain whole, and deals with the characters between them.
func appendEscaped(b []byte, s string) []byte {
	for {
		n := plainLength(s)
		b = append(b, s[:n]...)
		if n == len(s) {
			return b
		}
		s = s[n:]
		b, n = appendSpecial(b, s)
		s = s[n:]
	}
}

// plainLength measures what is plain at the begin of s, eight octets at a time.
func plainLength(s string) int {
	n := 0
	for ; len(s)-n >= 8; n += 8 {
		if special := specials(binary.LittleEndian.Uint64([]byte(s[n : n+8]))); special != 0 {
			return n + bits.TrailingZeros64(special)/8
		}
	}
	for n < len(s) && octetClass[s[n]] == plain {
		n++
	}
	return n
}

// specials marks in the high bit of each of eight octets whether it is not plain: exact up to the first that is marked (Warren,
// Hacker's Delight, 6-1: a borrow only runs upwards).
func specials(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, back, del := w^(ones*'"'), w^(ones*'\\'), w^(ones*0x7f)
	return (w | (w - ones*0x20) | (quote - ones) | (back - ones) | (del - ones)) & highs
}

// appendSpecial appends the first character of s, which is not plain, and says how many octets it took.
func appendSpecial(b []byte, s string) ([]byte, int) {
	if octetClass[s[0]] == escape {
		return appendControl(b, s[0]), 1
	}
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && n <= 1:
		return append(b, "\ufffd"...), 1
	case drivesTerminal(r):
		return appendUnicode(b, r), n
	}
	return append(b, s[:n]...), n
}

func appendControl(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return appendUnicode(b, rune(c))
}

func appendUnicode(b []byte, r rune) []byte {
	return append(b, '\\', 'u', lowerHex[r>>12&15], lowerHex[r>>8&15], lowerHex[r>>4&15], lowerHex[r&15])
}

// drivesTerminal says whether a character changes how a terminal or page shows what is around it (Unicode TR 36, 3.2 and 3.5).
func drivesTerminal(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// appendFloat appends a number as encoding/json would; what JSON cannot say (NaN, infinities) is absent. Scores, decibans and
// probabilities have six decimals at most, and that is quick.
func appendFloat(b []byte, f float64) []byte {
	millionths := math.Round(f * 1e6)
	if math.Abs(millionths) < 1<<52 && millionths/1e6 == f {
		return appendMillionths(b, int64(millionths))
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return b
	}
	if a := math.Abs(f); a < 1e-6 || a >= 1e21 {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

func appendMillionths(b []byte, n int64) []byte {
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/1e6, 10)
	rest := n % 1e6
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for place := int64(1e5); rest > 0; place /= 10 {
		b = append(b, byte('0'+rest/place))
		rest %= place
	}
	return b
}

// appendBase64 appends the octets of s as a JSON string.
func appendBase64(b []byte, s string) []byte {
	b = append(b, '"')
	for len(s) > 48 {
		b = base64.StdEncoding.AppendEncode(b, []byte(s[:48]))
		s = s[48:]
	}
	b = base64.StdEncoding.AppendEncode(b, []byte(s))
	return append(b, '"')
}

// appendUUID appends sixteen octets in canonical order as a JSON string.
func appendUUID(b []byte, u [16]byte) []byte {
	text := [...]byte{0: '"', 9: '-', 14: '-', 19: '-', 24: '-', 37: '"'}
	for i, at := range uuidPlaces {
		text[at], text[at+1] = lowerHex[u[i]>>4], lowerHex[u[i]&15]
	}
	return append(b, text[:]...)
}

// uuidPlaces is where each octet of a UUID stands in its quoted text.
var uuidPlaces = [16]uint8{1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35}

// appendHex appends octets in lower-case hexadecimal, without quotes.
func appendHex(b, octets []byte) []byte {
	for _, c := range octets {
		b = append(b, lowerHex[c>>4], lowerHex[c&15])
	}
	return b
}
