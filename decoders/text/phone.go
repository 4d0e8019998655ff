package text

import "strings"

// Bounds of a telephone number, in digits (ITU-T E.164 6.2.1: at most 15).
const (
	minPhone = 7
	maxPhone = 15
)

// digitGroups is a run of digits with separators: what a telephone number, a date or a version looks like.
type digitGroups struct {
	sizes  [maxPhone]int
	n      int
	digits int
	blank  bool // separated by blanks
	dot    bool
	dash   bool
	sign   bool // a leading +, or brackets
	plus   bool
}

// phoneAt reads a telephone number at s[i:], across blanks, and returns where it ends; i if there is none. Number is the digits with a leading + where given.
func phoneAt(s string, i int) (end int, number string) {
	var g digitGroups
	end = g.read(s, i)
	if end < len(s) && (isWord(s[end]) || s[end] == '@') || end+1 < len(s) && strings.IndexByte(".,:/-", s[end]) >= 0 && isWord(s[end+1]) {
		return i, ""
	}
	if !g.plausible() {
		return i, ""
	}
	b := make([]byte, 0, maxPhone+1)
	if g.plus {
		b = append(b, '+')
	}
	for _, c := range []byte(s[i:end]) {
		if isDigit(c) {
			b = append(b, c)
		}
	}
	return end, string(b)
}

// read takes digits and separators, at most two separators in a row, and returns where the last group of digits ends.
func (g *digitGroups) read(s string, i int) (end int) {
	at := i
	if s[at] == '+' {
		g.plus, g.sign = true, true
		at++
	}
	end = i
	for at < len(s) && g.n < maxPhone {
		gap := at
		for at < len(s) && at-gap < 2 && strings.IndexByte(" -./()", s[at]) >= 0 {
			at++
		}
		first := at
		for at < len(s) && isDigit(s[at]) && g.digits+at-first <= maxPhone {
			at++
		}
		if at == first {
			break
		}
		g.separators(s[gap:first])
		g.sizes[g.n] = at - first
		g.n++
		g.digits += at - first
		end = at
	}
	return end
}

func (g *digitGroups) separators(s string) {
	for i := range len(s) {
		switch s[i] {
		case ' ':
			g.blank = true
		case '.':
			g.dot = true
		case '-', '/':
			g.dash = true
		default:
			g.sign = true
		}
	}
}

// plausible says whether the groups are a telephone number and not a date, a version, the number of a Knowledge Base article or a list of years.
func (g *digitGroups) plausible() bool {
	if g.digits < minPhone || g.digits > maxPhone || g.n == 1 && !g.plus || g.isDate() {
		return false
	}
	for _, size := range g.sizes[1:max(g.n, 1)] {
		if size < 2 {
			return false
		}
	}
	switch {
	case g.sign:
		return true
	case g.n == 2:
		return g.sizes[0] == 3 && g.sizes[1] == 4 || g.dash && !g.blank && g.sizes[0] >= 2 && g.sizes[1] >= 5
	default:
		return g.sizes[g.n-1] <= 4 && g.sizes[0] <= 5
	}
}

// isDate says whether the groups begin like 2003-07-16 or 16.07.2003.
func (g *digitGroups) isDate() bool {
	if g.n < 3 || g.sign {
		return false
	}
	a, b, c := g.sizes[0], g.sizes[1], g.sizes[2]
	return a == 4 && b <= 2 && c <= 2 || a <= 2 && b <= 2 && c == 4 && g.n < 5 && !(a == 1 && b == 3)
}
