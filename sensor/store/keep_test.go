package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/event"
)

// realLines are the golden events of the real captures.
func realLines(t testing.TB) [][]byte {
	t.Helper()
	content, err := os.ReadFile("../testdata/real.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(content), []byte("\n"))
}

// keepLines puts documents into a store, some to a batch.
func keepLines(t testing.TB, s *Store, lines [][]byte, each int) {
	t.Helper()
	for part := range slices.Chunk(lines, each) {
		b := new(Batch)
		for _, line := range part {
			b.Add("logs-x-default", "id", line)
		}
		if err := s.Put(b); err != nil {
			t.Fatal(err)
		}
	}
}

// realStore is a store that holds the real events.
func realStore(t testing.TB) (*Store, []map[string]any) {
	t.Helper()
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
	lines := realLines(t)
	keepLines(t, s, lines, 7)
	var all []map[string]any
	for _, line := range lines {
		var d map[string]any
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return s, all
}

// at walks down a document: at(d, "event", "id").
func at(d any, path ...string) any {
	for _, p := range path {
		m, _ := d.(map[string]any)
		d = m[p]
	}
	return d
}

// of gives the documents of a data set.
func of(all []map[string]any, set string) (list []map[string]any) {
	for _, d := range all {
		if at(d, "event", "dataset") == "popupwatch."+set {
			list = append(list, d)
		}
	}
	return list
}

func TestASecondReplayAddsNothing(t *testing.T) {
	s, all := realStore(t)
	before, err := s.Kept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keepLines(t, s, realLines(t), 256)
	after, err := s.Kept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := uint64(0)
	for set, n := range after.Events {
		sum += n
		if want := len(of(all, set)); n != uint64(want) || before.Events[set] != n {
			t.Errorf("%s: %d, then %d, want %d", set, before.Events[set], n, want)
		}
	}
	twice, err := s.counter(t.Context(), "duplicate")
	if sum != uint64(len(all)) || err != nil || int(twice) != len(all) {
		t.Errorf("%d kept of %d, %d there already, %v", sum, len(all), twice, err)
	}
}

func TestEveryEventIsFoundAsItWasWritten(t *testing.T) {
	s, all := realStore(t)
	for i, line := range realLines(t) {
		got, err := s.Event(t.Context(), at(all[i], "event", "id").(string))
		if err != nil || !bytes.Equal(got, line) {
			t.Fatalf("event %d: %v\n%s\n%s", i, err, got, line)
		}
	}
	for _, id := range []string{"", "zz", strings.Repeat("0", 32), strings.Repeat("0", 3200)} {
		if _, err := s.Event(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("event %.40q: %v", id, err)
		}
	}
}

func TestALiveTailGivesEachEventOnce(t *testing.T) {
	s, all := realStore(t)
	var after int64
	var got []Arrival
	for {
		list, last, err := s.Newer(t.Context(), after, Filter{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		if last == after {
			break
		}
		got, after = append(got, list...), last
	}
	if len(got) != len(all) {
		t.Errorf("%d events, want %d", len(got), len(all))
	}
	none, _, err := s.Newer(t.Context(), 0, Filter{Terms: []Term{{Field: FieldPort, Values: []string{"9"}}}}, 500)
	if len(none) != len(all)-34 || err != nil {
		t.Errorf("%d events but popups, %v, want %d", len(none), err, len(all)-34)
	}
}

func TestExportGivesEachDocumentInTime(t *testing.T) {
	s, all := realStore(t)
	for i, set := range datasetWords {
		var n int
		before := ""
		err := s.Each(t.Context(), event.Set(i), Filter{}, func(line json.RawMessage) error {
			var d map[string]any
			if err := json.Unmarshal(line, &d); err != nil {
				return err
			}
			now := at(d, "@timestamp").(string)
			if at(d, "event", "dataset") != "popupwatch."+set || now < before {
				return fmt.Errorf("%v of %s behind %s", at(d, "event", "dataset"), now, before)
			}
			n, before = n+1, now
			return nil
		})
		if err != nil || n != len(of(all, set)) {
			t.Errorf("%s: %d, %v, want %d", set, n, err, len(of(all, set)))
		}
	}
}

// At the bounds of age and room: what arrived longest ago goes, whatever its packet time, and the sums stay true.
func TestWhatIsGivenUpIsGoneFromAllTables(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	s.keeper.now = func() time.Time { return now }
	if err := s.KeepFor(Retention{Days: 30}); err != nil {
		t.Fatal(err)
	}
	lines := realLines(t)
	keepLines(t, s, lines, 16)
	now = now.Add(30 * 24 * time.Hour)
	one := func(i int) []byte {
		return fmt.Appendf(nil, `{"@timestamp":"2030-01-01T00:00:00Z","event":{"id":"%032x","dataset":"popupwatch.sensor"},"observer":{"name":"x"},"popupwatch":{"sensor":{"frames":1,"reasons":{"message":1}}}}`, i)
	}
	keepLines(t, s, [][]byte{one(0)}, 1)
	if k, err := s.Kept(t.Context()); err != nil || k.Purged != 0 || k.Days != 30 {
		t.Fatalf("at the bound %+v, %v: nothing is to go", k, err)
	}
	now = now.Add(time.Nanosecond)
	for i := range 10 {
		keepLines(t, s, [][]byte{one(i + 1)}, 1)
	}
	k, err := s.Kept(t.Context())
	if err != nil || k.Purged != uint64(len(lines)) || k.Events["sensor"] != 11 || k.Events["message"] != 0 {
		t.Errorf("%+v, %v", k, err)
	}
	for _, table := range []string{"popup", "wording", "advert", "tally", "target", "claim", "source", "campaign", "part", "alias", "finding"} {
		var n int
		if err := s.row("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows left in %s, %v", n, table, err)
		}
	}
	if _, err := s.conn.ExecContext(t.Context(), "INSERT INTO wording_words (wording_words) VALUES ('integrity-check')"); err != nil {
		t.Error(err)
	}
	v, err := s.Sensor(t.Context(), Filter{})
	if err != nil || v.Frames != 11 || !v.AddsUp {
		t.Errorf("%d frames, adds up %v, %v", v.Frames, v.AddsUp, err)
	}
	if err := s.KeepFor(Retention{Octets: 1}); err != nil {
		t.Fatal(err)
	}
	keepLines(t, s, [][]byte{one(100)}, 1)
	keepLines(t, s, [][]byte{one(101), one(102)}, 2)
	keepLines(t, s, [][]byte{one(103)}, 2)
	keepLines(t, s, [][]byte{one(104)}, 2)
	if k, err := s.Kept(t.Context()); err != nil || k.Events["sensor"] != 1 {
		t.Errorf("without room %+v, %v: what came last is to stay", k, err)
	}
}

func TestAStoreOfTheSecondVersionIsBroughtOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	b := new(Batch)
	b.Add("s", "id", []byte(`{}`))
	putOld(t, path, 2, b)
	reader, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := reader.Kept(t.Context()); err != nil || len(k.Events) != 0 {
		t.Errorf("%+v, %v", k, err)
	}
	reader.Close()
	s := opened(t, path, 0)
	keepLines(t, s, realLines(t), 50)
	if k, err := s.Kept(t.Context()); err != nil || k.Events["message"] != 34 || s.Waiting() != 1+int64(len(realLines(t))) {
		t.Errorf("%+v, %v, %d wait", k, err, s.Waiting())
	}
}

// A store of the third version can be looked at as it is, and is brought on by who writes it.
func TestAStoreOfTheThirdVersionAnswersAndIsBroughtOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	b := new(Batch)
	b.Add("s", "id", []byte(`{}`))
	putOld(t, path, 3, b)
	reader, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	page, asked := reader.Sources(t.Context(), Filter{From: time.Unix(0, 0)}, Page{Limit: 10})
	if err := errors.Join(reader.Answers(), asked); err != nil || len(page.Rows) != 0 {
		t.Error(page, err)
	}
	reader.Close()
	s := opened(t, path, 0)
	var columns int
	if err := s.row("SELECT COUNT(*) FROM pragma_index_info('source_last')").Scan(&columns); err != nil || columns != 5 || s.found != version {
		t.Errorf("version %d, the index has %d columns, %v", s.found, columns, err)
	}
}

// Who looks sees what was written, while it is written, and never half of it.
func TestOthersReadWhileItIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path, 0)
	reader, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			v, err := reader.Sensor(context.Background(), Filter{})
			if err == nil && !v.AddsUp {
				err = fmt.Errorf("%d frames do not add up", v.Frames)
			}
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := range 10 {
		lines := realLines(t)
		for j, l := range lines {
			copy(lines[j][bytes.Index(l, []byte(`"id":"`))+6:], fmt.Sprintf("%02x", i))
		}
		keepLines(t, s, lines, 20)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if k, err := reader.Kept(t.Context()); err != nil || k.Events["message"] != 340 {
		t.Errorf("%+v, %v", k, err)
	}
}
