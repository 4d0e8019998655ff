package event

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"net/netip"
	"time"

	"popupwatch/sensor/spoof"
)

// idLength is 128 bits in lower-case hexadecimal.
const idLength = 32

// identity gathers what a document's id hashes. Every part that can vary in length is led by its length: no two lists of parts give
// the same octets, so nobody can craft a packet whose document takes the id of another.
type identity struct{ octets []byte }

func (d *identity) start(set Set) {
	d.octets = append(d.octets[:0], byte(set))
}

func (d *identity) word(s string) {
	d.octets = binary.BigEndian.AppendUint32(d.octets, uint32(len(s)))
	d.octets = append(d.octets, s...)
}

func (d *identity) number(n uint64) {
	d.octets = binary.BigEndian.AppendUint64(d.octets, n)
}

func (d *identity) time(t time.Time) {
	d.number(uint64(t.Unix()))
	d.number(uint64(t.Nanosecond()))
}

func (d *identity) addr(a netip.Addr) {
	d.octets = append(d.octets, byte(a.BitLen()/8))
	d.octets = appendAddrOctets(d.octets, a)
}

func (d *identity) ends(src, dst netip.AddrPort) {
	d.addr(src.Addr())
	d.number(uint64(src.Port()))
	d.addr(dst.Addr())
	d.number(uint64(dst.Port()))
}

// sum hashes, and numbers the document among its equals: SHA-256, the first 128 bits, lower-case hexadecimal. One SHA-256 a document,
// two where it has an equal.
func (d *identity) sum(o *ordinals, t time.Time) [idLength]byte {
	first := d.hash(0)
	return d.numbered(first, o.next(t, equalKey(first)))
}

// numbered is the id of the document of that ordinal, given the hash of the first.
func (d *identity) numbered(first [sha256.Size]byte, ordinal int) [idLength]byte {
	if ordinal == 0 {
		return spelt(first)
	}
	d.octets = d.octets[:len(d.octets)-8] // the ordinal of the first
	return spelt(d.hash(ordinal))
}

func (d *identity) hash(ordinal int) [sha256.Size]byte {
	d.number(uint64(ordinal))
	return sha256.Sum256(d.octets)
}

// equalKey tells equal documents: 64 bits of the hash that the first of them has. Who finds two others that share them gives the second
// another id, no more.
func equalKey(first [sha256.Size]byte) uint64 { return binary.BigEndian.Uint64(first[:]) }

func spelt(h [sha256.Size]byte) (id [idLength]byte) {
	appendHex(id[:0], h[:idLength/2])
	return id
}

// ordinalRoom is how many documents of one data set and one time are remembered to tell equals apart. Beyond it new ones are not
// remembered: an equal of theirs gets the same id and is stored once.
const ordinalRoom = 1024

// ordinals counts equal documents of the current time, for one data set. Order of eviction: all are forgotten as the time changes.
type ordinals struct {
	time  time.Time
	keys  []uint64
	later map[uint64]int // how often each stands in keys, after the first ones: claims that close with their hour share its time
}

// firstOrdinals is how many keys are looked through one by one: most times have few documents.
const firstOrdinals = 16

func (o *ordinals) next(t time.Time, key uint64) int {
	if !t.Equal(o.time) {
		*o = ordinals{time: t, keys: o.keys[:0]}
	}
	equals := o.later[key]
	for _, k := range o.keys[:min(len(o.keys), firstOrdinals)] {
		if k == key {
			equals++
		}
	}
	if len(o.keys) < ordinalRoom {
		o.remember(key)
	}
	return equals
}

func (o *ordinals) remember(key uint64) {
	if len(o.keys) >= firstOrdinals {
		if o.later == nil {
			o.later = make(map[uint64]int)
		}
		o.later[key]++
	}
	o.keys = append(o.keys, key)
}

// bucketOrdinals counts equal documents of buckets. A bucket can open twice with packets of one time, when it closed early or time went
// back, and other documents come between: so times do not matter here. Order of eviction: the key that came first.
type bucketOrdinals struct {
	count map[uint64]int
	keys  []uint64 // a ring, once it is full
	next  int
}

// bucketRoom is how many documents of buckets are remembered to tell equals apart.
const bucketRoom = 8192

func (o *bucketOrdinals) ordinal(key uint64) int {
	equals, known := o.count[key]
	o.count[key] = equals + 1
	switch {
	case known:
	case len(o.keys) < bucketRoom:
		o.keys = append(o.keys, key)
	default:
		delete(o.count, o.keys[o.next])
		o.keys[o.next] = key
		o.next = (o.next + 1) % bucketRoom
	}
	return equals
}

// claimIDLength is "clm1-" and 80 bits in base32.
const claimIDLength = 5 + 16

// claimRoom is how many claim ids are remembered: as many as the twelve bits of a place tell apart.
const claimRoom = 1 << 12

// claims remembers claim ids, so that the messages of one claim hash it once. A claim has one place; order of eviction: the claim that
// comes takes it. Who makes claims meet in one place has their ids hashed anew, as if nothing were remembered.
type claims struct {
	sensor string
	room   []claimPlace
	octets identity
}

type claimPlace struct {
	key claimName
	id  [claimIDLength]byte
}

// claimName is a spoof.ClaimKey that == compares: a time.Time would carry its location.
type claimName struct {
	source          netip.Addr
	hour            int64
	campaign, class string
}

var claimLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// id is "clm1-" and the first 80 bits of SHA-256 over source, campaign, class, hour and sensor, each led by its length, in lower-case
// base32. It is the same in the message, source and report documents of one sensor and different at another sensor.
func (c *claims) id(k *spoof.ClaimKey) [claimIDLength]byte {
	name := nameOf(k)
	at := &c.room[name.place()]
	if at.key != name || at.id[0] == 0 {
		at.key, at.id = name, c.hash(name)
	}
	return at.id
}

// final is the id of a claim that closes, an hour after its messages: it is hashed, since the memory seldom still has it.
func (c *claims) final(k *spoof.ClaimKey) [claimIDLength]byte { return c.hash(nameOf(k)) }

func nameOf(k *spoof.ClaimKey) claimName {
	return claimName{k.Source, k.Hour.Unix(), k.Campaign, k.Class}
}

func (n *claimName) place() uint64 {
	o := n.source.As16()
	h := binary.LittleEndian.Uint64(o[:8])*0x9e3779b97f4a7c15 + binary.LittleEndian.Uint64(o[8:]) + uint64(n.hour) + ending(n.campaign)
	return h * 0xbf58476d1ce4e5b9 >> 52
}

func (c *claims) hash(n claimName) (id [claimIDLength]byte) {
	d := &c.octets
	d.octets = d.octets[:0]
	d.word("claim")
	d.addr(n.source)
	d.word(n.campaign)
	d.word(n.class)
	d.number(uint64(n.hour))
	d.word(c.sensor)
	h := sha256.Sum256(d.octets)
	copy(id[:], "clm1-")
	claimLetters.Encode(id[5:], h[:10])
	return id
}
