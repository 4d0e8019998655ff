package main

import (
	"fmt"
	"slices"
	"strings"

	"popupwatch/sensor/complaint"
)

// missing is what somebody would have to give for the evidence to say more, each with its reason.
func (x *exoneration) missing() (out []string) {
	lacks := func(l complaint.Limit) bool {
		return slices.ContainsFunc(x.complaint.Sights, func(s complaint.Sight) bool { return slices.Contains(s.Limits(), l) })
	}
	add := func(when bool, s string) {
		if when {
			out = append(out, s)
		}
	}
	add(lacks(complaint.NoTime) || lacks(complaint.NoZone) || lacks(complaint.NoYear), "The time with date, year and zone, and how the clock was set: else nobody knows who had the address then.")
	add(lacks(complaint.NoSourcePort), "The source port: else nobody can tell customers apart who share an address.")
	add(lacks(complaint.NoTarget) || lacks(complaint.PrivateTarget), "The target's public address and port: else it cannot be looked for in our own records.")
	add(len(x.captures) == 0 && x.claims.lines == 0, "The packets themselves (a capture with headers): TTL, identification and the call's flags say more than a line of a log.")
	add(true, "For TCP: that the connection was established and carried the message. For UDP: an answer that the sender could give only if he received what the target sent him. Nothing else ties a packet to an address.")
	return out
}

// answer drafts what the desk can send. It accuses nobody, and promises nothing that the evidence does not carry.
func (x *exoneration) answer(p *page) {
	o := x.outcome()
	say := func(format string, a ...any) { p.line(1, format, a...) }
	say("Thank you for your report about %s.", x.source)
	if n := len(x.complaint.Sights) + x.complaint.MoreSights; n > 0 {
		say("It names this address as the source of %s%s.", plural(uint64(n), "packet"), x.period())
	}
	if len(x.complaint.Sights) > 0 || o.proven+o.saidProven == 0 {
		say("%s", x.because())
	}
	until := "Until then we take no step against anybody on account of this address, and we would ask you not to either: whoever holds it may have sent nothing."
	switch {
	case o.proven+o.saidProven+o.shown > 0:
		say("We have records of our own that we are looking into. They do not tell who used the machine.")
		until = "Until that is clear we would ask you not to publish the address, nor to conclude anything about whoever holds it."
	case o.absent > 0:
		say("A capture of our network at that time shows traffic, but not %s of what you name. That is no proof, since captures can have gaps, but it agrees with a forged source.", anyOrAll(o.absent == len(x.complaint.Sights)))
	default:
		say("From this we can conclude neither that the host at this address sent it, nor that it did not.")
	}
	if o.forged+o.saidForged > 0 {
		say("The packets themselves, where we have them, show signs of a forged source.")
	}
	say("If you have more, these would let us look further:")
	p.list(2, x.missing())
	say("%s To stop the messages, block UDP 135 and 1025 to 1031 inbound, and switch the Messenger service off.", until)
}

// anyOrAll is how much of something is not there.
func anyOrAll(nothing bool) string {
	if nothing {
		return "any"
	}
	return "all"
}

// because gives the reasons in the answer, by what kinds of packets the complaint names.
func (x *exoneration) because() string {
	kinds := map[complaint.Limit]bool{}
	for i := range x.complaint.Sights {
		for _, l := range x.complaint.Sights[i].Limits() {
			kinds[l] = true
		}
	}
	says := ""
	add := func(when bool, s string) {
		if when {
			says += s + " "
		}
	}
	add(kinds[complaint.OneDatagram] || kinds[complaint.OneICMP], "A UDP datagram or ICMP packet needs no answer. Its sender writes the source address himself and can write any, so a log shows where it arrived, not where it came from.")
	add(kinds[complaint.PopupPort], "Much of the popup spam to these ports was sent with invented sources.")
	add(kinds[complaint.OpeningOnly] || kinds[complaint.FlagsUnsaid] || kinds[complaint.MidConnection], "A single TCP segment, above all a first one that a firewall refused, is as easy to forge: that an address took part shows in an established connection only.")
	add(kinds[complaint.Answer], "Some of the segments are answers (SYN+ACK, RST): they suggest that somebody writes your address on packets to this host, which answers you.")
	if says == "" {
		says = "What we were given does not show packets whose sender had to receive an answer; without that, a source address can be written by anybody."
	}
	return strings.TrimSpace(says)
}

// period says from when to when, where all packets have a time that can be compared.
func (x *exoneration) period() string {
	var first, last *complaint.Stamp
	for i := range x.complaint.Sights {
		s := &x.complaint.Sights[i].Stamp
		if !s.Known || !s.Year || !s.Zone {
			return ", not all with a full time"
		}
		if first == nil || s.Time.Before(first.Time) {
			first = s
		}
		if last == nil || s.Time.After(last.Time) {
			last = s
		}
	}
	if first == nil || first == last {
		return fmt.Sprintf(", %s", first)
	}
	return fmt.Sprintf(", from %s to %s", first, last)
}
