package campaign

import (
	"math"
	"slices"
	"unsafe"
)

// What the forms of a campaign have in common (SPOOF-AND-CAMPAIGNS.md 7.4). Forms are counted, not messages: one that is sent ten thousand times says no more of what
// varies than one that is sent once.
const (
	maxAnchors   = 64
	leastAnchors = 12  // fewer say nothing
	leastForms   = 3   // fewer agree by chance
	maxCounted   = 640 // shingles whose forms are counted
	manyForms    = 64  // then all counts are halved: what varies from day to day is followed
)

// consensus counts in how many forms of a campaign each shingle stands. Where there are too many, those of few forms go, then the highest: anchors are the lowest. It
// exists from the second form on.
type consensus struct {
	forms    uint8
	next     uint8    // forms at which anchors are chosen again
	limit    uint32   // shingles above it are not counted
	shingles []uint32 // ascending
	counts   []uint8
	anchors  []uint32 // at most 64, the lowest that half of the forms have; none before the third form
	common   int      // about how many shingles half of the forms have
}

func newConsensus(first []uint32) *consensus {
	return &consensus{next: leastForms, limit: math.MaxUint32, shingles: slices.Clone(first), counts: ones(len(first)), forms: 1}
}

func ones(n int) []uint8 {
	counts := make([]uint8, n)
	for i := range counts {
		counts[i] = 1
	}
	return counts
}

func (c *consensus) octets() int64 {
	return int64(unsafe.Sizeof(*c)) + int64(4*cap(c.shingles)+cap(c.counts)+4*cap(c.anchors))
}

// mixer is where counts are added up. Its buffers are reused.
type mixer struct {
	shingles []uint32
	counts   []uint8
}

func (x *mixer) put(shingle uint32, count uint8) {
	x.shingles, x.counts = append(x.shingles, shingle), append(x.counts, count)
}

// add counts one more form, and says whether anchors were chosen.
func (c *consensus) add(form []uint32, x *mixer) (chosen bool) {
	c.mix(form, x)
	if c.forms++; c.forms == manyForms {
		c.halve()
	}
	if len(c.shingles) > maxCounted {
		c.prune()
	}
	if c.forms < c.next {
		return false
	}
	c.choose()
	return true
}

// mix adds one to the count of each shingle of form up to the limit: both lists are ascending.
func (c *consensus) mix(form []uint32, x *mixer) {
	x.shingles, x.counts = x.shingles[:0], x.counts[:0]
	i := 0
	for _, h := range form {
		if h > c.limit {
			break
		}
		for i < len(c.shingles) && c.shingles[i] < h {
			x.put(c.shingles[i], c.counts[i])
			i++
		}
		if i < len(c.shingles) && c.shingles[i] == h {
			x.put(h, c.counts[i]+1)
			i++
		} else {
			x.put(h, 1)
		}
	}
	c.shingles = append(c.shingles[:0], append(x.shingles, c.shingles[i:]...)...)
	c.counts = append(c.counts[:0], append(x.counts, c.counts[i:]...)...)
}

// keep keeps the shingles whose new count is not 0.
func (c *consensus) keep(count func(uint8) uint8) {
	n := 0
	for i, old := range c.counts {
		if now := count(old); now > 0 {
			c.shingles[n], c.counts[n] = c.shingles[i], now
			n++
		}
	}
	c.shingles, c.counts = c.shingles[:n], c.counts[:n]
}

func (c *consensus) halve() {
	c.forms /= 2
	c.next = c.forms
	c.keep(func(n uint8) uint8 { return n / 2 })
}

// prune makes room: what few forms have goes first.
func (c *consensus) prune() {
	for least := uint8(2); len(c.shingles) > maxCounted && int(least)*4 <= int(c.forms); least++ {
		c.keep(func(n uint8) uint8 {
			if n < least {
				return 0
			}
			return n
		})
	}
	if len(c.shingles) > maxCounted {
		c.shingles, c.counts = c.shingles[:maxCounted], c.counts[:maxCounted]
		c.limit = c.shingles[maxCounted-1]
	}
}

// choose takes the anchors anew. The next time is when a quarter more forms are counted.
func (c *consensus) choose() {
	c.next = min(c.forms+max(1, c.forms/4), manyForms-1)
	if c.forms == manyForms-1 {
		c.next = manyForms
	}
	c.anchors, c.common = c.anchors[:0], 0
	for i, n := range c.counts {
		if 2*int(n) < int(c.forms) {
			continue
		}
		if c.common++; len(c.anchors) < maxAnchors {
			c.anchors = append(c.anchors, c.shingles[i])
		}
	}
	if c.limit != math.MaxUint32 {
		c.common = int(float64(c.common) * math.MaxUint32 / float64(c.limit))
	}
}

// has says whether half of the forms have a shingle; known is false where that is not counted.
func (c *consensus) has(shingle uint32) (in, known bool) {
	if shingle > c.limit {
		return false, false
	}
	i, ok := slices.BinarySearch(c.shingles, shingle)
	return ok && 2*int(c.counts[i]) >= int(c.forms), true
}

// The bar for a form that agrees with a consensus.
const (
	agree      = 0.60 // least share of the anchors that it has
	proportion = 0.55 // least ratio of its shingles to the common ones, or the other way round
)

// share is the part of the anchors that a form has, 0 where they are too few or the form is of quite another size: who embeds a
// text in a longer one is not of its campaign.
func (c *consensus) share(form []uint32) float64 {
	if c == nil || len(c.anchors) < leastAnchors {
		return 0
	}
	small, large := float64(min(c.common, len(form))), float64(max(c.common, len(form)))
	if small < proportion*large {
		return 0
	}
	return float64(inBoth(c.anchors, form)) / float64(len(c.anchors))
}

// inBoth is how many elements two ascending lists share.
func inBoth(a, b []uint32) (n int) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			n, i, j = n+1, i+1, j+1
		}
	}
	return n
}
