package decoders

import "time"

// generations remembers values by hash for at least a span of packet time, or for the last entries that fit: when the current
// generation is full or old, the one before it is forgotten whole. So nothing is ever deleted one by one, and a flood costs no more than a lookup.
type generations[V any] struct {
	current, before map[uint64]V
	began           time.Time
	span            time.Duration
	most            int
	shed            uint64 // entries forgotten before their span was over
}

func newGenerations[V any](span time.Duration, most int) generations[V] {
	return generations[V]{current: map[uint64]V{}, before: map[uint64]V{}, span: span, most: most}
}

func (g *generations[V]) get(k uint64) (V, bool) {
	if v, ok := g.current[k]; ok {
		return v, true
	}
	v, ok := g.before[k]
	return v, ok
}

func (g *generations[V]) put(k uint64, v V, now time.Time) {
	age := now.Sub(g.began)
	if old := age >= g.span || age < -g.span; old || len(g.current) >= g.most {
		if !old {
			g.shed += uint64(len(g.before))
		}
		g.current, g.before = g.before, g.current
		clear(g.current)
		g.began = now
	}
	g.current[k] = v
}
