package event

import (
	"net/netip"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
	"popupwatch/sensor/spoof"
)

// Finding is something about popups that is none. Owned by who made it; slices may be shared and are read-only.
type Finding struct {
	Class   string    // one of the words of event.action for findings
	Time    time.Time // the document's time
	Again   bool      // not the first document of this finding: state, never alert
	Outcome string    // success, failure or unknown

	Src, Dst           netip.AddrPort // of the datagram; ports are 0 for ICMP
	Protocol           uint8          // IP protocol number of that datagram; 0 where a finding has no one datagram
	ICMPType, ICMPCode uint8
	Direction          decoders.Direction
	Marks              inet.Marks
	Iface              int
	QuoteSrc, QuoteDst netip.AddrPort // of the datagram that an ICMP error quotes
	Source             *spoof.Assessment
	Count              uint64
	First, Last        time.Time
	Ports              []uint16 // ascending, at most 16
	Packets            []uint64 // frame numbers, at most 16
	Evidence           []string // sentences
	Advice             string   // what to do, in a sentence
	Surplus            bool     // quoted sources share it that there was no more room to tell apart
}

// conversation is what the Community ID hashes: ICMP has type and code where others have ports.
func (f *Finding) conversation() (src, dst netip.AddrPort, protocol uint8) {
	if f.Protocol != protocolICMP && f.Protocol != protocolICMPv6 {
		return f.Src, f.Dst, f.Protocol
	}
	return netip.AddrPortFrom(f.Src.Addr(), uint16(f.ICMPType)), netip.AddrPortFrom(f.Dst.Addr(), uint16(f.ICMPCode)), f.Protocol
}

// findingFields tell of what is about popups without being one.
func findingFields() []Field {
	const in = inFinding
	return []Field{
		{Path: "popupwatch.finding.class", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Finding.Class }),
			About: "What was found; the same word as event.action."},
		{Path: "popupwatch.finding.count", Type: "long", In: in, append: number(func(e *Event) uint64 { return e.Finding.Count }),
			About: "How often, from the first time on: a later document counts the earlier ones in."},
		{Path: "popupwatch.finding.first_seen", Type: "date", In: in, append: date(func(e *Event) time.Time { return e.Finding.First }),
			About: "Packet time of the first time."},
		{Path: "popupwatch.finding.last_seen", Type: "date", In: in, append: date(func(e *Event) time.Time { return e.Finding.Last }),
			About: "Packet time of the last time."},
		{Path: "popupwatch.finding.ports", Type: "long", In: in,
			append: func(b []byte, e *Event) []byte { return appendNumbers(b, e.Finding.Ports, 16) },
			About:  "Destination ports, ascending, at most 16; of backscatter those of the quoted popups."},
		{Path: "popupwatch.finding.packets", Type: "long", In: in,
			append: func(b []byte, e *Event) []byte { return appendNumbers(b, e.Finding.Packets, 16) },
			About:  "Numbers of the frames that show it, over the run, the first 16."},
		{Path: "popupwatch.finding.evidence", Type: "text", In: in, append: list(func(e *Event) []string { return e.Finding.Evidence }),
			About: "What shows it, in sentences."},
		{Path: "popupwatch.finding.advice", Type: "text", In: in, append: word(func(e *Event) string { return e.Finding.Advice }),
			About: "What to do, and what not to conclude."},
		{Path: "popupwatch.finding.surplus", Type: "boolean", In: in, append: mark(func(e *Event) bool { return e.Finding.Surplus }),
			About: "True in the document that quoted sources share which there was no more room to tell apart. Else absent."},
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
