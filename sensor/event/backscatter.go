package event

import (
	"fmt"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/sensor/campaign"
)

// Tie says which campaign a quoted popup belongs to, and by what that is known.
type Tie struct {
	Campaign campaign.ID // empty: not known
	By       string      // one of the words below
}

// How a quoted popup was tied to its campaign. The words stand in popupwatch.finding.traits.
const (
	TieActivity = "tied_by_activity"
	TieText     = "tied_by_text"
	TieLength   = "tied_by_length"
)

// The other traits of backscatter.
const (
	wordQuotedSeen = "popup_seen"
	wordQuotedLost = "popup_not_seen"
	wordDisowned   = "answer_refused" // the quote is of an answer or callback: the address that the popup claims refused it
	wordShort      = "quote_short"    // the quote ends before the sequence number: the popup cannot be found by it
)

// quotes notes an ICMP error that quotes a popup, or another PDU of its call, by the address that the popup claims to come from. Quotes of
// ports alone count only where one of ours is said to have sent what nobody had asked for, and a campaign has that length: port and length
// show no popup by themselves.
func (f *Findings) quotes(s *decoders.Signal, c *Context) {
	named := s.QuoteReach >= decoders.ReachActivity
	if !named && (c.Direction != decoders.DirectionInbound || s.Solicited != decoders.No || c.Tie.Campaign == "") {
		return
	}
	x := seen(ActionBackscatter, s, c.Direction)
	x.Subject, x.Outcome, x.Protocol, x.ICMPType, x.ICMPCode = host(s.QuoteSrc.Addr()), "failure", protocolICMP, s.ICMPType, s.ICMPCode
	if s.Src.Addr().Is6() {
		x.Protocol = protocolICMPv6
	}
	x.QuoteSrc, x.QuoteDst, x.port, x.Campaign = s.QuoteSrc, s.QuoteDst, s.QuoteDst.Port(), c.Tie.Campaign
	switch {
	case named && disowns(s):
		x.Subject, x.words = host(s.QuoteDst.Addr()), []string{wordDisowned}
	case !s.QuoteHasHeader:
		x.words = []string{wordShort}
	case s.CallSeen:
		x.words = []string{wordQuotedSeen}
	default:
		x.words = []string{wordQuotedLost}
	}
	if c.Tie.Campaign != "" {
		x.words = append(x.words, c.Tie.By)
	}
	f.add(shelfBackscatter, x)
}

// disowns says whether an error quotes what a called host sent back: it then comes from where the popup claims to come from.
func disowns(s *decoders.Signal) bool {
	switch s.PDU.Type {
	case dcerpc.TypeRequest:
		return s.PDU.Interface == dcerpc.Conversation
	case dcerpc.TypeResponse, dcerpc.TypeFault, dcerpc.TypeWorking, dcerpc.TypeNoCall, dcerpc.TypeReject, dcerpc.TypeCancelAck:
		return s.PDU.Interface != dcerpc.Conversation
	}
	return false
}

// backscatter gives evidence and advice of popups that were refused.
func (g *gathered) backscatter() ([]string, string) {
	const advice = "Do not treat the quoted source as the sender: its address may be forged. If it is ours and sent nothing, tell the upstream provider."
	e := g.lost()
	if n := g.of(wordDisowned); n > 0 {
		e = append(e, fmt.Sprintf("Errors that quote what a called host sent back: %d. Nobody at the claimed sender's address waited for an answer, or to be asked whether "+
			"it made the call; a tool that sends without a port of its own leaves the same trace.", n))
	}
	if n := g.of(wordShort); n > 0 {
		e = append(e, fmt.Sprintf("Errors whose quote is too short to find the popup by: %d. Whether it left our network, or came by the sensor, they cannot tell.", n))
	}
	for _, t := range []struct{ word, says string }{
		{TieActivity, "Activity UUIDs tie %s to the campaign: the same tool made them, or one that copies it."},
		{TieText, "The texts tie %s to the campaign, as far as they reach."},
		{TieLength, "Their lengths alone tie %s to the campaign: a hint, no more."},
	} {
		if n := g.of(t.word); n > 0 {
			e = append(e, fmt.Sprintf(t.says, appendCount(nil, n, "quote", "")))
		}
	}
	return e, advice
}

// lost says what it means that the popups themselves were seen, or were not.
func (g *gathered) lost() (e []string) {
	if g.of(wordQuotedSeen)+g.of(wordQuotedLost) > 0 {
		e = append(e, "An ICMP error quotes a popup: who gets the error is who the popup claimed to come from.")
	}
	if n := g.of(wordQuotedSeen); n > 0 {
		e = append(e, fmt.Sprintf("Quoted popups that came by the sensor as well: %d.", n))
	}
	n := g.of(wordQuotedLost)
	switch {
	case n == 0:
	case g.finding.Direction == decoders.DirectionOutbound:
		e = append(e, fmt.Sprintf("Quoted popups that did not come by the sensor: %d. One of our hosts refused what the sensor lost, or had no place to see.", n))
	case g.finding.Direction == decoders.DirectionInbound:
		e = append(e, fmt.Sprintf("Quoted popups that were not seen to leave: %d. Where the sensor sees all that leaves, our network did not send them, and somebody else writes our address into popups.", n))
	}
	return e
}
