package simulate

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
)

// address is an IPv4 address as a number.
type address uint32

func (a address) netip() netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(a))
	return netip.AddrFrom4(b)
}

// homeBase is the address space of the network that is watched: a /16 which looks like any other.
const homeBase address = 146<<24 | 97<<16

// Home is the address space of the network that is watched.
func Home() netip.Prefix { return netip.PrefixFrom(homeBase.netip(), 16) }

func atHome(a address) bool { return a>>16 == homeBase>>16 }

// Owners that are no network of the world.
const (
	ownerUnrouted = -1
	ownerSpecial  = -2
	ownerHome     = -3
)

// systems is how many autonomous systems the world has.
const systems = 2000

// system is one of them: how far it is, and whether it lets forged packets out.
type system struct {
	blocks []uint16 // its /16s
	hops   int
	sav    bool // source address validation: forgers sit elsewhere
}

// world is who holds which address, and how far away they are.
type world struct {
	systems []system
	owner   [1 << 16]int16 // of each /16
	salt    uint64
}

// newWorld gives each system one to eight /16s of ordinary space, and hops of N(16, deviation).
func newWorld(r *rand.Rand, split Split) *world {
	w := &world{systems: make([]system, systems), salt: r.Uint64()}
	for i := range w.owner {
		w.owner[i] = int16(plainOwner(uint16(i)))
	}
	deviation := []float64{Dev: 4, Test: 4.5}[split]
	for i := range w.systems {
		a := &w.systems[i]
		a.hops = max(4, min(28, int(16.5+r.NormFloat64()*deviation)))
		a.sav = r.IntN(100) < 60
		for range 1 + min(7, int(r.ExpFloat64()*2)) {
			w.give(r, i)
		}
	}
	return w
}

// give gives a system one more /16 that is free.
func (w *world) give(r *rand.Rand, system int) {
	for {
		block := uint16(r.Uint32())
		if w.owner[block] == ownerUnrouted {
			w.owner[block] = int16(system)
			w.systems[system].blocks = append(w.systems[system].blocks, block)
			return
		}
	}
}

// plainOwner says whether a /16 is special or home, or free to be given. A /16 that holds a special network is left out whole.
func plainOwner(block uint16) int {
	first, second := block>>8, block&255
	switch {
	case block == uint16(homeBase>>16):
		return ownerHome
	case first == 0, first == 10, first == 127, first >= 224:
		return ownerSpecial
	case first == 100 && second >= 64 && second < 128, first == 169 && second == 254, first == 172 && second >= 16 && second < 32:
		return ownerSpecial
	case first == 192 && (second == 0 || second == 168 || second == 88), first == 198 && (second == 18 || second == 19 || second == 51):
		return ownerSpecial
	case first == 203 && second == 0:
		return ownerSpecial
	}
	return ownerUnrouted
}

// ownerOf is the system that holds an address, or one of the owners that are none.
func (w *world) ownerOf(a address) int { return int(w.owner[a>>16]) }

// addressIn draws an address of a system: few end in 0 or 255.
func (w *world) addressIn(r *rand.Rand, system int) address {
	blocks := w.systems[system].blocks
	a := address(blocks[r.IntN(len(blocks))])<<16 | address(r.Uint32()&0xffff)
	if last := a & 255; (last == 0 || last == 255) && r.IntN(8) > 0 {
		a ^= address(1 + r.IntN(254))
	}
	return a
}

// routed is any address that somebody holds.
func (w *world) routed(r *rand.Rand) address { return w.addressIn(r, r.IntN(len(w.systems))) }

// forgingSystem is a system that lets forged packets out.
func (w *world) forgingSystem(r *rand.Rand) int {
	for {
		if i := r.IntN(len(w.systems)); !w.systems[i].sav {
			return i
		}
	}
}

// hopsTo is how far the holder of an address is: his system's distance and one more or less; 16 where nobody holds it.
func (w *world) hopsTo(a address) int {
	i := w.ownerOf(a)
	if i < 0 {
		return 16
	}
	return w.systems[i].hops + int(mixed(uint64(a)^w.salt)%3) - 1
}

// holder is what sits at an address that somebody else writes into his packets.
type holder uint8

// What sits at an address: nobody, a host that lets nothing in, a host with that port closed, one with an RPC runtime that knows nothing
// of any call.
const (
	holderDead holder = iota
	holderFirewalled
	holderAlive
	holderDenies
)

// holderOf is what sits at an address; where nobody was made it is drawn once and for all.
func (w *world) holderOf(a address) holder {
	if w.ownerOf(a) < 0 {
		return holderDead
	}
	switch n := mixed(uint64(a)+w.salt) % 100; {
	case n < 35:
		return holderDead
	case n < 70:
		return holderFirewalled
	case n < 92:
		return holderAlive
	}
	return holderDenies
}
