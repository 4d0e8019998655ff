package store

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each condition means the popups that a look at all documents finds.
func TestConditionsMeanWhatTheySay(t *testing.T) {
	s, all := realStore(t)
	text := func(d map[string]any, path ...string) string { v, _ := at(d, path...).(string); return v }
	list := func(d map[string]any, path ...string) (l []string) {
		values, _ := at(d, path...).([]any)
		for _, v := range values {
			l = append(l, v.(string))
		}
		return l
	}
	last := map[string]string{}
	for _, d := range of(all, "source") {
		last[text(d, "source", "ip")] = text(d, "popupwatch", "source", "state")
	}
	for _, test := range []struct {
		term Term
		has  func(map[string]any) bool
	}{
		{Term{Field: FieldSource, Values: []string{"24.64.0.0/16"}}, func(d map[string]any) bool { return strings.HasPrefix(text(d, "source", "ip"), "24.64.") }},
		{Term{Field: FieldSource, Values: []string{"24.64.81.144", "220.175.8.56"}}, func(d map[string]any) bool {
			return slices.Contains([]string{"24.64.81.144", "220.175.8.56"}, text(d, "source", "ip"))
		}},
		{Term{Field: FieldTarget, Values: []string{"80.171.48.1"}}, func(d map[string]any) bool { return text(d, "destination", "ip") == "80.171.48.1" }},
		{Term{Field: FieldPort, Values: []string{"1026"}}, func(d map[string]any) bool { return at(d, "destination", "port") == 1026.0 }},
		{Term{Field: FieldPort, Compare: AtLeast, Values: []string{"1027"}}, func(d map[string]any) bool { return at(d, "destination", "port").(float64) >= 1027 }},
		{Term{Field: FieldScore, Compare: AtMost, Values: []string{"16"}}, func(d map[string]any) bool { return at(d, "popupwatch", "score", "total").(float64) <= 16 }},
		{Term{Field: FieldState, Values: []string{"forged_probable"}}, func(d map[string]any) bool { return last[text(d, "source", "ip")] == "forged_probable" }},
		{Term{Field: FieldVerdict, Values: []string{"spam"}}, func(d map[string]any) bool { return text(d, "popupwatch", "score", "verdict") == "spam" }},
		{Term{Field: FieldDomain, Values: []string{"com"}}, func(d map[string]any) bool {
			return slices.ContainsFunc(list(d, "popupwatch", "advertised", "domains"), func(s string) bool { return strings.HasSuffix(s, ".com") })
		}},
		{Term{Field: FieldDomain, Values: []string{"swipespy.com"}}, func(d map[string]any) bool {
			return slices.Contains(list(d, "popupwatch", "advertised", "domains"), "swipespy.com")
		}},
		{Term{Field: FieldDomain, Values: []string{"pespy.com"}}, func(map[string]any) bool { return false }},
		{Term{Field: FieldURL, Values: []string{"http://swipespy.com"}}, func(d map[string]any) bool {
			return slices.Contains(list(d, "popupwatch", "advertised", "urls"), "http://swipespy.com")
		}},
		{Term{Field: FieldRule, Values: []string{"urgency"}}, func(d map[string]any) bool {
			return slices.Contains(list(d, "popupwatch", "score", "rules"), "urgency")
		}},
		{Term{Field: FieldLure, Values: []string{"registry_cleaner"}}, func(d map[string]any) bool { return text(d, "popupwatch", "score", "lure") == "registry_cleaner" }},
		{Term{Field: FieldText, Values: []string{"internet browser"}}, func(d map[string]any) bool {
			return strings.Contains(strings.ToLower(text(d, "popupwatch", "message", "text")), "internet browser")
		}},
		{Term{Field: FieldText, Values: []string{"regis*"}}, func(d map[string]any) bool {
			return strings.Contains(strings.ToLower(text(d, "popupwatch", "message", "text")), "regis")
		}},
		{Term{Field: FieldFrom, Values: []string{"security"}}, func(d map[string]any) bool {
			return strings.EqualFold(text(d, "popupwatch", "message", "from"), "security")
		}},
		{Term{Field: FieldCampaign, Values: []string{"cmp1-rpeorupwv5oozkad"}}, func(d map[string]any) bool { return text(d, "popupwatch", "campaign", "id") == "cmp1-rpeorupwv5oozkad" }},
		{Term{Field: FieldCampaign, Values: []string{"tpl1-rpeorupwv5oozkad"}}, func(d map[string]any) bool { return text(d, "popupwatch", "campaign", "id") == "cmp1-rpeorupwv5oozkad" }},
		{Term{Field: FieldRoute, Values: []string{"rpc_udp"}}, func(d map[string]any) bool { return text(d, "popupwatch", "route") == "rpc_udp" }},
		{Term{Field: FieldSensor, Values: []string{"nobody"}}, func(map[string]any) bool { return false }},
		{Term{Field: FieldLanguage, Values: []string{"en"}}, func(map[string]any) bool { return true }},
	} {
		for _, not := range []bool{false, true} {
			term := test.term
			term.Not = not
			var want []string
			for _, d := range of(all, "message") {
				if test.has(d) != not {
					want = append(want, text(d, "event", "id"))
				}
			}
			got, page := pages(t, s, Filter{Terms: []Term{term}}, 5)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) || page.Count != uint64(len(want)) || page.CountIsLeast {
				t.Errorf("%s:%v not %v: %d popups, counted %d, want %d", term.Field, term.Values, not, len(got), page.Count, len(want))
			}
			o, err := s.Overview(t.Context(), Filter{Terms: []Term{term}})
			if err != nil || o.Messages != uint64(len(want)) || sum(o.Timeline.Spam)+sum(o.Timeline.Suspect)+sum(o.Timeline.Clean) != o.Messages {
				t.Errorf("%s:%v not %v: an overview of %d, %v, want %d", term.Field, term.Values, not, o.Messages, err, len(want))
			}
		}
	}
}

func sum(counts []uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// pages gives the ids of all messages, asked for page by page, and the first page.
func pages(t *testing.T, s *Store, f Filter, limit int) (ids []string, first MessagePage) {
	t.Helper()
	p := Page{Limit: limit}
	for {
		page, err := s.Messages(t.Context(), f, p)
		if err != nil {
			t.Fatal(err)
		}
		if p.Cursor == "" {
			first = page
		}
		for _, r := range page.Rows {
			ids = append(ids, r.ID)
		}
		if page.Next == "" {
			return ids, first
		}
		if len(ids) > 10_000 {
			t.Fatal("the pages have no end")
		}
		p.Cursor = page.Next
	}
}

func TestPagesAreInOrderBothWays(t *testing.T) {
	s, all := realStore(t)
	newest, _ := pages(t, s, Filter{}, 4)
	page, err := s.Messages(t.Context(), Filter{}, Page{Oldest: true})
	if err != nil {
		t.Fatal(err)
	}
	var oldest []string
	for _, r := range page.Rows {
		oldest = append(oldest, r.ID)
	}
	slices.Reverse(oldest)
	if !slices.Equal(newest, oldest) || len(newest) != len(of(all, "message")) {
		t.Errorf("%d and %d popups, want %d", len(newest), len(oldest), len(of(all, "message")))
	}
	for _, cursor := range []string{"x", "AAAA", strings.Repeat("A", 1<<16)} {
		if _, err := s.Messages(t.Context(), Filter{}, Page{Cursor: cursor}); !errors.Is(err, ErrCursor) {
			t.Errorf("cursor %.10q: %v", cursor, err)
		}
	}
}

func TestWhatCannotBeAskedForIsSaid(t *testing.T) {
	s, _ := realStore(t)
	for _, term := range []Term{
		{Field: FieldPort, Values: []string{"abc"}}, {Field: FieldScore, Values: []string{"NaN"}}, {Field: FieldSource, Values: []string{"1.2.3"}},
		{Field: FieldText, Values: []string{"ab*"}}, {Field: FieldSource, Values: []string{"1.2.3.4/99"}}, {Field: FieldState, Values: []string{"guilty"}}, {Field: FieldVerdict, Values: []string{""}},
		{Field: FieldText, Values: []string{`"*(`}}, {Field: FieldRoute}, {Field: FieldDomain, Compare: AtLeast, Values: []string{"com"}},
		{Field: FieldPort, Values: make([]string, maxValues+1)},
	} {
		f := Filter{Terms: []Term{{Field: FieldPort, Values: []string{"1026"}}, term}}
		_, err := s.Messages(t.Context(), f, Page{})
		var wrong *FilterError
		if !errors.As(err, &wrong) || wrong.Term != 1 {
			t.Errorf("%s %v: %v", term.Field, term.Values, err)
		}
	}
}

// Whatever is looked for is a phrase: no operator of FTS5 gets through, and nothing ends the question.
func TestWordsAreNoOperators(t *testing.T) {
	s, _ := realStore(t)
	for _, value := range []string{
		`registry" OR "x`, `a NEAR b`, `body : x`, "a\x00b", `{x} a`, `-a`, `a^2`, `*a`, "'; DROP TABLE popup; --", strings.Repeat("x ", 1<<19), "\u202ea", "日本",
	} {
		page, err := s.Messages(t.Context(), Filter{Terms: []Term{{Field: FieldText, Values: []string{value}}}}, Page{})
		if err != nil || len(page.Rows) != 0 {
			t.Errorf("%.40q: %d rows, %v", value, len(page.Rows), err)
		}
	}
}

func TestCampaignsAndSourcesSayWhatTheirDocumentsSay(t *testing.T) {
	s, all := realStore(t)
	page, err := s.Campaigns(t.Context(), Filter{}, Page{Limit: 3})
	if err != nil || len(page.Rows) != 3 || page.Next == "" {
		t.Fatalf("%d rows, next %q, %v", len(page.Rows), page.Next, err)
	}
	rest, err := s.Campaigns(t.Context(), Filter{}, Page{Limit: 3, Cursor: page.Next})
	if err != nil || len(rest.Rows) != 2 || rest.Next != "" {
		t.Fatalf("%d rows, next %q, %v", len(rest.Rows), rest.Next, err)
	}
	messages := map[string]uint64{}
	for _, d := range of(all, "message") {
		messages[at(d, "popupwatch", "campaign", "id").(string)]++
	}
	for _, r := range append(page.Rows, rest.Rows...) {
		c, err := s.Campaign(t.Context(), r.ID, Filter{})
		if err != nil || !cmp.Equal(c.CampaignRow, r) || r.Messages != messages[r.ID] {
			t.Errorf("%s: %v\n%s", r.ID, err, cmp.Diff(r, c.CampaignRow))
		}
		variants := uint64(0)
		for _, v := range c.Variants {
			variants += v.Count
		}
		if sum(c.Life.Spam)+sum(c.Life.Suspect)+sum(c.Life.Clean) != r.Messages || variants != r.Messages || len(c.Aliases) == 0 || len(c.Claimed) != int(r.Sources) {
			t.Errorf("%s: life %v, %d in variants, aliases %q, %d sources of %d", r.ID, c.Life, variants, c.Aliases, len(c.Claimed), r.Sources)
		}
	}
	if _, err := s.Campaign(t.Context(), "cmp1-nothing", Filter{}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	states := map[string]uint64{}
	sources, err := s.Sources(t.Context(), Filter{}, Page{})
	for _, r := range sources.Rows {
		states[r.State]++
		v, err := s.Source(t.Context(), r.IP)
		if err != nil || !cmp.Equal(v.SourceRow, r) || len(v.Documents) != int(r.Claims) {
			t.Errorf("%s: %v, %d documents", r.IP, err, len(v.Documents))
		}
	}
	o, errOverview := s.Overview(t.Context(), Filter{})
	maps.DeleteFunc(o.States, func(_ string, n uint64) bool { return n == 0 })
	if err != nil || errOverview != nil || !cmp.Equal(o.States, states) || o.Sources != 15 {
		t.Errorf("%v, %v, states %v and %v", err, errOverview, o.States, states)
	}
}

func TestTheSensorsFramesAddUp(t *testing.T) {
	s, all := realStore(t)
	v, err := s.Sensor(t.Context(), Filter{})
	want := 0.0
	for _, d := range of(all, "sensor") {
		want += at(d, "popupwatch", "sensor", "frames").(float64)
	}
	if err != nil || v.Frames != uint64(want) || !v.AddsUp || sum(v.FramesAt) != v.Frames || v.Messages != 34 {
		t.Errorf("%+v, %v, want %v frames", v, err, want)
	}
}

// A question ends when its time is over, and says so, but for a store whose answers must not depend on that; what it means is then found whole.
func TestAnUnhurriedQuestionGoesToItsEnd(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
	const popups = 1500
	lines := make([][]byte, popups)
	for i := range lines {
		lines[i] = fmt.Appendf(nil, `{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.message","action":"messenger_popup"},"destination":{"ip":"192.0.2.1","port":1026},"popupwatch":{"message":{"text":"t"}}}`,
			time.Unix(int64(i), 0).UTC().Format(time.RFC3339), i+1)
	}
	keepLines(t, s, lines, popups)
	walked := func(w *walk) (n int, more bool) {
		more, err := w.each(t.Context(), func(popupRow) bool {
			if n++; n == 1 {
				time.Sleep(2 * patience)
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		return n, more
	}
	begin := func() *walk {
		w, err := s.newWalk(t.Context(), Filter{}, "", false)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := begin()
	n, more := walked(w)
	if n != 256 || !more { // a chunk
		t.Errorf("%d of %d popups, more: %v", n, popups, more)
	}
	for more {
		var err error
		if more, err = w.each(t.Context(), func(popupRow) bool { n++; return true }); err != nil {
			t.Fatal(err)
		}
	}
	if n != popups {
		t.Errorf("%d of %d popups when it is asked again", n, popups)
	}
	s.Unhurried()
	if n, more := walked(begin()); n != popups || more {
		t.Errorf("unhurried %d of %d popups, more: %v", n, popups, more)
	}
}

// An id is found at its place only: among those of a block, octets of two neighbours may be the same.
func TestAnIdIsFoundAtItsPlaceAlone(t *testing.T) {
	a, b := bytes.Repeat([]byte{1}, idOctets), append(bytes.Repeat([]byte{1}, idOctets-1), 2)
	ids := append(append(append([]byte{2}, a...), b...), a[:idOctets-1]...)
	for i, id := range [][]byte{ids[:idOctets], a, b, {9}} {
		want := []int{0, 1, -1, -1}[i]
		if got := placeOf(ids[:3*idOctets], id); got != want {
			t.Errorf("%x in %x: %d, want %d", id, ids, got, want)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("", false)
	f.Add(place{5, 7}.cursor(), true)
	f.Fuzz(func(t *testing.T, cursor string, oldest bool) {
		p, err := parsePlace(cursor, oldest)
		if err == nil && cursor != "" && p.cursor() != cursor {
			if q, err := parsePlace(p.cursor(), oldest); err != nil || q != p {
				t.Errorf("%q is %v, and back %v, %v", cursor, p, q, err)
			}
		}
		parseOffset(cursor)
	})
}

// Pages under a filter of popups, one row each, are together what one page of all is, in each order.
func TestPagesUnderAFilterOfPopupsAreThatOfAll(t *testing.T) {
	s, _ := realStore(t)
	f := Filter{Terms: []Term{{Field: FieldRoute, Values: []string{"rpc_udp"}}}}
	for sort, before := range map[string]func(a, b *CampaignRow) bool{
		"messages": func(a, b *CampaignRow) bool { return a.Messages >= b.Messages }, "last_seen": func(a, b *CampaignRow) bool { return !a.Last.Before(b.Last) },
		"first_seen": func(a, b *CampaignRow) bool { return !a.First.After(b.First) }, "score": func(a, b *CampaignRow) bool { return a.Score >= b.Score },
		"sources": func(a, b *CampaignRow) bool { return a.Sources >= b.Sources },
	} {
		all, err := s.Campaigns(t.Context(), f, Page{Sort: sort, Limit: 100})
		if err != nil || all.Partial || all.Next != "" || len(all.Rows) < 3 {
			t.Fatalf("%s: %+v, %v", sort, all, err)
		}
		var rows []CampaignRow
		for p := (Page{Sort: sort, Limit: 1}); ; {
			page, err := s.Campaigns(t.Context(), f, p)
			if err != nil || len(page.Rows) != 1 || page.Partial {
				t.Fatalf("%s: %+v, %v", sort, page, err)
			}
			if n := len(rows); n > 0 && !before(&rows[n-1], &page.Rows[0]) {
				t.Errorf("%s: %+v stands before %+v", sort, rows[n-1], page.Rows[0])
			}
			if rows, p.Cursor = append(rows, page.Rows...), page.Next; p.Cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(all.Rows, rows); diff != "" {
			t.Errorf("%s: (-all +pages)\n%s", sort, diff)
		}
	}
}

func TestPagesOfSourcesUnderAFilterOfPopupsAreThatOfAll(t *testing.T) {
	s, _ := realStore(t)
	f := Filter{Terms: []Term{{Field: FieldRoute, Values: []string{"rpc_udp"}}}}
	for sort, before := range map[string]func(a, b *SourceRow) bool{
		"messages": func(a, b *SourceRow) bool { return a.Messages >= b.Messages }, "last_seen": func(a, b *SourceRow) bool { return !a.Last.Before(b.Last) },
		"decibans": func(a, b *SourceRow) bool { return a.Decibans >= b.Decibans },
	} {
		all, err := s.Sources(t.Context(), f, Page{Sort: sort, Limit: 100})
		if err != nil || all.Partial || all.Next != "" || len(all.Rows) < 3 {
			t.Fatalf("%s: %+v, %v", sort, all, err)
		}
		var rows []SourceRow
		for p := (Page{Sort: sort, Limit: 2}); len(rows) < len(all.Rows); p.Cursor = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(len(rows)))) {
			page, err := s.Sources(t.Context(), f, p)
			if err != nil || len(page.Rows) == 0 || page.Partial || (page.Next == "") != (len(rows)+len(page.Rows) == len(all.Rows)) {
				t.Fatalf("%s: %+v, %v", sort, page, err)
			}
			rows = append(rows, page.Rows...)
		}
		for i := 1; i < len(rows); i++ {
			if !before(&rows[i-1], &rows[i]) {
				t.Errorf("%s: %+v stands before %+v", sort, rows[i-1], rows[i])
			}
		}
		if diff := cmp.Diff(all.Rows, rows); diff != "" {
			t.Errorf("%s: (-all +pages)\n%s", sort, diff)
		}
	}
}
