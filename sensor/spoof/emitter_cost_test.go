package spoof

import (
	"strconv"
	"testing"

	"popupwatch/decoders"
)

// inEmitter is a judge that found an emitter, and a packet of one of its sources.
func inEmitter() (*Judge, *decoders.Message) {
	w := newWorld(5)
	j := New(Config{})
	packets := w.spray(&forger{w.atRandom(w.pool(300)), w.plausible, counted, 0.01, 100}, 600)
	var m *decoders.Message
	for i := range packets {
		m = w.message(&packets[i], uint64(i), true)
		j.Observe(m, "cmp1-x", true)
	}
	return j, m
}

func TestObserveOfAKnownSourceOfAnEmitterAllocatesNothing(t *testing.T) {
	j, m := inEmitter()
	if a := j.Observe(m, "cmp1-x", true); a.Emitter == "" {
		t.Fatal("no emitter")
	}
	if n := testing.AllocsPerRun(100, func() { m.Marks.ID += 100; j.Observe(m, "cmp1-x", true) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserveInEmitter(b *testing.B) {
	j, m := inEmitter()
	b.ReportAllocs()
	for b.Loop() {
		m.Marks.ID += 100
		j.Observe(m, "cmp1-x", true)
	}
}

// BenchmarkLook is a look at a campaign of so many sources: there are 32 at most in its life.
func BenchmarkLook(b *testing.B) {
	for _, n := range []int{24, 128, 300} {
		j, _ := inEmitter()
		p := j.populations.get(0)
		p.first = p.first[:min(n, len(p.first))]
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				p.look()
			}
		})
	}
}
