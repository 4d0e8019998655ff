package sensor

import (
	"cmp"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"popupwatch/sensor/event"
)

// Suspend ends a run that another is to go on with, in place of what Run does at the end of input: popups that are half received come out
// as far as they went, and the counts since the last sensor document; no claim, campaign, bucket or finding closes. What became due within
// the last beat comes out after the restart, in the order of a run without a stop. It returns the first error of the sink. SaveState is to
// follow.
func (s *Sensor) Suspend() error {
	s.decoder.Finish(s.now, &s.result)
	s.deliver()
	s.stats.at = s.now
	s.report()
	return s.err
}

// Frames gives the number of frames counted so far, over restarts: a source numbers its next frame one higher.
func (s *Sensor) Frames() uint64 { return s.stats.frames }

// savedSensor comes first in a state: what the road itself remembers.
type savedSensor struct {
	Now     time.Time
	Pulse   int64
	Changed bool

	Frames, Bytes, Messages uint64
	Reasons                 []uint64
	Told                    event.Stats // what sensor documents said of these; all, after Suspend
	Rows                    int
	Networks                []savedNetwork
	Claims                  bool // a ClaimRollup's state follows
}

// savedNetwork is a network that popups went to.
type savedNetwork struct {
	Prefix netip.Prefix
	N      uint64
}

// State is what survives a restart. Load is given to a new one what Save wrote; after an error it may be half loaded.
type State interface {
	Save(*gob.Encoder) error
	Load(*gob.Decoder) error
}

// parts gives the parts whose state is saved, in the order of the file. Rules, text analysis and names are caches: they fill again.
func (s *Sensor) parts() []State {
	return []State{s.decoder, s.tracker, s.judge, s.build, s.rollup, s.findings, &s.ties}
}

// SaveState writes what the sensor remembers, part by part and item by item: nothing is copied whole. The same state gives the same octets.
// Without Suspend before it what is half received is not kept; who then goes on from the state emits again what came after it, with the
// same ids.
func (s *Sensor) SaveState(w io.Writer) error {
	if s.build == nil {
		return errors.New("save the state: the sensor was not opened")
	}
	enc := gob.NewEncoder(w)
	if err := enc.Encode(s.saved()); err != nil {
		return fmt.Errorf("save the sensor's counts: %w", err)
	}
	for _, r := range s.summary.sorted() {
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("save the summary: %w", err)
		}
	}
	for _, p := range s.parts() {
		if err := p.Save(enc); err != nil {
			return err
		}
	}
	if s.claims != nil {
		return s.claims.Save(enc)
	}
	return nil
}

func (s *Sensor) saved() *savedSensor {
	t := &s.stats
	head := &savedSensor{
		Now: s.now, Pulse: s.pulse, Changed: s.changed, Frames: t.frames, Bytes: t.bytes, Messages: t.messages, Reasons: t.reasons[:], Told: t.told,
		Rows: len(s.summary.rows), Claims: s.claims != nil,
	}
	for p, n := range s.summary.networks {
		head.Networks = append(head.Networks, savedNetwork{p, n})
	}
	slices.SortFunc(head.Networks, func(a, b savedNetwork) int { return a.Prefix.Compare(b.Prefix) })
	return head
}

// sorted gives the rows by address, then by campaign.
func (s *summary) sorted() []*SourceRow {
	rows := make([]*SourceRow, 0, len(s.rows))
	for _, r := range s.rows {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *SourceRow) int { return cmp.Or(a.IP.Compare(b.IP), cmp.Compare(a.Campaign, b.Campaign)) })
	return rows
}

// LoadState reads what SaveState wrote into a sensor that is open and has not taken a frame. What does not fit into its memory is evicted in
// the usual order and counted as shed; documents that this makes due come out with the next frame. After an error the sensor is as empty as
// before.
func (s *Sensor) LoadState(r io.Reader) error {
	if err := s.takesState(); err != nil {
		return err
	}
	err := s.load(gob.NewDecoder(r))
	if err != nil {
		s.forget()
	}
	return err
}

// takesState says why a sensor cannot load a state now.
func (s *Sensor) takesState() error {
	switch {
	case s.build == nil:
		return errors.New("load the state: the sensor was not opened")
	case s.stats.frames > 0:
		return errors.New("load the state: the sensor has taken frames already")
	}
	return nil
}

// forget makes the sensor as empty as Open left it: what was half loaded must not mix with what comes.
func (s *Sensor) forget() {
	src, rules := s.src, s.rules
	*s = *New(s.config, s.sink)
	s.rules = rules
	s.Open(src)
}

func (s *Sensor) load(dec *gob.Decoder) error {
	var head savedSensor
	if err := dec.Decode(&head); err != nil {
		return fmt.Errorf("load the sensor's counts: %w", err)
	}
	if len(head.Reasons) != len(s.stats.reasons) {
		return fmt.Errorf("load the sensor's counts: %d reasons, there are %d", len(head.Reasons), len(s.stats.reasons))
	}
	for range head.Rows {
		var r SourceRow
		if err := dec.Decode(&r); err != nil {
			return fmt.Errorf("load the summary: %w", err)
		}
		s.summary.restore(&r)
	}
	for _, p := range s.parts() {
		if err := p.Load(dec); err != nil {
			return err
		}
	}
	if head.Claims {
		if err := s.loadClaims(dec); err != nil {
			return err
		}
	}
	s.restore(&head)
	return nil
}

// loadClaims reads the claims that a rollup held. Where this run rolls nothing up, they come out at once.
func (s *Sensor) loadClaims(dec *gob.Decoder) error {
	if s.claims != nil {
		return s.claims.Load(dec)
	}
	held := event.NewClaimRollup(s.build, s.config.RollupClaims, Divide(s.config.Memory).Rollup/4)
	if err := held.Load(dec); err != nil {
		return err
	}
	held.Finish()
	for e := held.Next(); e != nil; e = held.Next() {
		s.emit(e)
	}
	return nil
}

// restore takes over what was counted, and what of it was told. What did not fit is due with the next frame.
func (s *Sensor) restore(head *savedSensor) {
	t := &s.stats
	t.frames, t.bytes, t.messages = head.Frames, head.Bytes, head.Messages
	copy(t.reasons[:], head.Reasons)
	t.told.Frames, t.told.Bytes, t.told.Messages, t.told.Reasons = head.Told.Frames, head.Told.Bytes, head.Told.Messages, head.Told.Reasons
	for _, n := range head.Networks {
		if len(s.summary.networks) < maxNetworks && !s.summary.atHome {
			s.summary.networks[n.Prefix] = n.N
		}
	}
	s.now, s.pulse, s.changed = head.Now, head.Pulse, head.Changed
	for _, shed := range s.shed() {
		s.changed = s.changed || shed.N > 0
	}
}

// restore adds a row of an earlier run.
func (s *summary) restore(r *SourceRow) {
	if len(s.rows) >= s.most {
		s.shed++
		return
	}
	s.rows[sourceKey{r.IP, r.Campaign}] = r
}
