package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"popupwatch/sensor/report"
)

// reportSettings are what drafts and evidence need to know.
type reportSettings struct {
	html           string // of the run
	evidence       string
	evidencePacket int
	evidenceOctets int64
	reporter       report.Reporter
	contacts       string
	clockSynced    bool
}

// addEvidence adds what replay and live have.
func (s *settings) addEvidence(f *pflag.FlagSet) {
	r := &s.report
	f.StringVar(&r.evidence, "evidence", "", "write the packets behind popups and evidence to `FILE.pcapng`, with verdict and sentences as packet comments")
	f.IntVar(&r.evidencePacket, "evidence-packets", report.EvidencePackets, "packets that --evidence keeps at most")
	f.Int64Var(&r.evidenceOctets, "evidence-octets", report.EvidenceOctets, "octets of packets that --evidence keeps at most")
}

// addReporter adds what drafts say of who reports, which the command report can say later, too.
func (s *settings) addReporter(f *pflag.FlagSet) {
	r := &s.report.reporter
	f.StringVar(&r.Org, "reporter-org", "", "`NAME` of who reports, for drafts of reports")
	f.StringVar(&r.Contact, "reporter-contact", "", "`MAILBOX` of who reports")
	f.StringVar(&r.Domain, "reporter-domain", "", "`DOMAIN` of who reports")
}

// addReport adds what only the command report uses.
func (s *settings) addReport(f *pflag.FlagSet) {
	f.StringVar(&s.report.contacts, "contacts", "", "`FILE` of networks and their mailboxes, for reports: 192.0.2.0/24 abuse@example.net")
	f.BoolVar(&s.report.clockSynced, "clock-synced", false, "say that the sensor's clock was right: no report without it")
}

// checkReport refuses a reporter that no draft could name, limits that make no sense, and an evidence file in a place that is not there or
// that is another output.
func (s *settings) checkReport() error {
	r := &s.report
	if r.reporter != (report.Reporter{}) {
		if _, err := report.NewForm(r.reporter); err != nil {
			return usageError("--reporter-org, --reporter-contact, --reporter-domain: %w", err)
		}
	}
	switch {
	case r.evidencePacket < 1 || r.evidenceOctets < 1:
		return usageError("--evidence-packets, --evidence-octets: at least 1")
	case r.html != "" && s.watching:
		return usageError("--report: it is written when a run ends, and --watch stays")
	}
	return errors.Join(checkOutput("--evidence", r.evidence, s.events, s.elastic.store, s.state, r.html),
		checkOutput("--report", r.html, s.events, s.elastic.store, s.state, r.evidence))
}

// checkOutput refuses a file that is written when the run ends in a place that is not there, or that is another output.
func checkOutput(flag, path string, others ...string) error {
	switch {
	case path == "":
		return nil
	case path == "-":
		return usageError("%s: a file is wanted, it is written when the run ends", flag)
	case slices.Contains(others, path):
		return usageError("%s %s: that is the name of another output", flag, path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return usageError("%s: there is no folder %s to write it to", path, filepath.Dir(path))
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return usageError("%s %s: that is no regular file", flag, path)
	}
	return nil
}
