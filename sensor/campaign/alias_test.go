package campaign

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// listeners are sensors that hear a random half of the same messages each.
func listeners(t *testing.T, n int, shown func(*rand.Rand) string) [2]*Update {
	t.Helper()
	var last [2]*Update
	rnd, p, both := rand.New(rand.NewPCG(1, 10)), newPopups(), [2]*Tracker{New(Config{}), New(Config{})}
	for i := range n {
		m := p.make(time.Duration(i)*time.Second, i, i, shown(rnd))
		both[rnd.IntN(2)].Join(m)
	}
	for i, tracker := range both {
		for _, u := range tracker.Finish(start.Add(time.Hour)) {
			if last[i] == nil || u.Messages > last[i].Messages {
				last[i] = &u
			}
		}
	}
	return last
}

func withPrefix(all []string, prefix string) string {
	for _, a := range all {
		if strings.HasPrefix(a, prefix) {
			return a
		}
	}
	return ""
}

func TestSensorsThatNeverTalkNameACampaignAlike(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 10))
	base := newWords(rnd, 60)
	both := listeners(t, 200, func(rnd *rand.Rand) string { return noisy(rnd, base, 0.1) + " www.thesite.com" })
	if a, b := withPrefix(both[0].Aliases, "fam1-"), withPrefix(both[1].Aliases, "fam1-"); a == "" || a != b {
		t.Errorf("sealed names %q and %q", a, b)
	}
	if a, b := withPrefix(both[0].Aliases, "key1-"), withPrefix(both[1].Aliases, "key1-"); a == "" || a != b {
		t.Errorf("names by the site %q and %q", a, b)
	}
	common, of, ok := CommonAnchors(withPrefix(both[0].Aliases, "anc1-"), withPrefix(both[1].Aliases, "anc1-"))
	if !ok || of != maxAnchors || 2*common < of {
		t.Errorf("%d of %d anchors are common", common, of)
	}
	for _, u := range both {
		if !slices.IsSorted(u.Aliases) || len(u.Aliases) > 64 {
			t.Errorf("%d aliases: %v", len(u.Aliases), u.Aliases)
		}
	}
}

func TestSealedNameIsGivenOnceAndStays(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 10))
	base := newWords(rnd, 40)
	k := newTalk(Config{})
	var sealed string
	for i := range 60 {
		k.say(noisy(rnd, base, 0.15))
		name := withPrefix(k.tracker.names(k.tracker.last), "fam1-")
		if (name != "") != (i+1 >= sealedAt) || sealed != "" && name != sealed {
			t.Fatalf("message %d: sealed name %q, before %q", i+1, name, sealed)
		}
		sealed = name
	}
	sealsAmong := func(all []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(a string) bool { return !strings.HasPrefix(a, "fam") })
	}
	names := sealsAmong(k.tracker.names(k.tracker.last))
	prefixes := func(names []string) (all []string) {
		for _, n := range names {
			all = append(all, n[:len("fam1-")])
		}
		return all
	}
	if len(slices.Compact(names)) != sealings || !slices.Equal(prefixes(names), []string{"fam1-", "fam2-", "fam3-", "fam3-"}) {
		t.Errorf("sealed names %q", names)
	}
	id := k.tracker.last.id
	next := reloaded(t, k.tracker, 0)
	if got := sealsAmong(next.names(next.named(id))); !slices.Equal(got, names) {
		t.Errorf("after a restart %q, want %q", got, names)
	}
	for range 20 {
		if k.say("short"); withPrefix(k.tracker.names(k.tracker.last), "fam") != "" || withPrefix(k.tracker.names(k.tracker.last), "anc1-") != "" {
			t.Fatal("a text of one word is sealed")
		}
	}
}

// Senders who choose between two endings for a text are given the same names at sensors that heard one or the other first, or more often.
func TestChoiceOfEndingsDoesNotSpoilAllSealedNames(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 10))
	base, endings := newWords(rnd, 40), [2]string{newWords(rnd, 15), newWords(rnd, 15)}
	sealed := func(first, of int) []string {
		k := newTalk(Config{})
		for i := range sealedAt {
			ending := endings[first]
			if i%of != 0 {
				ending = endings[1-first]
			}
			k.say(base + " " + ending)
		}
		return k.tracker.last.seals()
	}
	a, b := sealed(0, 2), sealed(1, 3)
	if len(a) != sealings || len(b) != sealings || withPrefix(a, "fam1-") == withPrefix(b, "fam1-") {
		t.Fatalf("%v and %v", a, b)
	}
	for _, name := range a {
		if strings.HasPrefix(name, "fam3-") && !slices.Contains(b, name) {
			t.Errorf("%s is no name at the other sensor: %v", name, b)
		}
	}
}

// One shingle more or less leaves at least one sealed name as it was, and each is made of the lowest of its order.
func TestOneShingleDoesNotSpoilAllSealedNames(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 10))
	for range 1000 {
		var all []uint32
		for range 100 + rnd.IntN(200) {
			all = append(all, rnd.Uint32())
		}
		slices.Sort(all)
		i, same := rnd.IntN(len(all)), 0
		less := slices.Delete(slices.Clone(all), i, i+1)
		for _, s := range sealedNames() {
			name := lowestIn(s.factor, all)
			if bytes.Equal(name, lowestIn(s.factor, less)) {
				same++
			}
			sorted := slices.Clone(all)
			slices.SortFunc(sorted, func(a, b uint32) int { return cmp.Compare(a*s.factor, b*s.factor) })
			var want []byte
			for _, h := range sorted[:sealedBy] {
				want = binary.BigEndian.AppendUint32(want, h)
			}
			if !bytes.Equal(name, want) {
				t.Fatalf("times %#x of %x: %x, want %x", s.factor, all, name, want)
			}
		}
		if same == 0 {
			t.Errorf("without %x no name of %x stays", all[i], all)
		}
	}
}

func TestABrandIsNoName(t *testing.T) {
	p, tracker := newPopups(), New(Config{})
	tracker.Join(p.make(0, 1, 1, "please visit www.microsoft.com for the patch"))
	if name := withPrefix(tracker.Finish(start)[0].Aliases, "key1-"); name != "" {
		t.Errorf("named %s", name)
	}
}

func TestAnAliasThatIsDamagedHasNoAnchors(t *testing.T) {
	for _, s := range []string{"", "anc1-", "anc1-!!!", "fam1-aaaaaaaa", "anc1-a"} {
		if _, _, ok := CommonAnchors(s, s); ok {
			t.Errorf("%q has anchors", s)
		}
	}
}

func TestJoinerFindsWhatIsOne(t *testing.T) {
	anchors := func(from, n int) string {
		var all []uint32
		for i := range n {
			all = append(all, uint32(from+i)<<8)
		}
		return anchorsName(all)
	}
	const akinText = "Windows has found critical system errors, please visit our site to clean the registry"
	j := NewJoiner()
	for _, d := range []struct {
		file, id string
		names    []string
		sample   string
	}{
		{"a", "cmp1-1", []string{"tpl1-x"}, ""}, {"b", "cmp1-2", []string{"tpl1-x"}, ""}, // the same template
		{"a", "cmp1-3", []string{anchors(0, 64)}, ""}, {"b", "cmp1-4", []string{anchors(14, 64)}, ""}, // most anchors
		{"a", "cmp1-5", []string{"key1-k"}, akinText}, {"b", "cmp1-6", []string{"key1-k"}, akinText + " now or lose your data for ever"}, // a key, and akin
		{"b", "cmp1-7", []string{"key1-k"}, "cheap diplomas without any study, call the university today"}, // the key alone
		{"b", "cmp1-8", []string{anchors(40, 64)}, ""},                                                     // too few anchors of any
		{"a", "cmp1-9", []string{"cmp1-10"}, ""}, {"b", "cmp1-10", nil, ""},                                // found to be the same
	} {
		j.Add(d.file, Named{ID: ID(d.id), Aliases: []string{"tpl1-old"}[:0], Part: "p", Messages: 1, Sample: d.sample})
		j.Add(d.file, Named{ID: ID(d.id), Aliases: d.names, Part: "p", Messages: 3, Sample: d.sample})
		j.Add(d.file, Named{ID: ID(d.id), Aliases: d.names, Part: "q", Messages: 2, Sample: d.sample})
	}
	var got []string
	for _, g := range j.Groups() {
		var ids []string
		for _, m := range g.Members {
			ids = append(ids, fmt.Sprintf("%s:%s:%d", m.File, m.ID[5:], m.Messages))
		}
		got = append(got, fmt.Sprint(g.Files, ids))
	}
	slices.Sort(got)
	want := []string{"1 [b:7:5]", "1 [b:8:5]", "2 [a:1:5 b:2:5]", "2 [a:3:5 b:4:5]", "2 [a:5:5 b:6:5]", "2 [a:9:5 b:10:5]"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
