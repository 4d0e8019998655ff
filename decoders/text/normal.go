package text

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// Version names the normal form that names are made of. It never changes in place: other rules got another name, Comparison.
const Version = "n1"

// maxNorm bounds a normal form, in octets.
const maxNorm = 4096

// maxTag bounds the bracketed tag at the end of a text that counts as noise, in octets.
const maxTag = 32

// Normalise is the normal form n1 of a text: what is left of it without what spammers vary (SPOOF-AND-CAMPAIGNS.md 7.2). The result is valid UTF-8, words separated by
// single blanks, at most 4096 octets. It takes time linear in shown.
//
// It departs from 7.2 where a rule would split what belongs together: a sign folds to a letter only between letters or digits ("STOP!" is "stop", not
// "stopi"), diacritics fall from Latin letters too, and look-alikes of other scripts fold only in a word with a Latin letter, or, where the text is mostly Latin, in a word made of look-alikes alone.
func Normalise(shown string) string {
	var n normaliser
	n.run(shown, asciiString(shown), true)
	return string(n.norm)
}

// normaliser makes one normal form at a time and finds the keys on its way. Its buffers are reused; norm and keys are views until the next run.
type normaliser struct {
	norm       []byte
	keys       keyring
	obfuscated bool
	seen       class  // of all octets of words that are not letters alone, and perhaps more
	joined     []byte // a word that was spaced out
	source     string // the text of the last run, look-alikes folded
	keyless    keyless
	unspaced   int // up to here single characters were found to be no such word
}

// keyless is how far a text and its form had come before the token with its first key, and whether something was undone by then; zero if there was none.
type keyless struct {
	text, norm int
	obfuscated bool
	ended      bool // there was one
}

// run normalises shown, which the caller has found to be ASCII or not. Wide says to take eight octets at a step where they are plain words; the result is the same without.
func (n *normaliser) run(shown string, ascii, wide bool) {
	n.begin("", false, 0)
	s := shown
	if !ascii {
		s, n.obfuscated = foldRunes(s)
	}
	n.source = s
	n.scan(s, 0, wide)
}

// runMended makes n2 of shown, which n1 was just made of, if it has to be mended, and says whether it had.
func (n *normaliser) runMended(shown string, ascii bool) bool {
	words := 0
	if !ascii {
		if shown, words = uncover(shown); words > 0 {
			n.source, _ = foldRunes(shown)
		}
	}
	s, done := mend(n.source, n.seen)
	s, spelt := spellEdges(s)
	if done == 0 && words+spelt == 0 {
		return false
	}
	n.begin("", n.obfuscated || done&mendedAddress != 0 || words+spelt >= fewDisguised, 0)
	n.scan(s, 0, true)
	return true
}

// begin resets the normaliser to what it was after a beginning without keys.
func (n *normaliser) begin(norm string, obfuscated bool, seen class) {
	n.norm = append(n.norm[:0], norm...)
	n.obfuscated, n.seen, n.unspaced, n.keyless = obfuscated, seen, 0, keyless{}
	n.keys.reset()
}

// scan takes folded text from a token or blank at i to its end.
func (n *normaliser) scan(s string, i int, wide bool) {
	tag := -1
	for {
		if wide {
			from := i
			if i = n.copyPlain(s, i); i > from {
				tag = -1
			}
		}
		for i < len(s) && isBlank(s[i]) {
			i++
		}
		if i == len(s) {
			break
		}
		if len(n.norm) > maxNorm { // the keys beyond still count
			n.norm = n.norm[:maxNorm+1]
		}
		here := keyless{i, len(n.norm), n.obfuscated, true}
		i = n.token(s, i)
		if !n.keyless.ended && n.keys.count() > 0 {
			n.keyless = here
		}
		if tag = -1; isTag(s[here.text:i]) {
			tag = here.norm
		}
	}
	n.finish(tag)
}

// finish drops a tag that ends the text, unless nothing stands before it, and cuts the form to its bound.
func (n *normaliser) finish(tag int) {
	if tag > 0 {
		n.norm = n.norm[:tag]
	}
	if len(n.norm) > maxNorm {
		end := maxNorm
		for end > 0 && !utf8.RuneStart(n.norm[end]) {
			end--
		}
		n.norm = n.norm[:end]
	}
	for len(n.norm) > 0 && n.norm[len(n.norm)-1] == ' ' {
		n.norm = n.norm[:len(n.norm)-1]
	}
}

func isTag(token string) bool {
	if len(token) < 3 || len(token) > maxTag || isWord(token[0]) {
		return false
	}
	i := strings.IndexByte("[{(<", token[0])
	return i >= 0 && token[len(token)-1] == "]})>"[i]
}

const (
	ones   = 0x0101010101010101
	lows   = 0x7f * ones
	smalls = 0x20 * ones
)

// letters and blanks mark, by the high bit of each octet, what in eight ASCII octets is a letter or at most a blank.
func letters(w uint64) uint64 {
	w |= smalls
	return (w + (0x80-'a')*ones) &^ (w + (0x7f-'z')*ones) & highBits
}

func blanks(w uint64) uint64 { return ^(w + (0x80-0x21)*ones) & highBits }

// equal marks the octets of w, all below 0x80, that are c.
func equal(w uint64, c byte) uint64 {
	w ^= uint64(c) * ones
	return ^((w & lows) + lows) & highBits
}

// copyPlain folds words of letters, eight octets at a step, from i on, which must be where a token or blank begins. It stops before whatever needs a closer look: a
// sign, a digit, two blanks, a letter on its own. It returns where the first word begins that it did not finish.
func (n *normaliser) copyPlain(s string, i int) int {
	token := i
	n.norm = slices.Grow(n.norm, len(s)-i+1)
	if i < len(s) && !isBlank(s[i]) {
		n.gap()
	}
	out, at := n.norm[:cap(n.norm)], len(n.norm)
	blankBefore := uint64(0)
	if at == 0 || out[at-1] == ' ' {
		blankBefore = 0x80
	}
	for i+8 <= len(s) && at <= maxNorm {
		w := load(s, i)
		letter, blank := letters(w), blanks(w)
		pair := blank & (blank<<8 | blankBefore)
		alone := blank & (blank << 16) &^ (blank << 8)
		if w&highBits|((letter|blank)^highBits)|pair|alone != 0 {
			break
		}
		binary.LittleEndian.PutUint64(out[at:], plainWord(w, letter, blank))
		if blank != 0 {
			token = i + 8 - bits.LeadingZeros64(blank)/8
		}
		blankBefore = blank >> 56
		i, at = i+8, at+8
	}
	n.norm = out[:at-(i-token)]
	return token
}

// plainWord folds eight letters and blanks.
func plainWord(w, letter, blank uint64) uint64 {
	w |= letter >> 2                      // small letters
	w ^= equal(w, 'l') >> 7 * ('l' ^ 'i') // l to i
	fill := blank >> 7 * 0xff             // whole octets
	return w&^fill | fill&smalls
}

func load(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

func asciiString(s string) bool {
	var or uint64
	i := 0
	for ; i+8 <= len(s); i += 8 {
		or |= load(s, i)
	}
	for ; i < len(s); i++ {
		or |= uint64(s[i])
	}
	return or&highBits == 0
}

// token takes the token that begins at i, or several where they are one thing, and returns where it ends.
func (n *normaliser) token(s string, i int) int {
	if end := n.spacedOut(s, i); end > i {
		n.joined = n.joined[:0]
		seen := class(0)
		for _, c := range []byte(s[i:end]) {
			if !isBlank(c) {
				n.joined = append(n.joined, c)
				seen |= classes[c]
			}
		}
		n.obfuscated, n.seen = true, n.seen|seen
		n.word(string(n.joined), seen)
		return end
	}
	if c := s[i]; isDigit(c) || c == '+' || c == '(' {
		if end, number := phoneAt(s, i); end > i {
			n.keys.phone(number)
			n.seen |= classDigit | classSign | classDot
			n.put("zphone")
			return end
		}
	}
	end, seen := i, class(0)
	for ; end < len(s); end++ {
		c := classes[s[end]]
		if c == classBlank {
			break
		}
		seen |= c
	}
	n.seen |= seen
	n.word(s[i:end], seen)
	return end
}

// put appends a word with its blank.
func (n *normaliser) put(word string) {
	n.gap()
	n.norm = append(n.norm, word...)
}

func (n *normaliser) gap() {
	if len(n.norm) > 0 && n.norm[len(n.norm)-1] != ' ' {
		n.norm = append(n.norm, ' ')
	}
}

// minSpaced is how many letters on their own, each after one blank, are a word that was spaced out.
const minSpaced = 4

// spacedOut returns where a word ends that is written as single characters, one blank or line end between each two; i if there is none. A run with too few letters is not
// read again for each of its characters: 64 KiB of "1 1 1" would cost a second.
func (n *normaliser) spacedOut(s string, i int) int {
	if i < n.unspaced || i+1 < len(s) && classes[s[i+1]] != classBlank && s[i] < utf8.RuneSelf {
		return i
	}
	end, letters := i, 0
	for at := i; at < len(s); {
		size := runeLen(s, at)
		next := at + size
		if next < len(s) && !isBlank(s[next]) || isBlank(s[at]) {
			break
		}
		if isLetter(s[at]) && size <= 2 { // Latin, Greek, Cyrillic: other scripts have words of one character
			letters++
		}
		end, at = next, next+1
		if at < len(s) && s[next] == '\r' && s[at] == '\n' { // one line end, as a LF or CR alone is
			at++
		}
	}
	if letters < minSpaced {
		n.unspaced = end
		return i
	}
	return end
}

func runeLen(s string, i int) int {
	if s[i] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRuneInString(s[i:])
	return size
}
