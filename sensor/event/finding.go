package event

import (
	"net/netip"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// Finding is something about popups that is none. Owned by who made it; slices may be shared and are read-only.
type Finding struct {
	Class   string       // one of the words of event.action for findings
	Kind    string       // what of its class: an Exposure; whether an exploit attempt was answered; else empty
	Subject netip.Prefix // the host or network that it is about; not valid where that is none in particular
	Part    time.Time    // packet time of its first packet, in the order in which they came
	Time    time.Time    // the document's time
	Again   bool         // not the first document of this finding: state, never alert
	Outcome string       // success, failure or unknown

	Src, Dst           netip.AddrPort // of the datagram; ports are 0 for ICMP. Not valid where its packets differ
	Protocol           uint8          // IP protocol number of that datagram; 0 where a finding has no one datagram
	ICMPType, ICMPCode uint8
	Direction          decoders.Direction
	Marks              inet.Marks
	Iface              int
	QuoteSrc, QuoteDst netip.AddrPort // of the datagram that an ICMP error quotes
	Campaign           campaign.ID    // whose popup an ICMP error quotes; empty where that is not known
	Source             *spoof.Assessment
	Count              uint64
	First, Last        time.Time
	Ports              []uint16 // ascending, at most 16
	Packets            []uint64 // frame numbers, at most 16
	Sources, Targets   uint64   // different addresses, counted up to fewAddresses; 0 where they are not counted
	Traits             []string // words for what was seen, sorted
	Evidence           []string // sentences
	Advice             string   // what to do, in a sentence
	Surplus            bool     // those share it that there was no more room to tell apart
	nth                uint64   // document of this finding: time that runs backwards gives several the same time
}

// conversation is what the Community ID hashes: ICMP has type and code where others have ports.
func (f *Finding) conversation() (src, dst netip.AddrPort, protocol uint8) {
	if f.Protocol != protocolICMP && f.Protocol != protocolICMPv6 {
		return f.Src, f.Dst, f.Protocol
	}
	return netip.AddrPortFrom(f.Src.Addr(), uint16(f.ICMPType)), netip.AddrPortFrom(f.Dst.Addr(), uint16(f.ICMPCode)), f.Protocol
}

// oneDatagram says whether the finding has the ends of one datagram.
func (f *Finding) oneDatagram() bool {
	return f.Protocol != 0 && f.Src.Addr().IsValid() && f.Dst.Addr().IsValid()
}

// network is the destination network of probes and exploit attempts; empty for findings about a host.
func (f *Finding) network() string {
	if !f.Subject.IsValid() || f.Subject.IsSingleIP() {
		return ""
	}
	return f.Subject.String()
}

// findingFields tell of what is about popups without being one.
func findingFields() []Field {
	const in = inFinding
	return []Field{
		{Path: "popupwatch.finding.class", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Finding.Class }),
			About: "What was found; the same word as event.action."},
		{Path: "popupwatch.finding.kind", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Finding.Kind }),
			About: "What of its class. Exposed hosts: message_accepted, message_refused, callback, call_refused, call_held, mapper_forwarded, mapper_refused, netbios_session or smb_accepted. Exploit attempts: attempt or answered. Else absent."},
		{Path: "popupwatch.finding.network", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Finding.network() }),
			About: "Network that probes or exploit attempts went to: /24, or /64 of IPv6. Absent for all that left the home networks or passed by them, which share a finding."},
		{Path: "popupwatch.finding.count", Type: "long", In: in, append: number(func(e *Event) uint64 { return e.Finding.Count }),
			About: "How often, from the first time on: a later document counts the earlier ones in."},
		{Path: "popupwatch.finding.first_seen", Type: "date", In: in, append: date(func(e *Event) time.Time { return e.Finding.First }),
			About: "Packet time of the first time."},
		{Path: "popupwatch.finding.last_seen", Type: "date", In: in, append: date(func(e *Event) time.Time { return e.Finding.Last }),
			About: "Packet time of the last time."},
		{Path: "popupwatch.finding.sources", Type: "long", In: in, append: numberIf(func(e *Event) uint64 { return e.Finding.Sources }),
			About: "Different source addresses that the packets claim, counted up to 64: 64 means that many or more. Absent where they are not counted."},
		{Path: "popupwatch.finding.targets", Type: "long", In: in, append: numberIf(func(e *Event) uint64 { return e.Finding.Targets }),
			About: "Different addresses that the packets went to, counted up to 64: 64 means that many or more. Absent where they are not counted."},
		{Path: "popupwatch.finding.ports", Type: "long", In: in,
			append: func(b []byte, e *Event) []byte { return appendNumbers(b, e.Finding.Ports, 16) },
			About:  "Destination ports, ascending, at most 16; of backscatter those of the quoted popups, of exposed hosts those that answered."},
		{Path: "popupwatch.finding.traits", Type: "keyword", In: in, append: list(func(e *Event) []string { return e.Finding.Traits }),
			About: "Words for what was seen, sorted: kinds of probes, traits of exploit attempts, what an inside sender did and what came back to it, how an ICMP error was tied to a campaign."},
		{Path: "popupwatch.finding.packets", Type: "long", In: in,
			append: func(b []byte, e *Event) []byte { return appendNumbers(b, e.Finding.Packets, 16) },
			About:  "Numbers of the frames that show it, over the run, the first 16."},
		{Path: "popupwatch.finding.evidence", Type: "text", In: in, append: list(func(e *Event) []string { return e.Finding.Evidence }),
			About: "What shows it, what that proves and what not, in sentences."},
		{Path: "popupwatch.finding.advice", Type: "text", In: in, append: word(func(e *Event) string { return e.Finding.Advice }),
			About: "What to do, and what not to conclude."},
		{Path: "popupwatch.finding.surplus", Type: "boolean", In: in, append: mark(func(e *Event) bool { return e.Finding.Surplus }),
			About: "True in the document that sources, hosts or networks share which there was no more room to tell apart. Else absent."},
		{Path: "popupwatch.quote.source.ip", Type: "ip", In: in, append: address(func(e *Event) netip.Addr { return e.Finding.QuoteSrc.Addr() }),
			About: "Source of the popup that an ICMP error quotes: whom its sender pretended to be."},
		{Path: "popupwatch.quote.source.port", Type: "long", In: in, append: numberIf(func(e *Event) uint64 { return uint64(e.Finding.QuoteSrc.Port()) }),
			About: "Its port."},
		{Path: "popupwatch.quote.destination.ip", Type: "ip", In: in, append: address(func(e *Event) netip.Addr { return e.Finding.QuoteDst.Addr() }),
			About: "Destination of the quoted popup."},
		{Path: "popupwatch.quote.destination.port", Type: "long", In: in, append: numberIf(func(e *Event) uint64 { return uint64(e.Finding.QuoteDst.Port()) }),
			About: "Its port."},
	}
}
