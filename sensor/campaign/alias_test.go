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
	sealedNames := func(all []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(a string) bool { return !strings.HasPrefix(a, "fam") })
	}
	names := sealedNames(k.tracker.names(k.tracker.last))
	if len(slices.Compact(names)) != sealings || !strings.HasPrefix(names[0], "fam1-") || !strings.HasPrefix(names[1], "fam2-") {
		t.Errorf("sealed names %q", names)
	}
	id := k.tracker.last.id
	next := reloaded(t, k.tracker, 0)
	if got := sealedNames(next.names(next.named(id))); !slices.Equal(got, names) {
		t.Errorf("after a restart %q, want %q", got, names)
	}
	for range 20 {
		if k.say("short"); withPrefix(k.tracker.names(k.tracker.last), "fam") != "" || withPrefix(k.tracker.names(k.tracker.last), "anc1-") != "" {
			t.Fatal("a text of one word is sealed")
		}
	}
}

// One shingle more or less leaves at least one sealed name as it was, and each is made of the lowest of its order.
func TestOneShingleDoesNotSpoilAllSealedNames(t *testing.T) {
	rnd, factors := rand.New(rand.NewPCG(5, 10)), []uint32{1, 2654435761, 2246822507, 3266489909}
	for range 1000 {
		var all []uint32
		for range 100 + rnd.IntN(200) {
			all = append(all, rnd.Uint32())
		}
		slices.Sort(all)
		i, same := rnd.IntN(len(all)), 0
		less := slices.Delete(slices.Clone(all), i, i+1)
		for order := range uint32(sealings) {
			name := lowestIn(order, all)
			if bytes.Equal(name, lowestIn(order, less)) {
				same++
			}
			sorted := slices.Clone(all)
			slices.SortFunc(sorted, func(a, b uint32) int { return cmp.Compare(a*factors[order], b*factors[order]) })
			var want []byte
			for _, h := range sorted[:sealedBy] {
				want = binary.BigEndian.AppendUint32(want, h)
			}
			if !bytes.Equal(name, want) {
				t.Fatalf("order %d of %x: %x, want %x", order, all, name, want)
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
