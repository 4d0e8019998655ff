package texts

import (
	"math/rand/v2"
	"strings"
	"unicode"
)

// Level says what is done to each message of a template (SPOOF-AND-CAMPAIGNS 6.1).
type Level uint8

// The levels; each does what those before it do.
const (
	L0 Level = iota // nothing: one text for each affiliate and day
	L1              // letter case, blanks, a random tag, other numbers
	L2              // 10 % of letters replaced, synonyms, a new site each time
	L3              // 15 to 30 % of words that mean nothing, 2 % of characters left out
)

// LevelCount is how many levels there are.
const LevelCount = 4

// String is the level's name.
func (l Level) String() string { return [...]string{"L0", "L1", "L2", "L3"}[min(l, L3)] }

// Rates of the mutations.
const (
	leetRate    = 0.10
	synonymRate = 0.15
	bustLeast   = 0.15
	bustMost    = 0.30
	deleteRate  = 0.02
	tagRate     = 0.8
)

// token is a word of a text. Keys stay as they are.
type token struct {
	word string
	key  bool
}

// writer writes the messages of one stream.
type writer struct {
	params *Params
	r      *rand.Rand
}

// write is the text of a message made of sentences.
func (w *writer) write(sentences []string, separator, language string, f *fill, level Level) string {
	var tokens []token
	for i, s := range sentences {
		if i > 0 && separator == "\n" {
			tokens = append(tokens, token{"\n", true})
		}
		for _, word := range strings.Fields(s) {
			filled, key := f.replace(word)
			tokens = append(tokens, token{filled, key})
		}
	}
	if level >= L3 {
		tokens = w.bust(tokens, language)
	}
	for i := range tokens {
		if t := &tokens[i]; !t.key {
			t.word = w.mutate(t.word, language, level)
		}
	}
	if level == L0 {
		return w.join(tokens, false)
	}
	w.shift(tokens)
	return w.join(tokens, true) + w.tag()
}

// bust puts words that mean nothing between the others. A text without blanks is cut for them.
func (w *writer) bust(tokens []token, language string) []token {
	share := bustLeast + (bustMost-bustLeast)*w.r.Float64()
	var out []token
	for _, t := range tokens {
		pieces := []token{t}
		if language == "ja" && !t.key {
			pieces = chunks(t.word)
		}
		for _, piece := range pieces {
			out = append(out, piece)
			if piece.word != "\n" && w.r.Float64() < share {
				out = append(out, token{w.buster(), false})
			}
		}
	}
	return out
}

// chunks cuts a run of characters into pieces of about a word.
func chunks(word string) (pieces []token) {
	const length = 5
	for runes := []rune(word); len(runes) > 0; {
		n := min(length, len(runes))
		pieces = append(pieces, token{string(runes[:n]), false})
		runes = runes[n:]
	}
	return pieces
}

func (w *writer) buster() string {
	if w.params.Words {
		return pick(w.r, "river", "lamp", "quietly", "forty", "marble", "under", "season", "copper", "window", "harvest", "pilot", "gentle", "ladder", "orange", "thirteen",
			"velvet", "mountain", "circus", "silence", "paper", "wagon", invented(w.r))
	}
	return letters(3+w.r.IntN(6), w.r)
}

// mutate changes the characters of a word as the level says.
func (w *writer) mutate(word, language string, level Level) string {
	if level < L2 || word == "\n" {
		return word
	}
	var b strings.Builder
	for _, c := range word {
		if level >= L3 && w.r.Float64() < deleteRate {
			continue
		}
		if w.r.Float64() < leetRate {
			b.WriteString(w.lookalike(c, language))
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// lookalike is what stands for a character: another one, or the same behind a sign where a script has no look-alikes.
func (w *writer) lookalike(c rune, language string) string {
	var found []string
	for _, pairs := range [][]string{w.params.Accents, w.params.Mixed} {
		for _, p := range pairs {
			if pair := []rune(p); pair[0] == unicode.ToLower(c) && (pair[1] < unicode.MaxASCII || language == "en" || language == "de") {
				found = append(found, string(pair[1]))
			}
		}
	}
	switch {
	case len(found) > 0:
		return pick(w.r, found...)
	case c > 0x2e80 && w.r.IntN(2) == 0:
		return pick(w.r, "*", ".", "-") + string(c)
	}
	return string(c)
}

// shift changes the letter case of a whole text, or of words at random.
func (w *writer) shift(tokens []token) {
	how := w.r.IntN(6)
	for i := range tokens {
		t := &tokens[i]
		if t.key {
			continue
		}
		switch {
		case how == 0 || how == 2 && w.r.IntN(3) == 0:
			t.word = strings.ToUpper(t.word)
		case how == 1 || how == 2:
			t.word = strings.ToLower(t.word)
		}
	}
}

// join puts blanks between words; loose ones vary.
func (w *writer) join(tokens []token, loose bool) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && t.word != "\n" && tokens[i-1].word != "\n" {
			b.WriteByte(' ')
			if loose && w.r.IntN(12) == 0 {
				b.WriteString(pick(w.r, " ", "  ", "\n", "\r\n"))
			}
		}
		b.WriteString(t.word)
		if loose && t.word == "\n" && w.r.IntN(4) == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// tag is what ends most texts that vary.
func (w *writer) tag() string {
	if w.r.Float64() >= tagRate {
		return ""
	}
	code := letters(3, w.r) + string(rune('0'+w.r.IntN(10))) + letters(2, w.r)
	if w.params.BareTags {
		return pick(w.r, "\n("+code+")", " {"+code+"}", " "+code, "\n<"+code+">")
	}
	return pick(w.r, " ["+code+"]", "\n["+code+"]")
}
