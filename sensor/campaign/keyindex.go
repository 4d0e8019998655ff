package campaign

import (
	"math"
	"slices"

	"popupwatch/decoders/text"
)

// maxHolders is how many campaigns may share a key that still speaks for one of them; a key of more is a brand, or a host of many, and a joe job.
const maxHolders = 5

// keyIndex finds campaigns by what they advertise. It has a fixed number of places; a key takes one of two by its hash, that of the key with fewer campaigns.
type keyIndex struct{ places []keyPlace }

// keyPlace is one key; the zero place is free.
type keyPlace struct {
	Hash   uint64
	Count  uint32             // campaigns that had it, those that went included
	Owners [maxHolders]uint32 // the first ones
}

const keyPlaceSize = 40

func newKeyIndex(memory int64) *keyIndex {
	n := int64(64)
	for n*2*keyPlaceSize <= memory {
		n *= 2
	}
	return &keyIndex{make([]keyPlace, n)}
}

// pair are the two places of a key.
func (x *keyIndex) pair(hash uint64) (a, b *keyPlace) {
	i := hash & uint64(len(x.places)-1)
	return &x.places[i], &x.places[i^1]
}

// find is the place of a key, nil if it is not known.
func (x *keyIndex) find(hash uint64) *keyPlace {
	a, b := x.pair(hash)
	switch hash {
	case a.Hash:
		return a
	case b.Hash:
		return b
	}
	return nil
}

// add says that a campaign has a key.
func (x *keyIndex) add(hash uint64, owner uint32) {
	p := x.find(hash)
	if p == nil {
		a, b := x.pair(hash)
		if p = a; b.Count < a.Count {
			p = b
		}
		*p = keyPlace{Hash: hash}
	}
	known := p.Owners[:min(p.Count, maxHolders)]
	if slices.Contains(known, owner) || p.Count == math.MaxUint32 {
		return
	}
	if p.Count < maxHolders {
		p.Owners[p.Count] = owner
	}
	p.Count++
}

// owners are the campaigns of a key, none where they are too many for the key to speak for one.
func (x *keyIndex) owners(hash uint64) []uint32 {
	p := x.find(hash)
	if p == nil || p.Count > maxHolders {
		return nil
	}
	return p.Owners[:p.Count]
}

// brands are registrable domains that texts name to borrow their weight, and hosts where everybody has a page: they speak for no campaign.
func isBrand(domain string) bool {
	switch domain {
	case "microsoft.com", "windowsupdate.com", "windows.com", "msn.com", "hotmail.com", "live.com", "passport.com", "symantec.com", "norton.com", "mcafee.com",
		"trendmicro.com", "yahoo.com", "google.com", "aol.com", "ebay.com", "paypal.com", "amazon.com", "apple.com", "geocities.com", "tripod.com", "angelfire.com",
		"tinyurl.com", "snipurl.com", "bit.ly", "blogspot.com", "wikipedia.org", "cert.org", "example.com", "example.net", "example.org":
		return true
	}
	return false
}

// keyHash is the hash of a key of a kind; ok is false where such a key speaks for no campaign.
func keyHash(kind int, value string) (hash uint64, ok bool) {
	if kind == urls || kind == domains && isBrand(value) {
		return 0, false
	}
	h := uint64(kind+1) * 0x9e3779b97f4a7c15
	for ; len(value) >= 8; value = value[8:] {
		h = scatter(h ^ octets(value))
	}
	for i := range len(value) {
		h = scatter(h ^ uint64(value[i]) + 1)
	}
	return max(scatter(h^uint64(len(value))), 1), true
}

// keysOf gives the hashes of what a text advertises, but for what speaks for nobody.
func keysOf(f *text.Features, to []uint64) []uint64 {
	for kind, values := range [kinds][]string{domains: f.Domains, phones: f.Phones, emails: f.Emails} {
		for _, v := range values {
			if h, ok := keyHash(kind, v); ok {
				to = append(to, h)
			}
		}
	}
	return to
}
