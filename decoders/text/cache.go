package text

import "math/bits"

// cache remembers values by an octet string: a table of pairs of slots. A new entry pushes out the older one of its pair; when the octets pass the limit,
// pairs are emptied in the order of the table, from where the last sweep stopped. Nothing but speed depends on what it holds.
type cache[V any] struct {
	slots []slot[V] // pairs, the newer first
	bytes int64
	limit int64
	hand  int
	shed  uint64
}

type slot[V any] struct {
	hash  uint64
	key   string
	value V
	size  int64 // 0: empty
}

// newCache makes a cache of at most limit octets, its table included, for entries of about typical octets.
func newCache[V any](limit, typical int64) *cache[V] {
	pairs := int64(1)
	for pairs*4*typical <= limit {
		pairs *= 2
	}
	return &cache[V]{slots: make([]slot[V], 2*pairs), limit: max(limit-pairs*2*slotSize, 0)}
}

// slotSize is about what a slot takes, in octets.
const slotSize = 40

func (c *cache[V]) find(hash uint64, key string) (value V, ok bool) {
	i := c.pair(hash)
	for _, s := range c.slots[i : i+2] {
		if s.hash == hash && s.size > 0 && s.key == key {
			return s.value, true
		}
	}
	return value, false
}

func (c *cache[V]) pair(hash uint64) int { return int(hash>>1) % (len(c.slots) / 2) * 2 }

// keep remembers a value of the given size in octets. An entry above a sixteenth of the limit is not kept.
func (c *cache[V]) keep(hash uint64, key string, value V, size int64) {
	if size += slotSize; size > c.limit/16 {
		c.shed++
		return
	}
	i := c.pair(hash)
	c.drop(i + 1)
	c.slots[i+1] = c.slots[i]
	c.slots[i] = slot[V]{hash, key, value, size}
	c.bytes += size
	for c.bytes > c.limit {
		if c.hand != i {
			c.drop(c.hand)
			c.drop(c.hand + 1)
		}
		c.hand = (c.hand + 2) % len(c.slots)
	}
}

func (c *cache[V]) drop(i int) {
	if s := &c.slots[i]; s.size > 0 {
		c.bytes -= s.size
		c.shed++
		*s = slot[V]{}
	}
}

// hash is a fixed hash, so that what the caches count is the same in every run. Who makes texts collide in it only loses their place in a cache.
func hash(s string) uint64 {
	a, b := uint64(len(s))*0x9e3779b97f4a7c15, uint64(0x8ebc6af09c88c6e3)
	i := 0
	for ; i+32 <= len(s); i += 32 { // two lanes: one multiplication need not wait for the other
		a = fold128(load(s, i)^a, load(s, i+8)^0xe7037ed1a0b428db)
		b = fold128(load(s, i+16)^b, load(s, i+24)^0xa0761d6478bd642f)
	}
	for ; i+8 <= len(s); i += 8 {
		a = fold128(load(s, i)^a, 0xe7037ed1a0b428db)
	}
	var tail uint64
	for ; i < len(s); i++ {
		tail = tail<<8 | uint64(s[i])
	}
	return fold128(a^tail, b^0x589965cc75374cc3)
}

func fold128(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
