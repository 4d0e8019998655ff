package event

import (
	"crypto/sha1" //nolint:gosec // the published algorithm asks for it; nothing is secured by it
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

// IP protocol numbers of what carries popups and their refusals.
const (
	protocolICMP   = 1
	protocolTCP    = 6
	protocolUDP    = 17
	protocolICMPv6 = 58
)

// communityLength is the length of "1:" and 20 octets in base64.
const communityLength = 2 + 28

// communityID is the Community ID, version 1, seed 0, of one conversation (https://github.com/corelight/community-id-spec):
// SHA-1 over seed, lesser end, greater end, protocol and a zero octet. ICMP errors have one direction only: type and code stand for
// the ports, and the ends stay as they are. ok is false where the addresses are of two families.
func communityID(src, dst netip.AddrPort, protocol uint8) (id [communityLength]byte, ok bool) {
	if src.Addr().BitLen() == 0 || src.Addr().BitLen() != dst.Addr().BitLen() {
		return id, false
	}
	oneWay := protocol == protocolICMP || protocol == protocolICMPv6
	if !oneWay && dst.Compare(src) < 0 {
		src, dst = dst, src
	}
	var room [2 + 16 + 16 + 2 + 4]byte
	b := appendAddrOctets(room[:2], src.Addr())
	b = appendAddrOctets(b, dst.Addr())
	b = append(b, protocol, 0)
	b = binary.BigEndian.AppendUint16(b, src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	sum := sha1.Sum(b) //nolint:gosec // see above
	id[0], id[1] = '1', ':'
	base64.StdEncoding.Encode(id[2:], sum[:])
	return id, true
}

// appendAddrOctets appends the four or sixteen octets of an address; nothing for none.
func appendAddrOctets(b []byte, a netip.Addr) []byte {
	switch {
	case a.Is4():
		o := a.As4()
		return append(b, o[:]...)
	case a.Is6():
		o := a.As16()
		return append(b, o[:]...)
	}
	return b
}
