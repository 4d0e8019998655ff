package text

import "strings"

// word takes one token without blanks, in which those classes of octets were seen: replaces what is an address or number, else folds it.
func (n *normaliser) word(w string, seen class) {
	switch {
	case seen == classLetter:
		n.letters(w)
	case seen&(classDot|classColon) != 0 && n.address(w, seen):
	case seen&classMoney != 0 && seen&classDigit != 0 && isMoney(w):
		n.put("zmoney")
	case seen&classDigit != 0 && isCode(w):
		n.put("zhex")
	case seen&classLetter != 0:
		n.fold(w)
	case seen&classDigit != 0:
		n.put("znum")
	}
}

// letters appends a word of letters alone, which fold would do as well.
func (n *normaliser) letters(w string) {
	n.gap()
	for i := range len(w) {
		n.norm = append(n.norm, folded[w[i]])
	}
}

// fold appends a word of letters with step 6 and 7 of n1: leet to letters, the rest dropped.
func (n *normaliser) fold(w string) {
	start := len(n.norm)
	n.gap()
	words := len(n.norm)
	for i := range len(w) {
		c := w[i]
		f := folded[c]
		switch {
		case classes[c] == classDigit:
			n.obfuscated = n.obfuscated || f != c && between(w, i, isLetter)
		case f == 0 && signInWord(w, i):
			f = leetSign(c)
			n.obfuscated = n.obfuscated || f != 0
		}
		if f != 0 {
			n.norm = append(n.norm, f)
		}
	}
	if len(n.norm) == words {
		n.norm = n.norm[:start]
	}
}

// maxSigns is how many equal signs in a row can stand for letters ("pa$$word").
const maxSigns = 3

// signInWord says whether the sign at w[i] stands, alone or doubled, between ASCII letters or digits, or is a '$' or '@' that begins a word.
func signInWord(w string, i int) bool {
	if leetSign(w[i]) == 0 {
		return false
	}
	first, last := i, i
	for first > 0 && i-first < maxSigns && w[first-1] == w[i] {
		first--
	}
	for last+1 < len(w) && last-i < maxSigns && w[last+1] == w[i] {
		last++
	}
	if last+1 == len(w) || last-first >= maxSigns || w[last+1] >= 0x80 {
		return false
	}
	if first == 0 {
		return (w[i] == '$' || w[i] == '@') && isLetter(w[last+1])
	}
	return isWord(w[last+1]) && isWord(w[first-1]) && w[first-1] < 0x80
}

func between(w string, i int, is func(byte) bool) bool {
	return i > 0 && i+1 < len(w) && is(w[i-1]) && is(w[i+1])
}

// isMoney says whether w is a sum: digits with a currency sign before or after.
func isMoney(w string) bool {
	w = trim(w)
	return w != "" && (w[0] == '$' || w[len(w)-1] == '$' || strings.HasPrefix(w, "us$") || strings.HasPrefix(w, "US$"))
}

// isCode says whether w is an eight-digit hexadecimal code, as spammers append to break hashes, or as Windows writes its errors.
func isCode(w string) bool {
	w = trim(w)
	if len(w) > 2 && w[0] == '0' && w[1]|0x20 == 'x' {
		w = w[2:]
	}
	if len(w) != 8 {
		return false
	}
	for i := range len(w) {
		if c := w[i] | 0x20; !isDigit(w[i]) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// trim drops the punctuation around a token, but for currency signs.
func trim(w string) string {
	for len(w) > 0 && classes[w[0]]&(classSign|classDot|classColon|classAt) != 0 {
		w = w[1:]
	}
	for len(w) > 0 && classes[w[len(w)-1]]&(classSign|classDot|classColon|classAt) != 0 {
		w = w[:len(w)-1]
	}
	return w
}
