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

// BenchmarkJoinNew holds more texts than a Tracker remembers campaigns: from the second round on each pushes one out.
func BenchmarkJoinNew(b *testing.B) {
	rnd := rand.New(rand.NewPCG(9, 9))
	benchmarkJoin(b, 1<<15, func(int) string { return randomText(rnd, 400) })
}

// BenchmarkJoinMutating is one campaign that puts other words between its own in every message: most are found by what is common.
func BenchmarkJoinMutating(b *testing.B) {
	rnd := rand.New(rand.NewPCG(10, 10))
	base := newWords(rnd, 60)
	benchmarkJoin(b, 1<<13, func(int) string { return noisy(rnd, base, 0.3) })
}

// BenchmarkJoinNewKeys is what BenchmarkJoinNew is, and each text names a site of its own.
func BenchmarkJoinNewKeys(b *testing.B) {
	rnd := rand.New(rand.NewPCG(9, 9))
	benchmarkJoin(b, 1<<15, func(i int) string { return randomText(rnd, 400) + fmt.Sprintf(" www.site%d.com", i) })
}
