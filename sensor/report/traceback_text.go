package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxTracedText is how many characters of a sample's line are shown.
const maxTracedText = 400

// Markdown is the package for people. line makes text from the network one visible line.
func (p *Package) Markdown(line func(string, int) string) string {
	var b strings.Builder
	code := func(s string) string { return "`" + strings.ReplaceAll(line(s, maxTracedText), "`", "'") + "`" }
	fmt.Fprintf(&b, "# Traceback request: forged traffic of campaign %s\n\n%s\n\n", code(p.Campaign), p.About)
	fmt.Fprintf(&b, "* messages with a forged source: %d, from %s to %s\n", p.Messages, p.First, p.Last)
	fmt.Fprintf(&b, "* messages of the same campaign whose source is not shown to be forged, not counted here: %d\n", p.Others)
	if p.Unplaced > 0 {
		fmt.Fprintf(&b, "* messages of further paths that there was no room to tell apart: %d\n", p.Unplaced)
	}
	b.WriteString("* a text of it, in its sender's words:\n\n")
	for l := range strings.Lines(p.Sample) {
		fmt.Fprintf(&b, "      %s\n", line(l, maxTracedText))
	}
	for i := range p.Paths {
		p.Paths[i].markdown(&b, i+1, code)
	}
	b.WriteString("\n## What this does not say\n\n")
	for _, l := range p.Limits {
		fmt.Fprintf(&b, "* %s\n", l)
	}
	return b.String()
}

func (p *Path) markdown(b *strings.Builder, n int, code func(string) string) {
	fmt.Fprintf(b, "\n## Path %d\n\n| what | value |\n|---|---|\n", n)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "| %s | %s |\n", name, strings.ReplaceAll(code(value), "|", "/"))
		}
	}
	row("sensor", p.Sensor)
	row("interface", p.Interface)
	row("zone", p.Zone)
	row("MAC of the last hop", p.LastHop)
	row("MAC it was sent to", p.Receiver)
	row("VLAN", p.VLAN)
	row("inner VLAN", p.InnerVLAN)
	row("tunnel", p.Tunnel)
	row("first seen (UTC)", p.First)
	row("last seen (UTC)", p.Last)
	row("messages", fmt.Sprintf("%d: %g a minute, %d in the busiest one", p.Messages, p.Rate, p.Peak))
	row("TTL at the sensor", counted(p.TTLs))
	row("destination ports", counted(p.Ports))
	atLeast := ""
	if p.AddressesBound {
		atLeast = "at least "
	}
	row("destinations", atLeast+many(uint64(p.Targets), "address", "addresses"))
	row("addresses that were written on it, not who sent it", fmt.Sprintf("%s%d, such as %s", atLeast, p.Written, strings.Join(p.WrittenSample, ", ")))
	row("frames of our capture", strings.Trim(fmt.Sprint(p.Packets), "[]"))
	for _, d := range p.Digests {
		row("SHA-256 of the "+d.Of, fmt.Sprintf("%s (%d messages)", d.SHA256, d.Messages))
	}
}

// counted lists values with how often they came, the most frequent first.
func counted[K uint8 | uint16](counts map[K]uint64) string {
	keys := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(keys, func(a, b K) int {
		switch {
		case counts[a] > counts[b]:
			return -1
		case counts[a] < counts[b]:
			return 1
		}
		return 0
	})
	var out []string
	for _, k := range keys {
		out = append(out, fmt.Sprintf("%d (%d times)", k, counts[k]))
	}
	return strings.Join(out, ", ")
}
