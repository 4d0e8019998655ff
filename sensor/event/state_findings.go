package event

import (
	"encoding/gob"
	"fmt"
	"time"

	"popupwatch/decoders"
)

// savedShelf comes before the findings of each class.
type savedShelf struct {
	Places int
	Rest   bool // what newcomers share follows last
}

// savedGathered is one finding.
type savedGathered struct {
	Finding          Finding
	Iface            decoders.Interface
	Day              int64
	Told             uint64
	Stale            bool
	Latest           time.Time
	Sources, Targets []uint64
	TTLs             []byte
	MACs             [][6]byte
	Words            []Tally
}

// Save writes what is gathered, class by class, in the order in which it came. Next must have been asked until it gave nil. The frames of
// exploit attempts are not kept: after a restart nothing refers to them.
func (f *Findings) Save(enc *gob.Encoder) error {
	if err := enc.Encode(f.due); err != nil {
		return fmt.Errorf("save findings: %w", err)
	}
	for i := range f.shelves {
		h := &f.shelves[i]
		if err := enc.Encode(savedShelf{len(h.order), h.rest != nil}); err != nil {
			return fmt.Errorf("save findings: %w", err)
		}
		all := h.order
		if h.rest != nil {
			all = append(all[:len(all):len(all)], h.rest)
		}
		for _, g := range all {
			if err := enc.Encode(f.saved(g)); err != nil {
				return fmt.Errorf("save a finding: %w", err)
			}
		}
	}
	return nil
}

// saved is a finding for a state file. A claim keeps its state, for people; that it could be reported does not outlive the run.
func (f *Findings) saved(g *gathered) *savedGathered {
	s := &savedGathered{
		Finding: g.finding, Iface: f.builder.interfaces.Lasting(g.finding.Iface), Day: g.key.day, Told: g.told, Stale: g.stale, Latest: g.latest,
		Sources: g.sources.hashes, Targets: g.targets.hashes, TTLs: g.ttls, MACs: g.macs, Words: g.words,
	}
	s.Finding.Iface = 0
	if s.Finding.Source = standing(g.finding.Source); s.Finding.Source != nil {
		s.Finding.Source.Reportable = false
	}
	return s
}

// Load reads what Save wrote into new Findings. Where these have fewer places, those that came last lose theirs, and what no document told
// of them is due: ask Next.
func (f *Findings) Load(dec *gob.Decoder) error {
	if err := dec.Decode(&f.due); err != nil {
		return fmt.Errorf("load findings: %w", err)
	}
	for i := range f.shelves {
		if err := f.loadShelf(dec, &f.shelves[i]); err != nil {
			return err
		}
	}
	return nil
}

func (f *Findings) loadShelf(dec *gob.Decoder, h *shelf) error {
	var head savedShelf
	if err := dec.Decode(&head); err != nil {
		return fmt.Errorf("load findings: %w", err)
	}
	for range head.Places {
		g, err := f.loadOne(dec)
		if err != nil {
			return err
		}
		if len(h.order) >= f.room {
			f.evicted++
			f.renew(g, time.Time{})
			continue
		}
		h.places[g.key] = g
		h.order = append(h.order, g)
	}
	if !head.Rest {
		return nil
	}
	rest, err := f.loadOne(dec)
	h.rest = rest
	return err
}

func (f *Findings) loadOne(dec *gob.Decoder) (*gathered, error) {
	var s savedGathered
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("load a finding: %w", err)
	}
	s.Finding.Iface = f.builder.interfaces.Earlier(s.Iface)
	return &gathered{
		key: findingKey{s.Finding.Kind, s.Finding.Subject, s.Day}, finding: s.Finding, told: s.Told, stale: s.Stale, latest: s.Latest,
		sources: fewAddresses{s.Sources}, targets: fewAddresses{s.Targets}, ttls: s.TTLs, macs: s.MACs, words: s.Words,
	}, nil
}
