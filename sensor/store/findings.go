package store

import (
	"context"
	"strconv"
)

// Findings gives findings, the newest first, a row a document. Of a filter's conditions it knows those on campaigns and sensors, and actions,
// which are its classes; others it refuses.
func (s *Store) Findings(ctx context.Context, f Filter, p Page) (FindingPage, error) {
	page := FindingPage{Rows: []FindingRow{}}
	at, err := parsePlace(p.Cursor, false)
	if err != nil {
		return page, err
	}
	where, args, err := s.findingConditions(ctx, f)
	if err != nil {
		return page, err
	}
	from, to := span(f)
	args = append([]any{at.time, at.seq, from, to}, args...)
	rows, err := s.db.QueryContext(ctx, `SELECT f.seq, f.time, c.word, f.severity, f.count, g.word, n.word FROM finding f JOIN word c ON c.id = f.class
		JOIN word g ON g.id = f.campaign JOIN word n ON n.id = f.sensor WHERE (f.time, f.seq) < (?, ?) AND f.time >= ? AND f.time < ?`+where+
		` ORDER BY f.time DESC, f.seq DESC LIMIT ?`, append(args, p.limit())...)
	var last place
	found, err := collect(rows, err, func(scan scanner) (r FindingRow, err error) {
		err = scan(&last.seq, &last.time, &r.Class, &r.Severity, &r.Count, &r.Campaign, &r.Sensor)
		r.Time, r.ID = moment(last.time), strconv.FormatInt(last.seq, 10)
		return r, err
	})
	if err != nil {
		return page, err
	}
	if page.Rows = append(page.Rows, found...); len(page.Rows) == p.limit() {
		page.Next = last.cursor()
	}
	return page, s.findingDocuments(ctx, page.Rows)
}

// findingConditions writes the conditions on findings f.
func (s *Store) findingConditions(ctx context.Context, f Filter) (where string, args []any, err error) {
	for i, t := range f.Terms {
		var c condition
		switch t.Field {
		case FieldCampaign:
			ids, err := s.campaignNumbers(ctx, t.Values)
			if err != nil {
				return "", nil, err
			}
			c.sql = "f.campaign IN (" + numbers(ids) + ")"
		case FieldSensor, FieldAction:
			column := map[Field]string{FieldSensor: "f.sensor", FieldAction: "f.class"}[t.Field]
			if c, err = inWords(column, t.Values); err != nil {
				return "", nil, err
			}
		default:
			return "", nil, &FilterError{i, "findings are no popups: they can be asked for by campaign, sensor and action, not by " + t.Field.String()}
		}
		if t.Not {
			c.sql = "NOT " + c.sql
		}
		where, args = where+" AND "+c.sql, append(args, c.args...)
	}
	return where, args, nil
}

// findingDocuments puts the documents to the rows, whose ids are their numbers until then.
func (s *Store) findingDocuments(ctx context.Context, rows []FindingRow) error {
	blocks := &recentBlocks{store: s}
	for i := range rows {
		r := &rows[i]
		seq, err := strconv.ParseInt(r.ID, 10, 64)
		if err != nil {
			return err
		}
		if r.Document, err = blocks.line(ctx, seq); err != nil {
			return err
		}
		if d, err := readDocument(r.Document); err == nil {
			r.Says, r.ID = d.Message, d.Event.ID
		}
	}
	return nil
}
