package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/complaint"
	"popupwatch/sensor/event"
)

func exonerateCommand(std stdio) *cobra.Command {
	var source string
	var home []string
	var zone string
	var skew time.Duration
	c := &cobra.Command{
		Use: "exonerate --source IP [--home CIDR] EVIDENCE...", Short: "Say what a complaint about an address can prove, and what to answer",
		Long: `Reads what an abuse desk has about one address and prints one page: what such packets can prove and what not, what speaks for and against this
address having sent them, whether captures of its own network show them, and what to answer.

EVIDENCE is, recognised by its content: lines of firewall and router logs (as text or in an e-mail), XARF reports with their evidence, captures (pcap,
pcapng), events of popupwatch; also compressed; - is standard input. A capture is compared with the complaint as the network's own where
--home contains the address; where it does not, --home is the network of the other end, and the address's answers to it are looked at.

Exit status: 0 all read, 1 failed, 2 wrong usage, 3 an input is damaged (named; everything else is told).`,
		Example: `  popupwatch exonerate --source 203.0.113.7 complaint.eml
  popupwatch exonerate --source 203.0.113.7 --home 203.0.113.0/24 complaint.txt egress.pcap.gz`,
		RunE: func(_ *cobra.Command, paths []string) error {
			x := &exoneration{skew: skew, std: std}
			if err := x.check(source, zone, paths); err != nil {
				return usageError("exonerate: %w", err)
			}
			return x.run(home, paths)
		},
	}
	c.Flags().StringVar(&source, "source", "", "the `IP` address that is accused")
	c.Flags().StringSliceVar(&home, "home", nil, "`CIDR` of the network where captures were taken: where it contains the address, they are compared as its own")
	c.Flags().DurationVar(&skew, "skew", 5*time.Minute, "how far the complainant's clock may be off")
	c.Flags().StringVar(&zone, "zone", "", "time `ZONE` of log lines that name none, if the complainant told it: +02:00, UTC")
	return c
}

// check refuses wrong usage, and reads the address and the zone.
func (x *exoneration) check(source, zone string, paths []string) (err error) {
	if x.source, err = parseSource(source); err != nil {
		return err
	}
	if x.zone, err = parseZone(zone); err != nil {
		return err
	}
	i := slices.Index(paths, "-")
	switch {
	case len(paths) == 0:
		return errors.New("no evidence named (see: popupwatch exonerate --help)")
	case i >= 0 && slices.Contains(paths[i+1:], "-"):
		return errors.New("standard input (-) is named twice")
	case x.skew < 0 || x.skew > 24*time.Hour:
		return errors.New("--skew: from 0 to 24h")
	}
	return nil
}

// parseZone reads UTC or an offset; nil for none.
func parseZone(text string) (*time.Location, error) {
	switch text {
	case "":
		return nil, nil
	case "UTC", "Z":
		return time.UTC, nil
	}
	at, err := time.Parse("-07:00", text)
	if err != nil {
		return nil, fmt.Errorf("--zone: %q is no offset such as +02:00, and not UTC (names of zones mean different ones)", text)
	}
	return at.Location(), nil
}

// exoneration is what was found about one accused address.
type exoneration struct {
	std       stdio
	source    netip.Addr
	settings  *settings
	config    sensor.Config
	skew      time.Duration
	zone      *time.Location // nil: not told
	complaint *complaint.Complaint
	claims    *claims // what events say that were given: worth what their keeper is
	road      *claims // what the road says of the captures that were given
	captures  []*egress
	waiting   []pending // captures, until all complaints are read
	damaged   []string
}

// pending is a capture that was opened.
type pending struct {
	name string
	in   *input
}

func (x *exoneration) run(home, paths []string) (err error) {
	x.settings = newSettings(commandReplay)
	x.settings.home = home
	if x.config, err = x.settings.sensorConfig(); err != nil {
		return err
	}
	if x.config.Rules, err = x.settings.loadRules(x.config.Memory); err != nil {
		return err
	}
	limitMemory(x.config.Memory)
	x.complaint, x.claims, x.road = complaint.New(x.source), newClaims(x.source), newClaims(x.source)
	x.complaint.Zone = x.zone
	defer func() {
		for _, w := range x.waiting {
			w.in.Close()
		}
	}()
	for _, path := range paths {
		if err := x.take(path); err != nil {
			return err
		}
	}
	for _, a := range x.complaint.Attachments {
		x.attach(a)
	}
	for _, w := range x.waiting {
		if err := x.carry(w); err != nil {
			return err
		}
	}
	p := &page{}
	x.write(p)
	if _, err := io.WriteString(x.std.out, p.String()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return x.status()
}

// status names what was damaged.
func (x *exoneration) status() error {
	for _, d := range x.damaged {
		fmt.Fprintf(x.std.err, "popupwatch: %s\n", visible(d))
	}
	if err := x.claims.damage(x.std.err); err != nil || len(x.damaged) > 0 {
		return &exitError{exitDamaged, nil}
	}
	return nil
}

// take reads one piece of evidence, or puts a capture aside until the complaints are known.
func (x *exoneration) take(path string) error {
	in, err := openInput(path, x.std.in)
	if err != nil {
		return fmt.Errorf("read evidence: %w", err)
	}
	name := path
	if path == "-" {
		name = "standard input"
	}
	head, err := in.Peek(headSize)
	kind := complaint.Recognise(head)
	if kind == complaint.KindCapture {
		x.waiting = append(x.waiting, pending{name, in})
		return nil
	}
	defer in.Close()
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return fmt.Errorf("read evidence: %w", err)
	}
	if err := x.read(name, kind, in); err != nil {
		x.damaged = append(x.damaged, err.Error())
	}
	return nil
}

// read reads what is no capture. What only looks like a report or an e-mail is read as lines: then every line is accounted for.
func (x *exoneration) read(name string, kind complaint.Kind, in io.Reader) error {
	switch kind {
	case complaint.KindEvents:
		return x.claims.read(name, in)
	case complaint.KindReport, complaint.KindMail:
		content, err := io.ReadAll(io.LimitReader(in, complaint.MaxReport+1))
		if err != nil {
			x.damaged = append(x.damaged, fmt.Sprintf("read %s: %v", name, err))
		}
		switch {
		case len(content) > complaint.MaxReport:
		case kind == complaint.KindReport && x.complaint.ReadReport(name, content) == nil:
			return nil
		case kind == complaint.KindMail && x.complaint.ReadMail(name, bytes.NewReader(content)) == nil:
			return nil
		}
		return x.complaint.ReadLines(name, io.MultiReader(bytes.NewReader(content), in))
	}
	return x.complaint.ReadLines(name, in)
}

// attach takes what hung on a report or an e-mail, if it is a capture.
func (x *exoneration) attach(a complaint.Attachment) {
	in, err := inflate(bytes.NewReader(a.Data), nil)
	if err == nil {
		head, _ := in.Peek(headSize)
		if complaint.Recognise(head) == complaint.KindCapture {
			x.waiting = append(x.waiting, pending{a.Name, in})
			return
		}
		err = errors.New("compressed, but no capture: it is not read")
	}
	x.damaged = append(x.damaged, fmt.Sprintf("%s: %v", a.Name, err))
}

// carry takes a capture along the road, as replay does, and looks at what left home.
func (x *exoneration) carry(w pending) error {
	files, err := capture.Open([]string{"-"}, capture.Config{Stdin: w.in})
	if err != nil {
		return fmt.Errorf("read %s: %w", w.name, err)
	}
	config := x.config
	config.Event.Sensor = w.name
	view := newEgress(files, w.name, x.source, config.Home, x.skew, x.complaint.Sights)
	err = errors.Join(sensor.New(config, &verdicts{x.road, w.name}).Run(view), files.Close())
	if err != nil {
		return fmt.Errorf("read %s: %w", w.name, err)
	}
	for _, r := range files.Reports() {
		if r.Err != nil {
			x.damaged = append(x.damaged, strings.Replace(r.Err.Error(), "read -:", "read "+w.name+":", 1))
		}
	}
	view.sumUp()
	x.captures = append(x.captures, view)
	return nil
}

// verdicts is a sink that keeps what the road says of the accused address, in the same form as events from a file.
type verdicts struct {
	claims *claims
	name   string
}

// Emit keeps documents of sources and messages about the address.
func (v *verdicts) Emit(e *event.Event) error {
	if (e.Set == event.SetSource || e.Set == event.SetMessage) && e.Source != nil && e.Source.Key.Source == v.claims.source {
		v.claims.line(v.name, 0, e.JSON())
	}
	return nil
}

// Close has nothing to close.
func (*verdicts) Close() error { return nil }

// ours says whether captures can be those of the accused address's own network.
func (x *exoneration) ours() bool {
	return slices.ContainsFunc(x.config.Home, func(p netip.Prefix) bool { return p.Contains(x.source) })
}
