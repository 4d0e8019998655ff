package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"popupwatch/sensor/event"
)

// LastSeq is the number of the newest event; 0 in an empty store.
func (s *Store) LastSeq(ctx context.Context) (int64, error) {
	var block, events sql.NullInt64
	err := s.db.QueryRowContext(ctx, "SELECT seq, events FROM block ORDER BY seq DESC LIMIT 1").Scan(&block, &events)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return block.Int64<<8 | (events.Int64 - 1), damaged(err)
}

// Each calls f for the documents of a data set in the order of their time, as of one moment: for messages those that the filter means, for
// the other sets those of its time. The documents are the callee's.
func (s *Store) Each(ctx context.Context, set event.Set, f Filter, do func(json.RawMessage) error) error {
	lines := &recentBlocks{store: s}
	give := func(seq int64) error {
		line, err := lines.line(ctx, seq)
		if err != nil {
			return err
		}
		return do(line)
	}
	if set == event.SetMessage {
		return s.eachMessage(ctx, f, give)
	}
	return s.eachOther(ctx, int(set), f, give)
}

func (s *Store) eachMessage(ctx context.Context, f Filter, give func(int64) error) error {
	w, err := s.newWalk(ctx, f, "", true)
	for more := true; more && err == nil; {
		var failed error
		more, err = w.each(ctx, func(r popupRow) bool {
			failed = give(r.seq)
			return failed == nil
		})
		err = errors.Join(err, failed)
	}
	return err
}

// eachOther goes over the documents of a set in the order of their time, a few at a time, so that no reader holds the journal up.
func (s *Store) eachOther(ctx context.Context, set int, f Filter, give func(int64) error) error {
	from, to := span(f)
	var id []byte
	type found struct {
		time, seq int64
		id        []byte
	}
	for {
		rows, err := s.db.QueryContext(ctx, "SELECT time, seq, id FROM event WHERE (time, id) > (?, ?) AND time < ? AND dataset = ? ORDER BY time, id LIMIT 500",
			from, id, to, set)
		list, err := collect(rows, err, func(scan scanner) (e found, err error) {
			err = scan(&e.time, &e.seq, &e.id)
			return e, err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, e := range list {
			if err := give(e.seq); err != nil {
				return err
			}
		}
		from, id = list[len(list)-1].time, list[len(list)-1].id
	}
}

// recentBlocks remembers the last blocks that were unpacked: documents that follow each other mostly lie in the same.
type recentBlocks struct {
	store *Store
	seq   [8]int64
	lines [8][]json.RawMessage
	next  int
}

// line gives the document of a number, as it was written.
func (r *recentBlocks) line(ctx context.Context, seq int64) (json.RawMessage, error) {
	lines, err := r.block(ctx, seq>>8)
	if err != nil {
		return nil, err
	}
	if n := int(seq & 255); n < len(lines) {
		return lines[n], nil
	}
	return nil, ErrNotFound
}

// block gives the documents of a block, and remembers them.
func (r *recentBlocks) block(ctx context.Context, block int64) ([]json.RawMessage, error) {
	for i := range r.seq {
		if r.seq[i] == block && r.lines[i] != nil {
			return r.lines[i], nil
		}
	}
	lines, err := r.store.block(ctx, block)
	if err != nil {
		return nil, err
	}
	r.seq[r.next], r.lines[r.next] = block, lines
	r.next = (r.next + 1) % len(r.seq)
	return lines, nil
}

// document gives the document of a number, read and as it was written.
func (r *recentBlocks) document(ctx context.Context, seq int64) (*document, json.RawMessage, error) {
	line, err := r.line(ctx, seq)
	if err != nil {
		return nil, nil, err
	}
	d, err := readDocument(line)
	if err != nil {
		return nil, nil, errors.Join(ErrDamaged, err)
	}
	return d, line, nil
}

// tailBlocks is how far behind a live tail may be, in blocks: what is older it does not see.
const tailBlocks = 64

// Newer gives the events that arrived after a number, in their order, at most limit (500): all messages that the filter means, and the other
// sets whole. Its last Seq, or the newest where nothing is meant, is what the next question starts from.
func (s *Store) Newer(ctx context.Context, after int64, f Filter, limit int) (list []Arrival, last int64, err error) {
	if last, err = s.LastSeq(ctx); err != nil || last <= after {
		return nil, max(last, after), err
	}
	where, err := s.conditions(ctx, f)
	if err != nil {
		return nil, after, err
	}
	after = max(after, (last>>8-tailBlocks)<<8)
	w := &walk{store: s, where: where}
	c := condition{args: []any{after}}
	rows, err := w.query(ctx, "SELECT "+popupColumns+" FROM popup p WHERE p.seq > ? AND "+w.rest(&c)+" ORDER BY p.seq LIMIT 500", c.args)
	if err != nil {
		return nil, after, err
	}
	var meant []popupRow
	for i, r := range rows {
		means, err := w.means(ctx, rows[i:])
		if err != nil {
			return nil, after, err
		}
		if means {
			meant = append(meant, r)
		}
	}
	if len(rows) == 500 {
		last = rows[499].seq // popups behind it were not looked at
	}
	return s.arrivals(ctx, meant, after, last, limit)
}

// arrivals joins popups and the documents of the other sets in the order of their arrival.
func (s *Store) arrivals(ctx context.Context, popups []popupRow, after, last int64, limit int) (list []Arrival, _ int64, err error) {
	for block := after >> 8; block <= last>>8 && len(list) < limit; block++ {
		lines, err := s.block(ctx, block)
		if errors.Is(err, ErrNotFound) {
			continue // given up, or never there
		}
		if err != nil {
			return list, after, err
		}
		for n, line := range lines {
			seq := block<<8 | int64(n)
			if seq <= after || seq > last {
				continue
			}
			a, ok, err := s.arrival(ctx, seq, line, &popups)
			if err != nil {
				return list, after, err
			}
			if after = seq; ok {
				list = append(list, a)
			}
			if len(list) == limit {
				return list, after, nil
			}
		}
	}
	return list, after, nil
}

// arrival makes one event of a live tail; ok is false for a popup that the filter does not mean.
func (s *Store) arrival(ctx context.Context, seq int64, line json.RawMessage, popups *[]popupRow) (a Arrival, ok bool, err error) {
	d, err := readDocument(line)
	if err != nil {
		return a, false, nil
	}
	a = Arrival{Seq: seq, Set: datasetWords[d.dataset], Document: line}
	if d.dataset != setMessage {
		return a, true, nil
	}
	for len(*popups) > 0 && (*popups)[0].seq < seq {
		*popups = (*popups)[1:]
	}
	if len(*popups) == 0 || (*popups)[0].seq != seq {
		return a, false, nil
	}
	rows, err := s.messageRows(ctx, (*popups)[:1])
	if err != nil || len(rows) == 0 {
		return a, false, err
	}
	a.Document, a.Message = nil, &rows[0]
	return a, true, nil
}
