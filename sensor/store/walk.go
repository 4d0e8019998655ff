package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
)

// A question may take so long before its rows are made; what it did not come to is said (Partial, CountIsLeast, Next). A walk has a quarter of
// it in any case, however long it took to begin, so that who asks on comes further.
const patience = 100 * time.Millisecond

// chunk is how many popups are looked through at a time at most, and sortable how many are put in order at most.
const (
	chunk    = 10_000
	sortable = 8_000
)

// place is where a walk over popups stands: behind the popup of that time and number.
type place struct{ time, seq int64 }

// cursor is the place as a Page carries it.
func (p place) cursor() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.time))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, uint64(p.seq)))
}

// ErrCursor is a cursor that no answer gave.
var ErrCursor = errors.New("the cursor is none that an answer gave")

// parsePlace reads a cursor; the empty one is the beginning.
func parsePlace(cursor string, oldest bool) (place, error) {
	if cursor == "" {
		if oldest {
			return place{math.MinInt64, 0}, nil
		}
		return place{math.MaxInt64, math.MaxInt64}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) != 16 {
		return place{}, ErrCursor
	}
	return place{int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:]))}, nil
}

// popupRow is a popup of the tables.
type popupRow struct {
	place
	campaign, claim, wording                          int64
	source, target                                    []byte
	verdict, state, route, port, sensor, action, lure int64
	score                                             float64
	count                                             uint64
}

const popupColumns = "p.time, p.seq, p.campaign, p.claim, p.wording, p.source, p.target, p.verdict, p.state, p.route, p.port, p.sensor, p.action, p.lure, p.score, p.count"

func scanPopup(scan scanner) (r popupRow, err error) {
	err = scan(&r.time, &r.seq, &r.campaign, &r.claim, &r.wording, &r.source, &r.target, &r.verdict, &r.state, &r.route, &r.port, &r.sensor,
		&r.action, &r.lure, &r.score, &r.count)
	return r, err
}

// walk goes over the popups that a filter means, in the order of their time.
type walk struct {
	store  *Store
	oldest bool // first
	from   int64
	to     int64
	where  conditions
	way    way
	at     place
	size   int // of the next chunk: small at first, since most questions end with the first rows
	begun  time.Time
}

// way is how the popups are found: by an index, all of which are put in order, or in the order of time, chunk by chunk.
type way struct {
	index  string
	by     condition
	sorted bool // the index gives them in the order of time
}

// newWalk begins a walk behind a cursor.
func (s *Store) newWalk(ctx context.Context, f Filter, cursor string, oldest bool) (*walk, error) {
	at, err := parsePlace(cursor, oldest)
	if err != nil {
		return nil, err
	}
	w := &walk{store: s, oldest: oldest, at: at, size: 256, begun: time.Now(), from: math.MinInt64, to: math.MaxInt64}
	if !f.From.IsZero() {
		w.from = f.From.UnixNano()
	}
	if !f.To.IsZero() {
		w.to = f.To.UnixNano()
	}
	if w.where, err = s.conditions(ctx, f); err != nil {
		return nil, err
	}
	w.way, err = s.wayTo(ctx, f, w.where)
	return w, err
}

// each calls f for the next popups until it says no, all are gone over, or patience is at an end; more says whether there may be others
// behind w.at.
func (w *walk) each(ctx context.Context, f func(popupRow) bool) (more bool, err error) {
	end := w.end()
	defer func() { w.begun = time.Now() }()
	for {
		begun := time.Now()
		rows, last, whole, err := w.next(ctx)
		if err != nil {
			return false, err
		}
		if on, err := w.over(ctx, rows, end, f); !on || err != nil {
			return err == nil, err
		}
		if whole {
			return false, nil
		}
		w.at = last
		if !w.resize(time.Since(begun), time.Until(end)) {
			return true, nil
		}
	}
}

// end is when patience is at an end: a quarter of it is left in any case. An unhurried store has more than anybody needs.
func (w *walk) end() time.Time {
	now := time.Now()
	switch least := now.Add(patience / 4); {
	case w.store.unhurried:
		return now.Add(24 * time.Hour)
	case w.begun.Add(patience).After(least):
		return w.begun.Add(patience)
	default:
		return least
	}
}

// over goes over the popups of a chunk; on is false where f says no, or where the end is there and wordings would have to be read. The first popup
// is always taken.
func (w *walk) over(ctx context.Context, rows []popupRow, end time.Time, f func(popupRow) bool) (on bool, err error) {
	for i, r := range rows {
		if i > 0 && !w.knows(r) && time.Now().After(end) {
			return false, nil
		}
		means, err := w.means(ctx, rows[i:])
		if err != nil {
			return false, err
		}
		w.at = r.place
		if means && !f(r) {
			return false, nil
		}
	}
	return true, nil
}

// knows says whether it is known without reading whether a popup is meant.
func (w *walk) knows(r popupRow) bool {
	return !slices.ContainsFunc(w.where.wordings, func(set *wordingSet) bool { return !set.knows(r.wording) })
}

// means says whether the first of several popups has the wordings that are asked for.
func (w *walk) means(ctx context.Context, rows []popupRow) (bool, error) {
	for _, set := range w.where.wordings {
		if means, err := set.means(ctx, rows); !means || err != nil {
			return false, err
		}
	}
	return true, nil
}

// resize chooses the next chunk by what the last one took, so that it ends before patience does; false where nothing is left of that.
func (w *walk) resize(took, left time.Duration) bool {
	fits := int(min(chunk, float64(w.size)*float64(left)/float64(max(took, 1))))
	w.size = max(64, min(4*w.size, fits))
	return fits >= 64
}

// next gives the matching popups of the next chunk, where that ends, and whether it was the last.
func (w *walk) next(ctx context.Context) (rows []popupRow, last place, whole bool, err error) {
	if !w.way.sorted {
		c := w.condition()
		rows, err := w.query(ctx, "SELECT "+popupColumns+" FROM popup p INDEXED BY "+w.way.index+" WHERE "+c.sql+" AND "+w.rest(&c)+w.order(), c.args)
		return rows, place{}, true, err
	}
	c := w.condition()
	inner := " FROM popup p INDEXED BY " + w.way.index + " WHERE " + c.sql + w.order()
	args := append(c.args[:len(c.args):len(c.args)], w.size-1)
	err = w.store.db.QueryRowContext(ctx, "SELECT p.time, p.seq"+inner+" LIMIT 1 OFFSET ?", args...).Scan(&last.time, &last.seq)
	if whole = errors.Is(err, sql.ErrNoRows); err != nil && !whole {
		return nil, last, false, damaged(err)
	}
	c.args = append(c.args, w.size)
	rest := w.rest(&c)
	rows, err = w.query(ctx, "SELECT "+popupColumns+" FROM (SELECT *"+inner+" LIMIT ?) p WHERE "+rest+w.order(), c.args)
	return rows, last, whole, err
}

func (w *walk) query(ctx context.Context, query string, args []any) ([]popupRow, error) {
	rows, err := w.store.db.QueryContext(ctx, query, args...)
	return collect(rows, err, scanPopup)
}

// condition is what the index finds: the way's own, the time, and behind where the walk stands.
func (w *walk) condition() condition {
	c := condition{args: append([]any{}, w.way.by.args...)}
	if c.sql = w.way.by.sql; c.sql != "" {
		c.sql += " AND "
	}
	behind := "<"
	if w.oldest {
		behind = ">"
	}
	c.sql += "p.time >= ? AND p.time < ? AND (p.time, p.seq) " + behind + " (?, ?)"
	c.args = append(c.args, w.from, w.to, w.at.time, w.at.seq)
	return c
}

// rest writes the conditions of the filter, and adds their arguments.
func (w *walk) rest(c *condition) string {
	parts := []string{"1"}
	for _, one := range w.where.where {
		parts = append(parts, one.sql)
		c.args = append(c.args, one.args...)
	}
	return strings.Join(parts, " AND ")
}

func (w *walk) order() string {
	if w.oldest {
		return " ORDER BY p.time, p.seq"
	}
	return " ORDER BY p.time DESC, p.seq DESC"
}
