package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"strings"
)

// maxWordings bounds the wordings of a condition that are read beforehand: of more than that the newest are, and of the others those that a walk
// comes to.
const maxWordings = 8000

// wordingSet is which wordings a condition means. A walk asks for thousands of them, so many are read at once.
type wordingSet struct {
	store  *Store
	ids    map[int64]bool // that hold what is looked for
	low    int64          // from here on ids says all; math.MinInt64 where it knows them all
	within condition      // the question for those between two numbers, which stand behind the arguments
	read   map[int64]bool // below low: whether ids says all of them
	not    bool
}

// wordingSet makes the set of the wordings that a term means.
func (s *Store) wordingSet(ctx context.Context, t Term) (*wordingSet, error) {
	set := &wordingSet{store: s, ids: map[int64]bool{}, low: math.MinInt64, read: map[int64]bool{}, not: t.Not}
	if t.Field > FieldTo {
		return set, set.adverts(ctx, t)
	}
	match, err := matchOf(t)
	if err != nil {
		return nil, err
	}
	set.within = condition{"SELECT rowid FROM wording_words WHERE wording_words MATCH ? AND rowid BETWEEN ? AND ?", []any{match}}
	last, err := set.add(ctx, "SELECT rowid FROM wording_words WHERE wording_words MATCH ? ORDER BY rowid DESC LIMIT ?", match, maxWordings+1)
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
		if _, err := w.add(ctx, "SELECT wording FROM advert WHERE kind = ? AND value BETWEEN ? AND ? LIMIT ?", kind, first, last, maxWordings+1); err != nil {
			return err
		}
		parts = append(parts, "kind = ? AND value BETWEEN ? AND ?")
		w.within.args = append(w.within.args, kind, first, last)
	}
	w.within.sql = "SELECT wording FROM advert INDEXED BY advert_wording WHERE (" + strings.Join(parts, " OR ") + ") AND wording BETWEEN ? AND ?"
	if len(w.ids) > maxWordings {
		w.low = math.MaxInt64
	}
	return nil
}

// add adds the wordings of a query, and gives the last.
func (w *wordingSet) add(ctx context.Context, query string, args ...any) (last int64, err error) {
	rows, err := w.store.db.QueryContext(ctx, query, args...)
	ids, err := collect(rows, err, scanOne[int64])
	for _, last = range ids {
		w.ids[last] = true
	}
	return last, err
}

// means says whether the first of several popups has a wording that is meant. Where that is not known yet, the others' are read with it.
func (w *wordingSet) means(ctx context.Context, popups []popupRow) (bool, error) {
	id := popups[0].wording
	if !w.knows(id) {
		if err := w.readNear(ctx, popups); err != nil {
			return false, err
		}
	}
	return w.ids[id] != w.not, nil
}

// knows says whether ids tells of a wording, or it has to be read.
func (w *wordingSet) knows(id int64) bool { return w.ids[id] || id >= w.low || w.read[id] }

// near is how far wordings may lie apart that are read at once. Those of popups that followed each other mostly lie close.
// At most widest apart are the first and the last, whatever lies between.
const (
	near   = 1000
	widest = 20_000
)

// readNear reads the wording of the first of several popups, and those of the others that lie close, by one question: for each by itself the
// full-text index takes as long as for a thousand.
func (w *wordingSet) readNear(ctx context.Context, popups []popupRow) error {
	low, high := popups[0].wording, popups[0].wording
	for _, p := range popups {
		first, last := min(low, p.wording), max(high, p.wording)
		if first > low-near && last < high+near && last-first <= widest && p.wording < w.low {
			low, high = first, last
			w.read[p.wording] = true
		}
	}
	_, err := w.add(ctx, w.within.sql, append(w.within.args[:len(w.within.args):len(w.within.args)], low, high)...)
	return err
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
