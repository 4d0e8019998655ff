package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"
)

// maxBuckets bounds the buckets of a chart.
const maxBuckets = 400

// steps are the lengths of buckets that people can read, in seconds.
var steps = [...]int64{1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400, 28 * 86400, 91 * 86400, 364 * 86400}

// Overview says what came, under a filter.
func (s *Store) Overview(ctx context.Context, f Filter) (Overview, error) {
	o := Overview{Verdicts: map[string]uint64{}, States: map[string]uint64{}, Routes: []Named{}, Ports: []Named{}, Top: []CampaignRow{}, Findings: []Named{}}
	f, err := s.spanned(ctx, f)
	if err != nil || f.From.IsZero() {
		newHosts().into(&o)
		o.Timeline = newTimeline(1, 0, 0)
		return o, errors.Join(err, s.Check(ctx, f))
	}
	for _, part := range []func(context.Context, *Filter, *Overview) error{s.overviewPopups, s.overviewFindings, s.overviewSensor} {
		if err := part(ctx, &f, &o); err != nil {
			return o, err
		}
	}
	return o, nil
}

// take puts what was counted into an overview.
func (o *Overview) take(f *Filter, t *sums) {
	t.finish()
	o.From, o.To, o.Timeline, o.Verdicts, o.Routes, o.Ports, o.Messages = f.From, f.To, t.line, t.verdicts, t.routes, t.ports, t.messages
	o.Partial = o.Partial || t.partial
}

// overviewTallies counts popups by the tallies.
func (s *Store) overviewTallies(ctx context.Context, f *Filter, o *Overview) error {
	t, err := s.tallied(ctx, f)
	if err == nil {
		o.take(f, t)
	}
	return err
}

// spanned closes the open ends of a filter's time with those of what is there. In an empty store they stay open.
func (s *Store) spanned(ctx context.Context, f Filter) (Filter, error) {
	var first, last sql.NullInt64
	err := s.db.QueryRowContext(ctx, "SELECT (SELECT MIN(time) FROM popup), (SELECT MAX(time) FROM popup)").Scan(&first, &last)
	if err == nil && !first.Valid {
		err = s.db.QueryRowContext(ctx, "SELECT (SELECT MIN(time) FROM event), (SELECT MAX(time) FROM event)").Scan(&first, &last)
	}
	if err != nil || !first.Valid {
		return f, damaged(err)
	}
	if f.From.IsZero() {
		f.From = moment(first.Int64)
	}
	if f.To.IsZero() {
		f.To = moment(last.Int64 + 1)
	}
	return f, nil
}

// span gives the ends of a filter's time in the form of the tables.
func span(f Filter) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if !f.From.IsZero() {
		from = f.From.UnixNano()
	}
	if !f.To.IsZero() {
		to = f.To.UnixNano()
	}
	return from, to
}

// bucketStep is the shortest step that divides a time into few enough buckets, and the level of tallies that serves it; level 0 is none.
func bucketStep(from, to time.Time) (step, level int64) {
	seconds := to.Unix() - from.Unix() + 1
	step = steps[len(steps)-1]
	for _, candidate := range steps {
		if seconds/candidate < maxBuckets-1 {
			step = candidate
			break
		}
	}
	for _, l := range levels {
		if step%l == 0 {
			return step, l
		}
	}
	return step, 0
}

// sums are popups counted by everything that an overview shows.
type sums struct {
	line     Timeline
	verdicts map[string]uint64
	routes   []Named
	ports    []Named
	messages uint64
	partial  bool

	byRoute, byPort map[int64]uint64
}

// newSums makes empty buckets over a time, which is widened to whole ones.
func newSums(f *Filter) (*sums, int64) {
	step, level := bucketStep(f.From, f.To)
	from := floor(f.From.Unix(), step)
	n := max(1, min(maxBuckets, (f.To.Unix()-from+step)/step))
	if level > 0 {
		f.From, f.To = time.Unix(from, 0).UTC(), time.Unix(from+n*step, 0).UTC()
	}
	t := &sums{verdicts: map[string]uint64{"spam": 0, "suspect": 0, "clean": 0}, byRoute: map[int64]uint64{}, byPort: map[int64]uint64{}}
	t.line = newTimeline(step, from, n)
	return t, level
}

func newTimeline(step, from, n int64) Timeline {
	l := Timeline{Step: step, At: make([]int64, n), Spam: make([]uint64, n), Suspect: make([]uint64, n), Clean: make([]uint64, n), Exploit: make([]uint64, n)}
	for i := range l.At {
		l.At[i] = from + int64(i)*step
	}
	return l
}

// add counts popups of one time, in seconds, and kind.
func (t *sums) add(at, verdict, route, port int64, n uint64) {
	t.line.add(at, verdict, n)
	t.messages += n
	if w := word(verdictWords[:], int(verdict)); w != "" {
		t.verdicts[w] += n
	}
	t.byRoute[route] += n
	t.byPort[port] += n
}

// add counts popups into their bucket; those of a time beside the buckets are not counted.
func (l *Timeline) add(at, verdict int64, n uint64) {
	i := (at - l.At[0]) / l.Step
	if i < 0 || i >= int64(len(l.At)) {
		return
	}
	[][]uint64{l.Exploit, l.Spam, l.Suspect, l.Clean}[verdict][i] += n
}

// finish puts names to the counts.
func (t *sums) finish() {
	t.routes = namedBy(t.byRoute, func(r int64) string { return word(routeWords[:], int(r)) })
	t.ports = namedBy(t.byPort, func(p int64) string { return strconv.FormatInt(p, 10) })
}

// namedBy gives counts by name, the greatest first, 20 at most.
func namedBy(counts map[int64]uint64, name func(int64) string) []Named {
	list := make([]Named, 0, len(counts))
	for key, n := range counts {
		if n > 0 {
			list = append(list, Named{name(key), n})
		}
	}
	slices.SortFunc(list, func(a, b Named) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	return list[:min(len(list), 20)]
}

// tallied counts the popups of a filter, from the tallies where these can tell, else by a walk that has an end.
func (s *Store) tallied(ctx context.Context, f *Filter) (*sums, error) {
	t, level := newSums(f)
	campaigns, where, ok, err := s.tallyConditions(ctx, *f)
	if err != nil {
		return nil, err
	}
	if ok && level > 0 {
		err = s.sumTallies(ctx, *f, t, level, campaigns, where)
	} else {
		t.partial, err = s.walkAll(ctx, *f, time.Now(), func(r popupRow) { t.add(r.time/int64(time.Second), r.verdict, r.route, r.port, r.count) })
	}
	return t, err
}

// walkAll goes over the popups of a filter, the newest first, as far as patience goes; partial says that it did not come to the end.
// A question began at begun, and what it has done since counts.
func (s *Store) walkAll(ctx context.Context, f Filter, begun time.Time, do func(popupRow)) (partial bool, err error) {
	w, err := s.newWalk(ctx, f, "", false)
	if err != nil {
		return false, err
	}
	w.begun = begun
	w.size = 1024
	return w.each(ctx, func(r popupRow) bool { do(r); return true })
}

// tallyConditions turns a filter into conditions on tallies; ok is false where it asks for what they do not know.
func (s *Store) tallyConditions(ctx context.Context, f Filter) (campaigns []int64, where conditions, ok bool, err error) {
	campaigns = []int64{0}
	for _, t := range f.Terms {
		switch t.Field {
		case FieldCampaign:
			if t.Not || len(campaigns) > 1 || campaigns[0] != 0 {
				return nil, where, false, nil
			}
			if campaigns, err = s.campaignNumbers(ctx, t.Values); err != nil || len(campaigns) > 200 {
				return nil, where, false, err
			}
			if len(campaigns) == 0 {
				campaigns = []int64{-1} // none is
			}
		case FieldVerdict, FieldRoute, FieldPort, FieldSensor:
		default:
			return nil, where, false, nil
		}
	}
	where, err = s.conditions(ctx, Filter{Terms: slices.DeleteFunc(slices.Clone(f.Terms), func(t Term) bool { return t.Field == FieldCampaign })})
	return campaigns, where, true, err
}

// sumTallies reads tallies of one level.
func (s *Store) sumTallies(ctx context.Context, f Filter, t *sums, level int64, campaigns []int64, where conditions) error {
	w := &walk{where: where}
	c := condition{args: []any{level, f.From.Unix(), f.To.Unix()}}
	rows, err := s.db.QueryContext(ctx, "SELECT p.at, p.verdict, p.route, p.port, SUM(p.count) FROM tally p WHERE p.campaign IN ("+numbers(campaigns)+
		") AND p.level = ? AND p.at >= ? AND p.at < ? AND "+w.rest(&c)+" GROUP BY 1, 2, 3, 4", c.args...)
	err = eachRow(rows, err, func(scan scanner) error {
		var at, verdict, route, port int64
		var n uint64
		err := scan(&at, &verdict, &route, &port, &n)
		if err == nil {
			t.add(at, verdict, route, port, n)
		}
		return err
	})
	return err
}

// countedSources bounds the sources of a time that are counted: one more says that there are others.
const countedSources = 50_000

// overviewSources counts the sources of a time by state, and all targets.
func (s *Store) overviewSources(ctx context.Context, f *Filter, o *Overview) error {
	newHosts().into(o)
	whole, err := s.whole(ctx, *f)
	if err != nil {
		return err
	}
	from, to := span(*f)
	query, args := "SELECT state, COUNT(*) FROM (SELECT state FROM source INDEXED BY source_last WHERE last >= ? AND first < ? LIMIT ?) GROUP BY 1", []any{from, to, countedSources + 1}
	if whole {
		query, args = "SELECT state, COUNT(*) FROM source INDEXED BY source_state GROUP BY 1", nil
	}
	rows, err := s.db.QueryContext(ctx, query, args...)
	err = eachRow(rows, err, func(scan scanner) error {
		var state int
		var n uint64
		err := scan(&state, &n)
		o.States[word(stateWords[:], state)] += n
		o.Sources += n
		return err
	})
	o.Partial = o.Partial || !whole && o.Sources > countedSources
	if err != nil {
		return err
	}
	return damaged(s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM target").Scan(&o.Targets))
}

// whole says whether a filter's time holds everything that is there.
func (s *Store) whole(ctx context.Context, f Filter) (bool, error) {
	all, err := s.spanned(ctx, Filter{})
	return !f.From.After(all.From) && !f.To.Before(all.To), err
}

// overviewTop finds the ten campaigns of most messages in the filter's time, among the fifty of most messages that were seen in it.
func (s *Store) overviewTop(ctx context.Context, f *Filter, o *Overview) error {
	whole, err := s.whole(ctx, *f)
	if err != nil {
		return err
	}
	looked := 50
	if whole {
		looked = 10
	}
	page, err := s.Campaigns(ctx, *f, Page{Limit: looked})
	if err == nil && !whole {
		err = s.countWithin(ctx, *f, page.Rows)
	}
	if err != nil {
		return err
	}
	o.Top = page.Rows[:min(10, len(page.Rows))]
	c, err := s.campaignConditions(ctx, *f)
	if err != nil {
		return err
	}
	return damaged(s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM campaign g WHERE "+c.sql, c.args...).Scan(&o.Campaigns))
}

// countWithin puts the messages of a time in the place of those of all times, and the rows in their order.
func (s *Store) countWithin(ctx context.Context, f Filter, rows []CampaignRow) error {
	_, level := bucketStep(f.From, f.To)
	if level == 0 {
		level = levels[len(levels)-1]
	}
	for i := range rows {
		err := s.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(count), 0) FROM tally WHERE campaign = (SELECT id FROM word WHERE word = ?) AND level = ?
			AND at >= ? AND at < ?`, rows[i].ID, level, floor(f.From.Unix(), level), f.To.Unix()).Scan(&rows[i].Messages)
		if err != nil {
			return damaged(err)
		}
	}
	slices.SortStableFunc(rows, func(a, b CampaignRow) int { return cmp.Compare(b.Messages, a.Messages) })
	return nil
}

// overviewFindings counts findings by class.
func (s *Store) overviewFindings(ctx context.Context, f *Filter, o *Overview) error {
	from, to := span(*f)
	rows, err := s.db.QueryContext(ctx, `SELECT w.word, n FROM (SELECT class, COUNT(*) n FROM (SELECT class FROM finding WHERE time >= ? AND time < ? ORDER BY time DESC LIMIT 50000)
		GROUP BY class) JOIN word w ON w.id = class ORDER BY n DESC, 1`, from, to)
	found, err := collect(rows, err, scanNamed)
	o.Findings = append(o.Findings, found...)
	return err
}

// overviewSensor sums what the sensor says of frames and losses.
func (s *Store) overviewSensor(ctx context.Context, f *Filter, o *Overview) error {
	v, err := s.sensorSums(ctx, *f)
	o.Frames, o.Dropped, o.Shed = v.frames, v.dropped, v.shed
	return err
}
