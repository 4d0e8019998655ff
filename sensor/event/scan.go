package event

import (
	"fmt"
	"strings"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/spoof"
)

// The kinds of findings about exploit attempts.
const (
	kindAttempt  = "attempt"
	kindAnswered = "answered"
)

// The traits of exploit attempts besides those of the popup.
const (
	wordRefused = "refused"     // the host refused it, by RPC or ICMP
	wordByRule  = "by_rule"     // a rule of category exploit said so
	wordUnknown = "may_be_own"  // nobody can tell whether the host had asked for it
	wordOwn     = "host_asked"  // it had, and names the service all the same
	wordNot     = "unsolicited" // it had not
)

// Popup notes a popup that is an exploit attempt, or one that a home host sent. The assessment is a view of its claim; it may be nil.
func (f *Findings) Popup(m *decoders.Message, v rules.Verdict, a *spoof.Assessment, dir decoders.Direction) {
	if popupAction(m, v, a) == ActionExploit {
		x := messageSighting(ActionExploit, m, a, dir)
		x.Kind, x.Subject, x.words = kindAttempt, network(m.Dst.Addr(), dir), m.Traits
		if len(x.words) == 0 {
			x.words = []string{wordByRule}
		}
		f.attempts.add(m.Frames)
		f.add(shelfExploit, x)
	}
	f.sends(m, v, a, dir)
}

// Context is what the road knows of a signal.
type Context struct {
	Direction decoders.Direction
	Claim     *spoof.Assessment // of a probe; a view
	Tie       Tie
}

// Signal notes what a signal shows: a home host that answers, an exploit attempt that was answered, a probe, a refused popup, what bears on an
// inside sender.
func (f *Findings) Signal(s *decoders.Signal, c *Context) {
	switch s.Kind {
	case decoders.SignalQuote:
		f.quotes(s, c)
	case decoders.SignalProbe:
		f.probes(s, c)
	default:
		f.exposes(s, c.Direction)
	}
	f.attempted(s, c.Direction)
	f.bears(s)
}

// Probes says whether a signal is a probe that counts: none that the host may have asked for by name.
func Probes(s *decoders.Signal) bool {
	if s.Kind != decoders.SignalProbe {
		return false
	}
	return s.Solicited != decoders.Yes || s.Probe != decoders.ProbeShort && s.Probe != decoders.ProbeDatagram
}

// probes notes what looks for the service, by the network that it went to.
func (f *Findings) probes(s *decoders.Signal, c *Context) {
	if !Probes(s) {
		return
	}
	x := seen(ActionProbe, s, c.Direction)
	x.Subject, x.Source = network(s.Dst.Addr(), c.Direction), standing(c.Claim)
	x.words = []string{s.Probe.String(), [...]string{wordUnknown, wordNot, wordOwn}[s.Solicited]}
	f.add(shelfProbe, x)
	f.sweeps(s, c.Claim, c.Direction)
}

// attempted notes what a host said to an exploit attempt.
func (f *Findings) attempted(s *decoders.Signal, dir decoders.Direction) {
	call := &s.Exchange.Call
	if call.Frame == 0 || !f.attempts.has(call.Frame) {
		return
	}
	switch {
	case s.Kind == decoders.SignalQuote, s.Fact == decoders.FactFault, s.Fact == decoders.FactReject:
		f.refused(s, call, dir)
	case call.Dst.Addr() != s.Src.Addr():
	case s.Fact == decoders.FactResponse, s.Fact == decoders.FactCallback, s.Fact == decoders.FactWorking, s.Fact == decoders.FactFack:
		x := seen(ActionExploit, s, back(dir))
		x.Kind, x.Subject, x.Outcome = kindAnswered, host(call.Dst.Addr()), "success"
		x.Src, x.Dst, x.port = call.Src, call.Dst, call.Dst.Port()
		x.frames, x.words = []uint64{call.Frame, s.Frame}, []string{s.Fact.String()}
		f.add(shelfExploit, x)
	}
}

// refused notes that an attempt was refused at the finding that counts it.
func (f *Findings) refused(s *decoders.Signal, call *decoders.Step, dir decoders.Direction) {
	key := findingKey{kind: kindAttempt, subject: network(call.Dst.Addr(), back(dir))}
	if g := f.shelves[shelfExploit].places[key]; g != nil {
		g.count(&sighting{Finding: Finding{Time: s.Time}, words: []string{wordRefused}, frames: []uint64{s.Frame}, bears: true})
	}
}

// back is the direction of what an answer answers.
func back(dir decoders.Direction) decoders.Direction {
	switch dir {
	case decoders.DirectionInbound:
		return decoders.DirectionOutbound
	case decoders.DirectionOutbound:
		return decoders.DirectionInbound
	}
	return dir
}

const adviceUnproven = "Do not report the sources: anybody can write any address into a datagram, and reports of probes hit the innocent."

// exploit gives evidence and advice of exploit attempts.
func (g *gathered) exploit() ([]string, string) {
	if g.finding.Kind == kindAnswered {
		return []string{
			fmt.Sprintf("The host answered calls with the shape of an attack on the buffer of its Messenger service (MS03-043) %s, from %s.", times(g.finding.Count), g.sources.count("claimed source")),
			"The service runs and the attempt reached it. An answer does not show that the attempt succeeded, and no answer does not show that it failed.",
		}, "Is the host patched (MS03-043)? Look at it now, as at one that may be taken over; close the ports, disable the service. " + adviceUnproven
	}
	e := []string{fmt.Sprintf("%s with the shape of an attack on the buffer of the Messenger service (MS03-043) went to %s, from %s.",
		appendCount(nil, g.finding.Count, "call", ""), g.targets.count("address"), g.sources.count("claimed source"))}
	if words := g.listed(wordRefused); words != "" {
		e = append(e, "What gives them that shape: "+words+".")
	}
	if n := g.of(wordRefused); n > 0 {
		e = append(e, fmt.Sprintf("Attempts that were refused, by RPC or ICMP: %d.", n))
	}
	return append(e, "An attempt harms hosts that run the service without the patch; one that was answered is a finding of its own."),
		"Are the hosts patched (MS03-043), is the service off? " + adviceUnproven
}

// listed gives the words in the order in which they came, but one.
func (g *gathered) listed(but string) string {
	var words []string
	for i := range g.words {
		if g.words[i].Name != but {
			words = append(words, g.words[i].Name)
		}
	}
	return strings.Join(words, ", ")
}

// probeSays is what a number of probes of each kind did.
var probeSays = [...]struct {
	probe decoders.Probe
	says  string
}{
	{decoders.ProbeShort, "%s carried at most two octets to a port of the service, as the scans of November 2003 did."},
	{decoders.ProbeDatagram, "%s carried something other than RPC to a port of the service, on hosts that had sent nothing there."},
	{decoders.ProbeMapper, "%s asked the endpoint mapper for the Messenger's interface."},
	{decoders.ProbeOperation, "%s called another operation of the Messenger's interface than the one that shows popups."},
	{decoders.ProbeVersion, "%s called the Messenger's interface in a version that does not exist."},
	{decoders.ProbeNames, "%s asked the Messenger service for its names, or to change them."},
	{decoders.ProbeStub, "%s called NetrSendMessage in a form that cannot be read, as a broken tool does."},
}

// probing gives evidence and advice of probes.
func (g *gathered) probing() ([]string, string) {
	e := []string{fmt.Sprintf("%s in search of the Messenger service went to %s, from %s.",
		appendCount(nil, g.finding.Count, "datagram", ""), g.targets.count("address"), g.sources.count("claimed source"))}
	for _, p := range probeSays {
		if n := g.of(p.probe.String()); n > 0 {
			e = append(e, fmt.Sprintf(p.says, appendCount(nil, n, "datagram", "")))
		}
	}
	if n := g.of(wordUnknown); n > 0 {
		e = append(e, fmt.Sprintf("Whether a host had asked for %s nobody can tell here: the sensor does not see all that the hosts send.", appendCount(nil, n, "datagram", "")))
	}
	return append(e, "A single datagram shows nothing of who sent it."),
		"Close UDP 135 and 1025-1031 inbound at the hosts. " + adviceUnproven
}

// attempts remembers the frames that completed exploit attempts, to tell when one is answered. Order of eviction: the oldest. It survives no
// restart: what answers refer to does not either.
type attempts struct {
	frames map[uint64]bool
	order  []uint64
	next   int
}

// mostAttempts is how many are remembered.
const mostAttempts = 4096

func newAttempts() attempts { return attempts{frames: map[uint64]bool{}} }

// add remembers the frame that completed a call: the last of its frames.
func (a *attempts) add(frames []uint64) {
	if len(frames) == 0 || a.frames[frames[len(frames)-1]] {
		return
	}
	frame := frames[len(frames)-1]
	if len(a.order) < mostAttempts {
		a.order = append(a.order, frame)
	} else {
		delete(a.frames, a.order[a.next])
		a.order[a.next] = frame
		a.next = (a.next + 1) % mostAttempts
	}
	a.frames[frame] = true
}

func (a *attempts) has(frame uint64) bool { return a.frames[frame] }
