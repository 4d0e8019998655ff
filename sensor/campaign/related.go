package campaign

import (
	"slices"
	"strings"
)

// Relation says what a campaign has in common with another one.
type Relation struct {
	ID ID
	By string // site, template or tool
}

// maxRelated bounds the relations that are told.
const maxRelated = 8

// kin is the least exact Jaccard of two campaigns' first texts that share a template, more or less.
const kin = 0.25

// relations are the other campaigns that advertise the same, are sent by the same tool, or whose texts are kin, sorted by id.
func (t *Tracker) relations(r *record) (all []Relation) {
	add := func(o *record, by string) {
		if o != nil && o != r && len(all) < maxRelated && !slices.ContainsFunc(all, func(x Relation) bool { return x.ID == o.id }) {
			all = append(all, Relation{o.id, by})
		}
	}
	if r.keys != nil {
		for kind := range r.keys {
			for _, k := range r.keys[kind].keys[:min(len(r.keys[kind].keys), maxShown)] {
				if h, ok := keyHash(kind, k.Value); ok {
					t.owners(h, "site", add)
				}
			}
		}
	}
	if octets, ok := r.tool.constant(); ok {
		h := toolHash(octets)
		t.keys.add(h, ownerOf(r))
		t.owners(h, "tool", add)
	}
	if r.messagesEver >= manyMessages && len(r.reps) > 0 && !r.reps[0].Empty() {
		bands := bandsOf(r.reps[0])
		for _, slot := range t.similar.candidates(bands[:], t.records, maxCandidates) {
			if o := t.records[slot]; o != r && t.likeness(r, o) >= kin {
				add(o, "template")
			}
		}
	}
	slices.SortFunc(all, func(a, b Relation) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return all
}

// owners hands the campaigns of a key on, if it is that of few.
func (t *Tracker) owners(hash uint64, by string, add func(*record, string)) {
	for _, owner := range t.keys.owners(hash) {
		add(t.owned(owner), by)
	}
}

// toolHash is the key of a tool: of a kind of its own.
func toolHash(octets uint64) uint64 { return max(scatter(scatter(octets)^kinds+1), 1) }
