package text

// class is what an octet of folded text can be part of. An octet above 0x7f is part of a letter: fold leaves no other signs there.
type class uint8

const (
	classLetter class = 1 << iota
	classDigit
	classBlank
	classDot
	classAt
	classColon
	classMoney
	classSign // any other punctuation
)

// classes and folded are the two tables of the octets' way through the normal form.
var (
	classes = octetClasses()
	folded  = octetFolds()
)

func octetClasses() (t [256]class) {
	for c := range t {
		switch {
		case c >= 0x80 || 'a' <= c|0x20 && c|0x20 <= 'z':
			t[c] = classLetter
		case '0' <= c && c <= '9':
			t[c] = classDigit
		case c <= ' ':
			t[c] = classBlank
		default:
			t[c] = classSign
		}
	}
	t['.'], t['@'], t[':'], t['$'] = classDot, classAt, classColon, classMoney
	return t
}

// octetFolds is step 6 of n1 (SPOOF-AND-CAMPAIGNS.md 7.2) for one octet of a word with a letter: small letters, leet digits, l to i; 0 for what is dropped.
func octetFolds() (t [256]byte) {
	for c := range t {
		switch octetClasses()[c] {
		case classLetter, classDigit:
			t[c] = byte(c)
			if c >= 'A' && c <= 'Z' {
				t[c] |= 0x20
			}
		}
	}
	t['4'], t['3'], t['1'], t['0'], t['5'], t['7'] = 'a', 'e', 'i', 'o', 's', 't'
	t['l'], t['L'] = 'i', 'i'
	return t
}

// leetSign is the letter that a sign stands for between two letters or digits; 0 if none.
func leetSign(c byte) byte {
	switch c {
	case '@':
		return 'a'
	case '!', '|':
		return 'i'
	case '$':
		return 's'
	case '+':
		return 't'
	case '(':
		return 'c'
	}
	return 0
}

func isBlank(c byte) bool  { return c <= ' ' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return classes[c] == classLetter }
func isWord(c byte) bool   { return classes[c]&(classLetter|classDigit) != 0 }
