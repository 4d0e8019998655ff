package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Traceback gathers, for our own upstream, how forged traffic came in: the only party that can walk it back, hop by hop. It reads the events
// twice: Sources first, which says what was forged, then Messages.
type Traceback struct {
	forged    map[string]bool // by claim id, as its last document says
	campaigns map[string]*tracedCampaign
	unplaced  uint64
}

// The bounds of what is gathered. What finds no room is counted in the sums, and not told apart.
const (
	maxForged    = 2_000_000 // claims
	maxTraced    = 1000      // campaigns
	maxPaths     = 64        // of a campaign
	maxDigests   = 32        // of a path
	maxSamples   = 32        // frames of a path
	maxWritten   = 16        // addresses that are listed
	maxDistinct  = 65_536    // addresses that are counted
	maxMinutes   = 100_000   // of a path
	maxPortsSeen = 64
)

// Package is what is handed to the upstream for one campaign.
type Package struct {
	Campaign string   `json:"campaign"`
	About    string   `json:"about"`
	Sample   string   `json:"sample_text"`
	Messages uint64   `json:"messages_with_forged_source"`
	Others   uint64   `json:"messages_not_shown_to_be_forged"`
	First    string   `json:"first_seen"`
	Last     string   `json:"last_seen"`
	Paths    []Path   `json:"paths"`
	Unplaced uint64   `json:"messages_of_paths_without_room,omitempty"`
	Limits   []string `json:"limits"`
}

// Path is one way in.
type Path struct {
	Sensor    string `json:"sensor"`
	Interface string `json:"interface,omitempty"`
	Zone      string `json:"zone,omitempty"`
	LastHop   string `json:"last_hop_mac,omitempty"`
	Receiver  string `json:"destination_mac,omitempty"`
	VLAN      string `json:"vlan,omitempty"`
	InnerVLAN string `json:"inner_vlan,omitempty"`
	Tunnel    string `json:"tunnel,omitempty"`

	First    string            `json:"first_seen"`
	Last     string            `json:"last_seen"`
	Messages uint64            `json:"messages"`
	Rate     float64           `json:"messages_per_minute"`
	Peak     uint64            `json:"peak_messages_in_a_minute"`
	TTLs     map[uint8]uint64  `json:"ttl"`
	Ports    map[uint16]uint64 `json:"destination_ports"`
	Digests  []Digest          `json:"digests"`
	Packets  []uint64          `json:"sample_packets"`

	Targets        int      `json:"destinations"`
	Written        int      `json:"addresses_written_on_it"`
	WrittenSample  []string `json:"addresses_written_on_it_not_who_sent_it"`
	AddressesBound bool     `json:"addresses_are_at_least,omitempty"`
}

// Digest names what was sent, so that another sensor can find it.
type Digest struct {
	SHA256   string `json:"sha256"`
	Of       string `json:"of"` // text: the decoded text in UTF-8; octets: the text as it was on the wire
	Messages uint64 `json:"messages"`
}

const traceAbout = "Packets with forged source addresses came in on the paths below. The addresses on them are what was written on the packets, not who " +
	"sent it: please do not contact or block them. Only the network that hands the packets over can say where they come from."

// traceLimits stand in every package.
func traceLimits() []string {
	return []string{
		"The MAC address is that of the last hop before the sensor, not of the sender.",
		"A TTL tells how many routers were passed only as far as its start is known, and its sender chose it.",
		"Where a document stands for several messages (rollup), TTL, MAC addresses and digest are those of the first.",
		"That an address was forged is a judgement from the evidence in the source documents; the claims behind it name each sentence.",
	}
}

type tracedCampaign struct {
	sample      string
	others      uint64
	unplaced    uint64
	messages    uint64
	first, last time.Time
	paths       map[pathKey]*tracedPath
}

// pathKey is what makes one way in.
type pathKey struct{ sensor, iface, zone, lastHop, receiver, vlan, inner, tunnel string }

type tracedPath struct {
	first, last      time.Time
	messages         uint64
	ttls             map[uint8]uint64
	ports            map[uint16]uint64
	minutes          map[int64]uint64
	digests          map[[2]string]uint64
	packets          []uint64
	targets, written map[string]bool
	addressesAreMore bool
}

// Sources takes the last words on sources out of events.
func (t *Traceback) Sources(from io.Reader) error {
	if t.forged == nil {
		t.forged, t.campaigns = map[string]bool{}, map[string]*tracedCampaign{}
	}
	return read(from, func(d *document) error {
		s := &d.Our.Source
		if d.Event.Dataset == sourceSet && s.Final && s.ClaimID != "" {
			if _, known := t.forged[s.ClaimID]; known || len(t.forged) < maxForged {
				t.forged[s.ClaimID] = forged(s.State)
			}
		}
		return nil
	})
}

func forged(state string) bool { return state == "forged_certain" || state == "forged_probable" }

// Messages takes the popups out of the same events.
func (t *Traceback) Messages(from io.Reader) error {
	return read(from, func(d *document) error {
		if d.Event.Dataset == messageSet && d.Our.Campaign.ID != "" {
			t.message(d)
		}
		return nil
	})
}

func (t *Traceback) message(d *document) {
	c := t.campaigns[d.Our.Campaign.ID]
	if c == nil {
		if len(t.campaigns) == maxTraced {
			t.unplaced += d.Our.Message.count()
			return
		}
		c = &tracedCampaign{paths: map[pathKey]*tracedPath{}}
		t.campaigns[d.Our.Campaign.ID] = c
	}
	is, known := t.forged[d.Our.Source.ClaimID]
	if !known {
		is = forged(d.Our.Source.State)
	}
	if !is {
		c.others += d.Our.Message.count()
		return
	}
	c.add(d)
}

func (c *tracedCampaign) add(d *document) {
	m := &d.Our.Message
	if c.sample == "" {
		c.sample = m.Text
	}
	first, last := m.span(d.Time)
	c.first, c.last = earlier(c.first, first), later(c.last, last)
	c.messages += m.count()
	key := pathOf(d)
	p := c.paths[key]
	if p == nil {
		if len(c.paths) == maxPaths {
			c.unplaced += m.count()
			return
		}
		p = &tracedPath{
			ttls: map[uint8]uint64{}, ports: map[uint16]uint64{}, minutes: map[int64]uint64{}, digests: map[[2]string]uint64{},
			targets: map[string]bool{}, written: map[string]bool{},
		}
		c.paths[key] = p
	}
	p.first, p.last = earlier(p.first, first), later(p.last, last)
	p.add(d)
}

// span is when the first and the last message of a document came.
func (m *messageDocument) span(at time.Time) (first, last time.Time) {
	first, last = m.First, m.Last
	if first.IsZero() {
		first = at
	}
	if last.IsZero() {
		last = at
	}
	return first, last
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func pathOf(d *document) pathKey {
	m := &d.Our.Marks
	k := pathKey{
		sensor: d.Observer.Name, iface: d.Observer.Ingress.Interface.Name, zone: d.Observer.Ingress.Zone, lastHop: m.SourceMAC, receiver: m.DestinationMAC,
		vlan: d.Network.VLAN.ID, inner: d.Network.Inner.VLAN.ID,
	}
	if m.Tunnel.Kind != "" {
		k.tunnel = strings.Join([]string{m.Tunnel.Kind, "from", m.Tunnel.Source, "to", m.Tunnel.Destination}, " ")
	}
	return k
}

func (p *tracedPath) add(d *document) {
	m, n := &d.Our.Message, d.Our.Message.count()
	p.messages += n
	p.ttls[d.Our.Marks.TTL] += n
	if port := d.Destination.Port; p.ports[port] > 0 || port > 0 && len(p.ports) < maxPortsSeen {
		p.ports[port] += n
	}
	at, _ := m.span(d.Time)
	if minute := at.Unix() / 60; p.minutes[minute] > 0 || len(p.minutes) < maxMinutes {
		p.minutes[minute] += n
	}
	if k := digestOf(m); p.digests[k] > 0 || len(p.digests) < maxDigests {
		p.digests[k] += n
	}
	p.packets = append(p.packets, m.Packets[:min(len(m.Packets), maxSamples-len(p.packets))]...)
	p.note(p.written, d.Source.IP)
	p.note(p.targets, d.Destination.IP)
	for _, a := range m.Destinations {
		p.note(p.targets, a)
	}
}

// digestOf is the digest of the text's octets where the document has them, else of the text.
func digestOf(m *messageDocument) [2]string {
	of, octets := "text", []byte(m.Text)
	if len(m.Raw) > 0 {
		of, octets = "octets", m.Raw
	}
	sum := sha256.Sum256(octets)
	return [2]string{hex.EncodeToString(sum[:]), of}
}

// note counts an address among others.
func (p *tracedPath) note(in map[string]bool, address string) {
	switch {
	case address == "" || in[address]:
	case len(in) == maxDistinct:
		p.addressesAreMore = true
	default:
		in[address] = true
	}
}

// Packages gives what was gathered, most messages first: campaigns without forged traffic have none.
func (t *Traceback) Packages() []Package {
	var out []Package
	for name, c := range t.campaigns {
		if c.messages > 0 {
			out = append(out, c.pack(name))
		}
	}
	slices.SortFunc(out, func(a, b Package) int {
		return cmp.Or(-cmp.Compare(a.Messages, b.Messages), cmp.Compare(a.Campaign, b.Campaign))
	})
	return out
}

// Unplaced is how many messages belong to campaigns that there was no room for.
func (t *Traceback) Unplaced() uint64 { return t.unplaced }

func (c *tracedCampaign) pack(name string) Package {
	out := Package{
		Campaign: name, About: traceAbout, Sample: c.sample, Messages: c.messages, Others: c.others, First: instant(c.first), Last: instant(c.last),
		Unplaced: c.unplaced, Limits: traceLimits(),
	}
	for k, p := range c.paths {
		out.Paths = append(out.Paths, p.pack(k))
	}
	slices.SortFunc(out.Paths, func(a, b Path) int {
		return cmp.Or(-cmp.Compare(a.Messages, b.Messages), cmp.Compare(a.Sensor, b.Sensor), cmp.Compare(a.Interface, b.Interface), cmp.Compare(a.LastHop, b.LastHop),
			cmp.Compare(a.VLAN, b.VLAN), cmp.Compare(a.InnerVLAN, b.InnerVLAN), cmp.Compare(a.Tunnel, b.Tunnel), cmp.Compare(a.Receiver, b.Receiver), cmp.Compare(a.Zone, b.Zone))
	})
	return out
}

func (p *tracedPath) pack(k pathKey) Path {
	out := Path{
		Sensor: k.sensor, Interface: k.iface, Zone: k.zone, LastHop: k.lastHop, Receiver: k.receiver, VLAN: k.vlan, InnerVLAN: k.inner, Tunnel: k.tunnel,
		First: instant(p.first), Last: instant(p.last), Messages: p.messages, TTLs: p.ttls, Ports: p.ports, Packets: p.packets,
		Targets: len(p.targets), Written: len(p.written), AddressesBound: p.addressesAreMore,
	}
	out.Rate = rate(p.messages, p.last.Sub(p.first))
	for _, n := range p.minutes {
		out.Peak = max(out.Peak, n)
	}
	written := slices.Sorted(maps.Keys(p.written))
	out.WrittenSample = written[:min(len(written), maxWritten)]
	for k, n := range p.digests {
		out.Digests = append(out.Digests, Digest{k[0], k[1], n})
	}
	slices.SortFunc(out.Digests, func(a, b Digest) int {
		return cmp.Or(-cmp.Compare(a.Messages, b.Messages), cmp.Compare(a.SHA256, b.SHA256))
	})
	return out
}

// rate is in messages a minute; of less than a minute it is what came.
func rate(n uint64, over time.Duration) float64 {
	minutes := max(over.Minutes(), 1)
	return float64(int64(float64(n)/minutes*1000+0.5)) / 1000
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }
