package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Sources gives addresses as senders wrote them, by weight. Under conditions that only popups know their messages are those that the filter
// means.
func (s *Store) Sources(ctx context.Context, f Filter, p Page) (SourcePage, error) {
	page := SourcePage{Rows: []SourceRow{}}
	order, index, err := sourceOrder(p.Sort)
	if err != nil {
		return page, err
	}
	after, err := parseOffset(p.Cursor)
	if err != nil {
		return page, err
	}
	if slices.ContainsFunc(f.Terms, func(t Term) bool { return t.Field != FieldSource && t.Field != FieldState }) {
		return s.sourcesOfPopups(ctx, f, p, order, after)
	}
	if !f.From.IsZero() || !f.To.IsZero() {
		if !slices.ContainsFunc(f.Terms, func(t Term) bool { return t.Field == FieldSource }) {
			index = "INDEXED BY source_last"
		}
	}
	c, err := sourceConditions(f)
	if err != nil {
		return page, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT s.ip FROM source s "+index+" WHERE "+c.sql+" ORDER BY "+order+" LIMIT ? OFFSET ?", append(c.args, p.limit()+1, after)...)
	ips, err := collect(rows, err, scanOne[[]byte])
	if err != nil {
		return page, err
	}
	ips, page.Next = onPage(ips, &p, after)
	page.Rows, err = s.sourceRows(ctx, ips, nil)
	return page, err
}

// sourceOrder is an order of sources s, and which index to read or not to read.
func sourceOrder(sort string) (order, index string, err error) {
	switch sort {
	case "", "messages":
		return "s.messages DESC, s.ip DESC", "", nil
	case "last_seen":
		return "s.last DESC, s.ip", "", nil
	case "decibans":
		return "s.decibans DESC, s.ip", "NOT INDEXED", nil
	}
	return "", "", ErrSort
}

// sourceConditions turns a filter into conditions on sources s.
func sourceConditions(f Filter) (condition, error) {
	all := condition{sql: "1"}
	if from, to := span(f); !f.From.IsZero() || !f.To.IsZero() {
		all = condition{"s.last >= ? AND s.first < ?", []any{from, to}}
	}
	for i, t := range f.Terms {
		c, err := sourceCondition(t)
		if err != nil {
			return all, atTerm(err, i)
		}
		if t.Not {
			c.sql = "NOT " + c.sql
		}
		all.sql, all.args = all.sql+" AND "+c.sql, append(all.args, c.args...)
	}
	return all, nil
}

// sourceCondition is the condition of a term on the state or the address, which are all that a source itself knows.
func sourceCondition(t Term) (condition, error) {
	if err := check(t); err != nil {
		return condition{}, err
	}
	if t.Field == FieldState {
		return codeCondition(t, stateWords[1:], "s.state")
	}
	return anyOf(t, addressIn("s.ip"))
}

// sourcesOfPopups finds the addresses on the popups that a filter means.
func (s *Store) sourcesOfPopups(ctx context.Context, f Filter, p Page, order string, after int) (SourcePage, error) {
	page := SourcePage{Rows: []SourceRow{}}
	numbers, counts := map[string]int64{}, map[int64]uint64{}
	var ips [][]byte
	partial, err := s.walkAll(ctx, f, time.Now(), func(r popupRow) {
		if r.source == nil {
			return
		}
		n, known := numbers[string(r.source)]
		if !known {
			n = int64(len(ips))
			numbers[string(r.source)], ips = n, append(ips, r.source)
		}
		counts[n] += r.count
	})
	if err != nil {
		return page, err
	}
	page.Partial = partial
	var all []int64
	if byMessages(p.Sort) {
		all = heaviest(counts, len(counts))
	} else if all, err = s.sortSources(ctx, ips, order); err != nil {
		return page, err
	}
	all, page.Next = onPage(all[min(after, len(all)):], &p, after)
	var found [][]byte
	var messages []uint64
	for _, n := range all {
		found, messages = append(found, ips[n]), append(messages, counts[n])
	}
	page.Rows, err = s.sourceRows(ctx, found, messages)
	return page, err
}

// sortSources gives the numbers of addresses in an order; those of which no claim is known stand behind the others.
func (s *Store) sortSources(ctx context.Context, ips [][]byte, order string) ([]int64, error) {
	list, err := json.Marshal(hexadecimals(ips))
	if err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT j.key FROM json_each(?) j LEFT JOIN source s ON s.ip = unhex(j.value) ORDER BY s.ip IS NULL, "+order+", j.key", string(list))
	return collect(rows, err, scanOne[int64])
}

func hexadecimals(all [][]byte) []string {
	words := make([]string, len(all))
	for i, b := range all {
		words[i] = hex.EncodeToString(b)
	}
	return words
}

// sourceRows makes the rows of addresses; messages are in the place of those that are known, unless nil. An address of which no claim is
// known yet has no state.
func (s *Store) sourceRows(ctx context.Context, ips [][]byte, messages []uint64) ([]SourceRow, error) {
	rows := make([]SourceRow, 0, len(ips))
	for i, ip := range ips {
		r, err := s.sourceRow(ctx, ip)
		if errors.Is(err, ErrNotFound) {
			r, err = SourceRow{IP: addressText(ip), States: map[string]uint64{}}, nil
		}
		if err != nil {
			return nil, err
		}
		if messages != nil {
			r.Messages = messages[i]
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// sourceRow sums up the claims of one address.
func (s *Store) sourceRow(ctx context.Context, ip []byte) (r SourceRow, err error) {
	var state, first, last int64
	err = s.db.QueryRowContext(ctx, "SELECT state, decibans, reportable, messages, claims, first, last FROM source WHERE ip = ?", ip).
		Scan(&state, &r.Decibans, &r.Reportable, &r.Messages, &r.Claims, &first, &last)
	if err != nil {
		return r, absent(err)
	}
	r.IP, r.State, r.First, r.Last, r.States = addressText(ip), word(stateWords[:], int(state)), moment(first), moment(last), map[string]uint64{}
	rows, err := s.db.QueryContext(ctx, "SELECT state, campaign FROM claim WHERE ip = ? LIMIT 5000", ip)
	campaigns := map[int64]bool{}
	err = eachRow(rows, err, func(scan scanner) error {
		var state, campaign int64
		err := scan(&state, &campaign)
		r.States[word(stateWords[:], int(state))]++
		campaigns[campaign] = true
		return err
	})
	r.Campaigns = uint64(len(campaigns))
	return r, err
}

// maxClaims bounds the claims of one address that are told.
const maxClaims = 100

// Source says what is known of one address. It is ErrNotFound where no claim on it is held.
func (s *Store) Source(ctx context.Context, ip string) (v Source, err error) {
	key := addressKey(ip)
	if key == nil {
		return v, ErrNotFound
	}
	if v.SourceRow, err = s.sourceRow(ctx, key); err != nil {
		return v, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT seq FROM claim WHERE ip = ? ORDER BY last DESC, seq DESC LIMIT ?", key, maxClaims)
	seqs, err := collect(rows, err, scanOne[int64])
	if err != nil {
		return v, err
	}
	v.Documents, v.Drafts = []json.RawMessage{}, []string{}
	blocks := &recentBlocks{store: s}
	for _, seq := range seqs {
		line, err := blocks.line(ctx, seq)
		if err != nil {
			return v, err
		}
		v.Documents = append(v.Documents, bytes.Clone(line))
	}
	v.Left = v.Claims - min(v.Claims, uint64(len(seqs)))
	rows, err = s.db.QueryContext(ctx, "SELECT id FROM draft WHERE source = ? ORDER BY at DESC, id LIMIT 100", v.IP)
	drafts, err := collect(rows, err, scanOne[string])
	v.Drafts = append(v.Drafts, drafts...)
	return v, err
}

// Draft gives the text of one report draft.
func (s *Store) Draft(ctx context.Context, id string) (d Draft, err error) {
	var at int64
	err = s.db.QueryRowContext(ctx, "SELECT id, source, campaign, at, document, hash FROM draft WHERE id = ?", id).
		Scan(&d.ID, &d.Source, &d.Campaign, &at, &d.Document, &d.Hash)
	d.At = moment(at)
	return d, absent(err)
}
