package reassembly

import (
	"container/list"
	"time"
)

// Limits bounds a table of unfinished sets. When a bound is reached the set that was touched longest ago is given up, whole.
type Limits struct {
	Sets  int           // unfinished sets
	Bytes int           // octets held, overhead included
	Hold  time.Duration // packet time until an unfinished set is over
}

// setOverhead and pieceOverhead are what a set and a piece are charged besides their octets.
const (
	setOverhead   = 512
	pieceOverhead = 96
)

// table keeps unfinished sets by key, oldest touched first. It belongs to one goroutine.
type table[K comparable, V any] struct {
	limits Limits
	sets   map[K]*list.Element
	order  list.List // of *entry[K, V]
	bytes  int
}

type entry[K comparable, V any] struct {
	key     K
	touched time.Time
	bytes   int
	value   V
}

func newTable[K comparable, V any](l Limits) *table[K, V] {
	return &table[K, V]{limits: l, sets: make(map[K]*list.Element)}
}

func (t *table[K, V]) get(k K) *entry[K, V] {
	if e, ok := t.sets[k]; ok {
		return e.Value.(*entry[K, V])
	}
	return nil
}

// open adds an empty set. The caller then asks over until it says no.
func (t *table[K, V]) open(k K, now time.Time) *entry[K, V] {
	e := &entry[K, V]{key: k, touched: now}
	t.sets[k] = t.order.PushBack(e)
	t.charge(e, setOverhead)
	return e
}

func (t *table[K, V]) charge(e *entry[K, V], n int) {
	e.bytes += n
	t.bytes += n
}

// touch makes e the last to be given up, and starts its time anew.
func (t *table[K, V]) touch(e *entry[K, V], now time.Time) {
	e.touched = now
	t.order.MoveToBack(t.sets[e.key])
}

func (t *table[K, V]) remove(e *entry[K, V]) {
	t.order.Remove(t.sets[e.key])
	delete(t.sets, e.key)
	t.bytes -= e.bytes
}

// over takes out the oldest set while a bound is exceeded; nil when all is within.
func (t *table[K, V]) over() *entry[K, V] {
	if t.bytes <= t.limits.Bytes && len(t.sets) <= t.limits.Sets {
		return nil
	}
	return t.take()
}

// expired takes out the oldest set if its time is over at now, else gives nil. A set from the future (packet time went back by more than
// Hold) is over too: it would block the others.
func (t *table[K, V]) expired(now time.Time) *entry[K, V] {
	front := t.order.Front()
	if front == nil {
		return nil
	}
	if age := now.Sub(front.Value.(*entry[K, V]).touched); age < t.limits.Hold && age > -t.limits.Hold {
		return nil
	}
	return t.take()
}

// take takes out the oldest set; nil if there is none.
func (t *table[K, V]) take() *entry[K, V] {
	front := t.order.Front()
	if front == nil {
		return nil
	}
	e := front.Value.(*entry[K, V])
	t.remove(e)
	return e
}
