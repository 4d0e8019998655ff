package spoof

import (
	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

// backscatter notes the tool of a popup that an ICMP error quotes as ours though our network never sent it: somebody forges with that tool (E60).
// Only where the sensor was seen to hear what leaves; else it may have been ours.
func (j *Judge) backscatter(s *decoders.Signal) {
	t := j.trust
	if s.Kind != decoders.SignalQuote || s.CallSeen || s.QuoteReach < decoders.ReachHeader || s.PDU.Type != dcerpc.TypeRequest || s.PDU.Interface == dcerpc.Conversation {
		return
	}
	if !t.home(s.QuoteSrc.Addr()) || !t.home(s.Dst.Addr()) || t.home(s.Src.Addr()) || s.Marks.Tunnels > 0 || !t.sides[s.Iface].apart {
		return
	}
	clock, has := findClock(s.PDU.Activity, s.Time)
	t.quoted.put(fingerprint(j.secret, s.PDU.Activity, clock, has), true, s.Time)
}

// quotedRow is E60 where the tool of a packet is one that forges our addresses.
func (j *Judge) quotedRow(m *sighting) rows {
	if m.call == nil || len(j.trust.quoted.current)+len(j.trust.quoted.before) == 0 || m.call.Activity == (dcerpc.UUID{}) {
		return 0
	}
	clock, has := findClock(m.call.Activity, m.time)
	if _, ok := j.trust.quoted.get(fingerprint(j.secret, m.call.Activity, clock, has)); !ok {
		return 0
	}
	return rowE60
}

const sentenceQuoted = "Errors reached our addresses about popups that our network never sent, with the constants of this tool: whoever uses it forges addresses."
