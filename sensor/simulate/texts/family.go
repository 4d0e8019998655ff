package texts

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// mostShared is the share of sentences that two families may have in common at most.
const mostShared = 0.4

// sameOperator is the share of families one affiliate of which advertises with another family, too: a site in common makes no campaign.
const sameOperator = 0.1

// family is one template and who uses it.
type family struct {
	name       string
	topic      *topic
	sentences  []sentence
	choices    [][]int // of alternatives, by sentence
	separator  string  // between sentences
	affiliates []affiliate
	changes    []change
}

// affiliate is one user of a kit: what fills the places of the template until a message fills them anew.
type affiliate struct {
	from, to string
	fill     fill
}

// change is one step of a template's drift.
type change struct {
	at       float64 // share of the stream
	sentence int
	group    int // -1: the sentence is left out from here on
	choice   int
}

// families draws n families, none of which shares too much with another.
func families(g *grammar, p *Params, n int, r *rand.Rand) []*family {
	var all []*family
	for try := 0; len(all) < n && try < 200*n; try++ {
		f := newFamily(&g.topics[r.IntN(len(g.topics))], p, r)
		if !slices.ContainsFunc(all, func(other *family) bool { return shared(f, other) > mostShared }) {
			f.name = "family " + strconv.Itoa(len(all)+1)
			if len(all) > 0 && r.Float64() < sameOperator {
				f.affiliates[0].fill.site = all[r.IntN(len(all))].affiliates[0].fill.site
			}
			all = append(all, f)
		}
	}
	return all
}

func newFamily(t *topic, p *Params, r *rand.Rand) *family {
	f := &family{topic: t, separator: "\n"}
	f.sentences = append(f.sentences, t.opens[r.IntN(len(t.opens))])
	for _, i := range r.Perm(len(t.bodies))[:r.IntN(min(5, len(t.bodies)+1))] {
		f.sentences = append(f.sentences, t.bodies[i])
	}
	f.sentences = append(f.sentences, t.ends[r.IntN(len(t.ends))])
	for i := range f.sentences {
		f.choices = append(f.choices, chosen(&f.sentences[i], r))
	}
	if r.IntN(3) == 0 {
		f.separator = " "
	}
	for range 1 + r.IntN(p.Affiliates) {
		f.affiliates = append(f.affiliates, newAffiliate(t.language, r))
	}
	f.drift(p, r)
	return f
}

func chosen(s *sentence, r *rand.Rand) []int {
	choice := make([]int, len(s.groups))
	for i := range choice {
		choice[i] = r.IntN(len(s.groups[i]))
	}
	return choice
}

// drift plans what changes over the days: now and then another alternative, once perhaps a sentence less.
func (f *family) drift(p *Params, r *rand.Rand) {
	at := 0.0
	for {
		at += -math.Log(1-r.Float64()) / (p.Drifts * float64(p.Days))
		if at >= 1 {
			break
		}
		i := r.IntN(len(f.sentences))
		if groups := f.sentences[i].groups; len(groups) > 0 {
			k := r.IntN(len(groups))
			f.changes = append(f.changes, change{at, i, k, r.IntN(len(groups[k]))})
		}
	}
	if len(f.sentences) >= 5 && r.IntN(2) == 0 {
		f.changes = append(f.changes, change{at: r.Float64(), sentence: 1 + r.IntN(len(f.sentences)-2), group: -1})
	}
}

// shared is the share of sentences of the shorter family that the other has too.
func shared(a, b *family) float64 {
	common := 0
	for i := range a.sentences {
		if slices.ContainsFunc(b.sentences, func(s sentence) bool { return s.number == a.sentences[i].number }) {
			common++
		}
	}
	return float64(common) / float64(min(len(a.sentences), len(b.sentences)))
}

// spoken are the sentences of the template at a time of the stream, with other alternatives where swap says so.
func (f *family) spoken(at float64, swap func() bool, r *rand.Rand) []string {
	var all []string
	for i := range f.sentences {
		choice, left := slices.Clone(f.choices[i]), false
		for _, c := range f.changes {
			switch {
			case c.sentence != i || c.at > at:
			case c.group < 0:
				left = true
			default:
				choice[c.group] = c.choice
			}
		}
		if left {
			continue
		}
		for k := range choice {
			if swap() {
				choice[k] = r.IntN(len(f.sentences[i].groups[k]))
			}
		}
		all = append(all, f.sentences[i].say(choice))
	}
	return all
}
