package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"popupwatch/sensor/complaint"
	"popupwatch/sensor/spoof"
)

// The bounds of the page: what is beyond is counted on it.
const (
	shownSights = 10 // of one kind
	shownUnread = 40
)

// write writes the page.
func (x *exoneration) write(p *page) {
	p.line(0, "Did %s send it? What the evidence can carry", x.source)
	p.head("In short")
	p.list(1, x.short())
	p.head("What was given")
	x.given(p)
	p.head("What the complaint shows, and what it cannot prove")
	x.shows(p)
	p.head("What speaks for and against the address having sent it")
	x.speaks(p)
	p.head("What its own network's captures show")
	x.own(p)
	p.head("What would help")
	p.list(1, x.missing())
	if !slices.ContainsFunc(x.captures, func(e *egress) bool { return x.ours() && e.doubt() == "" }) {
		p.list(1, []string{"From the accused network: a capture or flow records of its uplink at the time in question."})
	}
	p.head("What to answer (a draft; check it before you send it)")
	x.answer(p)
	x.unread(p)
}

// outcome is what the evidence comes to, as far as an answer depends on it.
type outcome struct {
	proven, forged int // claims that the road judged over the packets that were given
	saidProven     int // claims that events call proven
	saidForged     int // and forged
	shown          int // sights that a capture of the own network shows
	absent         int // sights that such a capture covers and does not show
}

// judgements counts the claims that are proven, and those that are forged.
func judgements(of *claims) (proven, forged int) {
	for _, d := range of.last {
		switch d.Popupwatch.Source.State {
		case spoof.GenuineBound.String():
			proven++
		case spoof.ForgedCertain.String(), spoof.ForgedProbable.String():
			forged++
		}
	}
	return proven, forged
}

// outcome counts.
func (x *exoneration) outcome() (o outcome) {
	o.proven, o.forged = judgements(x.road)
	o.saidProven, o.saidForged = judgements(x.claims)
	for i := range x.complaint.Sights {
		shown, absent := x.sightIn(i)
		if shown {
			o.shown++
		} else if absent {
			o.absent++
		}
	}
	return o
}

// sightIn says whether captures of the own network show a sight, or cover its time in full, with traffic, and do not.
func (x *exoneration) sightIn(i int) (shown, absent bool) {
	for _, e := range x.captures {
		s := &x.complaint.Sights[i]
		if !x.ours() || e.doubt() != "" || !s.Comparable() {
			continue
		}
		if e.found[i] != nil {
			shown = true
		} else if c, seen := e.covers(&s.Stamp); c == coveredWhole && seen.leaving > 0 {
			absent = true
		}
	}
	return shown, absent
}

// short is the page in a few sentences. None of them says more than a section below gives reasons for.
func (x *exoneration) short() (out []string) {
	o := x.outcome()
	add := func(when bool, format string, a ...any) {
		if when {
			out = append(out, fmt.Sprintf(format, a...))
		}
	}
	add(o.proven > 0, "The packets show that the address received something because of a message and answered it (%s). That is evidence that it took part: look into it. Only a party on the path could imitate this, and it names no person.", plural(uint64(o.proven), "claim"))
	add(o.shown > 0, "A capture of its own network shows packets that fit %s of the complaint: look there.", plural(uint64(o.shown), "packet"))
	add(o.proven+o.saidProven+o.shown == 0, "Nothing that was given proves that %s sent anything.", x.source)
	add(len(x.complaint.Sights) > 0, "The complaint names it as the source of %s. No line of a log proves who sent a packet; the reasons stand below.", plural(uint64(len(x.complaint.Sights)+x.complaint.MoreSights), "packet"))
	add(o.saidProven+o.saidForged > 0, "By the events that were given the address is proven in %s and forged in %s. Events are worth what their keeper is: anybody can write such a file. What your own sensor wrote, look into.",
		plural(uint64(o.saidProven), "claim"), plural(uint64(o.saidForged), "claim"))
	add(o.forged > 0, "The packets themselves speak for a forged source in %s.", plural(uint64(o.forged), "claim"))
	add(o.absent > 0, "A capture of its own network covers the time of %s and does not show it.", plural(uint64(o.absent), "packet"))
	add(o == outcome{}, "Nothing proves that it did not, either: such evidence was not given. Who says that an address did something has to show it.")
	return out
}

// given lists the inputs, so that everything is accounted for.
func (x *exoneration) given(p *page) {
	for _, f := range x.complaint.Files {
		p.line(1, "%s: %s, %s = %d about the address (%d of them told before) + %d about others + %d blank or headings + %d not understood",
			f.File, f.Kind, plural(uint64(f.Lines), "line"), f.Told, f.Repeated, f.Others, f.Silent, f.Unread)
	}
	for _, e := range x.captures {
		when := "empty"
		if e.frames > 0 {
			when = e.first.UTC().Format(time.DateTime) + " to " + e.last.UTC().Format(time.DateTime) + " UTC"
		}
		p.line(1, "%s: capture, %s, %s; %d cut short by whoever captured", e.name, plural(e.frames, "frame"), when, e.cut)
	}
	if len(x.captures) > 0 {
		p.line(1, "The captures hold %s with this source, in %s", plural(x.road.popups, "popup"), plural(uint64(len(x.road.last)), "claim"))
	}
	if x.claims.lines > 0 {
		p.line(1, "Events: %s, of them %s of the address and %s with this source", plural(uint64(x.claims.lines), "document"),
			plural(uint64(len(x.claims.last)), "claim"), plural(x.claims.popups, "popup"))
	}
	for _, d := range x.damaged {
		p.line(1, "Damaged: %s", d)
	}
}

// shows groups the sights by what limits them.
func (x *exoneration) shows(p *page) {
	if len(x.complaint.Sights) == 0 {
		p.line(1, "No line says that %s sent something.", x.source)
		return
	}
	kinds, order := map[string][]*complaint.Sight{}, []string{}
	for i := range x.complaint.Sights {
		s := &x.complaint.Sights[i]
		key := fmt.Sprint(s.Limits())
		if kinds[key] == nil {
			order = append(order, key)
		}
		kinds[key] = append(kinds[key], s)
	}
	numbers, reasons := map[complaint.Limit]int{}, []string{}
	for _, key := range order {
		for _, l := range kinds[key][0].Limits() {
			if numbers[l] == 0 {
				reasons = append(reasons, l.String())
				numbers[l] = len(reasons)
			}
		}
		showKind(p, kinds[key], numbers)
	}
	p.line(1, "Reasons")
	for i, why := range reasons {
		p.line(2, "%d  %s", i+1, why)
	}
	if n := x.complaint.MoreSights; n > 0 {
		p.line(1, "%s more were read and are not listed.", plural(uint64(n), "packet"))
	}
}

// showKind writes sights that have the same limits, and the numbers of these.
func showKind(p *page, all []*complaint.Sight, numbers map[complaint.Limit]int) {
	for _, s := range all[:min(len(all), shownSights)] {
		said := ""
		if s.Subject != "" {
			said = `; the log calls it "` + oneLine(s.Subject, 80) + `"`
		}
		if s.Told > 1 {
			said += fmt.Sprintf("; told %d times, counted once", s.Told)
		}
		p.line(1, "%s  %s [%s]%s", s.Place(), s, s.Form, said)
	}
	if n := len(all) - shownSights; n > 0 {
		p.line(1, "and %d more of this kind, up to %s", n, all[len(all)-1].Place())
	}
	var reasons []string
	for _, l := range all[0].Limits() {
		reasons = append(reasons, fmt.Sprint(numbers[l]))
	}
	p.line(2, "No proof of who sent it: reasons %s", strings.Join(reasons, ", "))
}

// speaks tells the verdicts over packets, if there were packets, and what the lines say of the way.
func (x *exoneration) speaks(p *page) {
	if len(x.road.last)+len(x.claims.last) == 0 {
		p.line(1, "No popup was given with this address as source, neither in a capture nor in events. Lines of logs speak neither for nor against it.")
	}
	for _, from := range []struct {
		*claims
		head string
	}{{x.road, "By the packets that were given:"}, {x.claims, "By the events that were given, which are worth what their keeper is:"}} {
		if len(from.last) > 0 {
			p.line(1, "%s", from.head)
		}
		counsel := ""
		for _, d := range from.list() {
			counsel = explainClaim(p, d, counsel)
		}
		if from.beyond > 0 {
			p.line(1, "%s of further claims are left out.", plural(uint64(from.beyond), "document"))
		}
	}
	if len(x.captures) > 0 && (x.ours() || len(x.config.Home) == 0) {
		p.line(1, "Whether the address answered something unpredictable, which alone is proof, can be seen in a capture of the other end only, and only with --home of the network where that was taken: run it over such a capture once more.")
	}
	if ttls := x.ttls(); len(ttls) > 0 {
		p.line(1, "The lines tell with which TTL it arrived: %s. Who knows how many hops lie between the address and the complainant can compare: of forged packets 75 %% differ by more than two hops, of genuine ones 15 %%. A sender can choose a TTL that fits, so it decides nothing.", strings.Join(ttls, ", "))
	}
}

// ttls gives the arrival TTLs of the lines with their hops.
func (x *exoneration) ttls() (out []string) {
	for i := range x.complaint.Sights {
		t := x.complaint.Sights[i].TTL
		says := fmt.Sprintf("%d (%d hops, if it began with a usual value)", t, hops(t))
		if t != 0 && !slices.Contains(out, says) && len(out) < shownSights {
			out = append(out, says)
		}
	}
	return out
}

// own tells what captures of the accused network show.
func (x *exoneration) own(p *page) {
	switch {
	case len(x.captures) == 0:
		p.line(1, "None was given. One of the time in question, taken where the network meets the outside, could show the packets or their absence.")
		return
	case !x.ours():
		p.line(1, "No capture was taken for the network's own, because --home does not contain the address: --home with the network of %s says which it is.", x.source)
		return
	}
	usable := false
	for _, e := range x.captures {
		p.line(1, "%s: %s left the home networks, %d of them with the source %s", e.name, plural(e.leaving, "frame"), e.own, x.source)
		if why := e.doubt(); why != "" {
			p.line(2, "Nothing is concluded from it. %s", why)
			continue
		}
		usable = true
		for i := range x.complaint.Sights[:min(len(x.complaint.Sights), 5*shownSights)] {
			x.compared(p, e, i)
		}
		if n := len(x.complaint.Sights) - 5*shownSights; n > 0 {
			p.line(2, "%d more were compared; the sums above count them.", n)
		}
	}
	if usable {
		x.worth(p)
	}
}

// compared tells whether a capture shows one sight.
func (x *exoneration) compared(p *page, e *egress, i int) {
	s := &x.complaint.Sights[i]
	if !s.Comparable() {
		p.line(2, "%s cannot be compared: its line does not say target and time as they stood on the wire.", s.Place())
		return
	}
	begin, end := e.window(&s.Stamp)
	window := begin.UTC().Format(time.DateTime) + " to " + end.UTC().Format(time.DateTime) + " UTC"
	c, seen := e.covers(&s.Stamp)
	switch f := e.found[i]; {
	case f != nil && f.exact > 0:
		p.line(2, "%s is shown: %s from %s to %s, first frame %d at %s UTC, TTL %d.", s.Place(), plural(f.exact, "packet"), s.Src, s.Dst, f.frame, f.at.UTC().Format(time.DateTime), f.ttl)
	case f != nil:
		p.line(2, "%s may be shown: %s to that target, but from another source port than the line says (first frame %d at %s UTC). A NAT would change the port; another packet would have another too.", s.Place(), plural(f.other, "packet"), f.frame, f.at.UTC().Format(time.DateTime))
	case c == coveredNot:
		p.line(2, "%s: nothing can be said. The capture does not cover its time (looked for from %s).", s.Place(), window)
	case seen.leaving == 0:
		p.line(2, "%s is not shown, but neither is anything else that left the network then (%s): the capture may have had a gap.", s.Place(), window)
	case c == coveredPartly:
		p.line(2, "%s is not shown; the capture covers only part of the time in which it may have left (%s).", s.Place(), window)
	default:
		p.line(2, "%s is not shown from %s, while %s left the network then, %d of them from %s.", s.Place(), window, plural(seen.leaving, "frame"), seen.own, x.source)
	}
}

// worth says what shown and not shown are worth.
func (x *exoneration) worth(p *page) {
	p.line(1, "The complainant's clock was allowed to be off by %s (--skew); where no time zone is said, by %s more.", x.skew, widestZone)
	p.line(1, "What is shown left from the network's side with this address: that speaks for the address, or for a neighbour who writes it. The MAC address in the frame tells which port.")
	p.line(1, "What is not shown speaks against the address having sent it, as far as the capture is whole: frames that the capturing program lost are not in the file, another uplink is not in it, and before a NAT packets have another source. It is no proof.")
	cut := false
	for _, e := range x.captures {
		cut = cut || e.cut > 0
	}
	if cut {
		p.line(1, "Some frames are cut short; addresses and ports are compared, and stand at their beginning.")
	}
}

// unread lists what was not understood.
func (x *exoneration) unread(p *page) {
	all := x.complaint.Unread
	if len(all) == 0 {
		return
	}
	p.head("Not understood, so nothing was concluded from it")
	for i, u := range all {
		place := u.File
		if u.Line > 0 {
			place = fmt.Sprintf("%s:%d", u.File, u.Line)
		}
		named := ""
		if u.Names {
			named = " (names the address: read it yourself)"
		}
		if i < shownUnread {
			p.line(1, "%s%s  %s", place, named, oneLine(u.Text, 90))
		} else {
			p.line(1, "%s%s", place, named)
		}
	}
	if n := x.complaint.MoreUnread; n > 0 {
		p.line(1, "and %s more", plural(uint64(n), "line"))
	}
}
