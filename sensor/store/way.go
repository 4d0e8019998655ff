package store

import (
	"context"
	"math"
)

// wayTo finds how the popups of a filter are come by at least cost: by one campaign; by wordings or addresses that few popups have; or by time.
func (s *Store) wayTo(ctx context.Context, f Filter, c conditions) (way, error) {
	best, least := way{index: "popup_time", sorted: true}, int64(math.MaxInt64)
	take := func(w way, n int64) {
		if n >= 0 && n < least && (w.sorted || n <= sortable) {
			best, least = w, n
		}
	}
	for _, t := range f.Terms {
		if t.Not || t.Field != FieldCampaign && t.Field != FieldSource {
			continue
		}
		by := s.wayByCampaign
		if t.Field == FieldSource {
			by = s.wayBySource
		}
		w, n, err := by(ctx, t)
		if err != nil {
			return way{}, err
		}
		take(w, n)
	}
	for _, set := range c.wordings {
		w, n, err := set.way(ctx)
		if err != nil {
			return way{}, err
		}
		take(w, n)
	}
	return best, nil
}

// wayByCampaign is the way by a single campaign, whose popups lie in the order of time.
func (s *Store) wayByCampaign(ctx context.Context, t Term) (way, int64, error) {
	ids, err := s.campaignNumbers(ctx, t.Values)
	if err != nil || len(ids) != 1 {
		return way{}, -1, err
	}
	var n int64
	err = s.db.QueryRowContext(ctx, "SELECT COALESCE(SUM(count), 0) FROM tally WHERE campaign = ? AND level = ?", ids[0], levels[0]).Scan(&n)
	return way{"popup_campaign", condition{"p.campaign = ?", []any{ids[0]}}, true}, n, damaged(err)
}

// wayBySource is the way by an address or a prefix that stands on few popups.
func (s *Store) wayBySource(ctx context.Context, t Term) (way, int64, error) {
	first, last, err := addressRange(t.Values[0])
	if err != nil || len(t.Values) > 1 {
		return way{}, -1, nil // conditions says so
	}
	var n int64
	err = s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM popup INDEXED BY popup_source WHERE source BETWEEN ? AND ? LIMIT ?)",
		first, last, sortable+1).Scan(&n)
	return way{index: "popup_source", by: condition{"p.source BETWEEN ? AND ?", []any{first, last}}}, n, damaged(err)
}
