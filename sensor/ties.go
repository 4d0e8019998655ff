package sensor

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"maps"
	"slices"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/event"
)

// ties remembers which campaign the activity UUIDs of popups belong to, and their lengths: by these, quotes in ICMP errors find their
// campaign where they do not show its text. Tools freeze the activity, so a mail-shot has few. Activities are kept in two generations: when
// the current one is full, the one before it is forgotten whole. Lengths that two campaigns share say nothing.
type ties struct {
	most            int
	current, before map[dcerpc.UUID]campaign.ID
	lengths         map[uint16]campaign.ID // of UDP payload; empty where several campaigns have it
	forgotten       uint64
}

// tieOctets is what a remembered activity takes in its two generations of map; lengths take mostLengths times less than that at most.
const (
	tieOctets   = 2 * 80
	mostLengths = 4096
)

func newTies(memory int64) ties {
	return ties{
		most:    int(max(memory/tieOctets-mostLengths/2, 64)),
		current: map[dcerpc.UUID]campaign.ID{}, before: map[dcerpc.UUID]campaign.ID{}, lengths: map[uint16]campaign.ID{},
	}
}

// note remembers a popup of a campaign.
func (t *ties) note(m *decoders.Message, id campaign.ID) {
	if m.Route != decoders.RouteRPC || id == "" {
		return
	}
	if m.RPC.Activity != (dcerpc.UUID{}) {
		t.put(m.RPC.Activity, id)
	}
	n := m.Marks.UDPLength
	known, ok := t.lengths[n]
	switch {
	case !ok && len(t.lengths) < mostLengths:
		t.lengths[n] = id
	case ok && known != id && known != "":
		t.lengths[n] = ""
	}
}

func (t *ties) put(activity dcerpc.UUID, id campaign.ID) {
	if known, ok := t.current[activity]; ok && known == id {
		return
	}
	if len(t.current) >= t.most {
		t.forgotten += uint64(len(t.before))
		t.current, t.before = t.before, t.current
		clear(t.current)
	}
	t.current[activity] = id
}

func (t *ties) activity(a dcerpc.UUID) campaign.ID {
	if id, ok := t.current[a]; ok {
		return id
	}
	return t.before[a]
}

// tie finds the campaign of a popup that an ICMP error quotes: by its activity, by its text, or where the quote names no
// activity by its length.
func (s *Sensor) tie(g *decoders.Signal) event.Tie {
	if g.Kind != decoders.SignalQuote {
		return event.Tie{}
	}
	activity := g.PDU.Activity
	if g.Exchange.Call.Frame != 0 { // a quoted callback has one of its own
		activity = g.Exchange.Activity
	}
	if g.QuoteReach == decoders.ReachPorts {
		return event.Tie{Campaign: s.ties.lengths[uint16(g.QuoteLength)], By: event.TieLength}
	}
	if id := s.ties.activity(activity); id != "" {
		return event.Tie{Campaign: id, By: event.TieActivity}
	}
	if g.QuoteFeatures != nil {
		return event.Tie{Campaign: s.tracker.Find(g.QuoteFeatures), By: event.TieText}
	}
	return event.Tie{}
}

// savedTies is what ties remember, in a state file: ascending, so that the same state gives the same octets.
type savedTies struct {
	Current, Before []savedTie
	Lengths         []savedLength
}

type savedTie struct {
	Activity dcerpc.UUID
	Campaign campaign.ID
}

type savedLength struct {
	Length   uint16
	Campaign campaign.ID
}

// Save writes what is remembered.
func (t *ties) Save(enc *gob.Encoder) error {
	s := savedTies{Current: ascending(t.current), Before: ascending(t.before)}
	for _, n := range slices.Sorted(maps.Keys(t.lengths)) {
		s.Lengths = append(s.Lengths, savedLength{n, t.lengths[n]})
	}
	if err := enc.Encode(s); err != nil {
		return fmt.Errorf("save what ties quotes to campaigns: %w", err)
	}
	return nil
}

func ascending(m map[dcerpc.UUID]campaign.ID) (out []savedTie) {
	for a, id := range m {
		out = append(out, savedTie{a, id})
	}
	slices.SortFunc(out, func(a, b savedTie) int { return bytes.Compare(a.Activity[:], b.Activity[:]) })
	return out
}

// Load reads what Save wrote. What has no room is forgotten.
func (t *ties) Load(dec *gob.Decoder) error {
	var s savedTies
	if err := dec.Decode(&s); err != nil {
		return fmt.Errorf("load what ties quotes to campaigns: %w", err)
	}
	t.restore(t.current, s.Current)
	t.restore(t.before, s.Before)
	for _, l := range s.Lengths[:min(len(s.Lengths), mostLengths)] {
		t.lengths[l.Length] = l.Campaign
	}
	return nil
}

func (t *ties) restore(m map[dcerpc.UUID]campaign.ID, saved []savedTie) {
	n := min(len(saved), t.most)
	t.forgotten += uint64(len(saved) - n)
	for _, one := range saved[:n] {
		m[one.Activity] = one.Campaign
	}
}
