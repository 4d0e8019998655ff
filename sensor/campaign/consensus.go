package campaign

import (
	"math"
	"slices"
	"unsafe"

	"popupwatch/decoders/text"
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
	anchors  []uint32 // at most 64, the lowest that most forms have; none before the third form
	common   int      // about how many shingles most forms have
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

// room gives buffers for n shingles.
func (x *mixer) room(n int) ([]uint32, []uint8) {
	if n > len(x.shingles) {
		x.shingles, x.counts = make([]uint32, 2*n), make([]uint8, 2*n)
	}
	return x.shingles[:n], x.counts[:n]
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
	if c.limit != math.MaxUint32 {
		n, _ := slices.BinarySearch(form, c.limit+1)
		form = form[:n]
	}
	shingles, counts := x.room(len(c.shingles) + len(form))
	old, was := c.shingles, c.counts[:len(c.shingles)]
	i, j, n := 0, 0, 0
	for ; i < len(old) && j < len(form); n++ {
		switch a, b := old[i], form[j]; {
		case a < b:
			shingles[n], counts[n] = a, was[i]
			i++
		case a > b:
			shingles[n], counts[n] = b, 1
			j++
		default:
			shingles[n], counts[n] = a, was[i]+1
			i, j = i+1, j+1
		}
	}
	copy(counts[n:], was[i:])
	n += copy(shingles[n:], old[i:])
	for _, h := range form[j:] {
		shingles[n], counts[n] = h, 1
		n++
	}
	c.shingles, c.counts = append(c.shingles[:0], shingles[:n]...), append(c.counts[:0], counts[:n]...)
}

// keep keeps the shingles of at least so many forms.
func (c *consensus) keep(least uint8) {
	n := 0
	for i, count := range c.counts {
		if count >= least {
			c.shingles[n], c.counts[n] = c.shingles[i], count
			n++
		}
	}
	c.shingles, c.counts = c.shingles[:n], c.counts[:n]
}

func (c *consensus) halve() {
	c.forms /= 2
	c.next = c.forms
	for i := range c.counts {
		c.counts[i] /= 2
	}
	c.keep(1)
}

// prune makes room for some forms more: what few have goes first.
func (c *consensus) prune() {
	var of [manyForms + 1]int
	for _, n := range c.counts {
		of[n]++
	}
	left, least := len(c.counts), uint8(1)
	for ; left > maxCounted*3/4 && int(least)*4 < int(c.forms); least++ {
		left -= of[least]
	}
	c.keep(least)
	if len(c.shingles) > maxCounted {
		c.shingles, c.counts = c.shingles[:maxCounted], c.counts[:maxCounted]
		c.limit = c.shingles[maxCounted-1]
	}
}

// wants says whether a form is counted: of many, one in four, so that new texts of a campaign that mutates all of them stay cheap.
func (c *consensus) wants(form *text.Form) bool {
	return c.forms < manyForms/2 || slices.Min(form.Low)&3 == 0
}

// choose takes the anchors anew. The next time is when a quarter more forms are counted.
func (c *consensus) choose() {
	c.next = min(c.forms+max(1, c.forms/4), manyForms-1)
	if c.forms == manyForms-1 {
		c.next = manyForms
	}
	c.anchors, c.common = c.anchors[:0], 0
	for i := range c.counts {
		if !c.most(i) {
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

// most says whether most forms have the shingle at i. Half would do for two families of equal size.
func (c *consensus) most(i int) bool { return 2*int(c.counts[i]) > int(c.forms) }

// has says whether most forms have a shingle; known is false where that is not counted.
func (c *consensus) has(shingle uint32) (in, known bool) {
	if shingle > c.limit {
		return false, false
	}
	i, ok := slices.BinarySearch(c.shingles, shingle)
	return ok && c.most(i), true
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

// holds is the part of another consensus' anchors that most forms have here, 0 where they are too few.
func (c *consensus) holds(o *consensus) float64 {
	if c == nil || o == nil || len(o.anchors) < leastAnchors {
		return 0
	}
	in, known := 0, 0
	for _, h := range o.anchors {
		has, counted := c.has(h)
		if counted {
			known++
		}
		if has {
			in++
		}
	}
	if known < leastAnchors {
		return 0
	}
	return float64(in) / float64(known)
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
