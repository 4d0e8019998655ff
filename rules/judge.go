package rules

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// The bits of RPC.Flags that rules see (C706 12.6.3.1).
const (
	flagMaybe      = 0x10
	flagIdempotent = 0x20
	flagBroadcast  = 0x40
)

// maxName is how many octets of a sender's or recipient's name are looked at. NDR strings reach 64 KiB; Windows shows a name of 16.
const maxName = 256

// textKey is all that the text part of a verdict depends on.
type textKey struct {
	form  [32]byte
	stats text.Stats
}

// senderKey is all that the sender part depends on.
type senderKey struct {
	from, to  string // at most maxName octets; a view until it is kept
	flags     uint8
	route     decoders.Route
	direction decoders.Direction
	port      uint16
	fragments uint16

	sources, targets, perMinute uint8 // numbers of steps
	forged                      bool
}

type verdictKey struct {
	text   textKey
	sender senderKey
}

// held is a rule that holds, and its words that were found.
type held struct {
	rule    int // number in Set.rules, so the stronger the smaller
	matched string
}

// textPart is what the text alone decides. Read-only once made.
type textPart struct {
	fields textFields
	holds  []held
	open   []held // rules on both parts whose words, if they have any, are there
}

// senderPart is what the sender alone decides. Read-only once made.
type senderPart struct {
	fields senderFields
	holds  []held
}

// Judge scores one message. The verdict's Hits are shared and read-only. A message without Features is judged as an empty text.
// It allocates nothing where text, names and flags were seen before. A condition that fails as it runs does not hold; Explain shows it.
func (s *Set) Judge(m *decoders.Message, c Context) Verdict {
	key := verdictKey{text: textKeyOf(m), sender: senderKeyOf(m, c)}
	if v, ok := s.verdicts.get(key); ok {
		return v
	}
	key.sender.from, key.sender.to = strings.Clone(key.sender.from), strings.Clone(key.sender.to)
	v := s.verdict(s.text(key.text, m), s.sender(key.sender))
	s.verdicts.put(key, v)
	return v
}

func textKeyOf(m *decoders.Message) textKey {
	if !hasForm(m) {
		return textKey{}
	}
	return textKey{form: m.Features.Form.Hash, stats: m.Features.Stats}
}

func hasForm(m *decoders.Message) bool { return m.Features != nil && m.Features.Form != nil }

func normOf(m *decoders.Message) string {
	if !hasForm(m) {
		return ""
	}
	return m.Features.Form.Norm
}

func senderKeyOf(m *decoders.Message, c Context) senderKey {
	k := senderKey{
		from: m.From.Shown, to: m.To.Shown,
		route: m.Route, direction: c.Direction, port: m.Dst.Port(),
		sources: step(c.Sources), targets: step(c.Targets), perMinute: step(c.PerMinute), forged: c.Forged,
	}
	k.from = k.from[:min(len(k.from), maxName)]
	k.to = k.to[:min(len(k.to), maxName)]
	if m.Route == decoders.RouteRPC {
		k.flags = uint8(m.RPC.Flags) & (flagMaybe | flagIdempotent | flagBroadcast)
		k.fragments = m.RPC.Fragments
	}
	return k
}

func (s *Set) text(key textKey, m *decoders.Message) *textPart {
	if t, ok := s.texts.get(key); ok {
		return t
	}
	t := s.judgeText(normOf(m), key.stats)
	s.texts.put(key, t)
	return t
}

func (s *Set) sender(key senderKey) *senderPart {
	if p, ok := s.senders.get(key); ok {
		return p
	}
	p := s.judgeSender(key)
	s.senders.put(key, p)
	return p
}

// judgeText runs every rule on the text alone, and the words of those on both.
func (s *Set) judgeText(norm string, stats text.Stats) *textPart {
	t := &textPart{fields: textOf(stats)}
	t.fields.WordHits = make([]uint16, len(s.words.lists))
	found := s.words.count(norm, t.fields.WordHits)
	s.fill(record{textFields: t.fields})
	s.holding = s.holding[:0]
	for i := range s.rules {
		r := &s.rules[i]
		if r.Part == PartSender || r.Weight == 0 || !r.wordsHold(&t.fields) {
			continue
		}
		if r.Part == PartBoth {
			t.open = append(t.open, held{i, s.matched(r, found)})
		} else if holds, _ := s.conditionHolds(r); holds {
			s.holding = append(s.holding, held{i, s.matched(r, found)})
		}
	}
	t.holds = slices.Clone(s.holding)
	return t
}

func (s *Set) judgeSender(key senderKey) *senderPart {
	p := &senderPart{fields: senderOf(key)}
	s.fill(record{senderFields: p.fields})
	for i := range s.rules {
		if r := &s.rules[i]; r.Part == PartSender {
			if holds, _ := s.conditionHolds(r); holds {
				p.holds = append(p.holds, held{rule: i})
			}
		}
	}
	return p
}

// verdict joins the parts and decides the rules that look at both.
func (s *Set) verdict(t *textPart, p *senderPart) Verdict {
	s.fill(record{textFields: t.fields, senderFields: p.fields})
	s.holding = append(append(s.holding[:0], t.holds...), p.holds...)
	for _, o := range t.open {
		if holds, _ := s.conditionHolds(&s.rules[o.rule]); holds {
			s.holding = append(s.holding, o)
		}
	}
	slices.SortFunc(s.holding, func(a, b held) int { return a.rule - b.rule })
	return s.sum()
}

// sum is the verdict over s.holding. Texts that differ and end alike share one.
func (s *Set) sum() Verdict {
	s.outcome = s.outcome[:0]
	for _, h := range s.holding {
		s.outcome = binary.BigEndian.AppendUint16(s.outcome, uint16(h.rule)) // below maxRules
		s.outcome = append(s.outcome, byte(len(h.matched)))                  // at most maxMatched
		s.outcome = append(s.outcome, h.matched...)
	}
	if v, ok := s.outcomes.young[string(s.outcome)]; ok { // not get: it would allocate the key
		return v
	}
	var hits []Hit
	for _, h := range s.holding {
		hits = append(hits, s.rules[h.rule].hit(h.matched))
	}
	hits = slices.Clip(hits)
	score := total(hits)
	v := Verdict{Score: score, Class: s.thresholds.Class(score), Hits: hits, Lure: lureOf(hits)}
	s.outcomes.put(string(s.outcome), v)
	return v
}

// fill gives the conditions another record.
func (s *Set) fill(r record) {
	s.record = r
	s.turn++
}

// conditionHolds asks the rule's condition of the record, at most once each.
func (s *Set) conditionHolds(r *rule) (bool, error) {
	c := r.condition
	if c == nil {
		return true, nil
	}
	if c.asked != s.turn {
		c.asked = s.turn
		c.holds, c.err = c.answer(&s.machine, &s.record)
	}
	return c.holds, c.err
}

// total is the sum of the weights, rounded to 0.1. The hits are in order, so that the sum is the same on every machine.
func total(hits []Hit) float64 {
	sum := 0.0
	for i := range hits {
		sum += hits[i].Weight
	}
	return math.Round(sum*10)/10 + 0 // + 0: never -0
}

// lureOf is the lure with the largest sum of weights, the first by name among equals; empty where none speaks for one.
func lureOf(hits []Hit) string {
	best, most := "", 0.0
	for i := range hits {
		lure := hits[i].Lure
		if lure == "" {
			continue
		}
		sum := 0.0
		for j := range hits {
			if hits[j].Lure == lure {
				sum += hits[j].Weight
			}
		}
		if sum > most || sum == most && lure < best {
			best, most = lure, sum
		}
	}
	return best
}

func (r *rule) wordsHold(t *textFields) bool {
	return r.list < 0 || int(t.WordHits[r.list]) >= r.Min
}

func (s *Set) matched(r *rule, found []uint16) string {
	if r.list < 0 {
		return ""
	}
	return s.words.matched(r.list, found)
}

func textOf(s text.Stats) textFields {
	return textFields{
		URLs: int(s.URLs), Domains: int(s.Domains), Phones: int(s.Phones), Emails: int(s.Emails),
		Length: int(s.Runes), Letters: int(s.Letters), Lines: int(s.Lines), Exclamations: int(s.Exclamation),
		CapitalsShare: share(s.Capitals, s.Letters),
		DigitsShare:   share(s.Digits, s.Runes),
		NonASCIIShare: share(s.NonASCII, s.Runes),
		Obfuscated:    s.Obfuscated,
	}
}

func share(part, whole uint32) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func senderOf(k senderKey) senderFields {
	return senderFields{
		From: nameForm(k.from), To: nameForm(k.to),
		Route: k.route.String(), DstPort: int(k.port), Direction: k.direction.String(),
		Inbound:    k.direction == decoders.DirectionInbound,
		Outbound:   k.direction == decoders.DirectionOutbound,
		Internal:   k.direction == decoders.DirectionInternal,
		Idempotent: k.flags&flagIdempotent != 0,
		Broadcast:  k.flags&flagBroadcast != 0,
		Maybe:      k.flags&flagMaybe != 0,
		OneWay:     k.flags != 0,
		Fragments:  int(k.fragments),

		CampaignSources: steps[k.sources], CampaignTargets: steps[k.targets], CampaignPerMinute: steps[k.perMinute],
		CampaignForged: k.forged,
	}
}

func nameForm(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
