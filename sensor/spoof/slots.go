package spoof

// noSlot says that there is no slot.
const noSlot = ^uint32(0)

// chunk is how many values are allocated at once: values never move, and a full table is never copied to grow.
const chunk = 1024

// slots keeps values in numbered places. To make room a hand goes round: what was touched since it last passed is spared once, the first
// other is the victim.
type slots[T any] struct {
	chunks  [][]T
	touched []bool
	spare   []uint32 // released
	hand    int
}

// get gives the value at a place: a pointer that stays valid.
func (s *slots[T]) get(at uint32) *T { return &s.chunks[at/chunk][at%chunk] }

func (s *slots[T]) touch(at uint32) { s.touched[at] = true }

// used is how many places are taken.
func (s *slots[T]) used() int { return len(s.touched) - len(s.spare) }

// free gives a place for a new value, zero.
func (s *slots[T]) free() uint32 {
	if n := len(s.spare); n > 0 {
		at := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return at
	}
	n := len(s.touched)
	if n%chunk == 0 {
		s.chunks = append(s.chunks, make([]T, chunk))
	}
	s.touched = append(s.touched, false)
	return uint32(n)
}

// release empties a place.
func (s *slots[T]) release(at uint32) {
	var zero T
	*s.get(at) = zero
	s.touched[at] = false
	s.spare = append(s.spare, at)
}

// victim moves the hand to the next place that was not touched since it last passed and that may be freed; noSlot where none may.
func (s *slots[T]) victim(may func(*T) bool) uint32 {
	for range 2 * len(s.touched) {
		at := uint32(s.hand)
		s.hand = (s.hand + 1) % len(s.touched)
		switch {
		case !may(s.get(at)):
		case s.touched[at]:
			s.touched[at] = false
		default:
			return at
		}
	}
	return noSlot
}
