package rules

// generations is a bounded memory of what was computed: two maps, of which the older is dropped whole when the younger holds half of
// the budget. What is still used is carried over, so eviction is by disuse, coarsely. Nothing but speed depends on it.
//
// Attack: a flood of new texts or names. It turns the generations and costs their computing; memory stays within the budget.
type generations[K comparable, V any] struct {
	young, old map[K]V
	cost       int // octets that the young one holds
	half       int // octets that one generation may hold
	size       func(K, V) int
}

// newGenerations has a budget in octets; size says what an entry holds, its share of the map included.
func newGenerations[K comparable, V any](budget int, size func(K, V) int) *generations[K, V] {
	return &generations[K, V]{young: map[K]V{}, old: map[K]V{}, half: budget / 2, size: size}
}

// get gives the value of key, the zero value and false where it is not held.
func (g *generations[K, V]) get(key K) (V, bool) {
	v, ok := g.young[key]
	if ok {
		return v, true
	}
	if v, ok = g.old[key]; ok {
		g.put(key, v)
	}
	return v, ok
}

// put holds a value. One that alone exceeds half of the budget is not held.
func (g *generations[K, V]) put(key K, v V) {
	size := g.size(key, v)
	if size > g.half {
		return
	}
	if g.cost+size > g.half {
		g.young, g.old = g.old, g.young
		clear(g.young)
		g.cost = 0
	}
	g.young[key] = v
	g.cost += size
}
