package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"popupwatch/decoders"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/handout"
	"popupwatch/sensor/report"
	"popupwatch/sensor/sink"
	"popupwatch/sensor/store"
)

// beside is what a run makes besides its events: drafts of reports, and the packets behind its verdicts. The nil one makes nothing.
type beside struct {
	drafts   *report.Drafts
	evidence *report.Evidence // nil: no packets are kept
	path     string
	kept     report.Kept
	delivery *delivery
	handout  *handout.Collector // of --report; nil without
	report   string             // where that goes
}

// openBeside begins to draft, to keep packets, and to collect for a report of the run. Drafts go to a store that was named; without one they are counted.
func (s *settings) openBeside(d *delivery) (*beside, error) {
	form, err := report.NewForm(s.report.reporter)
	if err != nil {
		return nil, err
	}
	b := &beside{path: s.report.evidence, delivery: d, report: s.report.html}
	var keep report.Keeper
	var known []store.Draft
	if d.keeps() {
		keep = d.writer
		err = d.store.Drafts(func(t store.Draft) error {
			known = append(known, store.Draft{ID: t.ID, Source: t.Source})
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	b.drafts = report.NewDrafts(form, keep, known)
	if b.path != "" {
		b.evidence, err = report.NewEvidence(report.EvidenceConfig{
			Dir: filepath.Dir(b.path), Packets: s.report.evidencePacket, Octets: s.report.evidenceOctets, Line: oneLine,
		})
	}
	if err != nil {
		return nil, err
	}
	if b.handout, err = s.openHandout(); err != nil {
		return nil, errors.Join(err, b.discard())
	}
	return b, nil
}

// besides gives a sink of the events' own and of what is made besides.
func (b *beside) besides(out eventSink) eventSink {
	all := sink.Fanout{out, b.drafts}
	if b.evidence != nil {
		all = append(all, b.evidence)
	}
	if b.handout != nil {
		all = append(all, b.handout)
	}
	return all
}

// witness is who sees the frames of the road; nil where nobody keeps them.
func (b *beside) witness() sensor.Witness {
	if b.evidence == nil {
		return nil
	}
	return b.evidence
}

// save writes the packets that were kept, under their name only when all are there; nothing where none are kept.
func (b *beside) save(from func(int) decoders.Interface) error {
	if b == nil || b.evidence == nil {
		return nil
	}
	b.kept = b.evidence.Kept()
	return writeWhole(b.path, "evidence", func(f io.Writer) error {
		w := capture.NewPacketFile(f, from, "popupwatch "+version, b.kept.String())
		return errors.Join(b.evidence.Save(w), w.Close())
	})
}

// writeWhole writes a file that only its owner reads, under its name only when all of it is there.
func writeWhole(path, what string, write func(io.Writer) error) error {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	if err = errors.Join(write(f), f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", what, err), os.Remove(part))
	}
	return nil
}

// discard gives up what was kept.
func (b *beside) discard() error {
	if b == nil {
		return nil
	}
	var err error
	if b.evidence != nil {
		err = b.evidence.Discard()
	}
	if b.handout != nil {
		err = errors.Join(err, b.handout.Discard())
	}
	return err
}

// said is what there is to say to people of what was made besides; nothing where nothing was.
func (b *beside) said() (lines []string) {
	if b == nil {
		return nil
	}
	switch made := b.drafts.Made(); {
	case made > 0 && !b.drafts.Keeps():
		lines = append(lines, fmt.Sprintf("Reports: %d made and not kept: --store FILE keeps drafts for popupwatch report. Nothing is ever sent.", made))
	case made > 0:
		lines = append(lines, fmt.Sprintf("Reports: %d made, %d lost; see popupwatch report --store %s. Nothing is ever sent.", made, b.delivery.writer.DraftsUnkept(), b.delivery.store.Path()))
	}
	if n := b.drafts.Refused(); n > 0 {
		lines = append(lines, fmt.Sprintf("Reports: %d refused when they were to be drafted: %v", n, b.drafts.Reason()))
	}
	if b.evidence != nil {
		lines = append(lines, fmt.Sprintf("Evidence: %s; in %s", b.kept, b.path))
	}
	if b.handout != nil {
		lines = append(lines, "Report, to be opened in a browser: "+b.report)
	}
	return lines
}
