package report

// recent is a table of bounded size: when it is full, what was put first goes first. Putting a key anew keeps its place.
type recent[K comparable, V any] struct {
	values map[K]V
	order  []K // a ring once it is full
	next   int
	most   int
	forgot bool // something went
}

func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{values: map[K]V{}, most: most}
}

func (r *recent[K, V]) get(k K) (V, bool) {
	v, ok := r.values[k]
	return v, ok
}

func (r *recent[K, V]) has(k K) bool {
	_, ok := r.values[k]
	return ok
}

// put sets a value. Where something had to go for it, that is returned.
func (r *recent[K, V]) put(k K, v V) (old K, gone V, full bool) {
	if r.has(k) {
		r.values[k] = v
		return old, gone, false
	}
	if len(r.order) < r.most {
		r.order = append(r.order, k)
	} else {
		old, full, r.forgot = r.order[r.next], true, true
		gone = r.values[old]
		delete(r.values, old)
		r.order[r.next] = k
		r.next = (r.next + 1) % r.most
	}
	r.values[k] = v
	return old, gone, full
}
