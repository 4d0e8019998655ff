package event

import (
	"fmt"
	"net/netip"
	"slices"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/spoof"
)

// The traits of inside senders: what the host did, and what bears on whether it did.
const (
	wordUnwanted    = "unwanted_popup"
	wordClean       = "clean_popup"
	wordExploit     = "exploit_attempt"
	wordProbe       = "probe"
	wordAnswered    = "answered"            // answers came back to it
	wordErrors      = "errors_came_back"    // ICMP errors did
	wordConfirmed   = "confirmed"           // it answered a callback with yes
	wordDenied      = "denied"              // it answered one with no
	wordUnreachable = "answers_unreachable" // it has no such port, it says
)

// bear adds a word to the finding about an end of a signal, if there is one.
func (f *Findings) bear(s *decoders.Signal, end netip.AddrPort, word string) {
	if word == "" {
		return
	}
	if g := f.shelves[shelfInside].places[findingKey{subject: host(end.Addr())}]; g != nil {
		g.count(&sighting{Finding: Finding{Time: s.Time}, words: []string{word}, frames: []uint64{s.Frame}, bears: true})
	}
}

// sends notes a popup that a home host sent: outside any that is unwanted, within only spam and exploit attempts, since colleagues write to
// each other. Other popups to the outside count where they go to many.
func (f *Findings) sends(m *decoders.Message, v rules.Verdict, a *spoof.Assessment, dir decoders.Direction) {
	word := wordClean
	switch {
	case popupAction(m, v, a) == ActionExploit:
		word = wordExploit
	case v.Class == rules.Spam, v.Class == rules.Suspect && dir == decoders.DirectionOutbound:
		word = wordUnwanted
	}
	if dir != decoders.DirectionOutbound && (dir != decoders.DirectionInternal || word == wordClean) {
		return
	}
	x := messageSighting(ActionInsideSender, m, a, dir)
	x.Subject, x.words = host(m.Src.Addr()), []string{word}
	f.add(shelfInside, x)
}

// messageSighting begins a sighting with what a popup says.
func messageSighting(class string, m *decoders.Message, a *spoof.Assessment, dir decoders.Direction) *sighting {
	x := &sighting{
		Finding: Finding{
			Class: class, Time: m.Time, Outcome: outcomeUnknown, Direction: dir, Src: m.Src, Dst: m.Dst, Protocol: transportNumber(m.Route), Marks: m.Marks,
			Iface: m.Iface, Source: standing(a),
		},
		frames: m.Frames, port: m.Dst.Port(),
	}
	if !m.Due.IsZero() {
		x.Time = m.Due
	}
	return x
}

// standing is what a finding keeps of a claim: its state. The assessment is a view, and its evidence stands in the claim's own documents.
func standing(a *spoof.Assessment) *spoof.Assessment {
	if a == nil {
		return nil
	}
	return &spoof.Assessment{Key: a.Key, State: a.State, Reportable: a.Reportable}
}

// sweeps notes a probe that a home host sent.
func (f *Findings) sweeps(s *decoders.Signal, a *spoof.Assessment, dir decoders.Direction) {
	if dir != decoders.DirectionOutbound && dir != decoders.DirectionInternal {
		return
	}
	x := seen(ActionInsideSender, s, dir)
	x.Subject, x.words, x.Source = host(s.Src.Addr()), []string{wordProbe}, standing(a)
	f.add(shelfInside, x)
}

// bears notes what speaks for or against a host that is known as inside sender: what came back to it, and what it says to that.
func (f *Findings) bears(s *decoders.Signal) {
	if len(f.shelves[shelfInside].places) == 0 {
		return
	}
	f.bear(s, s.Dst, toSender(s))
	f.bear(s, s.Src, fromSender(s))
}

// toSender is what a signal that comes to a host says of it as a sender.
func toSender(s *decoders.Signal) string {
	switch s.Fact {
	case decoders.FactResponse, decoders.FactCallback, decoders.FactWorking, decoders.FactFault, decoders.FactReject:
		return wordAnswered
	}
	if s.Kind == decoders.SignalQuote && s.QuoteSrc.Addr() == s.Dst.Addr() {
		return wordErrors
	}
	return ""
}

// fromSender is what a signal that comes from a host says of it as a sender.
func fromSender(s *decoders.Signal) string {
	switch {
	case s.Kind == decoders.SignalQuote && s.QuoteDst.Addr() == s.Src.Addr():
		return wordUnreachable
	case s.Fact == decoders.FactCallbackAnswer && s.HasStatus && s.Status == 0:
		return wordConfirmed
	case s.Fact == decoders.FactCallbackAnswer, s.Fact == decoders.FactCallbackRefuse, s.Fact == decoders.FactNoCall:
		return wordDenied
	}
	return ""
}

// inside gives evidence and advice of an inside sender, for and against its address being a neighbour's work.
func (g *gathered) inside(others []*gathered) ([]string, string) {
	const advice = "Find the port of the switch that the MAC address is behind, and look there, before anybody is asked: a neighbour can write this address " +
		"as well. Then look for the program that sends, and take the host off the network."
	e := []string{g.did()}
	if !g.finding.Surplus {
		e = append(e, g.cards(others), g.distance())
	}
	e = append(e, g.answers()...)
	return append(e, "A source address is what the sender wrote: within one network any host can write that of a neighbour."), advice
}

// did is what the host sent.
func (g *gathered) did() string {
	who := "One home address"
	if g.finding.Surplus {
		who = "Home addresses that there was no room to tell apart"
	}
	s := fmt.Sprintf("%s sent %s", who, appendCount(nil, g.of(wordUnwanted), "popup", " that no one asked for"))
	for _, w := range []struct{ word, noun string }{{wordExploit, "exploit attempt"}, {wordProbe, "probe"}, {wordClean, "other popup"}} {
		if n := g.of(w.word); n > 0 {
			s += ", " + string(appendCount(nil, n, w.noun, ""))
		}
	}
	return s + " to " + g.targets.count("address") + "."
}

// cards is what the MAC addresses say.
func (g *gathered) cards(others []*gathered) string {
	switch {
	case len(g.macs) == 0:
		return "The capture has no MAC addresses: nothing tells this host from a neighbour."
	case len(g.macs) > 1:
		return fmt.Sprintf("Against the host: the packets came from %s, so several machines use the address, or routers share the way.",
			atMost(len(g.macs), "MAC address"))
	}
	if n := g.sharing(others); n > 0 {
		return fmt.Sprintf("Against the host: its MAC address also carried what %s sent. It is a router's, or one machine writes several addresses.",
			appendCount(nil, uint64(n), "other home address", ""))
	}
	return "For the host: all packets came from one MAC address, and no other home address that sends has it."
}

// sharing is how many other inside senders have the MAC address.
func (g *gathered) sharing(others []*gathered) (n int) {
	for _, o := range others {
		if o != g && slices.Contains(o.macs, g.macs[0]) {
			n++
		}
	}
	return n
}

// atMost is a number that stops at fewMarks, in words.
func atMost(n int, noun string) string {
	s := string(appendCount(nil, uint64(n), noun, ""))
	if n >= fewMarks {
		return "at least " + s
	}
	return s
}

// initialTTLs are the TTLs that stacks start with.
var initialTTLs = [...]uint8{32, 64, 128, 255}

// distance is what the TTLs say.
func (g *gathered) distance() string {
	switch {
	case len(g.ttls) == 0:
		return "The packets say nothing of their way."
	case len(g.ttls) > 1:
		return fmt.Sprintf("Against the host: the packets arrived with %s. One machine in one place sends one.", atMost(len(g.ttls), "different TTL"))
	case slices.Contains(initialTTLs[:], g.ttls[0]):
		return fmt.Sprintf("For the host, or a neighbour of it: all packets arrived with TTL %d, as fresh from a machine, with no router between it and the sensor.", g.ttls[0])
	}
	return fmt.Sprintf("All packets arrived with TTL %d: they came over routers, and from one place or by one tool that invents it.", g.ttls[0])
}

// answers is what came back to the host, and what it said to that.
func (g *gathered) answers() (e []string) {
	for _, w := range []struct{ word, says string }{
		{wordConfirmed, "For the host: asked by a called host whether it made the call, it said yes (%s)."},
		{wordDenied, "Against the host: asked by a called host, it said that it knows of no such call (%s)."},
		{wordAnswered, "Answers came back to it (%s): what was sent in its name reached somebody. That shows nothing of who sent it."},
		{wordErrors, "ICMP errors came back to it (%s): what was sent in its name did not reach a service. That shows nothing of who sent it."},
		{wordUnreachable, "Against the host: it refused answers by ICMP (%s). A tool that sends without a port of its own leaves the same trace."},
	} {
		if n := g.of(w.word); n > 0 {
			e = append(e, fmt.Sprintf(w.says, appendCount(nil, n, "time", "")))
		}
	}
	return e
}
