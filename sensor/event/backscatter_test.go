package event

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

func TestRefusalsByHomeHostsAreToldOnceAndMatterLess(t *testing.T) {
	for name, c := range map[string]struct {
		home     string
		severity int
	}{"our host refuses": {"203.0.113.9", severityLow}, "a home address abused": {sampleQuote().QuoteSrc.Addr().String(), severityMedium}} {
		cfg := sampleConfig()
		cfg.Home = func(a netip.Addr) bool { return a == netip.MustParseAddr(c.home) }
		f := NewFindings(NewBuilder(cfg), 0)
		f.Signal(sampleQuote(), &Context{})
		if e := f.Next(); e.Kind != KindAlert || e.Severity != c.severity {
			t.Errorf("%s: kind %s, severity %d; want alert, %d", name, e.Kind, e.Severity, c.severity)
		}
	}
}

// What an ICMP error says of the popup depends on which way it goes, and on whether the popup was seen.
func TestBackscatterSaysWhatWasLostAndWhatWasForged(t *testing.T) {
	for name, c := range map[string]struct {
		dir  decoders.Direction
		seen bool
		want string
	}{
		"our host refuses what was not seen": {decoders.DirectionOutbound, false, "did not come by the sensor"},
		"our host refuses what was seen":     {decoders.DirectionOutbound, true, "came by the sensor as well"},
		"in our name, not seen to leave":     {decoders.DirectionInbound, false, "somebody else writes our address"},
		"in our name, seen to leave":         {decoders.DirectionInbound, true, "came by the sensor as well"},
	} {
		f := homeFindings()
		s := sampleQuote()
		s.CallSeen = c.seen
		f.Signal(s, &Context{Direction: c.dir})
		if e := fmt.Sprint(at(one(t, f), "popupwatch.finding.evidence")); !strings.Contains(e, c.want) || strings.Contains(e, "somebody else") != (c.want == "somebody else writes our address") {
			t.Errorf("%s: %s", name, e)
		}
	}
}

// A quote that ends with the ports shows no popup: it counts only where our network is known to have sent nothing there, and a campaign has that length.
func TestQuotesOfPortsAloneCountOnlyWhereNothingWasSent(t *testing.T) {
	tie := Tie{"cmp1-a", TieLength}
	for name, c := range map[string]struct {
		solicited decoders.Known
		tie       Tie
		dir       decoders.Direction
		want      int
	}{
		"nothing sent, length known":    {decoders.No, tie, decoders.DirectionInbound, 1},
		"nothing sent, length unknown":  {decoders.No, Tie{}, decoders.DirectionInbound, 0},
		"sent by ourselves":             {decoders.Yes, tie, decoders.DirectionInbound, 0},
		"nobody knows":                  {decoders.Unknown, tie, decoders.DirectionInbound, 0},
		"our own host refuses whatever": {decoders.No, tie, decoders.DirectionOutbound, 0},
	} {
		f := homeFindings()
		s := sampleQuote()
		s.QuoteHasHeader, s.QuoteReach, s.PDU, s.Solicited = false, decoders.ReachPorts, dcerpc.Header{}, c.solicited
		f.Signal(s, &Context{Direction: c.dir, Tie: c.tie})
		if got := len(told(t, f)); got != c.want {
			t.Errorf("%s: %d findings, want %d", name, got, c.want)
		}
	}
}

// An error that quotes a callback is about the address that the popup claimed: the one that was asked.
func TestAnErrorThatQuotesACallbackIsAboutTheClaimedSender(t *testing.T) {
	f := homeFindings()
	s := sampleQuote()
	s.Src, s.Dst, s.QuoteSrc, s.QuoteDst = addrPort("192.0.2.7:0"), addrPort("192.0.2.8:0"), addrPort("192.0.2.8:1099"), addrPort("192.0.2.7:666")
	s.PDU.Interface, s.PDU.Activity = dcerpc.Conversation, dcerpc.UUID{2}
	f.Signal(s, &Context{Direction: decoders.DirectionInternal})
	e := f.Next()
	if e == nil || e.Finding.Subject.Addr() != s.QuoteDst.Addr() || e.Severity != severityMedium {
		t.Fatalf("%+v", e)
	}
	if says := fmt.Sprint(e.Finding.Evidence); strings.Contains(says, "quotes a popup") || !strings.Contains(says, "sent back: 1.") {
		t.Error(says)
	}
}
