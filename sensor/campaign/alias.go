package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// The names of a campaign besides its id (SPOOF-AND-CAMPAIGNS.md 7.6). Sensors that never talk find the same ones, since they hang on what was sent alone.
const (
	sealedAt   = 16 // messages after which the sealed name is given, and anchors are told
	sealedBy   = 4  // anchors that make the sealed name: the lowest
	maxKeyed   = 8  // keys that make aliases: the first ones of each kind that fit
	anchorSize = 3  // octets of an anchor that are told: the high ones
)

// hashedName hashes something to a name of 16 letters after a prefix.
func hashedName(prefix string, of []byte) string {
	sum := sha256.Sum256(of)
	name := formName(sum[:10])
	return name.after(prefix)
}

// seal gives a campaign its sealed name, once.
func (t *Tracker) seal(r *record) {
	r.sealed = true
	if r.agreed != nil && r.agreed.forms >= leastForms {
		r.agreed.choose()
	}
	anchors := r.anchors()
	if len(anchors) < leastAnchors {
		return
	}
	var b []byte
	for _, h := range anchors[:sealedBy] {
		b = binary.BigEndian.AppendUint32(b, h)
	}
	r.family = hashedName("fam1-", b)
	r.alias(r.family)
	r.size += formIndex
	t.held += formIndex
}

// anchors are the lowest shingles that most forms have: those of its one form, where it has no more.
func (r *record) anchors() []uint32 {
	if r.agreed != nil && len(r.agreed.anchors) > 0 {
		return r.agreed.anchors
	}
	if len(r.reps) == 0 {
		return nil
	}
	return r.reps[0][:min(len(r.reps[0]), maxAnchors)]
}

// names are all names of a campaign besides its id, sorted.
func (r *record) names() []string {
	all := slices.Clone(r.aliases)
	all = r.keyNames(all)
	if anchors := r.anchors(); r.sealed && len(anchors) >= leastAnchors {
		all = append(all, anchorsName(anchors))
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
