package inet

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// Secret is a key of 128 bits for hashes that nobody outside can foresee. It is a value that can be stored, with what was hashed under it,
// so that both outlive the run: a seed of hash/maphash cannot.
type Secret [2]uint64

// NewSecret makes a random Secret.
func NewSecret() Secret {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the program instead
	return Secret{binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])}
}

// Sum is SipHash-1-3 of b (Aumasson, Bernstein 2012), which Rust and Python take for their tables: nobody who does not know the secret
// builds octets that share a sum. SipHash-2-4 is slower by a third of a microsecond for a popup, and no sum is ever seen outside.
func (s Secret) Sum(b []byte) uint64 {
	v0, v1, v2, v3 := s[0]^0x736f6d6570736575, s[1]^0x646f72616e646f6d, s[0]^0x6c7967656e657261, s[1]^0x7465646279746573
	last := uint64(len(b)) << 56
	for ; len(b) >= 8; b = b[8:] {
		m := binary.LittleEndian.Uint64(b)
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3^m)
		v0 ^= m
	}
	for i, c := range b {
		last |= uint64(c) << (8 * i)
	}
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3^last)
	v0, v2 = v0^last, v2^0xff
	for range 3 {
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	}
	return v0 ^ v1 ^ v2 ^ v3
}

func sipRound(v0, v1, v2, v3 uint64) (uint64, uint64, uint64, uint64) {
	v0 += v1
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v0 = bits.RotateLeft64(v0, 32)
	v2 += v3
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 += v3
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	v2 += v1
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	v2 = bits.RotateLeft64(v2, 32)
	return v0, v1, v2, v3
}
