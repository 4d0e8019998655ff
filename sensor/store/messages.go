package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// The rows of one answer.
const (
	defaultLimit = 100
	maxLimit     = 500
)

// limit is how many rows are wanted, within the bounds.
func (p Page) limit() int {
	if p.Limit <= 0 {
		return defaultLimit
	}
	return min(p.Limit, maxLimit)
}

// countable is how far the popups of a filter are counted.
const countable = 10_000

// Messages gives the popups that a filter means, the newest first unless the page says otherwise. It may give fewer than the page has room
// for, and a Next: then the walk went as far as patience let it, and goes on there. The first page counts what the filter means, as far as the
// same walk goes.
func (s *Store) Messages(ctx context.Context, f Filter, p Page) (MessagePage, error) {
	page := MessagePage{Rows: []MessageRow{}}
	w, err := s.newWalk(ctx, f, p.Cursor, p.Oldest)
	if err != nil {
		return page, err
	}
	all := len(f.Terms) == 0 && f.From.IsZero() && f.To.IsZero()
	counts := p.Cursor == "" && !all
	var found []popupRow
	var end place
	more, err := w.each(ctx, func(r popupRow) bool {
		if len(found) < p.limit() {
			found, end = append(found, r), r.place
		} else {
			page.Next = end.cursor()
		}
		page.Count++
		return page.Next == "" || counts && page.Count < countable
	})
	if err != nil {
		return page, err
	}
	if more && page.Next == "" {
		page.Next = w.at.cursor()
	}
	page.CountIsLeast = more
	if all {
		n, err := s.counter(ctx, "event.message")
		if err != nil {
			return page, err
		}
		page.Count, page.CountIsLeast = uint64(n), false
	}
	page.Rows, err = s.messageRows(ctx, found)
	return page, err
}

// counter reads a sum over the whole store.
func (s *Store) counter(ctx context.Context, name string) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT n FROM counter WHERE name = ?", name).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, damaged(err)
}

// rowText is how many characters of a text a row has.
const rowText = 300

// messageRows makes the rows of popups.
func (s *Store) messageRows(ctx context.Context, found []popupRow) ([]MessageRow, error) {
	rows := make([]MessageRow, 0, len(found))
	names := s.newNames()
	for _, r := range found {
		m := MessageRow{
			Time: moment(r.time), Verdict: word(verdictWords[:], int(r.verdict)), Score: r.score, Source: addressText(r.source), Target: addressText(r.target),
			Port: int(r.port), Route: word(routeWords[:], int(r.route)), Count: r.count,
			Action: names.word(ctx, r.action), Lure: names.word(ctx, r.lure), Campaign: names.word(ctx, r.campaign), Sensor: names.word(ctx, r.sensor),
		}
		if err := s.completeRow(ctx, &m, &r); err != nil {
			return nil, err
		}
		rows = append(rows, m)
	}
	return rows, names.err
}

// completeRow reads what stands in other tables.
func (s *Store) completeRow(ctx context.Context, m *MessageRow, r *popupRow) error {
	var state int
	var id []byte
	row := s.db.QueryRowContext(ctx, `SELECT w.sender, w.recipient, w.body, `+stateNow+`, substr(b.ids, (p.seq & 255) * 16 + 1, 16)
		FROM popup p JOIN wording w ON w.id = p.wording LEFT JOIN ident b ON b.block = p.seq >> 8 WHERE p.seq = ?`, r.seq)
	if err := row.Scan(&m.From, &m.To, &m.Text, &state, &id); errors.Is(err, sql.ErrNoRows) {
		return nil // it was given up since
	} else if err != nil {
		return damaged(err)
	}
	m.ID, m.State = hex.EncodeToString(id), word(stateWords[:], state)
	m.Text = beginning(m.Text, rowText)
	m.From, m.To = beginning(m.From, rowText), beginning(m.To, rowText)
	rows, err := s.db.QueryContext(ctx, "SELECT value FROM advert WHERE wording = ? AND kind = 0 LIMIT 5", r.wording)
	m.Domains, err = collect(rows, err, func(scan scanner) (string, error) {
		var d string
		err := scan(&d)
		return unturned(d), err
	})
	return err
}

// beginning is the first n characters of a text.
func beginning(text string, n int) string {
	if len(text) <= n {
		return text
	}
	i := 0
	for range n {
		if i == len(text) {
			return text
		}
		_, width := utf8.DecodeRuneInString(text[i:])
		i += width
	}
	return text[:i]
}

// names remembers the words of one answer.
type names struct {
	store *Store
	known map[int64]string
	err   error
}

func (s *Store) newNames() *names { return &names{store: s, known: map[int64]string{}} }

// word gives the word of a number.
func (n *names) word(ctx context.Context, id int64) string {
	w, ok := n.known[id]
	if ok || n.err != nil || id == 0 {
		return w
	}
	err := n.store.db.QueryRowContext(ctx, "SELECT word FROM word WHERE id = ?", id).Scan(&w)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		n.err = damaged(err)
	}
	n.known[id] = w
	return w
}

// Event gives the document of an event, as it was written.
func (s *Store) Event(ctx context.Context, id string) (json.RawMessage, error) {
	key, err := hex.DecodeString(id)
	if err != nil || len(key) != idOctets {
		return nil, ErrNotFound
	}
	seq, err := s.numberOf(ctx, key)
	if err != nil {
		return nil, err
	}
	return (&recentBlocks{store: s}).line(ctx, seq)
}

// errFound ends a look for one thing.
var errFound = errors.New("found")

// numberOf finds the number of an event by its id: it looks through the ids of all blocks, the newest first. SQLite's own instr takes ten times
// as long.
func (s *Store) numberOf(ctx context.Context, id []byte) (seq int64, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT block, ids FROM ident ORDER BY block DESC")
	err = eachRow(rows, err, func(scan scanner) error {
		var block int64
		var ids sql.RawBytes
		if err := scan(&block, &ids); err != nil {
			return err
		}
		if n := placeOf(ids, id); n >= 0 {
			seq = block<<8 | int64(n)
			return errFound
		}
		return nil
	})
	switch {
	case errors.Is(err, errFound):
		return seq, nil
	case err != nil:
		return 0, err
	}
	return 0, ErrNotFound
}

// placeOf is the place of an id among those of a block; below 0 where it is none of them.
func placeOf(ids, id []byte) int {
	for n := 0; n < len(ids); {
		at := bytes.Index(ids[n:], id)
		if at < 0 {
			return -1
		}
		if n += at; n%idOctets == 0 {
			return n / idOctets
		}
		n++
	}
	return -1
}

// block gives the documents of a block.
func (s *Store) block(ctx context.Context, seq int64) ([]json.RawMessage, error) {
	var sum int64
	var body []byte
	err := s.db.QueryRowContext(ctx, "SELECT sum, body FROM block WHERE seq = ?", seq).Scan(&sum, &body)
	if err != nil {
		return nil, absent(err)
	}
	raw, err := unpack(nil, body, uint32(sum))
	if err != nil {
		return nil, errors.Join(ErrDamaged, err)
	}
	var lines []json.RawMessage
	for line := range bytes.Lines(raw) {
		lines = append(lines, bytes.TrimSuffix(line, []byte("\n")))
	}
	return lines, nil
}
