package store

import (
	"context"
	"errors"
	"time"
)

// overviewPopups counts popups, by the tallies where these can tell, their hosts and campaigns. Whatever has to be walked for is found in one walk.
func (s *Store) overviewPopups(ctx context.Context, f *Filter, o *Overview) error {
	begun := time.Now()
	_, _, ok, err := s.tallyConditions(ctx, *f)
	if err != nil {
		return err
	}
	if _, level := bucketStep(f.From, f.To); !ok || level == 0 {
		t, _ := newSums(f)
		h, campaigns, err := s.overviewWalk(ctx, f, o, begun, func(r popupRow) { t.add(r.time/int64(time.Second), r.verdict, r.route, r.port, r.count) })
		if err != nil {
			return err
		}
		o.take(f, t)
		h.into(o)
		return s.topOf(ctx, campaigns, o)
	}
	if err := s.overviewTallies(ctx, f, o); err != nil {
		return err
	}
	if len(f.Terms) == 0 {
		return errors.Join(s.overviewSources(ctx, f, o), s.overviewTop(ctx, f, o))
	}
	top := campaignTerms(*f) // what campaigns themselves know is found without the walk, which has the time that is left
	if top {
		if err := s.overviewTop(ctx, f, o); err != nil {
			return err
		}
	}
	h, campaigns, err := s.overviewWalk(ctx, f, o, begun, func(popupRow) {})
	if err != nil {
		return err
	}
	if h.into(o); top {
		return nil
	}
	return s.topOf(ctx, campaigns, o)
}

// overviewWalk finds the hosts of popups, and how many each campaign has, in one walk over them; do gets each.
func (s *Store) overviewWalk(ctx context.Context, f *Filter, o *Overview, begun time.Time, do func(popupRow)) (*hosts, map[int64]uint64, error) {
	h, campaigns := newHosts(), map[int64]uint64{}
	partial, err := s.walkAll(ctx, *f, begun, func(r popupRow) {
		do(r)
		h.add(r)
		campaigns[r.campaign] += r.count
	})
	o.Partial = o.Partial || partial
	return h, campaigns, err
}

// topOf puts the campaigns of most popups into an overview, by what was counted.
func (s *Store) topOf(ctx context.Context, campaigns map[int64]uint64, o *Overview) (err error) {
	ids := heaviest(campaigns, 10)
	o.Campaigns = uint64(len(campaigns))
	if o.Top, err = s.campaignRows(ctx, ids); err != nil {
		return err
	}
	for i, id := range ids {
		o.Top[i].Messages = campaigns[id]
	}
	return nil
}

// hosts are the sources and targets of popups.
type hosts struct {
	states  map[string]int64
	targets map[string]bool
}

func newHosts() *hosts { return &hosts{map[string]int64{}, map[string]bool{}} }

// add counts the hosts of a popup; the first that comes of a source has its newest state.
func (h *hosts) add(r popupRow) {
	if r.target != nil {
		h.targets[string(r.target)] = true
	}
	if _, known := h.states[string(r.source)]; !known && r.source != nil {
		h.states[string(r.source)] = r.state
	}
}

// into puts the counts into an overview, all six states named.
func (h *hosts) into(o *Overview) {
	for _, w := range stateWords[1:] {
		o.States[w] = 0
	}
	for _, state := range h.states {
		if w := word(stateWords[:], int(state)); w != "" {
			o.States[w]++
		}
	}
	o.Sources, o.Targets = uint64(len(h.states)), uint64(len(h.targets))
}
