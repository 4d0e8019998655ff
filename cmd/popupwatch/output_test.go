package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/event"
)

// faulty is a fake of a disk that can be full: a real one cannot be filled and emptied in a test.
type faulty struct {
	full  bool
	taken int
}

func (f *faulty) Emit(*event.Event) error {
	if f.full {
		return errors.New("no space left on device")
	}
	f.taken++
	return nil
}

func (f *faulty) Close() error { return nil }

func TestAFailingOutputIsSaidOnceCountedAndTriedEachSecond(t *testing.T) {
	var log bytes.Buffer
	now := time.Unix(1000, 0)
	disk := &faulty{}
	o := &output{to: disk, log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	e := event.NewBuilder(event.Config{}).Stats(&event.Stats{Frames: 1})
	emit := func(n int) {
		t.Helper()
		for range n {
			if err := o.Emit(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	emit(2)
	disk.full = true
	emit(5)
	now = now.Add(time.Minute)
	emit(1)
	disk.full = false
	emit(1) // within the second of the last try
	now = now.Add(retryOutput)
	emit(3)
	if written, lost := o.written[event.SetSensor].Load(), o.lost.Load(); written != 5 || lost != 7 || disk.taken != 5 {
		t.Errorf("written %d, lost %d of 12; the disk has %d", written, lost, disk.taken)
	}
	if said := log.String(); strings.Count(said, "cannot be written") != 1 || strings.Count(said, "written again\" lost=7") != 1 {
		t.Errorf("it said\n%s", said)
	}
}

// gathering is a fake of an output that takes events while its disk is full.
type gathering struct{ faulty }

func (g *gathering) Emit(*event.Event) error { return nil }

func (g *gathering) Flush() error {
	if g.full {
		return errors.New("no space left on device")
	}
	return nil
}

func TestAnOutputIsBackWhenItHasWrittenNotWhenItHasGathered(t *testing.T) {
	var log bytes.Buffer
	now := time.Unix(1000, 0)
	disk := &gathering{faulty{full: true}}
	o := &output{to: disk, log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	e := event.NewBuilder(event.Config{}).Stats(&event.Stats{Frames: 1})
	for range 10 {
		now = now.Add(time.Minute)
		if err := o.Emit(e); err != nil {
			t.Fatal(err)
		}
		o.flush()
	}
	if said := log.String(); strings.Count(said, "cannot be written") != 1 || strings.Contains(said, "written again") {
		t.Errorf("a full disk:\n%s", said)
	}
	disk.full = false
	now = now.Add(time.Minute)
	o.flush() // without an event
	if !strings.Contains(log.String(), "written again") || o.failing.Load() {
		t.Errorf("room again:\n%s", log.String())
	}
}
