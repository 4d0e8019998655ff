package campaign

import (
	"slices"
	"strings"
	"time"
)

// The kinds of keys.
const (
	domains = iota
	urls
	phones
	emails
	kinds
)

const (
	maxTracked = 64  // keys of a kind that a campaign counts
	maxShown   = 16  // of those, how many an update shows
	maxValue   = 512 // octets of a key that are kept
	waiting    = 128
)

// tally counts the keys of one kind. Invented domains, a new one in each message, must not push out those that return: once it is full, a new key is
// only remembered by its hash, in one of 128 places by that hash, and takes the place of the key with the lowest count (then the one seen longest ago) when it comes back while it is remembered.
type tally struct {
	hashes []uint32
	keys   []Key
	lobby  *[waiting]uint32
}

// add counts a value and returns by how many octets the tally grew.
func (t *tally) add(value string, at time.Time) (grown int64) {
	if len(value) > maxValue {
		value = cut(value, maxValue)
	}
	h := hashString(value)
	for i, known := range t.hashes {
		if known == h && t.keys[i].Value == value {
			t.seen(i, at)
			return 0
		}
	}
	if len(t.keys) < maxTracked {
		t.hashes = append(t.hashes, h)
		t.keys = append(t.keys, Key{strings.Clone(value), 1, at, at})
		return keySize + int64(len(value))
	}
	if t.lobby == nil {
		t.lobby, grown = new([waiting]uint32), 4*waiting
	}
	place := &t.lobby[h%waiting]
	if *place != h {
		*place = h
		return grown
	}
	*place = 0
	i := t.least()
	grown += int64(len(value) - len(t.keys[i].Value))
	t.hashes[i], t.keys[i] = h, Key{strings.Clone(value), 2, at, at}
	return grown
}

// keySize is about what a key takes besides its value, in octets.
const keySize = 96

func (t *tally) seen(i int, at time.Time) {
	k := &t.keys[i]
	k.Count++
	if at.Before(k.First) {
		k.First = at
	}
	if at.After(k.Last) {
		k.Last = at
	}
}

func (t *tally) least() (least int) {
	for i := range t.keys {
		a, b := &t.keys[i], &t.keys[least]
		if a.Count < b.Count || a.Count == b.Count && a.Last.Before(b.Last) {
			least = i
		}
	}
	return least
}

// top is the most frequent keys, ties by value. The slice is new.
func (t *tally) top() []Key {
	if len(t.keys) == 0 {
		return nil
	}
	all := slices.Clone(t.keys)
	slices.SortFunc(all, func(a, b Key) int {
		if a.Count != b.Count {
			if a.Count > b.Count {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Value, b.Value)
	})
	return slices.Clip(all[:min(len(all), maxShown)])
}

// hashString is FNV-1a, fixed, never 0.
func hashString(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return max(h, 1)
}
