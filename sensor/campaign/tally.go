package campaign

import (
	"encoding/binary"
	"math/bits"
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
	tags  [maxTracked / 8]uint64 // eight bits of the hash of each key, eight keys in a word
	keys  []Key
	again [maxAgain]uint8 // where the first keys of the last text stand: those of the next one are most often the same
	lobby *[waiting]uint32
}

// maxAgain is how many keys of a kind in a text are found without a search where the text before had them.
const maxAgain = 4

// add counts the n-th value of a text and returns by how many octets the tally grew.
func (t *tally) add(n int, value string, at time.Time) (grown int64) {
	if n < maxAgain {
		if i := int(t.again[n]); i < len(t.keys) && t.keys[i].Value == value {
			t.seen(i, at)
			return 0
		}
	}
	if len(value) > maxValue {
		value = cut(value, maxValue)
	}
	h := hashString(value)
	if i := t.find(value, uint8(h)); i >= 0 {
		t.seen(i, at)
		if n < maxAgain {
			t.again[n] = uint8(i)
		}
		return 0
	}
	if len(t.keys) < maxTracked {
		t.keys = append(t.keys, Key{})
		t.put(len(t.keys)-1, Key{strings.Clone(value), 1, at, at}, uint8(h))
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
	t.put(i, Key{strings.Clone(value), 2, at, at}, uint8(h))
	return grown
}

func (t *tally) put(i int, k Key, tag uint8) {
	word, shift := &t.tags[i/8], i%8*8
	*word = *word&^(0xff<<shift) | uint64(tag)<<shift
	t.keys[i] = k
}

// find is where the value is, -1 if it is not. It looks at eight tags in a step; one in 256 keys has the same tag.
func (t *tally) find(value string, tag uint8) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for first := 0; first < len(t.keys); first += 8 {
		w := t.tags[first/8] ^ ones*uint64(tag)
		for equal := (w - ones) &^ w & highs; equal != 0; equal &= equal - 1 {
			if i := first + bits.TrailingZeros64(equal)/8; i < len(t.keys) && t.keys[i].Value == value {
				return i
			}
		}
	}
	return -1
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

// hashString is a fixed hash, never 0: eight octets at a step. Who makes values collide in it makes them wait for each other in the lobby.
func hashString(s string) uint32 {
	h := uint64(len(s)) * 0x9e3779b97f4a7c15
	for ; len(s) >= 8; s = s[8:] {
		h = scatter(h ^ octets(s))
	}
	var rest [8]byte
	copy(rest[:], s)
	h = scatter(h ^ binary.LittleEndian.Uint64(rest[:]))
	return max(uint32(h>>32), 1)
}

func octets(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func scatter(x uint64) uint64 {
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>32
}

// take adds a key with its count. Where there is no room, it takes the place of the one with the lowest count, if it has a higher one.
func (t *tally) take(k Key) (grown int64) {
	h := hashString(k.Value)
	if i := t.find(k.Value, uint8(h)); i >= 0 {
		n := t.keys[i].Count
		t.seen(i, k.First)
		t.seen(i, k.Last)
		t.keys[i].Count = n + k.Count
		return 0
	}
	if len(t.keys) < maxTracked {
		t.keys = append(t.keys, Key{})
		t.put(len(t.keys)-1, k, uint8(h))
		return keySize + int64(len(k.Value))
	}
	i := t.least()
	if t.keys[i].Count >= k.Count {
		return 0
	}
	grown = int64(len(k.Value) - len(t.keys[i].Value))
	t.put(i, k, uint8(h))
	return grown
}
