package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"popupwatch/sensor/report"
	"popupwatch/sensor/store"
)

// reporting is what popupwatch report was asked for.
type reporting struct {
	settings *settings
	events   []string
	source   string
	list     bool
	refused  bool
	io       stdio
	now      time.Time
}

// reportCommand shows drafts of reports, and what there is to do where there is none. It sends nothing.
func reportCommand(io stdio) *cobra.Command {
	r := &reporting{settings: newSettings(commandReplay), io: io}
	c := &cobra.Command{
		Use: "report --store FILE [flags]", Short: "Show drafts of reports (XARF) that pass the gates, and why there is no other", Args: noArguments,
		Long: `Prints the drafts that the sensor wrote while it held a proof, and that pass the gates of time, contact and identity: at most 72 hours old, a clock
that was right (--clock-synced), who reports (--reporter-...), whom to write to (--contacts), one report a contact, campaign and day. The others are named on
standard error, each with its reason. Nothing is ever sent.

--refused says for each source of --events, too, why a report on it would hurt.`,
		Example: `  popupwatch report --store /var/lib/popupwatch/x.db --list
  popupwatch report --store x.db --contacts contacts.txt --clock-synced --reporter-org 'Example' --reporter-contact abuse@example.org --reporter-domain example.org
  popupwatch report --refused --events events.ndjson --source 192.0.2.7`,
		RunE: func(*cobra.Command, []string) error { return r.run() },
	}
	for _, name := range []string{"config", "store", "contacts", "clock-synced", "reporter-org", "reporter-contact", "reporter-domain"} {
		c.Flags().AddFlag(r.settings.all.Lookup(name))
	}
	c.Flags().StringSliceVar(&r.events, "events", nil, "events `FILE`,... (NDJSON, also compressed) that --refused reads")
	c.Flags().StringVar(&r.source, "source", "", "of this `IP` only")
	c.Flags().BoolVar(&r.list, "list", false, "list all drafts, and what the gates say of each")
	c.Flags().BoolVar(&r.refused, "refused", false, "say of drafts and sources without a report why there is none")
	c.AddCommand(tracebackCommand(io), impersonationCommand(io))
	return c
}

func (r *reporting) run() error {
	s := r.settings
	if err := s.load(os.Environ()); err != nil {
		return err
	}
	if s.elastic.store == "" && (!r.refused || len(r.events) == 0) {
		return usageError("report: name the store that holds the drafts (--store FILE), or events to say why there is no report (--refused --events FILE)")
	}
	if len(r.events) > 0 && !r.refused {
		return usageError("report: --events goes with --refused")
	}
	if r.source != "" {
		a, err := netip.ParseAddr(r.source)
		if err != nil {
			return usageError("--source: %q is no address", r.source)
		}
		r.source = a.Unmap().String()
	}
	verdicts, err := r.judge()
	if err != nil {
		return err
	}
	switch {
	case r.refused:
		return r.printRefused(verdicts)
	case r.list:
		return r.printList(verdicts)
	}
	return r.print(verdicts)
}

// judge asks the gates about every draft, in their order, and gives those that were asked for.
func (r *reporting) judge() (verdicts []report.Verdict, err error) {
	s := r.settings
	if s.elastic.store == "" {
		return nil, nil
	}
	if r.now.IsZero() {
		r.now = time.Now()
	}
	gates := report.Gates{Now: r.now, ClockSynced: s.report.clockSynced, Reporter: s.report.reporter}
	if gates.Contacts, err = readContacts(s.report.contacts); err != nil {
		return nil, err
	}
	q, err := store.OpenReader(s.elastic.store)
	if err != nil {
		return nil, err
	}
	defer q.Close() // a reader leaves nothing unwritten
	err = q.Drafts(func(d store.Draft) error {
		v, err := gates.Judge(d)
		if err == nil && (r.source == "" || d.Source == r.source) {
			verdicts = append(verdicts, v)
		}
		return err
	})
	return verdicts, err
}

func readContacts(path string) (*report.Contacts, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usageError("--contacts: %w", err)
	}
	defer f.Close() // it was read only
	c, err := report.ReadContacts(f)
	if err != nil {
		return nil, usageError("--contacts %s: %w", path, err)
	}
	return c, nil
}

// print writes the drafts that pass as XARF, one after the other, and names the others on standard error.
func (r *reporting) print(verdicts []report.Verdict) error {
	shown := 0
	for _, v := range verdicts {
		if v.Document == nil {
			fmt.Fprintf(r.io.err, "popupwatch: not shown: %s", refusalText(&v))
			continue
		}
		shown++
		if _, err := fmt.Fprintf(r.io.out, "%s\n", visibleJSON(v.Document)); err != nil {
			return err
		}
		fmt.Fprintf(r.io.err, "popupwatch: draft %s is for %s\n", v.Draft.ID, v.Contact)
	}
	fmt.Fprintf(r.io.err, "popupwatch: %s, %d shown; nothing is sent: read before you send\n", plural(uint64(len(verdicts)), "draft"), shown)
	return nil
}

// refusalText says why a draft is not shown.
func refusalText(v *report.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "draft %s of %s on %s, campaign %s\n", v.Draft.ID, v.Draft.At.UTC().Format(time.DateTime), v.Draft.Source, v.Draft.Campaign)
	for _, why := range v.Refusals {
		fmt.Fprintf(&b, "  %s\n", why)
	}
	return visible(b.String())
}

func (r *reporting) printList(verdicts []report.Verdict) error {
	w := tabwriter.NewWriter(r.io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TIME (UTC)\tSOURCE\tCAMPAIGN\tCONTACT\tDRAFT\tGATES")
	for _, v := range verdicts {
		gates := "pass"
		if v.Document == nil {
			gates = "refused: " + strings.Join(v.Refusals, " ")
		}
		d := v.Draft
		fmt.Fprintln(w, visible(strings.Join([]string{d.At.UTC().Format(time.DateTime), d.Source, d.Campaign, v.Contact, d.ID, gates}, "\t")))
	}
	return w.Flush()
}

// printRefused says why there is no report: of drafts that a gate refuses, and of every source of the events.
func (r *reporting) printRefused(verdicts []report.Verdict) error {
	for _, v := range verdicts {
		if v.Document == nil {
			fmt.Fprintf(r.io.out, "Refused: %s", refusalText(&v))
		}
	}
	var all report.Refusals
	if err := readEvents(r.events, all.Read); err != nil {
		return err
	}
	for _, row := range all.Rows(r.source) {
		if _, err := io.WriteString(r.io.out, visible(row.String())); err != nil {
			return err
		}
	}
	if all.More > 0 {
		fmt.Fprintf(r.io.out, "%d more documents of sources found no room in this list.\n", all.More)
	}
	return nil
}

// readEvents gives each events file to f. Standard input is none: some readers need them twice.
func readEvents(paths []string, f func(io.Reader) error) error {
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		if err := errors.Join(f(file), file.Close()); err != nil {
			return fmt.Errorf("read events %s: %w", path, err)
		}
	}
	return nil
}

func tracebackCommand(io stdio) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "traceback EVENTS... --out DIR|-", Short: "Write for our own upstream how forged traffic came in",
		Long: `Reads events (NDJSON, also compressed) and writes for each campaign with forged sources how its packets came in: interface, MAC address of the last hop,
VLAN, time, TTL, digests, rate. For our own upstream, the only party that can walk forged packets back. The addresses written on the packets are named as that, and
never as who sent them. --out DIR makes traceback-CAMPAIGN.md and .json there; - prints all of it.`,
		Example: `  popupwatch report traceback events.ndjson --out traceback/`,
		RunE: func(_ *cobra.Command, events []string) error {
			if len(events) == 0 || out == "" {
				return usageError("report traceback: name the events, and where to write to (--out DIR, or - for standard output)")
			}
			return traceback(events, out, io)
		},
	}
	c.Flags().StringVar(&out, "out", "", "`DIR` to write to; - is standard output")
	return c
}

func traceback(events []string, out string, io stdio) error {
	var t report.Traceback
	if err := readEvents(events, t.Sources); err != nil {
		return err
	}
	if err := readEvents(events, t.Messages); err != nil {
		return err
	}
	packages := t.Packages()
	for i := range packages {
		if err := writePackage(&packages[i], out, io); err != nil {
			return err
		}
	}
	fmt.Fprintf(io.err, "popupwatch: %s with forged traffic\n", plural(uint64(len(packages)), "campaign"))
	if n := t.Unplaced(); n > 0 {
		fmt.Fprintf(io.err, "popupwatch: %d messages are of campaigns that found no room\n", n)
	}
	return nil
}

// writePackage writes one campaign's package as Markdown and JSON.
func writePackage(p *report.Package, out string, io stdio) error {
	document, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encode a traceback package: %w", err)
	}
	document = append(visibleJSON(document), '\n')
	text := p.Markdown(oneLine)
	if out == "-" {
		_, err = fmt.Fprintf(io.out, "%s\n```json\n%s```\n\n", text, document)
		return err
	}
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	name := filepath.Join(out, "traceback-"+fileName(p.Campaign))
	return errors.Join(os.WriteFile(name+".md", []byte(text), 0o640), os.WriteFile(name+".json", document, 0o640))
}

// fileName makes a name for a file out of a campaign's: events may come from anywhere.
func fileName(campaign string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, campaign[:min(len(campaign), 64)])
}

func impersonationCommand(io stdio) *cobra.Command {
	var source string
	c := &cobra.Command{
		Use: "impersonation --source IP EVENTS...", Short: "Write a notice for somebody whose address was forged: no action implied",
		Long: `Reads events (NDJSON, also compressed) and writes a notice: "your address appears as a forged source, no action implied". Only for a routable address whose
claims are all forged_certain or forged_probable where they say anything; else it says why there is none, and ends with status 1. Nothing is ever sent.`,
		RunE: func(_ *cobra.Command, events []string) error {
			a, err := netip.ParseAddr(source)
			if err != nil || len(events) == 0 {
				return usageError("report impersonation: name the address and the events (--source IP EVENTS...)")
			}
			n := report.NewImpersonation(a)
			if err := readEvents(events, n.Read); err != nil {
				return err
			}
			text, err := n.Notice(oneLine)
			if err == nil {
				_, err = fmt.Fprint(io.out, text)
			}
			return err
		},
	}
	c.Flags().StringVar(&source, "source", "", "`IP` whose owner is to be told")
	return c
}
