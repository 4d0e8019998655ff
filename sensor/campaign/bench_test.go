package campaign

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"popupwatch/decoders"
)

// benchmarkJoin joins n messages again and again: few, where they lie in the processor's cache on the road, since they were just analyzed.
func benchmarkJoin(b *testing.B, n int, shown func(i int) string) {
	p, tracker := newPopups(), New(Config{})
	messages := make([]*decoders.Message, n)
	for i := range messages {
		messages[i] = p.make(time.Duration(i)*time.Millisecond, i%20000, i, shown(i))
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		tracker.Join(messages[i])
		tracker.Advance(start)
		if i++; i == n {
			i = 0
		}
	}
}

func BenchmarkJoinRepeat(b *testing.B) {
	texts := realTexts(b)
	benchmarkJoin(b, 1<<9, func(i int) string { return texts[i%10] })
}

func BenchmarkJoinVariant(b *testing.B) {
	texts := realTexts(b)
	benchmarkJoin(b, 1<<12, func(i int) string { return texts[i%4] + fmt.Sprintf("\nhttp://www.fix%04d.com/?id=%06d", i, i) })
}

func BenchmarkJoinNearDuplicate(b *testing.B) {
	texts, rnd := realTexts(b), rand.New(rand.NewPCG(8, 8))
	benchmarkJoin(b, 1<<15, func(i int) string { return texts[i%10] + " " + randomText(rnd, 20) })
}

// benchmarkJoinNew joins texts that nobody sent before to a Tracker that remembers all it can: each pushes out another, whose part closes. A batch of them is
// analyzed at a time, so that they lie in the processor's cache as they do on the road.
func benchmarkJoinNew(b *testing.B, next func() string) {
	p, tracker := newPopups(), New(Config{})
	var batch [64]*decoders.Message
	n := 0
	refill := func() {
		for i := range batch {
			n++
			batch[i] = p.make(time.Duration(n)*time.Millisecond, n%20000, n, next())
		}
	}
	for tracker.Shed() < 20_000 {
		refill()
		for _, m := range batch {
			tracker.Join(m)
		}
		tracker.Advance(start)
	}
	i := len(batch)
	b.ReportAllocs()
	for b.Loop() {
		if i == len(batch) {
			b.StopTimer()
			refill()
			b.StartTimer()
			i = 0
		}
		tracker.Join(batch[i])
		tracker.Advance(start)
		i++
	}
}

func BenchmarkJoinNew(b *testing.B) { benchmarkJoinNew(b, newFlood().next) }

// BenchmarkJoinMutating is one campaign that puts other words between its own in every message: most are found by what is common.
func BenchmarkJoinMutating(b *testing.B) {
	rnd := rand.New(rand.NewPCG(10, 10))
	base := newWords(rnd, 60)
	benchmarkJoin(b, 1<<13, func(int) string { return noisy(rnd, base, 0.3) })
}

// BenchmarkJoinNewKeys is what BenchmarkJoinNew is, and each text names a site of its own.
func BenchmarkJoinNewKeys(b *testing.B) {
	f, n := newFlood(), 0
	benchmarkJoinNew(b, func() string {
		n++
		return f.next() + fmt.Sprintf(" www.site%d.com", n)
	})
}

// flood makes texts of 400 octets that nobody sent before: words of a language of 4,096 invented ones, a sentence now and then.
type flood struct {
	rnd   *rand.PCG
	words []string
	text  []byte
}

func newFlood() *flood {
	rnd := rand.New(rand.NewPCG(11, 11))
	f := &flood{rnd: rand.NewPCG(12, 12)}
	for range 4096 {
		b := []byte(" ")
		for range 2 + rnd.IntN(9) {
			b = append(b, "abcdefghijklmnopqrstuvwxyz"[rnd.IntN(26)])
		}
		if rnd.IntN(12) == 0 {
			b = append(b, '.')
		}
		f.words = append(f.words, string(b))
	}
	return f
}

func (f *flood) next() string {
	f.text = f.text[:0]
	for len(f.text) < 400 {
		bits := f.rnd.Uint64()
		for range 5 {
			f.text = append(f.text, f.words[bits&4095]...)
			bits >>= 12
		}
	}
	return string(f.text[1:401])
}

// BenchmarkMakeNewText is what BenchmarkNewText takes to make its texts.
func BenchmarkMakeNewText(b *testing.B) {
	f := newFlood()
	for b.Loop() {
		f.next()
	}
}

// BenchmarkNewText analyzes and joins texts that nobody sent before, a thousand a second, where all that can be remembered is: each pushes out another, whose part closes. Campaigns
// that mutate are remembered besides, so that there are anchors to look for.
func BenchmarkNewText(b *testing.B) {
	p, tracker, f, rnd := newPopups(), New(Config{}), newFlood(), rand.New(rand.NewPCG(10, 10))
	at := time.Duration(0)
	join := func(shown string) {
		at += time.Millisecond
		m := p.make(at, int(at/time.Millisecond)%20000, int(at/time.Millisecond), shown)
		tracker.Advance(m.Time)
		tracker.Join(m)
	}
	for range 8 {
		base := newWords(rnd, 60)
		for range 100 {
			join(noisy(rnd, base, 0.3))
		}
	}
	for tracker.Shed() < 20_000 {
		join(f.next())
	}
	b.ReportAllocs()
	for b.Loop() {
		join(f.next())
	}
}

// BenchmarkAtlas looks up a new text among sixty known ones.
func BenchmarkAtlas(b *testing.B) {
	f, p := newFlood(), newPopups()
	known := make([]Known, 60)
	for i := range known {
		known[i] = Known{Name: fmt.Sprint(i), Texts: []string{f.next()}, Tails: []string{fmt.Sprintf("%016x", i+1)}}
	}
	tracker := New(Config{Atlas: NewAtlas(known)})
	tracker.Join(p.make(0, 1, 1, f.next()))
	b.ReportAllocs()
	for b.Loop() {
		tracker.cfg.Atlas.namesOf(tracker.last, func() []uint32 { return tracker.shinglesOf(tracker.last, 0) })
	}
}
