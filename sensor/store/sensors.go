package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sensorTotals are the sums that an overview shows.
type sensorTotals struct {
	frames, dropped, shed uint64
	measures              map[string]uint64
}

// sensorSums sums the sensor's counts by name over the whole hours of a time.
func (s *Store) sensorSums(ctx context.Context, f Filter) (t sensorTotals, err error) {
	from, to := int64(-1<<62), int64(1<<62)
	if !f.From.IsZero() {
		from = floor(f.From.Unix(), 3600)
	}
	if !f.To.IsZero() {
		to = f.To.Unix() + 1
	}
	c, err := sensorCondition(f, "m.sensor")
	if err != nil {
		return t, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT w.word, n FROM (SELECT m.name, SUM(m.n) n FROM measure m WHERE m.at >= ? AND m.at < ?"+c.sql+
		" GROUP BY 1) JOIN word w ON w.id = name", append([]any{from, to}, c.args...)...)
	list, err := collect(rows, err, scanNamed)
	t.measures = map[string]uint64{}
	for _, n := range list {
		t.measures[n.Name] = n.Count
		switch {
		case n.Name == "frames":
			t.frames = n.Count
		case isDrop(n.Name):
			t.dropped += n.Count
		case isShed(n.Name):
			t.shed += n.Count
		}
	}
	return t, err
}

// sensorCondition is that a row is of the sensors that a filter names; other conditions say nothing of a sensor's counts.
func sensorCondition(f Filter, column string) (c condition, err error) {
	for _, t := range f.Terms {
		if t.Field != FieldSensor {
			continue
		}
		one, err := inWords(column, t.Values)
		if err != nil {
			return c, err
		}
		if t.Not {
			one.sql = "NOT " + one.sql
		}
		c.sql, c.args = c.sql+" AND "+one.sql, append(c.args, one.args...)
	}
	return c, nil
}

// Sensor says what the sensors counted in a time, by whole hours; over time from each document.
func (s *Store) Sensor(ctx context.Context, f Filter) (SensorView, error) {
	v := SensorView{Sensors: []string{}, Reasons: []Named{}, Kernel: map[string]uint64{}, Shed: map[string]uint64{}, Queue: map[string]uint64{}, Ports: []PortCount{},
		At: []int64{}, FramesAt: []uint64{}, PopupsAt: []uint64{}, LostAt: []uint64{}}
	t, err := s.sensorSums(ctx, f)
	if err != nil {
		return v, err
	}
	v.divide(t.measures)
	rows, err := s.db.QueryContext(ctx, "SELECT w.word FROM word w WHERE w.id IN (SELECT DISTINCT sensor FROM measure) ORDER BY 1 LIMIT 100")
	names, err := collect(rows, err, scanOne[string])
	v.Sensors = append(v.Sensors, names...)
	if err != nil {
		return v, err
	}
	if err := s.sensorTimeline(ctx, f, &v); err != nil {
		return v, err
	}
	return v, s.sensorQueue(ctx, &v)
}

// divide puts sums of counts where they belong.
func (v *SensorView) divide(measures map[string]uint64) {
	ports, sum := map[int]*PortCount{}, uint64(0)
	for name, n := range measures {
		group, rest, _ := strings.Cut(name, ".")
		switch group {
		case "frames":
			v.Frames = n
		case "bytes":
			v.Octets = n
		case "messages":
			v.Messages = n
		case "kernel_received", "kernel_dropped", "interface_dropped":
			v.Kernel[strings.TrimPrefix(name, "kernel_")] = n
		case "shed":
			v.Shed[rest] = n
		case "reasons":
			sum += n
			v.Reasons = append(v.Reasons, Named{rest, n})
		case "ports":
			countPort(ports, rest, n)
		}
	}
	v.AddsUp = sum == v.Frames
	slices.SortFunc(v.Reasons, func(a, b Named) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	for _, p := range ports {
		v.Ports = append(v.Ports, *p)
	}
	slices.SortFunc(v.Ports, func(a, b PortCount) int { return cmp.Compare(a.Port, b.Port) })
}

// countPort counts one of a port's numbers, as 1026.datagrams.
func countPort(ports map[int]*PortCount, name string, n uint64) {
	number, kind, _ := strings.Cut(name, ".")
	port, err := strconv.Atoi(number)
	if err != nil {
		return
	}
	p := ports[port]
	if p == nil {
		p = &PortCount{Port: port}
		ports[port] = p
	}
	switch kind {
	case "datagrams":
		p.Datagrams = n
	case "bytes":
		p.Octets = n
	case "sources":
		p.Sources = n
	}
}

// sensorTimeline counts frames, popups and losses over time.
func (s *Store) sensorTimeline(ctx context.Context, f Filter, v *SensorView) error {
	var first, last sql.NullInt64
	err := s.db.QueryRowContext(ctx, "SELECT (SELECT MIN(time) FROM stat), (SELECT MAX(time) FROM stat)").Scan(&first, &last)
	if err != nil || !first.Valid {
		return damaged(err)
	}
	if f.From.IsZero() {
		f.From = moment(first.Int64)
	}
	if f.To.IsZero() {
		f.To = moment(last.Int64 + 1)
	}
	step, _ := bucketStep(f.From, f.To)
	step = max(step, 60)
	c, err := sensorCondition(f, "sensor")
	if err != nil {
		return err
	}
	v.Step = step
	rows, err := s.db.QueryContext(ctx, "SELECT time / 1000000000 / ?1 * ?1, SUM(frames), SUM(popups), SUM(lost) FROM stat INDEXED BY stat_time WHERE time >= ?2 AND time < ?3"+
		c.sql+" GROUP BY 1 ORDER BY 1", append([]any{step, f.From.UnixNano(), f.To.UnixNano()}, c.args...)...)
	err = eachRow(rows, err, func(scan scanner) error {
		var at int64
		var frames, popups, lost uint64
		err := scan(&at, &frames, &popups, &lost)
		v.At, v.FramesAt, v.PopupsAt, v.LostAt = append(v.At, at), append(v.FramesAt, frames), append(v.PopupsAt, popups), append(v.LostAt, lost)
		return err
	})
	return err
}

// sensorQueue reads the state of the queue from the newest document that has one.
func (s *Store) sensorQueue(ctx context.Context, v *SensorView) error {
	var seq int64
	err := s.db.QueryRowContext(ctx, "SELECT seq FROM stat ORDER BY time DESC LIMIT 1").Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return damaged(err)
	}
	d, _, err := (&recentBlocks{store: s}).document(ctx, seq)
	if err != nil {
		return err
	}
	d.measures(func(name string, n int64) {
		if rest, ok := strings.CutPrefix(name, "queue."); ok {
			v.Queue[rest] = uint64(max(0, n))
		}
	})
	return nil
}

// Kept says what the store holds. A store of before version 3 holds nothing for a console.
func (s *Store) Kept(ctx context.Context) (Kept, error) {
	k := Kept{Events: map[string]uint64{}, Queued: s.Waiting()}
	for _, file := range []string{s.path, s.path + "-wal"} {
		if info, err := os.Stat(file); err == nil {
			k.Octets += info.Size()
		}
	}
	if s.found < 3 {
		return k, nil
	}
	rows, err := s.db.QueryContext(ctx, "SELECT name, n FROM counter")
	counts, err := collect(rows, err, scanNamed)
	for _, set := range datasetWords {
		k.Events[set] = 0
	}
	for _, c := range counts {
		if set, ok := strings.CutPrefix(c.Name, "event."); ok {
			k.Events[set] = c.Count
		}
		switch c.Name {
		case "purged":
			k.Purged = c.Count
		case "retention.days":
			k.Days = int(c.Count)
		case "retention.octets":
			k.Limit = int64(c.Count)
		}
	}
	if err != nil {
		return k, err
	}
	return k, s.keptTimes(ctx, &k)
}

func (s *Store) keptTimes(ctx context.Context, k *Kept) error {
	f, err := s.spanned(ctx, Filter{})
	if err != nil {
		return err
	}
	if k.First = f.From; !f.To.IsZero() {
		k.Last = f.To.Add(-time.Nanosecond)
	}
	var arrived int64
	err = s.db.QueryRowContext(ctx, "SELECT arrived FROM block ORDER BY seq DESC LIMIT 1").Scan(&arrived)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	k.Arrived = moment(arrived)
	return damaged(err)
}
