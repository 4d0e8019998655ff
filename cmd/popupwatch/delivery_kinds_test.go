package main

import (
	"log/slog"
	"path/filepath"
	"testing"

	"popupwatch/sensor/event"
)

// The mapping is closed: a fate of documents that the table does not list would be kept and never found.
func TestEveryFateOfTheQueueStandsInTheTable(t *testing.T) {
	listed := map[string]bool{}
	for _, f := range event.Fields() {
		listed[f.Path] = true
	}
	s := newSettings(commandLive)
	s.elastic.store = filepath.Join(t.TempDir(), "store.db")
	d, err := s.openDelivery(slog.New(slog.DiscardHandler), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, fate := range d.tallies() {
		if !listed["popupwatch.sensor.queue."+fate.Name] {
			t.Errorf("popupwatch.sensor.queue.%s is counted and not in the table", fate.Name)
		}
	}
	if err := d.close(); err != nil {
		t.Error(err)
	}
}
