package texteval

import (
	"crypto/sha256"
	"encoding/hex"
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

// simpler are engines that have only the first stages of the assignment, made of what packages export: production code has no switch that
// weakens it.
func simpler() []named {
	return []named{
		{"same octets", func() Engine { return plain(func(m *decoders.Message) string { return m.Text.Raw }) }},
		{"same normal form", func() Engine { return plain(func(m *decoders.Message) string { return m.Features.Form.Norm }) }},
		{"Jaccard 0.5 with the first, all compared", func() Engine { return &leader{} }},
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
	firsts []*text.Form
	ids    []campaign.ID
}

// Join finds the most alike first text.
func (l *leader) Join(m *decoders.Message) campaign.Membership {
	form, best, most := m.Features.Form, -1, 0.5
	for i, first := range l.firsts {
		if j := text.Jaccard(form.Shingles, first.Shingles); j > most || j == most && best < 0 {
			best, most = i, j
		}
	}
	if best < 0 {
		best = len(l.ids)
		l.firsts, l.ids = append(l.firsts, form), append(l.ids, named80(form.Norm))
	}
	return campaign.Membership{ID: l.ids[best]}
}
