package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Campaigns gives campaigns by weight. Under conditions that only popups know (a source, a port, a state, words) their messages are those
// that the filter means.
func (s *Store) Campaigns(ctx context.Context, f Filter, p Page) (CampaignPage, error) {
	page := CampaignPage{Rows: []CampaignRow{}}
	order, err := campaignOrder(p.Sort)
	if err != nil {
		return page, err
	}
	after, err := parseOffset(p.Cursor)
	if err != nil {
		return page, err
	}
	if !campaignTerms(f) {
		return s.campaignsOfPopups(ctx, f, p, order, after)
	}
	c, err := s.campaignConditions(ctx, f)
	if err != nil {
		return page, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT g.id FROM campaign g WHERE "+c.sql+" ORDER BY "+order+", g.id LIMIT ? OFFSET ?", append(c.args, p.limit()+1, after)...)
	ids, err := collect(rows, err, scanOne[int64])
	if err != nil {
		return page, err
	}
	ids, page.Next = onPage(ids, &p, after)
	page.Rows, err = s.campaignRows(ctx, ids)
	return page, err
}

// offset is a cursor of answers that are counted through.
func offset(n int) string { return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(n))) }

// onPage gives those of the rows behind the first so many of an answer that a page has room for, and the cursor of the next page. Who asks a
// table for rows asks for one more than the page holds.
func onPage[T any](rows []T, p *Page, after int) (shown []T, next string) {
	if len(rows) <= p.limit() {
		return rows, ""
	}
	return rows[:p.limit()], offset(after + p.limit())
}

// maxOffset is how far an answer is counted through.
const maxOffset = 1_000_000

func parseOffset(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	n, errNumber := strconv.Atoi(string(b))
	if err != nil || errNumber != nil || n < 0 || n > maxOffset {
		return 0, ErrCursor
	}
	return n, nil
}

// ErrSort is an order that rows cannot be put in.
var ErrSort = errors.New("sort: rows cannot be put in that order")

func campaignOrder(sort string) (string, error) {
	switch sort {
	case "", "messages":
		return "g.messages DESC", nil
	case "last_seen":
		return "g.last DESC", nil
	case "first_seen":
		return "g.first", nil
	case "score":
		return "g.score DESC", nil
	case "sources":
		return "g.sources DESC", nil
	}
	return "", ErrSort
}

// campaignTerms says whether a filter asks only for what campaigns themselves know.
func campaignTerms(f Filter) bool {
	return !slices.ContainsFunc(f.Terms, func(t Term) bool {
		switch t.Field {
		case FieldCampaign, FieldVerdict, FieldScore, FieldLure, FieldLanguage, FieldSensor:
			return false
		}
		return true
	})
}

// campaignConditions turns a filter into conditions on campaigns g: those that were seen within its time.
func (s *Store) campaignConditions(ctx context.Context, f Filter) (condition, error) {
	from, to := span(f)
	all := condition{"g.last >= ? AND g.first < ?", []any{from, to}}
	for i, t := range f.Terms {
		err := check(t)
		var c condition
		if err == nil {
			c, err = s.termCondition(ctx, t)
		}
		if err != nil {
			return all, atTerm(err, i)
		}
		c.sql = strings.NewReplacer("p.campaign", "g.id", "p.sensor IN", "EXISTS (SELECT 1 FROM part WHERE part.campaign = g.id AND part.sensor IN", "p.", "g.").Replace(c.sql)
		if t.Field == FieldSensor {
			c.sql += ")"
		}
		if t.Not {
			c.sql = "NOT COALESCE(" + c.sql + ", 0)"
		}
		all.sql += " AND " + c.sql
		all.args = append(all.args, c.args...)
	}
	return all, nil
}

// campaignsOfPopups finds the campaigns of the popups that a filter means, by a walk that has an end.
func (s *Store) campaignsOfPopups(ctx context.Context, f Filter, p Page, order string, after int) (page CampaignPage, err error) {
	page.Rows = []CampaignRow{}
	counts := map[int64]uint64{}
	page.Partial, err = s.walkAll(ctx, f, time.Now(), func(r popupRow) { counts[r.campaign] += r.count })
	if err != nil {
		return page, err
	}
	ids := heaviest(counts, len(counts))
	if !byMessages(p.Sort) {
		if ids, err = s.sortCampaigns(ctx, ids, order); err != nil {
			return page, err
		}
	}
	ids, page.Next = onPage(ids[min(after, len(ids)):], &p, after)
	rows, err := s.campaignRows(ctx, ids)
	if err != nil {
		return page, err
	}
	for i, id := range ids {
		rows[i].Messages = counts[id]
	}
	page.Rows = rows
	return page, nil
}

// byMessages says whether an order is that of messages, which under a filter of popups are those that it means.
func byMessages(sort string) bool { return sort == "" || sort == "messages" }

// sortCampaigns puts campaigns into an order; those of which only popups are known stand behind the others.
func (s *Store) sortCampaigns(ctx context.Context, ids []int64, order string) ([]int64, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT j.value FROM json_each(?) j LEFT JOIN campaign g ON g.id = j.value ORDER BY g.id IS NULL, "+order+", j.key", string(list))
	return collect(rows, err, scanOne[int64])
}

// heaviest gives the n keys of the greatest counts.
func heaviest(counts map[int64]uint64, n int) []int64 {
	ids := make([]int64, 0, len(counts))
	for id := range counts {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	return ids[:min(n, len(ids))]
}

// campaignRows makes the rows of campaigns, one for each number, in their order.
func (s *Store) campaignRows(ctx context.Context, ids []int64) ([]CampaignRow, error) {
	rows := make([]CampaignRow, 0, len(ids))
	blocks, names := &recentBlocks{store: s}, s.newNames()
	for _, id := range ids {
		row, err := s.campaignRow(ctx, id, blocks, names)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, names.err
}

// campaignRow makes the row of a campaign; one of which only popups are known has little more than its id.
func (s *Store) campaignRow(ctx context.Context, id int64, blocks *recentBlocks, names *names) (r CampaignRow, err error) {
	r = CampaignRow{ID: names.word(ctx, id), States: map[string]uint64{}, Sensors: []string{}}
	var seq, first, last, verdict, lure, language int64
	err = s.db.QueryRowContext(ctx, "SELECT seq, first, last, verdict, lure, language, score, messages, sources, targets FROM campaign WHERE id = ?", id).
		Scan(&seq, &first, &last, &verdict, &lure, &language, &r.Score, &r.Messages, &r.Sources, &r.Targets)
	if err := absent(err); errors.Is(err, ErrNotFound) {
		return r, nil
	} else if err != nil {
		return r, err
	}
	r.First, r.Last, r.Verdict = moment(first), moment(last), word(verdictWords[:], int(verdict))
	r.Lure, r.Language = names.word(ctx, lure), names.word(ctx, language)
	rows, err := s.db.QueryContext(ctx, "SELECT DISTINCT w.word FROM part JOIN word w ON w.id = part.sensor WHERE part.campaign = ? ORDER BY 1 LIMIT 20", id)
	sensors, err := collect(rows, err, scanOne[string])
	if err != nil {
		return r, err
	}
	r.Sensors = append(r.Sensors, sensors...)
	return r, s.fromDocument(ctx, seq, &r, blocks)
}

// fromDocument fills in what the newest document of a campaign says.
func (s *Store) fromDocument(ctx context.Context, seq int64, r *CampaignRow, blocks *recentBlocks) error {
	d, _, err := blocks.document(ctx, seq)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c := &d.Popupwatch.Campaign
	r.Template, r.Sample, r.Reportable, r.Atlas = c.Template, c.Sample, c.Reportable, c.Atlas
	for _, k := range c.Keys["domains"][:min(len(c.Keys["domains"]), 10)] {
		r.Domains = append(r.Domains, k.Value)
	}
	if len(c.States) > 0 {
		err = json.Unmarshal(c.States, &r.States)
	}
	return err
}
