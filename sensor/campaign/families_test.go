package campaign

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A small world of mail-shots for tests of the assignment: families of sentences of which any two may share some, in four degrees of mutation (SPOOF-AND-CAMPAIGNS.md 6.1).
type world struct {
	rnd      *rand.Rand
	rare     []string   // words
	families [][]string // sentences
}

var (
	openings = strings.Fields("attention warning stop alert important urgent notice security critical system")
	nouns    = strings.Fields("windows registry computer system browser network service firewall driver memory diploma degree university loan mortgage casino pharmacy pills software license update scanner virus spyware adware error privacy password account server printer backup")
	verbs    = strings.Fields("has found detected reported needs requires may lose damages infects slows protects removes repairs cleans updates installs downloads offers receives orders visits scans fixes")
	adjs     = strings.Fields("critical immediate dangerous hidden corrupt invalid personal free cheap instant guaranteed official approved serious remote unexpected important affected private")
	tails    = strings.Fields("now today immediately quickly safely online forever again tonight before later")
)

func (w *world) pick(words []string) string { return words[w.rnd.IntN(len(words))] }

// word is one of the usual words, or one that few other texts have.
func (w *world) word(words []string) string {
	if w.rnd.IntN(3) == 0 {
		return w.rare[w.rnd.IntN(len(w.rare))]
	}
	return w.pick(words)
}

func (w *world) sentence() string {
	var b []string
	for range 2 + w.rnd.IntN(3) {
		b = append(b, w.word(adjs), w.word(nouns), w.word(verbs), w.word(nouns), w.word(tails))
	}
	return strings.Join(b, " ")
}

func newWorld(seed uint64, families int) *world {
	w := &world{rnd: rand.New(rand.NewPCG(seed, 77))}
	for range 3000 {
		w.rare = append(w.rare, w.invented())
	}
	shared := make([]string, 12)
	for i := range shared {
		shared[i] = w.sentence()
	}
	for len(w.families) < families {
		f := []string{strings.ToUpper(w.pick(openings)) + "!"}
		n := 3 + w.rnd.IntN(4)
		for i := range n {
			if i < n*2/5 && w.rnd.IntN(2) == 0 {
				f = append(f, w.pick(shared))
			} else {
				f = append(f, w.sentence())
			}
		}
		if !slices.ContainsFunc(w.families, func(other []string) bool { return overlap(f, other) > 0.4 }) {
			w.families = append(w.families, f)
		}
	}
	return w
}

// overlap is the share of the shorter family's octets that stand in sentences of both.
func overlap(a, b []string) float64 {
	common := 0
	for _, s := range a[1:] {
		if slices.Contains(b, s) {
			common += len(s)
		}
	}
	return float64(common) / float64(min(len(strings.Join(a, "")), len(strings.Join(b, ""))))
}

// message is one text of a family in a degree of mutation.
func (w *world) message(family, level int) string {
	words := strings.Fields(strings.Join(w.families[family], " . "))
	if level >= 2 {
		for i := range words {
			switch {
			case w.rnd.Float64() < 0.06:
				words[i] = strings.NewReplacer("a", "4", "e", "3", "o", "0").Replace(words[i])
			case w.rnd.Float64() < 0.05:
				words[i] = w.pick(adjs)
			}
		}
	}
	if level >= 3 {
		noise := 0.15 + 0.15*w.rnd.Float64()
		var out []string
		for _, s := range words {
			if w.rnd.Float64() < 0.02 {
				continue
			}
			out = append(out, s)
			if w.rnd.Float64() < noise {
				out = append(out, w.invented())
			}
		}
		words = out
	}
	if level >= 1 {
		words = append(words, fmt.Sprintf("[%s]", w.invented()))
		if w.rnd.IntN(2) == 0 {
			words[0] = strings.ToLower(words[0])
		}
	}
	return strings.Join(words, " ") + fmt.Sprintf(" http://www.%s%d.com/", w.invented(), w.rnd.IntN(1000))
}

func (w *world) invented() string {
	b := make([]byte, 4+w.rnd.IntN(6))
	for i := range b {
		b[i] = byte('a' + w.rnd.IntN(26))
	}
	return string(b)
}

// run joins messages of families whose sizes are Pareto's, and gives each one's family and campaign at the end.
func (w *world) run(tracker *Tracker, n int, level func(*rand.Rand) int, gap time.Duration) (truth []int, got []ID) {
	p := newPopups()
	ids := make([]ID, n)
	for i := range n {
		f := int(float64(len(w.families)) * w.rnd.Float64() * w.rnd.Float64())
		m := p.make(time.Duration(i)*gap, i, i, w.message(f, level(w.rnd)))
		tracker.Advance(m.Time)
		ids[i] = tracker.Join(m).ID
		truth = append(truth, f)
	}
	tracker.Advance(start.Add(time.Duration(n)*gap + time.Hour))
	for _, id := range ids {
		got = append(got, lastName(tracker, id))
	}
	return truth, got
}

// lastName is the id under which later messages of a campaign go.
func lastName(t *Tracker, id ID) ID {
	name, _ := nameIn(id)
	if slot, ok := t.byForm[name]; ok {
		return t.records[slot].id
	}
	return id
}

// bcubed is the mean precision and recall of the items, and their F.
func bcubed(truth []int, got []ID) (p, r, f float64) {
	type pair struct {
		family int
		id     ID
	}
	both, families, ids := map[pair]float64{}, map[int]float64{}, map[ID]float64{}
	for i := range truth {
		both[pair{truth[i], got[i]}]++
		families[truth[i]]++
		ids[got[i]]++
	}
	for k, n := range both {
		p += n * n / ids[k.id]
		r += n * n / families[k.family]
	}
	p, r = p/float64(len(truth)), r/float64(len(truth))
	return p, r, 2 * p * r / (p + r)
}

func constantly(level int) func(*rand.Rand) int { return func(*rand.Rand) int { return level } }

func TestFamiliesOfMutatedTextsBecomeCampaigns(t *testing.T) {
	mix := func(r *rand.Rand) int { return r.IntN(4) }
	for _, c := range []struct {
		name  string
		level func(*rand.Rand) int
		least float64
	}{{"L0", constantly(0), .99}, {"L1", constantly(1), .99}, {"L2", constantly(2), .99}, {"L0-L3", mix, .97}, {"L3", constantly(3), .93}} {
		var worst float64 = 1
		for seed := range uint64(2) {
			w := newWorld(seed, 48)
			p, r, f := bcubed(w.run(New(Config{}), 800, c.level, 30*time.Second))
			t.Logf("%s, seed %d: B-cubed precision %.4f, recall %.4f, F %.4f", c.name, seed, p, r, f)
			worst = min(worst, f)
		}
		if worst < c.least {
			t.Errorf("%s: B-cubed F %.4f, want %.2f", c.name, worst, c.least)
		}
	}
}
