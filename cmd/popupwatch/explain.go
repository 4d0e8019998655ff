package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"popupwatch/sensor/event"
	"popupwatch/sensor/spoof"
)

func explainCommand(std stdio) *cobra.Command {
	var source string
	c := &cobra.Command{
		Use: "explain --source IP EVENTS...", Short: "Explain what is known of one address, and what is not",
		Long: `Reads events (NDJSON as --events writes it, also .gz and .zst, - for standard input) and prints the analyst's view of one address: for each
campaign and hour the state, the evidence for and against forging, what was not used, what would change the verdict, and what must not be
concluded from it.

Exit status: 0 all read, 1 failed, 2 wrong usage, 3 a line is damaged (named; everything else is told).`,
		Example: `  popupwatch replay --summary none --events events.ndjson testdata/captures
  popupwatch explain --source 24.64.81.144 events.ndjson`,
		RunE: func(_ *cobra.Command, paths []string) error {
			address, err := parseSource(source)
			if err != nil {
				return usageError("explain: %w", err)
			}
			if len(paths) == 0 {
				return usageError("explain: no events named (see: popupwatch explain --help)")
			}
			if i := slices.Index(paths, "-"); i >= 0 && slices.Contains(paths[i+1:], "-") {
				return usageError("explain: standard input (-) is named twice")
			}
			return explainSource(address, paths, std)
		},
	}
	c.Flags().StringVar(&source, "source", "", "the `IP` address in question")
	return c
}

// parseSource reads the address that a page is about.
func parseSource(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, errors.New("name the address in question: --source IP")
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("--source: %q is no address", text)
	}
	return a, nil
}

// explainSource reads the events and prints the page. A file that ends in damage does not keep the others from being told.
func explainSource(source netip.Addr, paths []string, std stdio) error {
	known := newClaims(source)
	var failed error
	for _, path := range paths {
		in, err := openInput(path, std.in)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		if err := known.read(path, in); err != nil {
			failed = &exitError{exitDamaged, err}
			fmt.Fprintf(std.err, "popupwatch: %s\n", visible(err.Error()))
		}
		in.Close()
	}
	p := &page{}
	known.explain(p)
	if _, err := io.WriteString(std.out, p.String()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if err := known.damage(std.err); err != nil || failed != nil {
		return &exitError{exitDamaged, nil}
	}
	return nil
}

// explain writes the page.
func (c *claims) explain(p *page) {
	all := c.list()
	p.line(0, "What is known of %s as a sender of popups", c.source)
	p.blank()
	c.totals(p, all)
	counsel := ""
	for _, d := range all {
		p.blank()
		counsel = explainClaim(p, d, counsel)
	}
}

// totals writes what holds over all claims.
func (c *claims) totals(p *page, all []*event.ClaimDocument) {
	states, campaigns, messages, reportable := map[string]int{}, map[string]bool{}, uint64(0), 0
	for _, d := range all {
		states[d.Popupwatch.Source.State]++
		campaigns[d.Popupwatch.Campaign.ID] = true
		messages += d.Popupwatch.Source.Messages
		if d.Popupwatch.Source.CallsProven() {
			reportable++
		}
	}
	if len(all) == 0 {
		p.line(1, "No verdict on it stands in the %s that were read: neither that it sent anything, nor that it did not.", plural(uint64(c.lines), "event"))
	} else {
		p.line(1, "%s, %s, %s with this source written on them.", plural(uint64(len(all)), "claim"), plural(uint64(len(campaigns)), "campaign"), plural(messages, "message"))
		for _, state := range slices.Sorted(maps.Keys(states)) {
			p.line(2, "%4d  %s", states[state], oneLine(state, 40))
		}
	}
	if c.popups > 0 && len(all) == 0 {
		p.line(1, "%s with this source, but not the documents of sources: they are in another file.", plural(c.popups, "message"))
	}
	if c.shared > 0 {
		p.line(1, "%s share documents that name no source (--rollup): this address may be among them.", plural(c.shared, "claim"))
	}
	if c.beyond > 0 {
		p.line(1, "%s of further claims are left out: the page holds %d.", plural(uint64(c.beyond), "document"), maxClaims)
	}
	if reportable == 0 {
		p.line(1, "Can it be reported? No. Nothing here proves that it sent anything (popupwatch help report-or-not).")
		return
	}
	p.line(1, "Can it be reported? By these events %d of the claims may be, after the gates of time and contact: popupwatch report has the draft, if the run that held the proof wrote one. "+
		"An events file proves nothing by itself: anybody can write one.", reportable)
}

// explainClaim writes one claim. Counsel that the claim before it had too is not said again.
func explainClaim(p *page, d *event.ClaimDocument, before string) (counsel string) {
	s := &d.Popupwatch.Source
	about, open := "campaign "+oneLine(d.Popupwatch.Campaign.ID, 60), ""
	if !s.Final {
		open = ", not closed yet: this is not the last word"
	}
	if d.Popupwatch.Campaign.ID == "" {
		about = "class " + oneLine(s.Class, 20)
	}
	odds := ""
	if at := s.Posterior; at != nil {
		odds = fmt.Sprintf("; forged with probability %.4g, %.4g, %.4g for priors of 0.1, 0.5, 0.9", at.P10, at.P50, at.P90)
	}
	p.line(0, "%s  %s  %s UTC  %s  (%+.1f dB%s)", oneLine(d.Source.IP, 40), about, s.Hour.UTC().Format("2006-01-02 15:04"), oneLine(s.State, 30), s.Decibans, odds)
	p.line(1, "%s to %s%s, sensor %s%s", plural(s.Messages, "message"), plural(s.Targets, "target"), span(s.First, s.Last), oneLine(d.Observer.Name, 40), open)
	if s.Emitter != "" {
		p.line(1, "One machine was shown to be behind this and other sources: group %s", oneLine(s.Emitter, 60))
	}
	explainEvidence(p, s)
	explainGates(p, d)
	own := adviceOf(s)
	if counsel = own.String(); counsel == before {
		p.line(1, "would change, must not be concluded, if it were reported")
		p.line(2, "As for the claim above.")
	} else {
		p.WriteString(counsel)
	}
	return counsel
}

// span says from when to when; nothing where that is not known.
func span(first, last time.Time) string {
	if first.IsZero() {
		return ""
	}
	return ", " + first.UTC().Format(time.TimeOnly) + " to " + last.UTC().Format(time.TimeOnly) + " UTC"
}

// explainEvidence writes what speaks for and against forging, and what was not used.
func explainEvidence(p *page, s *event.ClaimFields) {
	counted, left := spoof.Weigh(s.Evidence)
	part := func(of []spoof.Evidence, in func(spoof.Evidence) bool) []spoof.Evidence {
		return slices.DeleteFunc(slices.Clone(of), func(e spoof.Evidence) bool { return !in(e) })
	}
	rule := part(counted, func(e spoof.Evidence) bool { return e.Group == "rule" })
	explainRows(p, "by rule, without weight", rule, "")
	explainRows(p, "for forging", part(counted, func(e spoof.Evidence) bool { return e.Group != "rule" && e.Decibans > 0 }), "Nothing.")
	explainRows(p, "against forging", part(counted, func(e spoof.Evidence) bool { return e.Decibans < 0 }), "Nothing.")
	explainRows(p, "not used (of a group the strongest row counts)", left, "")
}

// explainRows writes rows of evidence under a heading. Without rows it writes what stands for none, if anything.
func explainRows(p *page, head string, rows []spoof.Evidence, none string) {
	if len(rows) == 0 && none == "" {
		return
	}
	p.line(1, "%s", head)
	if len(rows) == 0 {
		p.line(2, "%s", none)
	}
	for _, e := range rows {
		weight := fmt.Sprintf("%+5.1f %s", e.Decibans, oneLine(e.Group, 8))
		if e.Group == "rule" {
			weight = "   rule "
		}
		p.line(2, "%s  %-4s %s%s", weight, oneLine(e.ID, 12), oneLine(e.Text, 1000), frames(e.Packets))
	}
}

// frames names the frames that show a row.
func frames(numbers []uint64) string {
	if len(numbers) == 0 {
		return ""
	}
	words := make([]string, 0, 16)
	for _, n := range numbers[:min(len(numbers), 16)] {
		words = append(words, fmt.Sprint(n))
	}
	if len(words) == 1 {
		return " [frame " + words[0] + "]"
	}
	return " [frames " + strings.Join(words, ", ") + "]"
}

// explainGates says why a proven claim is not reportable, and what a conflict is.
func explainGates(p *page, d *event.ClaimDocument) {
	s := &d.Popupwatch.Source
	if s.Conflict {
		p.line(1, "conflict")
		p.line(2, "A proof and other evidence contradict each other, so neither is believed. A person has to look; nobody may be reported.")
	}
	if s.Reportable && !d.Popupwatch.Source.CallsProven() {
		p.line(1, "The event calls the claim reportable, but not proven: no version of popupwatch writes that. Do not trust the file.")
	}
	if len(s.RefusedBy) > 0 {
		p.line(1, "proven, but not reportable, because")
	}
	for _, word := range s.RefusedBy[:min(len(s.RefusedBy), 64)] {
		says := spoof.Refusal(word)
		if says == "" {
			says = "a gate that this version does not know: " + oneLine(word, 60)
		}
		p.line(2, "%s", says)
	}
}

// adviceOf makes the part of a claim's page that goes by its state and the ids of its evidence.
func adviceOf(s *event.ClaimFields) *page {
	ids := make([]string, 0, len(s.Evidence))
	for _, e := range s.Evidence {
		ids = append(ids, e.ID)
	}
	c, p := spoof.Advice(s.State, ids), &page{}
	p.line(1, "would change this")
	p.list(2, c.Change)
	p.line(1, "must not be concluded")
	p.list(2, c.Never)
	if c.Harm != "" {
		p.line(1, "if it were reported")
		p.line(2, "%s", c.Harm)
	}
	return p
}
