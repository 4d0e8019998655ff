package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The scorer adds up, over the runes that a page shows, ten times the natural logarithm of how likely each is in a popup. All pages read the same
// octets, so a page that spends two octets on one rune must not gain by it: a pair costs about what two letters cost.
const (
	costASCII     = -30  // any octet below 0x80: equal in all single-octet pages
	costReplaced  = -200 // the page has no such octets
	costControl   = -150 // C1: no OEM page shows them
	costBox       = -100
	costBoxRun    = -15 // a ruled line repeats one octet: frames are drawn in real popups
	costTypeset   = -60 // quotes, dashes, no-break space, currency
	costSymbol    = -95
	costFullwidth = -75
	costHalfKana  = -55
	costHiragana  = -45
	costKatakana  = -50
	costFrequent  = -58  // frequent hangul, hanzi, kanji
	costKnown     = -88  // the others of the first level
	costRare      = -135 // those beyond it: what Latin text looks like in a double-byte page

	costInWord    = -60 // a symbol between two letters
	costCamel     = -60 // a capital after a small letter, when either is accented
	costLowInCaps = -45 // a small accented letter after two capitals
	costPair      = -25 // two accented Latin letters in a row
	costMixed     = -50 // two scripts in one word
	costCapital   = -7
	costForeign   = -110 // a letter that the language does not have
	costLone      = -25  // an accented letter that is a word of its own

	gainWord = 22 // a frequent word of the language
	maxWords = 6
)

// script is the coarse kind of a rune, as far as the scorer cares.
type script uint8

const (
	scriptNone script = iota
	scriptASCII
	scriptLatin
	scriptCyrillic
	scriptOther
	scriptEastern
	scriptFullwidth
)

func scriptOf(r rune) script {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return scriptASCII
		}
		return scriptNone
	case r >= 0xff00 && r <= 0xff5e:
		return scriptFullwidth
	case r >= 0x3040 && r <= 0x30ff, r >= 0x3400 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7a3, r >= 0xff66 && r <= 0xff9f:
		return scriptEastern
	case r == 'ª' || r == 'º' || r == 'µ' || !unicode.IsLetter(r):
		return scriptNone
	case r <= 0x24f || r >= 0x1e00 && r <= 0x1eff:
		return scriptLatin
	case r >= 0x400 && r <= 0x52f:
		return scriptCyrillic
	}
	return scriptOther
}

// letterCount counts one letter outside ASCII.
type letterCount struct {
	letter rune
	n      int
}

// maxLetters bounds the letters that are told apart: no alphabet here has as many. Letters beyond cost as foreign ones.
const maxLetters = 160

// weighing is the state of one page's score.
type weighing struct {
	page    codePage
	runes   []rune
	letters []letterCount
	total   int
}

// score weighs what the page shows. It takes time linear in shown.
func (p codePage) score(shown string) int {
	w := weighing{page: p, runes: []rune(shown), total: p.prior}
	for i, r := range w.runes {
		if r < utf8.RuneSelf {
			w.total += costASCII
			continue
		}
		w.weigh(i, r)
	}
	return w.total + w.language()
}

func (w *weighing) at(i int) rune {
	if i < 0 || i >= len(w.runes) {
		return ' '
	}
	return w.runes[i]
}

func (w *weighing) weigh(i int, r rune) {
	switch scriptOf(r) {
	case scriptNone:
		w.total += w.symbol(i, r)
	case scriptFullwidth:
		w.total += costFullwidth + w.mixed(i, scriptFullwidth)
	case scriptEastern:
		w.total += w.page.eastern.cost(r) + w.mixed(i, scriptEastern)
	case scriptLatin:
		w.count(unicode.ToLower(r))
		w.total += w.latin(i, r)
	default:
		w.count(unicode.ToLower(r))
		w.total += w.shape(i, r) + w.mixed(i, scriptOf(r))
	}
}

// symbol is what a rune that is no letter costs.
func (w *weighing) symbol(i int, r rune) int {
	cost := costSymbol
	switch {
	case r == utf8.RuneError:
		return costReplaced
	case r < 0xa0:
		return costControl
	case r >= 0x2500 && r <= 0x259f:
		if w.at(i-1) == r {
			return costBoxRun
		}
		cost = costBox
	case typeset(r):
		cost = costTypeset
	case r >= 0xe000 && r <= 0xf8ff:
		return costReplaced
	}
	if r != '’' && r != '・' && letter(w.at(i-1)) && letter(w.at(i+1)) {
		cost += costInWord
	}
	return cost
}

// typeset says whether r is a sign that people type: the rest of a page's signs is mostly other pages' letters.
func typeset(r rune) bool {
	switch r {
	case 0xa0, '’', '‘', '“', '”', '„', '–', '—', '…', '€', '£', '®', '©', '™', '°', '§', '«', '»', '¡', '¿', '½', '¼', '•', '№', 'º', 'ª', '²', '·',
		0x3000, '、', '。', '「', '」', '『', '』', '【', '】', '・', '〜', '！', '？', '，', '．', '：', '；', '（', '）', '《', '》', '★', '☆', '※', '■', '●', '→':
		return true
	}
	return false
}

func letter(r rune) bool { s := scriptOf(r); return s != scriptNone }

// latin is what the surroundings of an accented letter say.
func (w *weighing) latin(i int, r rune) int {
	cost := w.shape(i, r)
	before, after := scriptOf(w.at(i-1)), scriptOf(w.at(i+1))
	if before == scriptLatin {
		cost += costPair
	}
	if before == scriptCyrillic || before == scriptEastern || before == scriptOther {
		cost += costMixed
	}
	if before == scriptNone && after == scriptNone {
		cost += costLone
	}
	return cost
}

// shape is what capitals in odd places cost.
func (w *weighing) shape(i int, r rune) int {
	before, after := w.at(i-1), w.at(i+1)
	if unicode.IsUpper(r) {
		if unicode.IsLower(before) {
			return costCapital + costCamel
		}
		return costCapital
	}
	if unicode.IsUpper(before) && (unicode.IsUpper(after) || unicode.IsUpper(w.at(i-2))) {
		return costLowInCaps
	}
	if unicode.IsUpper(after) && unicode.IsLower(r) {
		return costCamel
	}
	return 0
}

// mixed is what a neighbour in another script costs.
func (w *weighing) mixed(i int, own script) (cost int) {
	if b := scriptOf(w.at(i - 1)); b != scriptNone && b != own {
		cost += costMixed
	}
	if a := scriptOf(w.at(i + 1)); a == scriptASCII {
		cost += costMixed
	}
	return cost
}

func (w *weighing) count(r rune) {
	for i := range w.letters {
		if w.letters[i].letter == r {
			w.letters[i].n++
			return
		}
	}
	if len(w.letters) >= maxLetters {
		w.total += costForeign
		return
	}
	w.letters = append(w.letters, letterCount{r, 1})
}

// language is the score of the letters in the likeliest language of the page. Words are looked up only where they can still decide.
func (w *weighing) language() int {
	words := w.words()
	best := 0
	for i := range w.page.alphabet {
		a := &w.page.alphabet[i]
		score := 0
		for _, l := range w.letters {
			score += l.n * a.cost(l.letter)
		}
		if i == 0 || score+gainWord*maxWords > best {
			score += gainWord * a.wordsIn(words)
		}
		if i == 0 || score > best {
			best = score
		}
	}
	return best
}

// maxRead is how many words at the beginning are looked up.
const maxRead = 48

// words are the first words, small, each between two blanks.
func (w *weighing) words() (words []string) {
	var word [32]byte
	b := append(word[:0], ' ')
	for i := 0; i <= len(w.runes) && len(words) < maxRead; i++ {
		if i < len(w.runes) && unicode.IsLetter(w.runes[i]) {
			if len(b) < len(word)-utf8.UTFMax {
				b = utf8.AppendRune(b, unicode.ToLower(w.runes[i]))
			}
			continue
		}
		if len(b) > 1 {
			words = append(words, string(append(b, ' ')))
		}
		b = b[:1]
	}
	return words
}

// wordsIn counts frequent words of the language, up to maxWords.
func (a *alphabet) wordsIn(words []string) (n int) {
	for _, word := range words {
		if n < maxWords && strings.Contains(a.words, word) {
			n++
		}
	}
	return n
}
