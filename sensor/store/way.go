package store

import (
	"context"
	"encoding/json"
	"math"
)

// wayTo finds how the popups of a filter are come by at least cost: by one campaign; by wordings or addresses that few popups have; or by time.
func (s *Store) wayTo(ctx context.Context, f Filter) (way, error) {
	best, least := way{index: "popup_time", sorted: true}, int64(math.MaxInt64)
	for _, t := range f.Terms {
		if t.Not {
			continue
		}
		w, n, err := s.wayBy(ctx, t)
		if err != nil {
			return way{}, err
		}
		if n >= 0 && n < least && (w.sorted || n <= sortable) {
			best, least = w, n
		}
	}
	return best, nil
}

// wayBy is the way by one condition, and about how many popups it has; below 0 where there is none.
func (s *Store) wayBy(ctx context.Context, t Term) (w way, n int64, err error) {
	switch t.Field {
	case FieldCampaign:
		return s.wayByCampaign(ctx, t)
	case FieldSource:
		return s.wayBySource(ctx, t)
	case FieldText, FieldFrom, FieldTo:
		match, err := matchOf(t)
		if err != nil {
			return way{}, -1, nil // conditions says so
		}
		return s.wayByWordings(ctx, "SELECT rowid FROM wording_words WHERE wording_words MATCH ? LIMIT ?", match, maxWordings+1)
	case FieldDomain, FieldURL, FieldPhone, FieldEmail:
		if len(t.Values) > 1 {
			return way{}, -1, nil
		}
		kind, first, last := advertRange(t.Field, t.Values[0])
		return s.wayByWordings(ctx, "SELECT wording FROM advert WHERE kind = ? AND value BETWEEN ? AND ? LIMIT ?", kind, first, last, maxWordings+1)
	}
	return way{}, -1, nil
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

// maxWordings bounds the wordings by which popups are looked for.
const maxWordings = 2000

// wayByWordings is the way by few wordings, and how many popups have them.
func (s *Store) wayByWordings(ctx context.Context, query string, args ...any) (way, int64, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	ids, err := collect(rows, err, func(scan func(...any) error) (id int64, err error) { return id, scan(&id) })
	if err != nil || len(ids) > maxWordings {
		return way{}, -1, err
	}
	list, err := json.Marshal(append([]int64{}, ids...))
	if err != nil {
		return way{}, -1, err
	}
	var n int64
	err = s.db.QueryRowContext(ctx, "SELECT COALESCE(SUM(popups), 0) FROM wording WHERE id IN (SELECT value FROM json_each(?))", string(list)).Scan(&n)
	return way{index: "popup_wording", by: condition{"p.wording IN (SELECT value FROM json_each(?))", []any{string(list)}}}, n, damaged(err)
}
