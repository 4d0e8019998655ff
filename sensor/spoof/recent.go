package spoof

import "time"

// recent remembers values for at least a span of packet time, or the last that fit: when the current half is full or old the one before it
// is forgotten whole, so that a flood costs no more than a lookup.
type recent[K comparable, V any] struct {
	current, before map[K]V
	began           time.Time
	span            time.Duration
	most            int
	shed            uint64    // forgotten before their time
	shedAt          time.Time // when that last happened
}

func newRecent[K comparable, V any](span time.Duration, most int) recent[K, V] {
	return recent[K, V]{current: map[K]V{}, before: map[K]V{}, span: span, most: max(most/2, 16)}
}

func (r *recent[K, V]) get(k K) (V, bool) {
	if v, ok := r.current[k]; ok {
		return v, true
	}
	v, ok := r.before[k]
	return v, ok
}

func (r *recent[K, V]) put(k K, v V, now time.Time) {
	age := now.Sub(r.began)
	old := age >= r.span || age < -r.span
	if _, known := r.current[k]; old || !known && len(r.current) >= r.most {
		if !old && len(r.before) > 0 {
			r.shed, r.shedAt = r.shed+uint64(len(r.before)), now
		}
		r.current, r.before, r.began = r.before, r.current, now
		clear(r.current)
	}
	r.current[k] = v
}

// lost says whether something that might still matter at now was forgotten for want of room.
func (r *recent[K, V]) lost(now time.Time) bool { return r.shed > 0 && now.Sub(r.shedAt) < r.span }
