package campaign

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/text"
)

func TestSweepTellsTheOrderOfTargets(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 9))
	for want, target := range map[string]func(i int) int{
		"up": func(i int) int { return i }, "down": func(i int) int { return 1000 - i }, "strided": func(i int) int { return 7 * i },
		"random": func(int) int { return rnd.IntN(1 << 16) },
	} {
		var s sweep
		for i := range 60 {
			if i < leastSteps && s.order() != "" {
				t.Errorf("%s: an order after %d targets", want, i)
			}
			to := host(10, target(i))
			s.count(to)
			s.count(to) // another port
			s.count(netip.IPv6Loopback())
		}
		if got := s.order(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestHoursAreTheLatestThatHadMessages(t *testing.T) {
	p, tracker := newPopups(), New(Config{Idle: 1000 * time.Hour})
	for i := range 30 {
		for range i + 1 {
			tracker.Join(p.make(time.Duration(i)*2*time.Hour, 1, 1, "Windows has found critical errors"))
		}
	}
	checkBooks(t, tracker)
	u := tracker.Finish(start.Add(80 * time.Hour))[0]
	checkBooks(t, tracker)
	last := u.Hours[len(u.Hours)-1]
	if len(u.Hours) != maxHours || last.Count != 30 || !last.Hour.Equal(start.Add(58*time.Hour).Truncate(time.Hour)) || u.Hours[0].Count != 7 {
		t.Errorf("%d hours, %+v", len(u.Hours), u.Hours)
	}
}

// call is a popup of a tool that gives its UUIDs a constant end.
func call(p popups, i int, shown string, tail uint64) *decoders.Message {
	m := p.make(time.Duration(i)*time.Second, i, i, shown)
	m.RPC.Flags, m.Marks.ID, m.Marks.DontFragment = 0x28, 0, true
	m.From = text.String{Raw: "SYSTEM\x00\x00\x00", Shown: "SYSTEM", Actual: 16}
	m.To = text.String{Raw: "ALERT\x00stale", Shown: "ALERT", Actual: 16}
	binary.BigEndian.PutUint64(m.RPC.Activity[:8], uint64(i)*77)
	binary.BigEndian.PutUint64(m.RPC.Activity[8:], tail)
	return m
}

func TestToolIsWhatMostCallsHaveInCommon(t *testing.T) {
	p, tracker, rnd := newPopups(), New(Config{}), rand.New(rand.NewPCG(2, 9))
	const shown = "Windows has found critical errors"
	for i := range 40 {
		tail := uint64(0xd17bf6a351957a6f)
		if i%4 == 1 {
			tail = rnd.Uint64()
		}
		tracker.Join(call(p, i, shown, tail))
	}
	want := []string{"flags_28", "ip_id_zero", "names_of_16", "names_stale", "uuid_tail_d17bf6a351957a6f"}
	if diff := cmp.Diff(want, tracker.Finish(start)[0].Tool); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	one := New(Config{})
	for i := range 3 {
		m := call(p, 5, shown, 99)
		m.Dst = netip.AddrPortFrom(m.Dst.Addr(), uint16(1026+i))
		one.Join(m)
	}
	if marks := one.Finish(start)[0].Tool; slices.Contains(marks, "uuid_tail_0000000000000063") {
		t.Errorf("one call's UUID is called constant: %v", marks)
	}
}

func TestAtlasNamesTextsAndTools(t *testing.T) {
	texts := realTexts(t)
	atlas := NewAtlas([]Known{
		{Name: "update", Texts: []string{texts[0]}, Domains: []string{"swipespy.com"}}, {Name: "tool", Tails: []string{"d17bf6a351957a6f"}},
	})
	p, tracker := newPopups(), New(Config{Atlas: atlas})
	tracker.Join(call(p, 1, texts[3], 1))
	tracker.Join(call(p, 2, texts[2], 0xd17bf6a351957a6f))
	tracker.Join(call(p, 3, texts[4], 2)) // its site is another's in this atlas, its text is not
	var got []string
	for _, u := range tracker.Finish(start.Add(time.Hour)) {
		got = append(got, u.SampleText[:8]+strings.Join(u.Atlas, ","))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"CRITICALtool", "Microsof", "STOP! WIupdate"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTemplateHasTheWordsThatAllTextsHave(t *testing.T) {
	p, tracker := newPopups(), New(Config{})
	var id ID
	for i, s := range []string{
		"CRITICAL ERROR number 5 in kernel module alpha. Your registry is damaged, clean it now. Visit www.one.com",
		"CRITICAL ERROR number 6 in driver module beta. Your registry is damaged, clean it now. Visit www.two.com",
		"CR1TICAL ERROR number 7 in printer module. Your registry is badly damaged, clean it now. Visit www.three.com",
	} {
		got := tracker.Join(p.make(time.Duration(i)*time.Second, i, i, s)).ID
		if id != "" && got != id {
			t.Fatal("they are not one campaign")
		}
		id = got
	}
	checkBooks(t, tracker)
	u := tracker.Note(start, id, &spam)
	if want := "CRITICAL ERROR number {number} in ... module ... Your registry is ... damaged, clean it now. Visit {url}"; u.Template != want {
		t.Errorf("got  %s\nwant %s", u.Template, want)
	}
	checkBooks(t, tracker)
	tracker.Join(p.make(time.Minute, 9, 9, "words that have hardly anything in common with what was there before Visit www.one.com"))
	if got := common(u.Template, "nothing of that at all"); got != u.Template {
		t.Errorf("a stranger wiped the template out: %s", got)
	}
}

func TestRelationsNameSiteToolAndTemplate(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 9))
	p, tracker := newPopups(), New(Config{Without: Corroboration})
	first, half := newWords(rnd, 30), newWords(rnd, 25)
	var ids [4]ID
	for i := range 12 {
		ids[0] = tracker.Join(call(p, i, first+" "+half+" www.thesite.com www.microsoft.com", 0xabcdabcdabcdabcd)).ID
		ids[1] = tracker.Join(call(p, i, newWordsOf("one")+" www.thesite.com", rnd.Uint64())).ID
		ids[2] = tracker.Join(call(p, i, newWordsOf("two")+" www.microsoft.com", 0xabcdabcdabcdabcd)).ID
		ids[3] = tracker.Join(call(p, i, half+" "+newWordsOf("three"), rnd.Uint64())).ID
	}
	for range 2 { // the first update tells the others whose tool it is
		for _, id := range ids {
			tracker.Note(start, id, &Facts{HasStanding: true, Standing: Standing{Level: 1}})
		}
		for _, r := range tracker.records {
			r.opening = true
		}
	}
	u := tracker.Note(start, ids[0], &spam)
	want := []Relation{{ids[1], "site"}, {ids[2], "tool"}, {ids[3], "template"}}
	slices.SortFunc(want, func(a, b Relation) int { return strings.Compare(string(a.ID), string(b.ID)) })
	if diff := cmp.Diff(want, u.Related); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// newWordsOf are words of a language named by seed.
func newWordsOf(seed string) string {
	return newWords(rand.New(rand.NewPCG(uint64(len(seed)), uint64(seed[0]))), 30)
}

func TestALifeSurvivesARestart(t *testing.T) {
	p, tracker, rnd := newPopups(), New(Config{}), rand.New(rand.NewPCG(4, 9))
	base := newWords(rnd, 40)
	say := func(tracker *Tracker, from, to int, rnd *rand.Rand) (all []Update) {
		for i := from; i < to; i++ {
			m := call(p, i*37, noisy(rnd, base, 0.35)+fmt.Sprintf(" www.site%d.com", i%3), 0x1122334455667788)
			all = append(all, tracker.Advance(m.Time)...)
			tracker.Join(m)
		}
		return all
	}
	say(tracker, 0, 60, rnd)
	next := reloaded(t, tracker, 0)
	checkBooks(t, next)
	a := append(say(tracker, 60, 120, rand.New(rand.NewPCG(5, 9))), tracker.Finish(start.Add(50*time.Hour))...)
	b := append(say(next, 60, 120, rand.New(rand.NewPCG(5, 9))), next.Finish(start.Add(50*time.Hour))...)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("after a restart (-want +got):\n%.2000s", diff)
	}
	checkBooks(t, next)
}

func TestObjectsAreNoted(t *testing.T) {
	p, tracker := newPopups(), New(Config{})
	m := call(p, 1, "Windows has found critical errors", 5)
	m.RPC.Object = dcerpc.UUID{1}
	tracker.Join(m)
	if marks := tracker.Finish(start)[0].Tool; !slices.Contains(marks, "object_set") {
		t.Errorf("marks %v", marks)
	}
}
