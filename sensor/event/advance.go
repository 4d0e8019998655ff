package event

import "time"

// advance releases what is over at now, in order, and gives what stays open and when the first of that is over (zero: nothing is open).
// It reuses the memory of order.
func advance[T any](order []T, now time.Time, end func(T) time.Time, release func(T)) (open []T, due time.Time) {
	open = order[:0]
	for _, v := range order {
		if !now.Before(end(v)) {
			release(v)
			continue
		}
		open = append(open, v)
		if due.IsZero() || end(v).Before(due) {
			due = end(v)
		}
	}
	clear(order[len(open):])
	return open, due
}
