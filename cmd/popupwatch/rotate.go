package main

import (
	"errors"
	"fmt"
	"slices"
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
	delivery *delivery
	beside   *beside
	reports  []capture.FileReport // of files that were read, the last ones
	began    time.Time
	dir      string
	waited   bool // it was said
	unsaved  bool // files were read since the state was written
	saved    time.Time
	failed   error // of writing while nothing was read
}

// maxReports is how many files the summary names: the last ones.
const maxReports = 1000

// watchDirectory reads what a rotating capture adds to a directory, until SIGINT or SIGTERM.
func watchDirectory(s *settings, paths []string, io stdio) (err error) {
	if len(paths) != 1 {
		return usageError("replay --watch: name one directory")
	}
	if s.elastic.delivers() && s.state != "" && s.elastic.store == "" {
		return usageError("replay --watch: with --state and --elasticsearch give --store, too: what waits would be lost at a stop, and the state says that it was read")
	}
	config, err := s.replayConfig()
	if err != nil {
		return err
	}
	t := &telescope{settings: s, io: io, began: time.Now(), dir: paths[0]}
	t.Watch, err = capture.OpenWatch(paths[0], capture.WatchConfig{Filter: s.filter, Done: t.done, Idle: t.idle, Faulty: t.faulty})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Watch.Close()) }()
	if t.out, err = s.openLog(io); err != nil {
		return err
	}
	if t.delivery, err = s.openDelivery(newPlainLogger(io.err, s.quiet), false); err != nil {
		return errors.Join(err, t.out.Close())
	}
	if t.beside, err = s.openBeside(t.delivery); err != nil {
		return errors.Join(err, t.out.Close(), t.delivery.discard())
	}
	defer func() { err = errors.Join(err, t.beside.discard()) }()
	config.Witness = t.beside.witness()
	t.out = t.beside.besides(t.delivery.besides(t.out))
	t.road = sensor.New(config, t.out)
	t.road.Open(t)
	if err := t.load(); err != nil {
		return errors.Join(err, t.out.Close(), t.delivery.discard())
	}
	return t.watchUntilStopped()
}

// watchUntilStopped is the road until the first signal, the evidence, the last deliveries and the summary.
func (t *telescope) watchUntilStopped() error {
	// SIGHUP stops as well: a terminal that closes must not cost the place in a file.
	end := stopAt(func() { t.Watch.Stop(); t.delivery.hurry() }, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	err := t.carry()
	if err == nil {
		err = t.beside.save(t.Watch.Interface)
	}
	end()
	late := time.Now().Add(leaveTaking)
	err = errors.Join(err, t.delivery.complete(func() bool { return t.delivery.keeps() && time.Now().After(late) }, func(int64) {}))
	if err == nil {
		err = t.conclude()
	}
	return errors.Join(err, t.delivery.discard())
}

// leaveTaking is how long what is left is delivered at the end, where the store keeps the rest for the next start.
const leaveTaking = 10 * time.Second

// carry is the road until the first signal; then what is open is closed, or handed on.
func (t *telescope) carry() error {
	if err := errors.Join(t.road.Carry(), t.failed); err != nil {
		t.delivery.hurry()
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

// done notes a file that was read, and hands on how far the road is, at most once a second: events first, then the state.
func (t *telescope) done(r capture.FileReport) error {
	t.report(r)
	if !t.settings.quiet {
		fmt.Fprintf(t.io.err, "popupwatch: read %s: %d frames, %d popups so far\n", visible(r.Path), r.Frames, t.road.Messages())
	}
	if r.Err != nil {
		fmt.Fprintf(t.io.err, "popupwatch: %s\n", visible(r.Err.Error()))
	}
	t.unsaved = true
	if time.Since(t.saved) < time.Second {
		return nil
	}
	return t.handOn()
}

// report keeps what is known of a file last: one that was read on is no longer cut short.
func (t *telescope) report(r capture.FileReport) {
	t.reports = slices.DeleteFunc(t.reports, func(o capture.FileReport) bool { return o.Path == r.Path })
	t.reports = append(t.reports[max(0, len(t.reports)-maxReports+1):], r)
}

// faulty says what cannot be read.
func (t *telescope) faulty(r capture.FileReport) {
	fmt.Fprintf(t.io.err, "popupwatch: %s: %s\n", visible(r.Path), visible(r.Err.Error()))
	if r.Path != t.dir { // a directory may come back
		t.report(r)
	}
}

// handOn writes what is gathered, then the state: a state behind events that were not written would lose them.
func (t *telescope) handOn() error {
	t.unsaved, t.saved = false, time.Now()
	if f, ok := t.out.(flusher); ok {
		if err := f.Flush(); err != nil {
			return err
		}
	}
	if t.settings.state == "" {
		return nil
	}
	return t.save()
}

// idle hands on what was read since it was last done. It says once that there is nothing to be read now.
func (t *telescope) idle() {
	if t.unsaved {
		t.failed = errors.Join(t.failed, t.handOn())
	}
	if t.failed != nil {
		t.Watch.Stop()
	}
	if !t.waited && !t.settings.quiet {
		t.waited = true
		fmt.Fprintf(t.io.err, "popupwatch: watching %s: a file is read when the next one begins, or when it is renamed\n", visible(t.dir))
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

// conclude prints the summary, and gives status 3 where a file was damaged.
func (t *telescope) conclude() error {
	summary := runSummary{Summary: t.road.Summary(), files: t.reports, elapsed: time.Since(t.began), delivery: t.delivery, beside: t.beside, settings: t.settings}
	return conclude(t.settings, &summary, nil, false, t.io)
}
