package campaign

import (
	"strings"

	"popupwatch/decoders/text"
)

// What is compared to find the constant words of a campaign's texts.
const (
	gap          = "..." // stands for words that vary
	maxTemplate  = 256   // of a text
	maxCompared  = 8     // texts of a campaign
	maxWaiting   = 2     // of those, between two updates
	leastSharing = 0.4   // of the words: a text with fewer in common is not compared
)

// compare keeps a text to find out what is constant, when there is time for it: forms two, three, five, nine, ... of a campaign.
func (r *record) compare(shown string) {
	if len(r.waiting) >= maxWaiting || r.compared >= maxCompared {
		return
	}
	if r.variants++; r.variants&(r.variants-1) != 0 {
		return
	}
	shown = cut(shown, maxSample)
	r.waiting = append(r.waiting, shown)
	r.size += int64(len(shown)) + 16
}

// template is what the texts of a campaign have in common, as far as they were compared.
func (r *record) template() string {
	if r.pattern == "" && len(r.waiting) == 0 {
		return template(r.sample)
	}
	pattern := r.pattern
	if pattern == "" {
		pattern = template(r.sample)
	}
	before := int64(len(r.pattern))
	for _, s := range r.waiting {
		pattern = common(pattern, template(s))
		r.compared++
		r.size -= int64(len(s)) + 16
	}
	r.waiting, r.pattern = nil, pattern
	r.size += int64(len(pattern)) - before
	return pattern
}

// common are the words that two templates have in common in their order, and signs where one has others between.
func common(pattern, other string) string {
	a, b := wordsOf(pattern), wordsOf(other)
	pairs := longest(a, b)
	words := 0
	for _, w := range a {
		if w.word != gap {
			words++
		}
	}
	if float64(len(pairs)) < leastSharing*float64(words) {
		return pattern
	}
	var out []string
	i, j := 0, 0
	for _, p := range pairs {
		if p[0] != i || p[1] != j {
			out = append(out, gap)
		}
		out = append(out, a[p[0]].word)
		i, j = p[0]+1, p[1]+1
	}
	if i != len(a) || j != len(b) {
		out = append(out, gap)
	}
	return strings.Join(out, " ")
}

// word is a word as it is written, and its normal form, by which words are equal.
type word struct{ word, norm string }

// wordsOf are the words of a template, at most maxTemplate and a gap.
func wordsOf(s string) []word {
	fields := strings.Fields(s)
	if len(fields) > maxTemplate {
		fields = append(fields[:maxTemplate:maxTemplate], gap)
	}
	words := make([]word, len(fields))
	for i, f := range fields {
		words[i] = word{f, f}
		if norm := text.Normalise(f); norm != "" && f[0] != '{' {
			words[i].norm = norm
		}
	}
	return words
}

// longest is a longest list of pairs of equal words in the order of both. Gaps are equal to nothing.
func longest(a, b []word) (pairs [][2]int) {
	width := len(b) + 1
	best := make([]uint16, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			at := i*width + j
			if equal(a[i], b[j]) {
				best[at] = best[at+width+1] + 1
			} else {
				best[at] = max(best[at+width], best[at+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch at := i*width + j; {
		case equal(a[i], b[j]):
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case best[at+width] >= best[at+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

func equal(a, b word) bool { return a.norm == b.norm && a.word != gap }
