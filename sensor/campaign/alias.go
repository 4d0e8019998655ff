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

// seal gives a campaign its sealed names, once: fam1- from the shingles that are the lowest in their own order, and fam2- from those that are
// in others. A shingle that most forms have at one sensor, and just not at another, spoils the names that it stands in and leaves the others.
func (t *Tracker) seal(r *record) {
	r.sealed = true
	if r.agreed != nil && r.agreed.forms >= leastForms {
		r.agreed.choose()
	}
	if len(t.anchorsOf(r)) < leastAnchors {
		return
	}
	all := t.commonTo(r)
	for order := range uint32(sealings) {
		prefix := "fam2-"
		if order == 0 {
			prefix = "fam1-"
		}
		r.alias(hashedName(prefix, lowestIn(order, all)))
		r.size += formIndex
		t.held += formIndex
	}
}

// seals are the sealed names among the aliases; none where it has too few anchors.
func (r *record) seals() []string {
	return slices.DeleteFunc(slices.Clone(r.aliases), func(a string) bool { return !strings.HasPrefix(a, "fam") })
}

// lowestIn gives the octets of the few shingles that are the lowest in an order, the lowest first. Each order is a multiplication by another odd
// number: in order 0 they are as they are. order is less than sealings.
func lowestIn(order uint32, shingles []uint32) (octets []byte) {
	factor := [sealings]uint32{1, 0x9e3779b1, 0x85ebca6b, 0xc2b2ae35}[order]
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
		return t.sorter.Shingles(r.reps[0])
	}
	for i, h := range r.agreed.shingles {
		if r.agreed.most(i) {
			all = append(all, h)
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
	all := t.sorter.Shingles(r.reps[0])
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
