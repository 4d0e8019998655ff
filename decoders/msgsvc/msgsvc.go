// Package msgsvc reads the stub of NetrSendMessage, the popup itself.
package msgsvc

import (
	"bytes"

	"popupwatch/decoders/wire"
)

// Version and Operation of NetrSendMessage: msgsvcsend 1.0, opnum 0 ([MS-MSRP] 3.2.4).
const (
	Version   = 1
	Operation = 0
)

// String is one conformant varying string of the stub: counts as they stand there, Octets as many of Actual as are there (a view).
type String struct {
	Max, Offset, Actual uint32
	Octets              []byte
}

// Whole says whether all octets that Actual promises are there.
func (s *String) Whole() bool { return uint64(len(s.Octets)) == uint64(s.Actual) }

// Popup is the three arguments.
//
//	error_status_t NetrSendMessage([in, string] LPSTR From, [in, string] LPSTR To, [in, string] LPSTR Text)   [MS-MSRP] 3.2.4.1
type Popup struct {
	From, To, Text String
	Trailing       int // octets of the stub after the Text and its padding
}

// Parse reads a stub. From and To must lie within it, and at least one octet of the Text where that is not empty; what a strict receiver
// would refuse beyond that is reported by Anomalies. Reasons: wire.StubShort, wire.StubMalformed, wire.StubNoText; then the Popup is zero.
func Parse(stub []byte, big bool) (Popup, wire.Reason) {
	c := wire.NewCursor(stub, big)
	var p Popup
	var reason wire.Reason
	if p.From, reason = name(&c); reason != wire.None {
		return Popup{}, reason
	}
	if p.To, reason = name(&c); reason != wire.None {
		return Popup{}, reason
	}
	p.Text = counts(&c)
	if c.Err() {
		return Popup{}, wire.StubShort
	}
	p.Text.Octets = c.UpTo(int(min(p.Text.Actual, uint32(len(stub)))))
	if p.Text.Actual > 0 && len(p.Text.Octets) == 0 {
		return Popup{}, wire.StubNoText
	}
	if pad := -c.Offset() & 3; c.Remaining() > pad {
		p.Trailing = c.Remaining() - pad
	}
	return p, wire.None
}

// Glimpse reads as much of a stub as is there, for a stub that an ICMP error quotes: strings that are cut keep the octets they have.
func Glimpse(stub []byte, big bool) Popup {
	c := wire.NewCursor(stub, big)
	var p Popup
	for _, s := range []*String{&p.From, &p.To, &p.Text} {
		*s = counts(&c)
		s.Octets = c.UpTo(int(min(s.Actual, uint32(len(stub)))))
	}
	return p
}

// name reads From or To, whole. An offset beyond the size of the array is no string at all: so a stub with referent ids, which this
// interface does not have, is told from one that is merely odd.
func name(c *wire.Cursor) (String, wire.Reason) {
	s := counts(c)
	if c.Err() {
		return String{}, wire.StubShort
	}
	if s.Offset > s.Max || uint64(s.Actual) > uint64(c.Remaining()) {
		return String{}, wire.StubMalformed
	}
	s.Octets = c.Bytes(int(s.Actual))
	return s, wire.None
}

// counts reads max_count, offset and actual_count of a string, aligned to 4 from the start of the stub (C706 14.3.4).
func counts(c *wire.Cursor) String {
	c.Align(4)
	return String{Max: c.U32(), Offset: c.U32(), Actual: c.U32()}
}

// Anomaly is a set of what a strict receiver would refuse, or what gives a tool away.
type Anomaly uint32

// The anomalies; the words are part of the output.
const (
	ActualGreaterMax Anomaly = 1 << iota // actual_count above max_count
	OffsetNonzero                        // offset not 0
	NoNUL                                // a string without NUL
	EmbeddedNUL                          // octets after the first NUL
	ZeroLength                           // actual_count 0: not even a NUL
	StringBeyondBody                     // the Text's count goes beyond the stub
	StubTrailing                         // octets after the Text within the stub
	LengthBeyond                         // header length beyond the datagram
	TrailingOctets                       // octets of the datagram after the body
	AuthPresent                          // an authentication trailer, which this call never has
	ForwardedOnWire                      // the flag that is only set within a host
	NoFinalNUL                           // mailslot: the Text ends with the data
	MissingText                          // mailslot: nothing follows To
	InnerSource                          // the NetBIOS datagram names another source address than the IP header
	anomalyEnd
)

// AnomalyCount is the number of different sets.
const AnomalyCount = int(anomalyEnd)

// Words gives the words of a set, in the order of the constants.
func (a Anomaly) Words() []string { return wire.Words(a, anomalyWords[:]) }

var anomalyWords = [...]string{
	"actual-gt-max", "offset-nonzero", "no-nul", "embedded-nul", "zero-length", "string-beyond-body", "stub-trailing-octets",
	"len-beyond-datagram", "trailing-octets", "auth-present", "forwarded-bit-on-wire",
	"no-final-nul", "missing-text", "dgm-source-ip-mismatch",
}

// Anomalies names what is odd about the strings. cut says that octets are missing because a fragment or the capture ended: that is not the
// sender's doing.
func (p *Popup) Anomalies(cut bool) Anomaly {
	a := p.From.anomalies() | p.To.anomalies() | p.Text.anomalies()
	if !cut && !p.Text.Whole() {
		a |= StringBeyondBody
	}
	if p.Trailing > 0 {
		a |= StubTrailing
	}
	return a
}

func (s *String) anomalies() (a Anomaly) {
	if s.Actual > s.Max {
		a |= ActualGreaterMax
	}
	if s.Offset != 0 {
		a |= OffsetNonzero
	}
	switch nul := bytes.IndexByte(s.Octets, 0); {
	case s.Actual == 0:
		a |= ZeroLength
	case nul < 0 && s.Whole():
		a |= NoNUL
	case nul >= 0 && nul < len(s.Octets)-1:
		a |= EmbeddedNUL
	}
	return a
}
