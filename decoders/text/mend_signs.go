package text

import (
	"strings"
	"unicode/utf8"
)

// breaks says whether a text has signs of something broken: a look at its few dots, brackets, hyphens and eights, which takes a fifth of the time of a look at each word. It
// may say yes where nothing is broken. Where it says no nothing is mended: an address that is broken in yet another way stays as it is.
func breaks(s string, seen class) bool {
	dot, www := spelling(s)
	return seen&classDot != 0 && anywhere(s, '.', dotTells) || dot && dotSpelt(s) || www && commasBreak(s) ||
		seen&classAt != 0 && anywhere(s, '@', blankBeside) || seen&classDigit != 0 && anywhere(s, '8', numberBreaks) ||
		seen&classSign != 0 && (anywhere(s, ')', atBefore) || anywhere(s, ']', atBefore) || anywhere(s, '}', atBefore) || anywhere(s, '-', numberEnds))
}

// spelling says whether "dot" and "www" may stand in a text, in capitals or small. It looks at eight octets a step.
func spelling(s string) (dot, www bool) {
	if len(s) < 8 {
		return true, true
	}
	dots, ws := uint64(0), uint64(0)
	for i := 0; ; i = min(i+6, len(s)-8) {
		x := load(s, i) | smalls
		w := zeros(x ^ 'w'*ones)
		dots |= zeros(x^'d'*ones) & (zeros(x^'o'*ones) >> 8) & (zeros(x^'t'*ones) >> 16)
		ws |= w & (w >> 8) & (w >> 16)
		if i == len(s)-8 {
			return dots != 0, ws != 0
		}
	}
}

// zeros marks the octets that are zero, and perhaps some that follow one.
func zeros(w uint64) uint64 { return (w - ones) &^ w & highBits }

func dotSpelt(s string) bool {
	return strings.Contains(s, "dot") || strings.Contains(s, "DOT") || strings.Contains(s, "Dot")
}

// anywhere says whether a sign stands at one of the places of an octet.
func anywhere(s string, c byte, is func(s string, i int) bool) bool {
	for i := strings.IndexByte(s, c); i >= 0; {
		if is(s, i) {
			return true
		}
		next := strings.IndexByte(s[i+1:], c)
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

// dotTells looks for a dot of something broken, and for one before the end of a number that another one follows.
func dotTells(s string, i int) bool { return dotBreaks(s, i) || numberEnds(s, i) }

// dotBreaks looks for a blank or bracket beside a dot, and a top-level domain, or www, beside that; and for a www that no host follows.
func dotBreaks(s string, i int) bool {
	before := i > 0 && (isBlank(s[i-1]) || strings.IndexByte("([{<", s[i-1]) >= 0)
	next := skipBlanks(s, i+1)
	www := i >= 3 && strings.EqualFold(s[i-3:i], "www")
	switch {
	case next < 0:
		return false
	case www:
		end := labelEnd(s, next)
		return next > i+1 || end == len(s) || s[end] != '.'
	case !before && next == i+1:
		return false
	case next < len(s) && strings.IndexByte(")]}>", s[next]) >= 0:
		return before
	}
	if chain, ok := rooted(s, i); ok { // of www and of schemes more is believed
		return !isWhole(chain)
	}
	for range maxLabels { // the host may go on without a break
		end := labelEnd(s, next)
		if isGenericTop(s[next:end]) || before && end-next == 2 {
			return true
		}
		if next = end + 1; end == len(s) || s[end] != '.' {
			return false
		}
	}
	return false
}

// rooted gives the labels before i, which have no breaks, and says whether they begin with www or behind a scheme.
func rooted(s string, i int) (chain string, ok bool) {
	end := skipBack(s, i, maxGap)
	head := end
	for head > 0 && end-head < maxHost && isHostOctet(s[head-1]) {
		head--
	}
	chain = s[head:end]
	www := len(chain) >= 3 && strings.EqualFold(chain[:3], "www")
	return chain, www || byteBefore(s, skipBack(s, head, maxGap)) == '/'
}

// isWhole says whether labels end in a generic top-level domain and are a host, so that the next sentence begins behind them.
func isWhole(chain string) bool {
	if len(chain) > 4 && strings.EqualFold(chain[:4], "www.") {
		chain = chain[4:]
	}
	dot := strings.LastIndexByte(chain, '.')
	return dot > 0 && isGenericTop(chain[dot+1:])
}

// atBefore looks for the "at" of "(at)" before the bracket that closes it.
func atBefore(s string, i int) bool { return i > 2 && strings.EqualFold(s[i-2:i], "at") }

// blankBeside looks for a blank beside an at sign.
func blankBeside(s string, i int) bool {
	return i > 0 && isBlank(s[i-1]) || i+1 < len(s) && isBlank(s[i+1])
}

// commasBreak looks for www with a comma or blank behind it.
func commasBreak(s string) bool {
	return strings.Contains(s, "www,") || strings.Contains(s, "WWW,") || strings.Contains(s, "www ") || strings.Contains(s, "WWW ")
}

// numberBreaks looks for an area code, whatever its zeros are, with a letter soon behind it.
func numberBreaks(s string, i int) bool {
	return i+4 < len(s) && likeDigit(s[i+1]) && likeDigit(s[i+2]) &&
		strings.ContainsFunc(s[i+1:min(len(s), i+12)], func(r rune) bool { return r >= utf8.RuneSelf || isLetter(byte(r)) })
}

func likeDigit(c byte) bool { return isDigit(c) || c == 'O' || c == 'o' || c == 'I' || c == 'l' }

// numberEnds looks for the last four digits of a telephone number, and digits behind them that are none of it.
func numberEnds(s string, i int) bool {
	end := i + 1
	for end < len(s) && end-i <= 4 && isDigit(s[end]) {
		end++
	}
	return end-i == 5 && swallows(s, end)
}
