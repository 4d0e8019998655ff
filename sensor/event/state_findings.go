package event

import (
	"encoding/gob"
	"fmt"
	"time"

	"popupwatch/decoders"
)

// savedFindings comes before what is gathered.
type savedFindings struct {
	Due    time.Time
	Places int
	Rest   bool // what newcomers share follows last
}

type savedGathered struct {
	Finding Finding
	Iface   decoders.Interface
	News    bool
}

// Save writes what is gathered of each quoted source, in the order in which they came. Next must have been asked until it gave nil.
func (f *Findings) Save(enc *gob.Encoder) error {
	all := f.order
	if f.rest != nil {
		all = append(all[:len(all):len(all)], f.rest)
	}
	if err := enc.Encode(&savedFindings{f.due, len(f.order), f.rest != nil}); err != nil {
		return fmt.Errorf("save findings: %w", err)
	}
	for _, g := range all {
		s := savedGathered{g.finding, f.builder.interfaces.Lasting(g.finding.Iface), g.news}
		s.Finding.Iface = 0
		if err := enc.Encode(&s); err != nil {
			return fmt.Errorf("save a finding: %w", err)
		}
	}
	return nil
}

// Load reads what Save wrote into new Findings. Where these have fewer places, those that came last lose theirs, and what no document told
// of them is due: ask Next.
func (f *Findings) Load(dec *gob.Decoder) error {
	var head savedFindings
	if err := dec.Decode(&head); err != nil {
		return fmt.Errorf("load findings: %w", err)
	}
	f.due = head.Due
	for range head.Places {
		g, err := f.loadOne(dec)
		if err != nil {
			return err
		}
		if len(f.order) >= f.room {
			f.evicted++
			f.tell(g, time.Time{})
			continue
		}
		f.places[g.finding.QuoteSrc.Addr()] = g
		f.order = append(f.order, g)
	}
	if !head.Rest {
		return nil
	}
	rest, err := f.loadOne(dec)
	f.rest = rest
	return err
}

func (f *Findings) loadOne(dec *gob.Decoder) (*gathered, error) {
	var s savedGathered
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("load a finding: %w", err)
	}
	s.Finding.Iface = f.builder.interfaces.Earlier(s.Iface)
	return &gathered{s.Finding, s.News}, nil
}
