package inet

import (
	"testing"

	"popupwatch/decoders/wire"
)

// The vectors of SipHash-1-3 in Rust's core library: the key counts from 0 to 15, the octets from 0.
func TestSumIsSipHash13(t *testing.T) {
	secret := Secret{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	for octets, want := range map[string]uint64{"": 0xabac0158050fc4dc, "\x00": 0xc9f49bf37d57ca93} {
		if got := secret.Sum([]byte(octets)); got != want {
			t.Errorf("sum of %x is %016x, want %016x", octets, got, want)
		}
	}
}

func TestEveryOctetAndTheSecretDecideTheSum(t *testing.T) {
	secret, other := NewSecret(), NewSecret()
	b := make([]byte, 37)
	seen := map[uint64]bool{secret.Sum(b): true, other.Sum(b): true, secret.Sum(b[:36]): true}
	for i := range b {
		b[i] ^= 1
		seen[secret.Sum(b)] = true
		b[i] ^= 1
	}
	if len(seen) != 40 {
		t.Errorf("%d sums of 40 inputs", len(seen))
	}
}

// A part whose sum is known stands for its octets, and only where it lies in the payload.
func TestAKnownPartDecidesThePrivateHash(t *testing.T) {
	var p Packet
	p.Parse(LinkIPv4, datagram())
	secret, size := Secret{1, 2}, len(p.Payload)-8
	whole := p.PrivateHash(secret, Known{})
	if p.PrivateHash(secret, Known{9, size, 3}) != whole {
		t.Error("a part beyond the payload is used")
	}
	if a, b := p.PrivateHash(secret, Known{8, size, 3}), p.PrivateHash(secret, Known{8, size, 4}); a == b || a == whole {
		t.Error("the sum of a known part does not decide")
	}
	before := p.PrivateHash(secret, Known{8, size, 3})
	p.rest[0] ^= 1
	if p.PrivateHash(secret, Known{8, size, 3}) == before {
		t.Error("what stands before a known part does not decide")
	}
}

// The same datagram is the same in whatever room it stands: with padding behind it, in a block, in a frame cut to its length.
func TestThePrivateHashDoesNotDependOnWhereTheDatagramStands(t *testing.T) {
	secret, plain := Secret{1, 2}, datagram()
	hash := func(b []byte) uint64 {
		var p Packet
		if reason := p.Parse(LinkIPv4, b); reason != wire.None {
			t.Fatal(reason)
		}
		return p.PrivateHash(secret, Known{8, len(p.Payload) - 8, 3})
	}
	want := hash(plain[:len(plain):len(plain)])
	if hash(append(make([]byte, 0, 4096), plain...)) != want || hash(append(plain, 0, 0, 0, 0, 0, 0)) != want {
		t.Error("room behind the datagram shows")
	}
}
