package complaint

import (
	"fmt"
	"net/netip"
	"strings"
)

// Sight is what one line, or one report, says was seen. What it does not say is the zero value.
type Sight struct {
	File    string
	Line    int    // 0 for what a report says outside its lines
	Form    string // of the log
	Stamp   Stamp
	Proto   string // udp, tcp, icmp, or a number or word as it stands there
	Src     netip.AddrPort
	Dst     netip.AddrPort
	Flags   string // TCP flags, of the letters SAFRPU
	TTL     uint8
	ID      uint16 // IP identification
	Count   int    // how many packets the line stands for, by its own words; at least 1
	Subject string // what the log calls it: a signature's name, a category
	Told    int    // how often it was told in all
}

// Place is where a sight stands, for people.
func (s *Sight) Place() string {
	if s.Line == 0 {
		return s.File
	}
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}

// String says what was seen, in one line; the words of the log come as they stand there.
func (s *Sight) String() string {
	proto := strings.ToUpper(s.Proto)
	if proto == "" {
		proto = "a packet of an unnamed protocol"
	}
	said := proto + " from " + endpoint(s.Src, "source") + " to " + endpoint(s.Dst, "target")
	if s.Flags != "" {
		said += ", flags " + s.Flags
	}
	if s.TTL != 0 {
		said += fmt.Sprintf(", TTL %d", s.TTL)
	}
	if s.Count > 1 {
		said += fmt.Sprintf(", %d packets by the log's count", s.Count)
	}
	return said + ", " + s.Stamp.String()
}

func endpoint(a netip.AddrPort, what string) string {
	switch {
	case !a.Addr().IsValid() && a.Port() == 0:
		return "an unnamed " + what
	case !a.Addr().IsValid():
		return fmt.Sprintf("port %d of an unnamed %s", a.Port(), what)
	case a.Port() == 0:
		return a.Addr().String()
	}
	return a.String()
}

// Limit is a reason why a sight is no proof, or says less than it seems to.
type Limit uint8

// The limits: first what such a packet cannot prove, then what the line does not say.
const (
	OneDatagram Limit = iota
	PopupPort
	OpeningOnly
	FlagsUnsaid
	Answer
	MidConnection
	OneICMP
	ProtocolUnsaid
	NoPayload
	NoSourcePort
	NoTarget
	PrivateTarget
	NoTime
	NoZone
	NoYear
	limitCount
)

// String is the reason as a sentence.
func (l Limit) String() string {
	return [limitCount]string{
		"One UDP datagram proves that a datagram arrived, and nothing about who sent it: its sender writes what source he likes, and needs no answer.",
		"The port is one of those that popup spam went to (135, 1026 and a few above). Much of that spam was sent with invented sources from 2003 on.",
		"A first TCP segment (SYN) alone is as easy to forge as a datagram: only the rest of the handshake would show that the address received an answer.",
		"The line does not say which TCP segment it was. What a firewall refuses is a first one (SYN), which is as easy to forge as a datagram.",
		"A SYN+ACK or RST is an answer. It can be forged like any single segment; if it was not, the address answers somebody who writes the complainant's address on his packets, and did not begin.",
		"A segment from the middle of a connection proves something only where the log shows the handshake before it; a single line does not.",
		"An ICMP packet needs no answer, and its source can be written by anybody.",
		"The line does not name the protocol: without it nothing can be said of whether the source had to receive anything.",
		"The payload is not there: neither what was said nor whether a call asked for an answer can be looked at. A signature's name is an opinion on the payload, not the payload.",
		"There is no source port: where customers share an address (NAT, CGN) nobody can tell which of them it would be (RFC 6302).",
		"The target's address or port is not said, so it cannot be looked for in anybody's records.",
		"The target is a private address, which a router put there: what stood on the wire is not said, so it cannot be looked for in anybody's records.",
		"The time is not said, or cannot be read in one way only: an address belongs to different people at different times.",
		"The time zone is not said: the time may be off by up to 14 hours, and an address may have changed hands in between.",
		"The year is not said.",
	}[l]
}

// Limits gives the reasons why the sight is no proof. There is always one: no line of a log is a proof of who sent a packet.
func (s *Sight) Limits() []Limit {
	out := s.packetLimits()
	add := func(when bool, l Limit) {
		if when {
			out = append(out, l)
		}
	}
	add(true, NoPayload)
	add(s.Src.Port() == 0 && s.Proto != "icmp", NoSourcePort)
	add(!s.Dst.Addr().IsValid() || s.Dst.Port() == 0 && s.Proto != "icmp", NoTarget)
	add(s.Dst.Addr().IsPrivate() || s.Dst.Addr().IsLoopback(), PrivateTarget)
	add(!s.Stamp.Known, NoTime)
	add(s.Stamp.Known && !s.Stamp.Zone, NoZone)
	add(s.Stamp.Known && !s.Stamp.Year, NoYear)
	return out
}

// Comparable says whether the sight can be looked for in a capture: target and time are said, and the target stood on the wire.
func (s *Sight) Comparable() bool {
	a := s.Dst.Addr()
	return s.Stamp.Known && a.IsValid() && !a.IsPrivate() && !a.IsLoopback() && (s.Dst.Port() != 0 || s.Proto == "icmp")
}

// packetLimits is what a packet of that kind cannot prove.
func (s *Sight) packetLimits() []Limit {
	has := func(flag string) bool { return strings.Contains(s.Flags, flag) }
	switch {
	case s.Proto == "udp" && (s.Dst.Port() == 135 || s.Dst.Port() >= 1025 && s.Dst.Port() <= 1031):
		return []Limit{OneDatagram, PopupPort}
	case s.Proto == "udp":
		return []Limit{OneDatagram}
	case s.Proto == "icmp":
		return []Limit{OneICMP}
	case s.Proto == "tcp" && s.Flags == "":
		return []Limit{FlagsUnsaid}
	case s.Proto == "tcp" && (has("R") || has("S") && has("A")):
		return []Limit{Answer}
	case s.Proto == "tcp" && has("S"):
		return []Limit{OpeningOnly}
	case s.Proto == "tcp":
		return []Limit{MidConnection}
	}
	return []Limit{ProtocolUnsaid}
}
