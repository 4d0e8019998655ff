package handout

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"popupwatch/sensor/event"
	"popupwatch/sensor/store"
)

// maxProven bounds the addresses that a report names.
const maxProven = 1000

// Collector is a sink that keeps the events of a run, in a store of its own in a folder of its own. Emit, Flush and Close belong to the road's
// goroutine. Discard it after use.
type Collector struct {
	dir    string
	store  *store.Store
	writer *store.Writer
	called map[netip.Addr]bool // addresses that some event called reportable; the last word is in the store
	beyond uint64              // such events beyond the bound
}

// NewCollector begins to collect, below the folder for temporary files.
func NewCollector() (*Collector, error) {
	dir, err := os.MkdirTemp("", "popupwatch-report-")
	if err != nil {
		return nil, fmt.Errorf("collect for the report: %w (TMPDIR names a folder for it)", err)
	}
	c := &Collector{dir: dir, called: map[netip.Addr]bool{}}
	if c.store, err = store.Open(filepath.Join(dir, "events.db"), 0); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	c.store.Unhurried()
	c.writer = store.NewWriter(c.store, true, nil)
	c.writer.KeepOnly()
	return c, nil
}

// Emit keeps an event. Where it cannot, as on a full disk, the run goes on, and Close says why.
func (c *Collector) Emit(e *event.Event) error {
	if e.Reportable() {
		c.call(e.Source.Key.Source)
	}
	return c.writer.Emit(e)
}

func (c *Collector) call(ip netip.Addr) {
	if len(c.called) == maxProven && !c.called[ip] {
		c.beyond++
		return
	}
	c.called[ip] = true
}

// Flush waits until what came is written.
func (c *Collector) Flush() error { return c.writer.Flush() }

// Close ends the collecting; questions can be asked then. The error is why events are missing.
func (c *Collector) Close() error {
	err := errors.Join(c.writer.Close(), c.writer.Failure())
	if err != nil {
		err = fmt.Errorf("collect for the report: %w (TMPDIR names a folder with more room)", err)
	}
	return err
}

// Discard gives up what was collected.
func (c *Collector) Discard() error {
	return errors.Join(c.writer.Close(), c.store.Close(), os.RemoveAll(c.dir))
}
