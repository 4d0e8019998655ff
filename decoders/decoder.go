package decoders

import (
	"time"

	"popupwatch/decoders/inet"
	"popupwatch/decoders/msgsvc"
	"popupwatch/decoders/netbios"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/smb"
	"popupwatch/decoders/text"
	"popupwatch/decoders/wire"
)

// DefaultPorts are the UDP ports of the Messenger service: the endpoint mapper and the first dynamic ports (WIRE.md 3.1). A popup is read on
// any port; these are where whatever else arrives is counted.
func DefaultPorts() []uint16 { return []uint16{135, 1025, 1026, 1027, 1028, 1029, 1030, 1031} }

// Config of a Decoder. The zero value of each field but Interface is its default.
type Config struct {
	Ports     []uint16            // watched UDP ports besides DefaultPorts
	Interface func(int) Interface // of a frame's Iface; needed
	Memory    int64               // octets of state, shared out by shares; default 112 MiB
}

// shares says what each part of the Decoder gets of its memory, in twentieths.
const (
	shareDatagrams   = 2 // NetBIOS datagrams in parts take a sixteenth of it
	shareCalls       = 1
	shareCopies      = 2 // outbound datagrams take an eighth of it
	shareSubmissions = 4
	shareExchanges   = 1
	shareTexts       = 6
	shareStreams     = 4
	shares           = shareDatagrams + shareCalls + shareCopies + shareSubmissions + shareExchanges + shareTexts + shareStreams
)

// entry sizes: what a remembered copy or call costs in its two generations of map.
const (
	copyCost       = 2 * 80
	submissionCost = 2 * 40
)

// Shed counts what the Decoder gave up because a bound was reached.
type Shed struct {
	Datagrams   uint64 // unfinished IP datagrams, given out as far as they went
	Parts       uint64 // unfinished NetBIOS datagrams, given out as far as they went
	Calls       uint64 // unfinished RPC calls, given out as far as they went
	Copies      uint64 // datagrams forgotten before a copy of them could return
	Submissions uint64 // calls forgotten within their minute
	Exchanges   uint64 // calls and callbacks forgotten before an answer could come
	Texts       uint64 // texts and normal forms forgotten
	HalfOpen    uint64 // TCP connections without data, forgotten
	Streams     uint64 // TCP connections with data, given out as far as they went
	Blocks      uint64 // blocks of popups over TCP that no memory was left for
}

// Decoder is the chain of protocols. It belongs to one goroutine.
type Decoder struct {
	ports         portSet
	packet        inet.Packet
	datagrams     *reassembly.Datagrams[origin]
	parts         *reassembly.Parts[letter]
	calls         *reassembly.Calls[caller]
	copies        copies
	submissions   submissions
	conversations conversations
	outbound      *outbound
	text          *text.Analyzer
	now           time.Time // packet time of this step
	numbers       []uint64  // frame numbers of whole messages, cut from one block
	anomalies     map[msgsvc.Anomaly][]string
	traits        map[msgsvc.Trait][]string
	streams       *streams
	smbWords      map[smb.Anomaly][]string // of anomalies; at most smb.AnomalyCount
	frames        []uint64                 // of the command in hand
	initials      initials
	blocksShed    uint64
}

// NewDecoder makes a Decoder with empty state.
func NewDecoder(c Config) *Decoder {
	if c.Memory == 0 {
		c.Memory = 112 << 20
	}
	share := c.Memory / shares
	var ports portSet
	for _, port := range append(DefaultPorts(), c.Ports...) {
		ports.add(port)
	}
	memory := newSubmissions(int(shareSubmissions * share / submissionCost))
	return &Decoder{
		ports:         ports,
		datagrams:     reassembly.NewDatagrams[origin](reassembly.Limits{Sets: 16384, Bytes: int(shareDatagrams*share - share/8), Hold: 30 * time.Second}),
		parts:         reassembly.NewParts[letter](reassembly.Limits{Sets: 1024, Bytes: int(share / 8), Hold: 30 * time.Second}),
		calls:         reassembly.NewCalls[caller](reassembly.Limits{Sets: 8192, Bytes: int(shareCalls * share), Hold: 15 * time.Second}),
		copies:        newCopies(int((shareCopies*share-share/4)/copyCost), c.Interface),
		submissions:   memory,
		conversations: newConversations(memory.secret, shareExchanges*share-share/16),
		initials:      newInitials(memory.secret, share/16),
		outbound:      newOutbound(share / 4),
		text:          text.NewAnalyzer(text.Config{Memory: shareTexts * share}),
		anomalies:     map[msgsvc.Anomaly][]string{},
		traits:        map[msgsvc.Trait][]string{},
		streams:       reassembly.NewStreams[origin, *dialogue](int(shareStreams*share), begins),
		smbWords:      map[smb.Anomaly][]string{},
	}
}

// Shed gives the counts of what was given up so far.
func (d *Decoder) Shed() Shed {
	return Shed{
		Datagrams: d.datagrams.Shed, Parts: d.parts.Shed, Calls: d.calls.Shed,
		Copies: d.copies.seen.shed, Submissions: d.submissions.calls.shed, Exchanges: d.conversations.shed() + d.initials.seen.shed, Texts: d.text.Shed(),
		HalfOpen: d.streams.ShedHalfOpen, Streams: d.streams.ShedStreams, Blocks: d.blocksShed,
	}
}

// carrier is the frame, or the frames, that the datagram in hand came in.
type carrier struct {
	frames  []uint64  // ascending; nil for a single frame
	seq     uint64    // the frame that completed it
	time    time.Time // of that frame
	began   time.Time // of the first frame
	due     time.Time // when time or want of room released it; zero else
	iface   int
	counted bool // its arrival was counted with its first fragment
}

// Decode reads one frame and gives its one Reason; r gets the popups and signals that it completed, and those that had to make room. It
// empties r first. f.Data may be reused afterwards.
func (d *Decoder) Decode(f Frame, r *Result) Reason {
	r.Reset()
	if len(f.Data) == 0 {
		return wire.Empty
	}
	d.now = f.Time
	if d.outbound.since.IsZero() {
		d.outbound.since = f.Time
	}
	c := carrier{seq: f.Seq, time: f.Time, began: f.Time, iface: f.Iface}
	reason := d.packet.Parse(f.Link, f.Data)
	switch reason {
	case wire.None:
		reason = d.transport(&c, r)
	case wire.Fragment:
		reason = d.fragment(&c, r)
	}
	if reason == wire.Fragment { // it may have taken more room than there is
		d.release(f.Time, r)
	}
	return reason
}

// Advance gives what time releases: popups whose missing fragments did not come. It empties r first.
func (d *Decoder) Advance(now time.Time, r *Result) {
	r.Reset()
	d.release(now, r)
}

// Finish gives what is still unfinished at the end of input. It empties r first.
func (d *Decoder) Finish(now time.Time, r *Result) {
	r.Reset()
	d.now = now
	for part, ok := d.datagrams.Finish(now); ok; part, ok = d.datagrams.Finish(now) {
		d.unfinished(part, r)
	}
	for whole, ok := d.parts.Finish(now); ok; whole, ok = d.parts.Finish(now) {
		d.opened(whole, r)
	}
	for call, ok := d.calls.Finish(now); ok; call, ok = d.calls.Finish(now) {
		d.givenUp(call, r)
	}
	for s, ok := d.streams.Finish(); ok; s, ok = d.streams.Finish() {
		s.Due = now
		d.hangUp(s, r)
	}
}

func (d *Decoder) release(now time.Time, r *Result) {
	d.now = now
	for part, ok := d.datagrams.Release(now); ok; part, ok = d.datagrams.Release(now) {
		d.unfinished(part, r)
	}
	for whole, ok := d.parts.Release(now); ok; whole, ok = d.parts.Release(now) {
		d.opened(whole, r)
	}
	for call, ok := d.calls.Release(now); ok; call, ok = d.calls.Release(now) {
		d.givenUp(call, r)
	}
	d.releaseStreams(now, r)
}

// transport reads what the innermost IP header carries.
func (d *Decoder) transport(c *carrier, r *Result) Reason {
	p := &d.packet
	switch {
	case p.Proto == inet.ProtoUDP:
		return d.udp(c, r)
	case p.Proto == inet.ProtoTCP:
		return d.tcp(c, r)
	case p.Proto == inet.ProtoICMP && !p.Marks.IPv6, p.Proto == inet.ProtoICMPv6 && p.Marks.IPv6:
		return d.icmp(c, r)
	}
	return wire.TransportOther
}

// udp tells RPC from all other UDP by its shape, on any port.
func (d *Decoder) udp(c *carrier, r *Result) Reason {
	u, reason := inet.ParseUDP(d.packet.Payload)
	switch {
	case reason != wire.None && d.packet.Cut:
		return wire.Truncated
	case reason != wire.None:
		return reason
	}
	watched := d.arrive(c, &u, r)
	d.outbound.sends(c.time.UnixNano(), d.packet.Src())
	if d.watches(u.SrcPort) {
		d.outbound.asks(c.time, d.packet.Src(), u.SrcPort, d.packet.Dst())
	}
	if u.DstPort == netbios.DatagramPort && netbios.IsDatagram(u.Payload) {
		return d.mailslot(c, &u, r)
	}
	switch reason := d.rpc(c, &u, r); {
	case reason != wire.NotRPC:
		return reason
	case watched:
		return d.knock(c, &u, r)
	}
	return wire.UDPOther
}

// arrive notes what came to a watched port, decodable or not, and says whether it did.
func (d *Decoder) arrive(c *carrier, u *inet.UDP, r *Result) (watched bool) {
	watched = d.watches(u.DstPort)
	if watched && !c.counted {
		r.Arrival = Arrival{Port: u.DstPort, Source: d.packet.Src(), Octets: u.Length}
	}
	return watched
}

func (d *Decoder) watches(port uint16) bool { return d.ports.has(port) }
