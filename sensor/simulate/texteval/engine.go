package texteval

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/text"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/simulate/texts"
)

// Engine groups messages: campaign.Tracker, or what it is compared with.
type Engine interface {
	Join(m *decoders.Message) campaign.Membership
	Advance(now time.Time) []campaign.Update
	Finish(now time.Time) []campaign.Update
}

// item is a message as a sensor reads it, beside its truth.
type item struct {
	*texts.Message
	read decoders.Message
}

// reader reads messages as the road does.
type reader struct{ analyzer *text.Analyzer }

func newReader() reader { return reader{text.NewAnalyzer(text.Config{})} }

// streamBegan is when every stream began.
var streamBegan = time.Date(2004, 3, 1, 0, 0, 0, 0, time.UTC)

func (r reader) read(all []texts.Message) []item {
	items := make([]item, len(all))
	for i := range all {
		items[i].Message = &all[i]
		r.one(&all[i], &items[i].read)
	}
	return items
}

func (r reader) one(m *texts.Message, d *decoders.Message) {
	d.From, d.To, d.Text, d.Page, d.PageMargin = r.analyzer.Decode(m.From, m.To, m.Text, false)
	d.Features = r.analyzer.Analyze(d.Text.Shown)
	d.Time, d.First = streamBegan.Add(m.At), true
	d.Began = d.Time
	outside := m.Road == texts.Datagram || m.Road == texts.Misrouted
	port := uint16(1026)
	switch m.Road {
	case texts.Datagram:
		d.RPC = dcerpc.Call{Header: dcerpc.Header{Flags: dcerpc.FlagIdempotent | dcerpc.FlagNoFack}, Fragments: 1}
	case texts.Session:
		d.Route, port = decoders.RouteSMB, 139
	case texts.Mailslot:
		d.Route, port = decoders.RouteMailslot, 138
	default:
		d.RPC.Fragments = 1
	}
	d.Src, d.Dst = netip.AddrPortFrom(address(m.Source, outside), 1040), netip.AddrPortFrom(address(m.Target&0xffff, false), port)
}

// address is that of a host: any for one outside, one of 10.0.0.0/8 for our own.
func address(n uint32, outside bool) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	if !outside {
		b[0] = 10
	}
	return netip.AddrFrom4(b)
}

// grouping is what an engine made of messages.
type grouping struct {
	labels  []string            // campaign of each message; empty where it was not seen
	written []string            // the same as a document said it when the message came
	aliases map[string][]string // of each campaign, its own id among them
	spreads []campaign.Spread   // of its campaign when each message came
	named   []campaign.Named    // what each document said of names
}

// group joins the items that see lets through.
func group(e Engine, items []item, see func(i int) bool) grouping {
	g := grouping{labels: make([]string, len(items)), written: make([]string, len(items)), aliases: map[string][]string{}, spreads: make([]campaign.Spread, len(items))}
	last := streamBegan
	for i := range items {
		if !see(i) {
			continue
		}
		last = items[i].read.Time
		g.note(e.Advance(last))
		in := e.Join(&items[i].read)
		g.written[i], g.spreads[i] = string(in.ID), in.Spread
		g.aliases[string(in.ID)] = nil
		g.keep(string(in.ID), in.Aliases)
	}
	g.note(e.Finish(last.Add(time.Hour)))
	g.resolve()
	return g
}

func (g *grouping) note(updates []campaign.Update) {
	for i := range updates {
		u := &updates[i]
		g.keep(string(u.ID), u.Aliases)
		g.named = append(g.named, campaign.Named{ID: u.ID, Aliases: u.Aliases, Part: u.Part.String(), Messages: u.Messages, Sample: u.SampleText})
	}
}

// keep keeps the last aliases of a campaign. They are the engine's until the next Join.
func (g *grouping) keep(id string, aliases []string) {
	kept := append(g.aliases[id][:0], id)
	g.aliases[id] = append(kept, aliases...)
}

// resolve follows aliases that are ids of campaigns that were found to be the same.
func (g *grouping) resolve() {
	same := newSets()
	for id, aliases := range g.aliases {
		for _, a := range aliases {
			if _, known := g.aliases[a]; known && strings.HasPrefix(a, "cmp1-") {
				same.join(id, a)
			}
		}
	}
	for i, id := range g.written {
		if id != "" {
			g.labels[i] = same.find(id)
		}
	}
}

// sets are disjoint sets of words; each is called after its first word in byte order.
type sets map[string]string

func newSets() sets { return sets{} }

func (s sets) find(a string) string {
	for {
		up, ok := s[a]
		if !ok {
			return a
		}
		if above, ok := s[up]; ok {
			s[a] = above
		}
		a = up
	}
}

func (s sets) join(a, b string) {
	a, b = s.find(a), s.find(b)
	if a != b {
		s[max(a, b)] = min(a, b)
	}
}
