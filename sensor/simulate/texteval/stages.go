package texteval

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
	"popupwatch/sensor/campaign"
)

// named is an engine with its name in tables.
type named struct {
	name string
	make func() Engine
}

// simpler are engines that have only the first stages of the assignment, and the whole one with something kept from it. They are made of what
// packages export: production code has no switch that weakens it.
func (c Config) simpler() []named {
	return []named{
		{"same octets", func() Engine { return plain(func(m *decoders.Message) string { return m.Text.Raw }) }},
		{"same normal form", func() Engine { return plain(func(m *decoders.Message) string { return m.Features.Form.Norm }) }},
		{"Jaccard 0.5 with the first, all compared", func() Engine { return &leader{} }},
		{"tracker that reads octets and not the normal form", func() Engine { return &without{Engine: c.Engine(), message: octetsAlone} }},
		{"tracker that knows no keys", func() Engine { return &without{Engine: c.Engine(), message: noKeys} }},
		{"tracker that never looks back (no rescue, no merge)", func() Engine { return &without{Engine: c.Engine(), blind: true} }},
	}
}

// plain is an engine that knows one campaign for each value of a function.
type plain func(m *decoders.Message) string

// Join names the campaign after the value.
func (p plain) Join(m *decoders.Message) campaign.Membership {
	return campaign.Membership{ID: named80(p(m))}
}

// Advance has nothing to say.
func (plain) Advance(time.Time) []campaign.Update { return nil }

// Finish has nothing to say.
func (plain) Finish(time.Time) []campaign.Update { return nil }

func named80(s string) campaign.ID {
	h := sha256.Sum256([]byte(s))
	return campaign.ID("cmp1-" + hex.EncodeToString(h[:10]))
}

// leader is an engine that compares each text with the first one of every campaign.
type leader struct {
	plain
	sorter text.Sorter
	firsts []*text.Form
	ids    []campaign.ID
}

// Join finds the most alike first text.
func (l *leader) Join(m *decoders.Message) campaign.Membership {
	form, best, most := m.Features.Form, -1, 0.5
	for i, first := range l.firsts {
		if j := text.Jaccard(l.sorter.Shingles(form), l.sorter.Shingles(first)); j > most || j == most && best < 0 {
			best, most = i, j
		}
	}
	if best < 0 {
		best = len(l.ids)
		l.firsts, l.ids = append(l.firsts, form), append(l.ids, named80(form.Norm))
	}
	return campaign.Membership{ID: l.ids[best]}
}

// without is an engine from which something is kept.
type without struct {
	Engine
	message func(m *decoders.Message) // takes something away from a copy; nil: nothing
	blind   bool                      // time does not pass until the end
}

// Join joins what is left of the message.
func (w *without) Join(m *decoders.Message) campaign.Membership {
	left := *m
	if w.message != nil {
		w.message(&left)
	}
	return w.Engine.Join(&left)
}

// Advance lets time pass, or not.
func (w *without) Advance(now time.Time) []campaign.Update {
	if w.blind {
		return nil
	}
	return w.Engine.Advance(now)
}

// Finish ends the run. It looks back no more than Advance did.
func (w *without) Finish(now time.Time) []campaign.Update {
	if w.blind {
		return nil
	}
	return w.Engine.Finish(now)
}

// noKeys takes the sites, numbers and mail addresses away.
func noKeys(m *decoders.Message) {
	f := *m.Features
	f.Domains, f.URLs, f.Phones, f.Emails = nil, nil, nil, nil
	m.Features = &f
}

// octetsAlone makes the form of a message of its octets as they came.
func octetsAlone(m *decoders.Message) {
	const window = 5
	var shingles []uint32
	for i := 0; i+window <= len(m.Text.Raw); i++ {
		h := fnv.New64a()
		h.Write([]byte(m.Text.Raw[i : i+window]))
		shingles = append(shingles, uint32(h.Sum64()*0x9e3779b97f4a7c15>>32))
	}
	slices.Sort(shingles)
	form := text.FormOf(slices.Compact(shingles))
	form.Norm, form.Hash = m.Text.Raw, sha256.Sum256([]byte(m.Text.Raw))
	form.Name = form.Hash
	f := *m.Features
	f.Form, m.Features = form, &f
}
