package campaign

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// newWords are n words of a language of its own, so that nothing is common by chance.
func newWords(rnd *rand.Rand, n int) string {
	w := world{rnd: rnd}
	all := make([]string, n)
	for i := range all {
		all[i] = w.invented()
	}
	return strings.Join(all, " ")
}

// noisy puts words that mean nothing between a share of those of a text.
func noisy(rnd *rand.Rand, s string, share float64) string {
	w := world{rnd: rnd}
	var out []string
	for _, word := range strings.Fields(s) {
		if out = append(out, word); rnd.Float64() < share {
			out = append(out, w.invented())
		}
	}
	return strings.Join(out, " ")
}

// talk joins texts a second after another.
type talk struct {
	popups
	tracker *Tracker
	at      time.Duration
}

func newTalk(c Config) *talk { return &talk{popups: newPopups(), tracker: New(c)} }

func (k *talk) say(shown string) ID {
	k.at += time.Second
	k.tracker.Advance(start.Add(k.at))
	return k.tracker.Join(k.make(k.at, 1, 1, shown)).ID
}

// pass lets the time of one pass go by.
func (k *talk) pass() []Update {
	k.at += passEvery
	return k.tracker.Advance(start.Add(k.at))
}

func TestConsensusFindsWhatNoRepresentativeIsLike(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 8))
	base := newWords(rnd, 60)
	with, without := newTalk(Config{}), newTalk(Config{Without: Agreement})
	var id, other ID
	for range 12 {
		s := noisy(rnd, base, 0.1)
		id, other = with.say(s), without.say(s)
	}
	if id != other {
		t.Fatal("the first twelve are not alike")
	}
	noise := noisy(rnd, base, 0.45)
	if got := with.say(noise); got != id {
		t.Errorf("with the consensus: %s, want %s", got, id)
	}
	if got := without.say(noise); got == other {
		t.Error("without the consensus it was found, too: the test says nothing")
	}
	if f := with.analyzer.Analyze(noisy(rnd, base, 0.45)); with.tracker.Find(f) != id {
		t.Error("what is quoted is not found by the consensus")
	}
}

func TestACommonKeyCorroboratesASlightLikeness(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 8))
	first, more, other := newWords(rnd, 30), newWords(rnd, 40), newWords(rnd, 70)
	k := newTalk(Config{})
	id := k.say(first + " visit www.swipespy.com")
	if got := k.say(first + " " + more + " go to www.swipespy.com"); got != id {
		t.Error("the same site and a third of the text: two campaigns")
	}
	if got := k.say(other + " www.swipespy.com"); got == id {
		t.Error("the same site alone made one campaign")
	}
	brand := k.say(newWords(rnd, 30) + " " + first + " visit www.microsoft.com")
	if got := k.say(first + " " + newWords(rnd, 45) + " visit www.microsoft.com"); got == brand || got == id {
		t.Error("a brand corroborated")
	}
}

func TestAKeyOfManyCampaignsCorroboratesNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 8))
	k := newTalk(Config{})
	first := newWords(rnd, 30)
	id := k.say(first + " call www.victim.com")
	for range maxHolders {
		k.say(newWords(rnd, 60) + " www.victim.com")
	}
	if got := k.say(first + " " + newWords(rnd, 40) + " www.victim.com"); got == id {
		t.Error("a site that six campaigns name corroborated: that is a joe job")
	}
}

func TestAPassRescuesACampaignWhoseTextsAreAllUnlike(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 8))
	base := newWords(rnd, 60)
	k := newTalk(Config{})
	var ids []ID
	for range 5 {
		ids = append(ids, k.say(noisy(rnd, base, 0.4)))
	}
	stranger := k.say(newWords(rnd, 60))
	if ids[0] == ids[1] || ids[1] == ids[2] {
		t.Fatal("they are alike before the pass")
	}
	closed := k.pass()
	for _, u := range closed {
		if !u.Final() || u.ID == ids[0] || u.ID == stranger {
			t.Errorf("closed: %s", u.ID)
		}
		if !has(u.Aliases, string(ids[0])) {
			t.Errorf("%s does not say whose it is now: %v", u.ID, u.Aliases)
		}
	}
	if len(closed) < neighbours {
		t.Fatalf("%d parts closed by the pass", len(closed))
	}
	m := k.tracker.Join(k.make(k.at, 1, 1, noisy(rnd, base, 0.4)))
	if m.ID != ids[0] || !has(m.Aliases, string(closed[0].ID)) {
		t.Errorf("later messages go to %s, aliases %v, want those of %s", m.ID, m.Aliases, ids[0])
	}
	if k.say(newWords(rnd, 60)) == ids[0] || lastName(k.tracker, stranger) != stranger {
		t.Error("a stranger was taken in")
	}
	checkBooks(t, k.tracker)
	checkTotals(t, k.tracker, 8)
}

func has(all []string, one string) bool {
	for _, a := range all {
		if a == one {
			return true
		}
	}
	return false
}

// checkTotals holds that every message is counted once.
func checkTotals(t *testing.T, tracker *Tracker, messages uint64) {
	t.Helper()
	var n uint64
	totals, _, lost := tracker.Totals()
	for _, s := range totals {
		n += s.Messages
	}
	if n+lost != messages {
		t.Errorf("%d messages in all totals, want %d", n+lost, messages)
	}
}

func TestCampaignsWithTheSameConsensusBecomeOne(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 8))
	for _, without := range []Stages{0, Merges} {
		base := newWords(rnd, 60)
		k := newTalk(Config{Without: without | Agreement | Rescue})
		near, far := base+" "+newWords(rnd, 12), base+" "+newWords(rnd, 12)
		var a, b ID
		for range 20 {
			a, b = k.say(near+" "+newWords(rnd, 20)), k.say(far+" "+newWords(rnd, 20))
		}
		if a == b {
			t.Fatal("one campaign before the pass")
		}
		k.pass()
		if one := lastName(k.tracker, b) == a; one == (without == Merges) {
			t.Errorf("without %d: one campaign %v", without, one)
		}
		checkBooks(t, k.tracker)
	}
}

// Poison: texts made so that campaigns collapse.
func TestPoisonCollapsesNoCampaigns(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 8))
	a, b, legitimate := newWords(rnd, 50), newWords(rnd, 50), "The print server will be restarted at 17:00. Please save your work and log off. Helpdesk, extension 4711"
	halves := func(s string) (string, string) {
		w := strings.Fields(s)
		return strings.Join(w[:len(w)/2], " "), strings.Join(w[len(w)/2:], " ")
	}
	first, second := halves(a)
	third, fourth := halves(b)
	for name, poison := range map[string]func() string{
		"both whole":            func() string { return noisy(rnd, a+" "+b, 0.1) },
		"halves":                func() string { return noisy(rnd, first+" "+fourth, 0.1) },
		"other halves":          func() string { return noisy(rnd, third+" "+second, 0.1) },
		"most of both":          func() string { return noisy(rnd, a+" "+third, 0.1) },
		"a legitimate text":     func() string { return noisy(rnd, a, 0.1) + " " + legitimate },
		"microsoft.com":         func() string { return noisy(rnd, third, 0.1) + " www.microsoft.com" },
		"the other one's site":  func() string { return noisy(rnd, a, 0.2) + " www.siteofb.com" },
		"both sites, one text":  func() string { return noisy(rnd, b, 0.2) + " www.siteofa.com www.siteofb.com" },
		"a bridge of one third": func() string { return noisy(rnd, b+" "+first, 0.1) },
	} {
		for _, early := range []bool{true, false} {
			if k, x, y, z := poisoned(rnd, a, b, legitimate, early, poison); x == y || y == z || x == z {
				t.Errorf("%s, early %v: campaigns collapsed: %s %s %s", name, early, x, y, z)
			} else {
				checkBooks(t, k.tracker)
			}
		}
	}
}

// poisoned talks of two campaigns and a legitimate text, with poison between, and gives where each goes at the end.
func poisoned(rnd *rand.Rand, a, b, legitimate string, early bool, poison func() string) (k *talk, x, y, z ID) {
	k = newTalk(Config{})
	for i := range 150 {
		if i%3 == 0 && (early || i > 30) {
			k.say(poison())
		}
		k.say(noisy(rnd, a, 0.2) + " www.siteofa.com")
		k.say(noisy(rnd, b, 0.2) + " www.siteofb.com")
		k.say(legitimate)
		if i%30 == 0 {
			k.pass()
		}
	}
	k.pass()
	return k, k.say(a + " www.siteofa.com"), k.say(b + " www.siteofb.com"), k.say(legitimate)
}

func TestAPassLeavesTextsThatShareSentencesApart(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	var s [4]string
	for i := range s {
		s[i] = newWords(rnd, 15)
	}
	k := newTalk(Config{Without: Corroboration})
	ids := []ID{
		k.say(strings.Join(s[:], " ")), k.say(s[0] + " " + s[1] + " " + newWords(rnd, 28)),
		k.say(s[2] + " " + s[3] + " " + newWords(rnd, 28)), k.say(s[0] + " " + s[2] + " " + newWords(rnd, 28)),
	}
	if core := k.tracker.named(ids[0]); len(k.tracker.around(core)) != neighbours {
		t.Fatalf("%d neighbours: the test says nothing", len(k.tracker.around(core)))
	}
	k.pass()
	for _, id := range ids {
		if lastName(k.tracker, id) != id {
			t.Error("texts that share a sentence each became one campaign")
		}
	}
}

func TestAPassLeavesTextsThatAreRepeatedApart(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 8))
	base := newWords(rnd, 60)
	k := newTalk(Config{})
	var ids []ID
	for range 5 {
		s := noisy(rnd, base, 0.4)
		for range fewSubmissions {
			ids = append(ids, k.say(s))
		}
	}
	k.pass()
	for _, id := range ids {
		if lastName(k.tracker, id) != id {
			t.Fatal("a text that is sent again and again was rescued")
		}
	}
}

func TestTwoFamiliesOfEqualSizeHaveNoConsensus(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 8))
	p, x := newPopups(), new(mixer)
	a, b := shinglesOf(p.analyzer.Analyze(newWords(rnd, 40)).Form), shinglesOf(p.analyzer.Analyze(newWords(rnd, 40)).Form)
	c := newConsensus(a)
	for _, form := range [][]uint32{b, a, b} {
		c.add(form, x)
	}
	if c.choose(); len(c.anchors) != 0 || c.share(a) != 0 {
		t.Errorf("%d anchors, share %.2f", len(c.anchors), c.share(a))
	}
}

func TestALongerTextWithAnotherInItIsNotOfItsCampaign(t *testing.T) {
	rnd := rand.New(rand.NewPCG(10, 8))
	base := newWords(rnd, 40)
	k := newTalk(Config{})
	var id ID
	for range 12 {
		id = k.say(noisy(rnd, base, 0.1))
	}
	if k.say(base+" "+newWords(rnd, 60)) == id {
		t.Error("a text that holds all of the campaign's words, and more of its own, was joined")
	}
}

func TestTwoHalvesAreNoBridge(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 8))
	a, b := newWords(rnd, 40), newWords(rnd, 40)
	k := newTalk(Config{})
	id := k.say(a)
	bridge := a + " " + strings.Join(strings.Fields(b)[:34], " ")
	if k.say(bridge) != id {
		t.Fatal("the bridge is not joined: the test says nothing")
	}
	if k.say(strings.Join(strings.Fields(b)[:34], " ")+" "+a[:40]) == id {
		t.Error("the other text came over the bridge")
	}
}
