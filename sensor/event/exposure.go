package event

import (
	"fmt"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

// Exposure is how a home host showed that it answers the Messenger service. The words stand in popupwatch.finding.kind.
type Exposure string

// The exposures.
const (
	ExposureNone      Exposure = ""
	ExposureAccepted  Exposure = "message_accepted" // NetrSendMessage returned 0
	ExposureRefused   Exposure = "message_refused"  // it returned something else
	ExposureCallback  Exposure = "callback"         // the host asked the caller who it is
	ExposureFault     Exposure = "call_refused"     // fault or reject from a dynamic port
	ExposureHeld      Exposure = "call_held"        // the host acknowledged fragments, or works on the call
	ExposureForwarded Exposure = "mapper_forwarded" // a call to port 135 was answered from another
	ExposureMapper    Exposure = "mapper_refused"   // the endpoint mapper refused it
	ExposureSession   Exposure = "netbios_session"  // a NetBIOS session to NAME<03> was accepted
	ExposureSMB       Exposure = "smb_accepted"     // the SMB server took a command of the Messenger
)

// exposureOf is the one place that says what a signal from a host shows of it. To add a road: 1 a case here; 2 a word above, with its
// sentences in exposures; 3 the word in the table of fields (finding.go) and the page cmd/popupwatch/topics/findings.md.
func exposureOf(s *decoders.Signal) Exposure {
	switch s.Kind {
	case decoders.SignalStream:
		return exposureOfSession(s.Session)
	case decoders.SignalPDU:
		return exposureOfAnswer(s)
	}
	return ExposureNone
}

// exposureOfSession is the same of a connection to the Messenger.
func exposureOfSession(s *decoders.Session) Exposure {
	switch {
	case s.Stage == decoders.SessionGranted:
		return ExposureSession
	case s.Stage == decoders.SessionAnswered && s.Status == 0:
		return ExposureSMB
	}
	return ExposureNone
}

// exposureOfAnswer is the same of a PDU of connectionless RPC.
func exposureOfAnswer(s *decoders.Signal) Exposure {
	mapper := s.Src.Port() == dcerpc.MapperPort
	switch s.Fact {
	case decoders.FactResponse:
		if s.HasStatus && s.Status == 0 {
			return ExposureAccepted
		}
		return ExposureRefused
	case decoders.FactCallback:
		return ExposureCallback
	case decoders.FactFault, decoders.FactReject:
		if mapper {
			return ExposureMapper
		}
		return ExposureFault
	case decoders.FactWorking, decoders.FactFack: // clients send facks as well: it must be the host that was called
		if s.Exchange.Call.Frame != 0 && s.Exchange.Call.Dst.Addr() == s.Src.Addr() {
			return ExposureHeld
		}
	}
	return ExposureNone
}

// exposes notes a home host that answered somebody outside. What the sensor hears on an interface that only hears what comes in cannot have
// left the host that way.
func (f *Findings) exposes(s *decoders.Signal, dir decoders.Direction) {
	if dir != decoders.DirectionOutbound || f.builder.interfaces.Of(s.Iface).Role == decoders.RoleExternal {
		return
	}
	kind := exposureOf(s)
	if kind == ExposureNone {
		return
	}
	f.add(shelfExposed, exposed(s, kind))
	if kind != ExposureMapper && s.Exchange.Forwarded(s.Src.Port()) {
		f.add(shelfExposed, exposed(s, ExposureForwarded))
	}
}

// exposed is the finding that one answer makes: it went out, and the finding is about the call that came in, whose destination is the host.
func exposed(s *decoders.Signal, kind Exposure) *sighting {
	x := seen(ActionExposedHost, s, decoders.DirectionInbound)
	x.Kind, x.Subject, x.Outcome = string(kind), host(s.Src.Addr()), "success"
	x.Src, x.Dst, x.port = s.Dst, s.Src, s.Src.Port()
	if s.Kind == decoders.SignalStream {
		x.Protocol = protocolTCP
		return x
	}
	call := s.Exchange.Call.Frame
	if call != 0 {
		x.frames = []uint64{call, s.Frame}
	}
	if x.words = []string{wordUnseenCall}; call != 0 || s.CallSeen {
		x.words = []string{wordSeenCall}
	}
	return x
}

// The traits of exposed hosts.
const (
	wordSeenCall   = "call_seen"
	wordUnseenCall = "call_not_seen"
)

// exposures say of each kind what was seen, and what it shows.
var exposures = [...]struct {
	kind        Exposure
	seen, shows string // seen has room for how often
}{
	{ExposureAccepted, "The host returned 0 to NetrSendMessage %s.",
		"It runs the Messenger service and takes popups from outside. It does not show that one was displayed, nor that the host is harmed."},
	{ExposureRefused, "The host returned an error to NetrSendMessage %s.",
		"It runs the Messenger service, which can be reached from outside and did not take the popup."},
	{ExposureCallback, "The host asked a caller from outside who it is (conv_who_are_you) %s.",
		"Its RPC service received the call and will run it once the caller answers."},
	{ExposureFault, "The host refused or broke off a call from a dynamic port %s.",
		"An RPC service of it can be reached from outside; that need not be the Messenger service."},
	{ExposureHeld, "The host acknowledged parts of a call, or said that it works on it, %s.",
		"Its RPC service received the call."},
	{ExposureForwarded, "The host answered a call to its endpoint mapper (UDP 135) from another port %s.",
		"UDP 135 can be reached from outside, and the endpoint mapper hands calls on to services that were never meant to be."},
	{ExposureMapper, "The host's endpoint mapper (UDP 135) refused a call %s.",
		"UDP 135 can be reached from outside. The interface that was asked for is not registered there."},
	{ExposureSession, "The host accepted a NetBIOS session to the name of its Messenger service (NAME<03>) %s.",
		"TCP 139 can be reached from outside, and the service waits there."},
	{ExposureSMB, "The host's SMB server answered a command of the Messenger with success %s.",
		"It takes popups over TCP from outside. It does not show that one was displayed, nor that the host is harmed."},
}

// says gives the sentences of a kind of exposure.
func (x Exposure) says() (seen, shows string, ok bool) {
	for i := range exposures {
		if e := &exposures[i]; e.kind == x {
			return e.seen, e.shows, true
		}
	}
	return "", "", false
}

// exposure gives evidence and advice of an exposed host.
func (g *gathered) exposure() ([]string, string) {
	const advice = "Close UDP 135 and 1025-1031 and TCP 139 and 445 inbound at the host, with everything else that it need not offer, and disable the Messenger " +
		"service (popupwatch help findings: how, by version of Windows). Do not block 1026 blindly at the border: replies to ordinary requests use the same port."
	e := []string{"Several home hosts answered calls of the Messenger service from outside: there was no room to tell them apart."}
	if seen, shows, ok := Exposure(g.finding.Kind).says(); ok && !g.finding.Surplus {
		e = []string{fmt.Sprintf(seen, times(g.finding.Count)), shows}
	}
	if n := g.of(wordSeenCall); n > 0 {
		e = append(e, fmt.Sprintf("Answers whose call was seen before: %d. Each names the activity and sequence number of its call, which only who saw the call can.", n))
	}
	if n := g.of(wordUnseenCall); n > 0 {
		e = append(e, fmt.Sprintf("Answers whose call was not seen: %d. Where one datagram is all that shows an answer, it may be forged in the host's name.", n))
	}
	return append(e, "That the answers left is read from their addresses: on a span that hears both directions, the source MAC address tells from which side they came."), advice
}

// times is a count in words.
func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return string(appendCount(nil, n, "time", ""))
}
