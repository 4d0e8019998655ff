package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"popupwatch/sensor"
	"popupwatch/sensor/capture"
)

// telescope is a replay that stays: the captures of a directory as they are finished, and what the road handed on over restarts.
type telescope struct {
	*capture.Watch
	settings *settings
	io       stdio
	road     *sensor.Sensor
	out      eventSink
	reports  []capture.FileReport // of files that were read, the last ones
	began    time.Time
	dir      string
	waited   bool // it was said
}

// maxReports is how many files the summary names: the last ones.
const maxReports = 1000

// watchDirectory reads what a rotating capture adds to a directory, until SIGINT or SIGTERM.
func watchDirectory(s *settings, paths []string, io stdio) (err error) {
	if len(paths) != 1 {
		return usageError("replay --watch: name one directory")
	}
	config, err := s.sensorConfig()
	if err != nil {
		return err
	}
	if config.Rules, err = s.loadRules(config.Memory); err != nil {
		return &exitError{exitUsage, err}
	}
	limitMemory(config.Memory)
	t := &telescope{settings: s, io: io, began: time.Now(), dir: paths[0]}
	t.Watch, err = capture.OpenWatch(paths[0], capture.WatchConfig{Filter: s.filter, Done: t.done, Idle: t.idle})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Watch.Close()) }()
	if t.out, err = s.openLog(io); err != nil {
		return err
	}
	t.road = sensor.New(config, t.out)
	t.road.Open(t)
	if err := t.load(); err != nil {
		return errors.Join(err, t.out.Close())
	}
	stop := t.listen()
	err = t.carry()
	stop()
	return errors.Join(err, t.conclude(err == nil))
}

// carry is the road until the first signal; then what is open is closed, or handed on.
func (t *telescope) carry() error {
	if err := t.road.Carry(); err != nil {
		return errors.Join(err, t.out.Close())
	}
	if t.settings.state == "" {
		return errors.Join(t.road.Finish(), t.out.Close())
	}
	if err := errors.Join(t.road.Suspend(), t.out.Close()); err != nil {
		return err // a state behind events that were not written would lose them
	}
	return t.save()
}

// done notes a file that was read, and hands on how far the road is: events first, then the state.
func (t *telescope) done(r capture.FileReport) error {
	t.reports = append(t.reports[max(0, len(t.reports)-maxReports+1):], r)
	if !t.settings.quiet {
		fmt.Fprintf(t.io.err, "popupwatch: read %s: %d frames, %d popups so far\n", visible(r.Path), r.Frames, t.road.Messages())
	}
	if r.Err != nil {
		fmt.Fprintf(t.io.err, "popupwatch: %s\n", visible(r.Err.Error()))
	}
	t.flush()
	if t.settings.state == "" {
		return nil
	}
	return t.save()
}

// idle writes the events that are gathered: somebody may be reading them. It says once that there is nothing to be read now.
func (t *telescope) idle() {
	if !t.waited && !t.settings.quiet {
		t.waited = true
		fmt.Fprintf(t.io.err, "popupwatch: watching %s: a file is read when the next one begins, or when it is renamed\n", visible(t.dir))
	}
	t.flush()
}

func (t *telescope) flush() {
	if f, ok := t.out.(interface{ Flush() error }); ok {
		f.Flush() // an error stays and returns with the next event, or with Close
	}
}

// load takes over what an earlier run handed on.
func (t *telescope) load() error {
	if t.settings.state == "" {
		return nil
	}
	aside, err := sensor.ReadState(t.settings.state, t.road, t.Watch)
	if aside != "" {
		fmt.Fprintf(t.io.err, "popupwatch: the state file %s is damaged: set aside as %s; everything is read anew\n", visible(t.settings.state), visible(aside))
	}
	return err
}

func (t *telescope) save() error { return sensor.WriteState(t.settings.state, t.road, t.Watch) }

// listen stops the watching at the first SIGINT or SIGTERM and the process at the second.
func (t *telescope) listen() (stop func()) {
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		defer close(done)
		stopping := false
		for s := range signals {
			if stopping {
				os.Exit(128 + int(s.(syscall.Signal)))
			}
			stopping = true
			t.Watch.Stop()
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}

// conclude prints the summary, and gives status 3 where a file was damaged.
func (t *telescope) conclude(whole bool) error {
	if !whole {
		return nil
	}
	summary := runSummary{Summary: t.road.Summary(), files: t.reports, elapsed: time.Since(t.began)}
	return conclude(t.settings, &summary, nil, false, t.io)
}
