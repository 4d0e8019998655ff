package campaign

import (
	"slices"
	"strings"
)

// Total is a campaign over all its parts, for a summary. Slices are owned by the receiver.
type Total struct {
	ID             ID
	Messages       uint64
	Sources        Count
	Targets        Count
	Standing       Standing
	Sample         string
	Domains        []Key
	SourcesByState [StateCount]uint64
}

// retired keeps the totals of campaigns that were evicted: half of its places for those of three messages and more, half for the others; when a half is full,
// the further ones are only counted.
type retired struct {
	totals       map[ID]*Total
	places       int // of each half
	rare, common int
	lost         uint64
	lostMessages uint64
}

// totalSize is about what one kept total takes, in octets.
const totalSize = 768

// maxTotalSample and maxTotalDomains bound what is kept of an evicted campaign.
const (
	maxTotalSample  = 160
	maxTotalDomains = 2
)

func newRetired(memory int64) retired {
	return retired{totals: make(map[ID]*Total), places: int(memory / totalSize / 2)}
}

func (k *retired) half(messages uint64) *int {
	if messages < manyMessages {
		return &k.rare
	}
	return &k.common
}

func (k *retired) keep(r *record) {
	messages := r.messagesInAll()
	n := k.half(messages)
	if *n >= k.places {
		k.lost++
		k.lostMessages += messages
		return
	}
	*n++
	total := r.total()
	total.Sample = cut(total.Sample, maxTotalSample)
	total.Domains = slices.Clone(total.Domains[:min(len(total.Domains), maxTotalDomains)])
	k.totals[total.ID] = &total
}

// take gives back the total of a campaign that opens again.
func (k *retired) take(id ID) *Total {
	total := k.totals[id]
	if total != nil {
		delete(k.totals, id)
		*k.half(total.Messages)--
	}
	return total
}

func (r *record) messagesInAll() uint64 {
	n := r.messages
	if r.past != nil {
		n += r.past.messages
	}
	if r.before != nil {
		n += r.before.Messages
	}
	return n
}

func (r *record) submissionsInAll() uint64 {
	if r.past == nil {
		return r.submissions
	}
	return r.submissions + r.past.submissions
}

// distincts are the sources and targets of all parts.
func (r *record) distincts() (sources, targets Count) {
	if r.past == nil {
		return countOf(&r.sources), countOf(&r.targets)
	}
	if !r.open { // then all is past
		return countOf(&r.past.sources), countOf(&r.past.targets)
	}
	var all sums
	for _, s := range []*sums{r.past, &r.sums} {
		all.sources.Merge(&s.sources)
		all.targets.Merge(&s.targets)
	}
	return countOf(&all.sources), countOf(&all.targets)
}

// total is the campaign over all parts. Where it was evicted and came back, its distinct counts are sums of both times, and say that they are estimated.
func (r *record) total() Total {
	sources, targets := r.distincts()
	t := Total{
		ID: r.id, Messages: r.messagesInAll(), Sources: sources, Targets: targets,
		Standing: r.standing, Sample: r.sample, Domains: r.top(domains), SourcesByState: r.states,
	}
	t.Standing.Rules = slices.Clone(r.standing.Rules)
	if b := r.before; b != nil {
		t.Sources = Count{t.Sources.N + b.Sources.N, true}
		t.Targets = Count{t.Targets.N + b.Targets.N, true}
		if b.Standing.Level > t.Standing.Level {
			t.Standing = b.Standing
		}
		for i, n := range b.SourcesByState {
			t.SourcesByState[i] += n
		}
	}
	return t
}

// Totals is every campaign that is remembered over all its parts, most messages first, then by id. Of those evicted it holds at most Config.Memory / 8 / 768 octets' worth, half of them
// with fewer than three messages; lost and lostMessages count the campaigns, and their messages, that are not among them.
func (t *Tracker) Totals() (totals []Total, lost, lostMessages uint64) {
	for _, r := range t.records {
		if r != nil {
			totals = append(totals, r.total())
		}
	}
	for _, kept := range t.retired.totals {
		totals = append(totals, *kept)
	}
	slices.SortFunc(totals, func(a, b Total) int {
		if a.Messages != b.Messages {
			if a.Messages > b.Messages {
				return -1
			}
			return 1
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return totals, t.retired.lost, t.retired.lostMessages
}
