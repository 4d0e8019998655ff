package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/sink"
)

func replayCommand(io stdio) *cobra.Command {
	s := newSettings(commandReplay)
	c := &cobra.Command{
		Use:   "replay [flags] PATH...",
		Short: "Read captures: files, directories, - for standard input",
		Long: `Reads captures (pcap and pcapng, also .gz and .zst) in packet time, as fast as it can: files, directories, - for
standard input. Several files are merged by packet time. Says at the end what popups came, which belong together, and how far their
sources can be believed.

Exit status: 0 all read, 1 failed, 2 wrong usage, 3 an input was cut short or damaged (everything before the damage was read).`,
		Example: `  popupwatch replay testdata/captures
  popupwatch replay --home 192.0.2.0/24 --events popups.ndjson.zst captures/ other.pcap.gz
  zcat big.pcap.gz | popupwatch replay --summary json -`,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return usageError("replay: no capture named (see: popupwatch replay --help)")
			}
			if i := slices.Index(paths, standardInput); i >= 0 && slices.Contains(paths[i+1:], standardInput) {
				return usageError("replay: standard input (-) is named twice")
			}
			stateAsked := c.Flags().Changed("state") // on this command line; a shared configuration may name one for live
			if err := s.load(os.Environ()); err != nil {
				return err
			}
			if s.watching {
				return watchDirectory(s, paths, io)
			}
			if stateAsked {
				return usageError("replay: --state goes with --watch (a run that ends closes what is open)")
			}
			return replay(s, paths, io)
		},
	}
	s.addFlags(c.Flags())
	return c
}

// replay carries captures along the road and says what was found.
func replay(s *settings, paths []string, io stdio) error {
	config, err := s.replayConfig()
	if err != nil {
		return err
	}
	if err := errors.Join(keepInputs("--events", s.events, paths), keepInputs("--evidence", s.report.evidence, paths),
		keepInputs("--report", s.report.html, paths)); err != nil {
		return err
	}
	var stdin *hashedInput
	if s.report.html != "" {
		stdin = newHashedInput(io.in)
		io.in = stdin
	}
	files, err := capture.Open(paths, capture.Config{Filter: s.filter, Stdin: io.in})
	if err != nil {
		return err
	}
	return errors.Join(replayFiles(s, config, files, stdin, io), files.Close())
}

// replayFiles opens what is written, carries the frames, and says what was found.
func replayFiles(s *settings, config sensor.Config, files *capture.Files, stdin *hashedInput, io stdio) (err error) {
	out, err := openEvents(s.events, io)
	if err != nil {
		return err
	}
	d, err := s.openDelivery(newPlainLogger(io.err, s.quiet), false)
	if err != nil {
		return errors.Join(err, out.Close())
	}
	b, err := s.openBeside(d)
	if err != nil {
		return errors.Join(err, out.Close(), d.discard())
	}
	defer func() { err = errors.Join(err, b.discard()) }()
	config.Witness = b.witness()
	began := time.Now()
	sinks := b.besides(d.besides(out))
	road := sensor.New(config, sinks)
	src, stop := watch(files, road, d, io, s.quiet)
	if err = road.Run(src); err != nil {
		d.hurry()
	}
	if err = errors.Join(err, sinks.Close()); err == nil {
		err = b.save(files.Interface)
	}
	interrupted := src.stopped.Load()
	err = errors.Join(err, d.complete(func() bool { return !interrupted && src.stopped.Load() }, src.left(io.err)))
	stop()
	summary := runSummary{Summary: road.Summary(), files: files.Reports(), elapsed: time.Since(began), delivery: d, beside: b, settings: s}
	if err == nil {
		err = summary.hand(stdin, interrupted)
	}
	if err != nil {
		return errors.Join(d.account(err), d.discard())
	}
	return errors.Join(conclude(s, &summary, files.Skipped(), interrupted, io), d.discard())
}

// replayConfig checks the settings, gives them the form that the road takes, and tells the collector how much there is.
func (s *settings) replayConfig() (c sensor.Config, err error) {
	if c, err = s.sensorConfig(); err != nil {
		return c, err
	}
	if c.Rules, err = s.loadRules(c.Memory); err != nil {
		return c, err
	}
	if err := capture.CheckFilter(s.filter); err != nil {
		return c, &exitError{exitUsage, fmt.Errorf("--filter: %w", err)}
	}
	limitMemory(c.Memory)
	return c, nil
}

// limitMemory tells the collector how much the process may take for state of so many octets: the state, and a quarter more for garbage and
// buffers. GOMEMLIMIT beats it.
func limitMemory(state int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(state + state/4)
	}
}

// keepInputs refuses to write over a capture that is to be read: opening it for writing would empty it.
func keepInputs(flag, output string, paths []string) error {
	out, err := os.Stat(output)
	if err != nil || !out.Mode().IsRegular() {
		return nil
	}
	for _, path := range paths {
		if in, err := os.Stat(path); err == nil && os.SameFile(in, out) {
			return usageError("%s %s is one of the captures to read, and would be overwritten", flag, output)
		}
	}
	return nil
}

// eventSink is a sink that has to be closed.
type eventSink interface {
	sensor.Sink
	Close() error
}

// openEvents opens where events go; without a path they go nowhere.
func openEvents(path string, io stdio) (eventSink, error) {
	if path == "" {
		return &sink.Discard{}, nil
	}
	return sink.OpenNDJSON(path, io.out)
}

// conclude prints the summary and finds the exit status.
func conclude(s *settings, summary *runSummary, skipped []string, interrupted bool, io stdio) error {
	to := io.out
	if s.events == "-" {
		to = io.err
	}
	if err := summary.print(s.summary, to); err != nil {
		return fmt.Errorf("print summary: %w", err)
	}
	if s.verbose {
		for _, path := range skipped {
			fmt.Fprintf(io.err, "popupwatch: %s is no capture, left out\n", visible(path))
		}
	}
	status := exitOK
	for _, f := range summary.files {
		var damage *capture.DamageError
		switch {
		case f.Err == nil:
			continue
		case errors.As(f.Err, &damage):
			status = max(status, exitDamaged)
		default:
			status = exitFailed
		}
		fmt.Fprintf(io.err, "popupwatch: %s\n", visible(f.Err.Error()))
	}
	if interrupted {
		fmt.Fprintln(io.err, "popupwatch: interrupted; what was read so far is complete")
		status = exitFailed
	}
	if err := summary.delivery.outcomeError(); err != nil {
		fmt.Fprintf(io.err, "popupwatch: %s\n", visible(err.Error()))
		status = exitFailed
	}
	if status != exitOK {
		return &exitError{status, nil}
	}
	return nil
}
