package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
)

// The names of a campaign besides its id (SPOOF-AND-CAMPAIGNS.md 7.6). Sensors that never talk find the same ones, since they hang on what was sent alone.
const (
	sealings   = 4  // sealed names
	sealedAt   = 16 // messages after which the sealed names are given, and anchors are told
	sealedBy   = 4  // shingles that make a sealed name: the lowest in its order
	maxKeyed   = 8  // keys that make aliases: the first ones of each kind that fit
	anchorSize = 3  // octets of an anchor that are told: the high ones
)

// hashedName hashes something to a name of 16 letters after a prefix.
func hashedName(prefix string, of []byte) string {
	sum := sha256.Sum256(of)
	name := formName(sum[:10])
	return name.after(prefix)
}

// sealing is how one sealed name is made: of shingles in an order, which is a multiplication by an odd number.
type sealing struct {
	prefix string
	factor uint32
	steady bool // of shingles that hardly any form is without; else of those that most forms have
}

// sealedNames are the sealed names of a campaign. Where senders choose between two endings for their texts, half of the forms have each: one of them stands in most forms at one
// sensor, and in just not most at another. What hardly any form is without is the same at both. Where every word varies it is the other way round.
func sealedNames() [sealings]sealing {
	return [sealings]sealing{{"fam1-", 1, false}, {"fam2-", 0x9e3779b1, false}, {"fam3-", 0x85ebca6b, true}, {"fam3-", 0xc2b2ae35, true}}
}

// seal gives a campaign its sealed names, once. A shingle that stands in one list at one sensor, and just not at another, spoils the names that it stands in and leaves the
// others. Of too few shingles there is no name.
func (t *Tracker) seal(r *record) {
	r.sealed = true
	if r.agreed != nil && r.agreed.forms >= leastForms {
		r.agreed.choose()
	}
	if len(t.anchorsOf(r)) < leastAnchors {
		return
	}
	common, steady := t.commonTo(r), t.steadyIn(r)
	for _, s := range sealedNames() {
		all := common
		if s.steady {
			all = steady
		}
		if len(all) < leastAnchors {
			continue
		}
		r.alias(hashedName(s.prefix, lowestIn(s.factor, all)))
		r.size += formIndex
		t.held += formIndex
	}
}

// seals are the sealed names among the aliases; none where it has too few anchors.
func (r *record) seals() []string {
	return slices.DeleteFunc(slices.Clone(r.aliases), func(a string) bool { return !strings.HasPrefix(a, "fam") })
}

// lowestIn gives the octets of the few shingles that are the lowest when multiplied by an odd factor, the lowest first.
func lowestIn(factor uint32, shingles []uint32) (octets []byte) {
	var low [sealedBy]uint32
	n := 0
	for _, h := range shingles {
		i := n
		for ; i > 0 && h*factor < low[i-1]*factor; i-- {
			if i < sealedBy {
				low[i] = low[i-1]
			}
		}
		if i < sealedBy {
			low[i] = h
		}
		n = min(n+1, sealedBy)
	}
	for _, h := range low[:n] {
		octets = binary.BigEndian.AppendUint32(octets, h)
	}
	return octets
}

// commonTo are the shingles that most forms of a campaign have: those of its one form, where it has no more.
func (t *Tracker) commonTo(r *record) (all []uint32) {
	if r.agreed == nil || len(r.agreed.anchors) == 0 {
		return t.shinglesOf(r, 0)
	}
	for i, h := range r.agreed.shingles {
		if r.agreed.most(i) {
			all = append(all, h)
		}
	}
	return all
}

// steadyIn are the shingles that three forms have where the commonest shingle has four: where nothing but words at a few places varies, those of the rest, and where each word
// does so now and then, most of them.
func (t *Tracker) steadyIn(r *record) (all []uint32) {
	c := r.agreed
	if c == nil {
		return t.shinglesOf(r, 0)
	}
	var most uint8
	for _, n := range c.counts {
		most = max(most, n)
	}
	for i, n := range c.counts {
		if 4*int(n) >= 3*int(most) {
			all = append(all, c.shingles[i])
		}
	}
	return all
}

// anchorsOf are the lowest shingles that most forms of a campaign have: those of its one form, where it has no more.
func (t *Tracker) anchorsOf(r *record) []uint32 {
	if r.agreed != nil && len(r.agreed.anchors) > 0 {
		return r.agreed.anchors
	}
	if len(r.reps) == 0 {
		return nil
	}
	all := t.shinglesOf(r, 0)
	return all[:min(len(all), maxAnchors)]
}

// names are all names of a campaign besides its id, sorted.
func (t *Tracker) names(r *record) []string {
	all := slices.Clone(r.aliases)
	all = r.keyNames(all)
	if r.sealed {
		if anchors := t.anchorsOf(r); len(anchors) >= leastAnchors {
			all = append(all, anchorsName(anchors))
		}
	}
	slices.Sort(all)
	return all
}

// keyNames adds names made of what the campaign advertises, but for brands.
func (r *record) keyNames(all []string) []string {
	if r.keys == nil {
		return all
	}
	n := 0
	for kind, letter := range [kinds]string{domains: "d:", phones: "p:", emails: "m:"} {
		for _, k := range r.keys[kind].keys {
			if _, speaks := keyHash(kind, k.Value); speaks && letter != "" && n < maxKeyed {
				all = append(all, hashedName("key1-", []byte(letter+k.Value)))
				n++
			}
		}
	}
	return all
}

// anchorsName tells the anchors themselves: who compares two of them finds how many are common.
func anchorsName(anchors []uint32) string {
	b := make([]byte, 0, maxAnchors*anchorSize)
	for _, h := range anchors {
		b = append(b, byte(h>>24), byte(h>>16), byte(h>>8))
	}
	return "anc1-" + lowerBase32.EncodeToString(b)
}

// CommonAnchors is how many anchors two aliases that begin with anc1- share, and how many the one with fewer has; ok is false where one is none.
func CommonAnchors(a, b string) (common, of int, ok bool) {
	x, y := anchorsIn(a), anchorsIn(b)
	return inBoth(x, y), min(len(x), len(y)), len(x) > 0 && len(y) > 0
}

func anchorsIn(alias string) (anchors []uint32) {
	const prefix = len("anc1-")
	if len(alias) < prefix || alias[:prefix] != "anc1-" {
		return nil
	}
	b, err := lowerBase32.DecodeString(alias[prefix:])
	if err != nil {
		return nil
	}
	for ; len(b) >= anchorSize; b = b[anchorSize:] {
		anchors = append(anchors, uint32(b[0])<<16|uint32(b[1])<<8|uint32(b[2]))
	}
	return anchors
}
