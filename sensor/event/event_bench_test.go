package event

import (
	"testing"

	"popupwatch/decoders"
)

func BenchmarkMessage(b *testing.B) {
	w, m, in, v, a := sampleBuilder(), sampleMessage(), sampleMembership(), sampleVerdict(), sampleClaim()
	b.ReportAllocs()
	for b.Loop() {
		m.Time = m.Time.Add(1) // equal times would be the worst case of the ordinals
		w.Message(m, in, v, a, decoders.DirectionInbound)
	}
}

func BenchmarkMessageJSON(b *testing.B) {
	e := sampleBuilder().Message(sampleMessage(), sampleMembership(), sampleVerdict(), sampleClaim(), decoders.DirectionInbound)
	benchmarkJSON(b, e)
}

func BenchmarkSource(b *testing.B) {
	w, a := sampleBuilder(), sampleClaim()
	b.ReportAllocs()
	for b.Loop() {
		a.Time = a.Time.Add(1)
		w.Source(a)
	}
}

func BenchmarkSourceJSON(b *testing.B) { benchmarkJSON(b, sampleBuilder().Source(sampleClaim())) }

func BenchmarkCampaignJSON(b *testing.B) { benchmarkJSON(b, sampleBuilder().Campaign(sampleUpdate())) }

func benchmarkJSON(b *testing.B, e *Event) {
	line := e.AppendJSON(nil)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		line = e.AppendJSON(line[:0])
	}
}

func BenchmarkRollupAdd(b *testing.B) {
	w := sampleBuilder()
	r := NewRollup(w, RollupConfig{Period: 60e9})
	m, in, v, a := sampleMessage(), sampleMembership(), sampleVerdict(), sampleClaim()
	b.ReportAllocs()
	for b.Loop() {
		r.Advance(m.Time)
		r.Add(m, in, v, a, decoders.DirectionInbound)
	}
}
