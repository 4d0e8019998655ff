package netbios

import (
	"bytes"

	"popupwatch/decoders/wire"
)

// Suffixes are the last of the sixteen octets of a name: which service is meant ([MS-MSRP] 2.2.2, RFC 1001 14.1).
const (
	SuffixWorkstation = 0x00
	SuffixMessenger   = 0x03
	SuffixServer      = 0x20
)

// nameOctets is the length of a name, suffix included; maxScope the most octets of a scope (RFC 1002 4.1: 255 in all).
const (
	nameOctets = 16
	maxScope   = 255 - 2*nameOctets - 2
)

// Name is a NetBIOS name as it stands in a session request or datagram. It is owned.
type Name struct {
	Octets string // the name without its padding, at most 15 octets in the sender's OEM code page
	Suffix uint8  // the sixteenth octet
	Scope  string // the labels that follow, joined by dots; empty as nearly everywhere
}

// String is the name with its suffix, two hexadecimal digits, as tools show it: DESKTOP42<03>.
func (n Name) String() string { return Show(n.Octets, n.Suffix, n.Scope) }

// Show puts a name together from its parts, of which the first may be decoded.
func Show(name string, suffix uint8, scope string) string {
	const digits = "0123456789abcdef"
	s := name + "<" + string([]byte{digits[suffix>>4], digits[suffix&15]}) + ">"
	if scope != "" {
		s += "." + scope
	}
	return s
}

// ParseName reads an encoded name: a label of 32 letters, each half an octet from A on, the labels of the scope, and an empty label. It says
// no where that is not there; names are never compressed in sessions.
func ParseName(c *wire.Cursor) (Name, bool) {
	if c.U8() != 2*nameOctets {
		return Name{}, false
	}
	octets, ok := decode(c.Bytes(2 * nameOctets))
	if !ok {
		return Name{}, false
	}
	scope, ok := parseScope(c)
	if !ok {
		return Name{}, false
	}
	name := bytes.TrimRight(octets[:nameOctets-1], " \x00")
	return Name{string(name), octets[nameOctets-1], scope}, true
}

// decode joins half octets (RFC 1001 14.1, first-level encoding).
func decode(letters []byte) (octets [nameOctets]byte, ok bool) {
	if len(letters) != 2*nameOctets {
		return octets, false
	}
	for i, letter := range letters {
		half := letter - 'A'
		if half > 15 {
			return octets, false
		}
		octets[i/2] = octets[i/2]<<4 | half
	}
	return octets, true
}

// parseScope reads the labels up to the empty one.
func parseScope(c *wire.Cursor) (string, bool) {
	var scope []byte
	for {
		n := int(c.U8())
		switch {
		case c.Err() || n > 63 || len(scope)+n > maxScope:
			return "", false
		case n == 0:
			return string(scope), true
		}
		if len(scope) > 0 {
			scope = append(scope, '.')
		}
		scope = append(scope, c.Bytes(n)...)
	}
}
