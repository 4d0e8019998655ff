package text

import (
	"unicode"
	"unicode/utf8"
)

// count fills the countable marks of shown. Lines are line ends (CR LF, CR, LF or 0x14, as [MS-MSRP] writes one) and one more for text after the last.
func count(shown string) (s Stats) {
	s.add(shown)
	s.lastLine(shown)
	return s
}

// lastLine counts the line that no line end ends.
func (s *Stats) lastLine(shown string) {
	if last := len(shown) - 1; last >= 0 && !isLineEnd(shown[last]) {
		s.Lines++
	}
}

// add counts a part of a text that does not begin with a LF.
func (s *Stats) add(shown string) {
	s.Octets += uint32(len(shown))
	i, returned := s.wide(shown)
	for i < len(shown) {
		r, size := rune(shown[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(shown[i:])
		}
		s.one(r, returned)
		returned = r == '\r'
		i += size
	}
}

func isLineEnd(c byte) bool { return c == '\n' || c == '\r' || c == 0x14 }

// lanes counts in each octet of a word on its own: at most 255 additions before sum.
type lanes uint64

func (l *lanes) add(mask uint64) { *l += lanes(mask >> 7) }

func (l lanes) sum() uint32 {
	const pairs = 0x00ff00ff00ff00ff
	return uint32((uint64(l&pairs) + uint64(l>>8&pairs)) * 0x0001000100010001 >> 48)
}

// marks are the counts of at most 255 steps of eight octets.
type marks struct{ letter, capital, digit, bang, line lanes }

// step counts eight ASCII octets. Returned says whether a CR stands right before them; so does the result for the next step.
func (m *marks) step(w uint64, returned bool) bool {
	letter := letters(w)
	m.letter.add(letter)
	m.capital.add(letter &^ (w << 2))
	low := ^(w + 0x40*ones) &^ equal(w, ' ') & highBits // digits, signs, line ends
	if low == 0 {
		return false
	}
	feed := equal(w, '\n')
	if low == feed && !returned {
		m.line.add(feed)
		return false
	}
	m.digit.add((w + (0x80-'0')*ones) &^ (w + (0x7f-'9')*ones) & low)
	m.bang.add(equal(w, '!'))
	back := equal(w, '\r')
	paired := back << 8 // a LF after a CR is no further line
	if returned {
		paired |= 0x80
	}
	m.line.add(feed&^paired | back | equal(w, 0x14))
	return back>>63 != 0
}

func (s *Stats) take(m *marks) {
	s.Letters += m.letter.sum()
	s.Capitals += m.capital.sum()
	s.Digits += m.digit.sum()
	s.Exclamation += m.bang.sum()
	s.Lines += m.line.sum()
}

// wide counts the ASCII octets from the start, eight at a step, and returns where it stops and whether a CR stands right before.
func (s *Stats) wide(shown string) (i int, returned bool) {
	for i+8 <= len(shown) {
		var m marks
		from, end := i, min(i+8*255, len(shown))-8
		for ; i <= end; i += 8 {
			w := load(shown, i)
			if w&highBits != 0 {
				break
			}
			returned = m.step(w, returned)
		}
		s.Runes += uint32(i - from)
		s.take(&m)
		if i <= end {
			break
		}
	}
	return i, returned
}

func (s *Stats) one(r rune, returned bool) {
	s.Runes++
	switch {
	case r >= utf8.RuneSelf:
		s.NonASCII++
		if unicode.IsLetter(r) {
			s.Letters++
		}
		if unicode.IsUpper(r) {
			s.Capitals++
		}
	case isLetter(byte(r)):
		s.Letters++
		if r <= 'Z' {
			s.Capitals++
		}
	case isDigit(byte(r)):
		s.Digits++
	case r == '!':
		s.Exclamation++
	case isLineEnd(byte(r)) && !(returned && r == '\n'):
		s.Lines++
	}
}
