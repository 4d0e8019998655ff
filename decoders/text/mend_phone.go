package text

import "strings"

// keypad are the digits of the letters on a telephone (ITU-T E.161), from a to z.
const keypad = "22233344455566677778889999"

// vanityDigits is how many digits of a subscriber's number stand behind the area code of North America.
const vanityDigits = 7

// mendPhone writes a telephone number of North America in digits where letters stand in it: words behind a free area code, in capitals
// (1-800-FIX-MYPC), or letters that look like digits (1-8OO-555-I234).
func mendPhone(s string, i int) (m mended, ok bool) {
	if m, ok = vanity(s, i); ok {
		return m, true
	}
	if m, ok = lookalikeDigits(s, i); ok {
		return m, true
	}
	return endedPhone(s, i)
}

// swallows says whether digits follow a number's end at i that phoneAt would read as part of it, and that a blank sets off.
func swallows(s string, i int) bool {
	next, blank := i, false
	for next < len(s) && next-i < 2 && strings.IndexByte(" .(", s[next]) >= 0 {
		blank = blank || s[next] == ' '
		next++
	}
	return blank && next < len(s) && isDigit(s[next])
}

// endedPhone puts a sign behind a number of North America where digits follow that are none of it: "1-800-555-0137 24 hours a day" names no number of thirteen digits.
func endedPhone(s string, i int) (m mended, ok bool) {
	at, marks := i, 0
	if at < len(s) && s[at] == '+' {
		at++
	}
	if at+1 < len(s) && s[at] == '1' && !isDigit(s[at+1]) {
		at++
	}
	for _, size := range [...]int{3, 3, 4} {
		for gap := at; at < len(s) && at-gap < 2 && strings.IndexByte("-.() ", s[at]) >= 0; at++ {
			if s[at] != ' ' {
				marks++
			}
		}
		digits := at
		for at < len(s) && isDigit(s[at]) {
			at++
		}
		if at-digits != size {
			return m, false
		}
	}
	if marks == 0 || !swallows(s, at) {
		return m, false
	}
	return mended{start: i, end: at, text: s[i:at] + ";", what: mendedPhone}, true
}

// vanity reads 1-800-FIX-MYPC.
func vanity(s string, i int) (m mended, ok bool) {
	at, area := areaCode(s, i)
	if area == "" {
		return m, false
	}
	number, letters, words, end := make([]byte, 0, vanityDigits), 0, false, at
	for end < len(s) && len(number) < vanityDigits {
		switch c := s[end]; {
		case 'A' <= c && c <= 'Z':
			number = append(number, keypad[c-'A'])
			letters++
		case isDigit(c):
			number = append(number, c)
		case (c == '-' || c == '.' || c == ' ') && end+1 < len(s) && isASCIIWord(s[end+1]) && len(number) > 0:
			words = words || c == ' '
		default:
			return m, false
		}
		end++
	}
	for !words && end < len(s) && 'A' <= s[end] && s[end] <= 'Z' { // more letters than digits are dialled for nothing
		end++
	}
	if len(number) < vanityDigits || letters < 3 || end < len(s) && isWord(s[end]) {
		return m, false
	}
	return mended{start: i, end: end, text: area + string(number[:3]) + "-" + string(number[3:]), what: mendedPhone}, true
}

// areaCode reads "1-800-", "1 (888) ", "(877) " or "866-", and writes it with one hyphen behind each part; empty where there is none.
func areaCode(s string, i int) (at int, area string) {
	at = i
	prefix := ""
	if at < len(s) && s[at] == '+' {
		at++
	}
	if at+1 < len(s) && s[at] == '1' && strings.IndexByte("-. (", s[at+1]) >= 0 {
		prefix, at = "1-", at+1
		for at < len(s) && at-i < 4 && strings.IndexByte("-. ", s[at]) >= 0 {
			at++
		}
	}
	open := at < len(s) && s[at] == '('
	if open {
		at++
	}
	if at+3 >= len(s) || !isFree(s[at:at+3]) {
		return 0, ""
	}
	code := s[at : at+3]
	at += 3
	if open {
		if s[at] != ')' {
			return 0, ""
		}
		at++
	}
	from := at
	for at < len(s) && at-from < 2 && strings.IndexByte("-. ", s[at]) >= 0 {
		at++
	}
	if at == from && !open || prefix == "" && !open && s[from] == ' ' {
		return 0, ""
	}
	return at, prefix + code + "-"
}

// isFree says whether an area code is one that the callee pays for.
func isFree(code string) bool {
	switch code {
	case "800", "888", "877", "866", "855":
		return true
	}
	return false
}

// lookalikeDigits reads 1-8OO-555-I234: one token of digits, hyphens and letters that look like digits, an 8 among the first.
func lookalikeDigits(s string, i int) (m mended, ok bool) {
	out := make([]byte, 0, 24)
	digits, letters, hyphens, end := 0, 0, 0, i
	for ; end < len(s) && !isBlank(s[end]) && len(out) < cap(out); end++ {
		c := s[end]
		switch c {
		case 'O', 'o':
			c, letters = '0', letters+1
		case 'I', 'l':
			c, letters = '1', letters+1
		case '-', '.', '(', ')', '+':
			hyphens++
		default:
			if !isDigit(c) {
				return m, false
			}
			digits++
		}
		out = append(out, c)
	}
	if all := digits + letters; !strings.ContainsRune(s[i:min(i+4, end)], '8') || letters == 0 || letters > digits || hyphens < 2 || all < 10 || all > 11 || end < len(s) && !isBlank(s[end]) {
		return m, false
	}
	return mended{start: i, end: end, text: string(out), what: mendedPhone}, true
}
