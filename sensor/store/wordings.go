package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"strings"
)

// maxWordings bounds the wordings of a condition that are remembered: of more than that the newest are, and the others are asked for one by one.
const maxWordings = 8000

// wordingSet is which wordings a condition means. A wording is asked for thousands of times in a walk, so most are known beforehand.
type wordingSet struct {
	store *Store
	ids   map[int64]bool
	low   int64     // from here on ids says all; math.MinInt64 where it knows them all
	exact condition // of one wording, whose number stands behind the arguments
	asked map[int64]bool
	not   bool
}

// wordingSet makes the set of the wordings that a term means.
func (s *Store) wordingSet(ctx context.Context, t Term) (*wordingSet, error) {
	set := &wordingSet{store: s, ids: map[int64]bool{}, low: math.MinInt64, asked: map[int64]bool{}, not: t.Not}
	if t.Field > FieldTo {
		return set, set.adverts(ctx, t)
	}
	match, err := matchOf(t)
	if err != nil {
		return nil, err
	}
	set.exact = condition{"EXISTS (SELECT 1 FROM wording_words WHERE wording_words MATCH ? AND rowid = ?)", []any{match}}
	last, err := set.read(ctx, "SELECT rowid FROM wording_words WHERE wording_words MATCH ? ORDER BY rowid DESC LIMIT ?", match, maxWordings+1)
	if len(set.ids) > maxWordings {
		set.low = last
	}
	return set, err
}

// adverts reads the wordings that advertise something.
func (w *wordingSet) adverts(ctx context.Context, t Term) error {
	var parts []string
	for _, value := range t.Values {
		kind, first, last := advertRange(t.Field, value)
		if _, err := w.read(ctx, "SELECT wording FROM advert WHERE kind = ? AND value BETWEEN ? AND ? LIMIT ?", kind, first, last, maxWordings+1); err != nil {
			return err
		}
		parts = append(parts, "a.kind = ? AND a.value BETWEEN ? AND ?")
		w.exact.args = append(w.exact.args, kind, first, last)
	}
	w.exact.sql = "EXISTS (SELECT 1 FROM advert a WHERE (" + strings.Join(parts, " OR ") + ") AND a.wording = ?)"
	if len(w.ids) > maxWordings {
		w.low = math.MaxInt64
	}
	return nil
}

// read adds the wordings of a query, and gives the last.
func (w *wordingSet) read(ctx context.Context, query string, args ...any) (last int64, err error) {
	rows, err := w.store.db.QueryContext(ctx, query, args...)
	ids, err := collect(rows, err, scanOne[int64])
	for _, last = range ids {
		w.ids[last] = true
	}
	return last, err
}

// means says whether a popup with that wording is meant.
func (w *wordingSet) means(ctx context.Context, id int64) (bool, error) {
	if w.ids[id] || id >= w.low {
		return w.ids[id] != w.not, nil
	}
	if has, known := w.asked[id]; known {
		return has != w.not, nil
	}
	var has bool
	err := w.store.db.QueryRowContext(ctx, "SELECT "+w.exact.sql, append(w.exact.args[:len(w.exact.args):len(w.exact.args)], id)...).Scan(&has)
	w.asked[id] = has
	return has != w.not, damaged(err)
}

// way is the way by these wordings, and how many popups have them; below 0 where they are too many to go by.
func (w *wordingSet) way(ctx context.Context) (way, int64, error) {
	if w.not || w.low != math.MinInt64 {
		return way{}, -1, nil
	}
	ids := make([]int64, 0, len(w.ids))
	for id := range w.ids {
		ids = append(ids, id)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return way{}, -1, err
	}
	var n sql.NullInt64
	err = w.store.db.QueryRowContext(ctx, "SELECT SUM(popups) FROM wording WHERE id IN (SELECT value FROM json_each(?))", string(list)).Scan(&n)
	return way{index: "popup_wording", by: condition{"p.wording IN (SELECT value FROM json_each(?))", []any{string(list)}}}, n.Int64, damaged(err)
}
