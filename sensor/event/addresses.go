package event

import "net/netip"

// addresses writes addresses and remembers the last two: a document names its ends several times.
type addresses struct {
	texts [2]addressText
	next  int
}

type addressText struct {
	addr   netip.Addr
	length int
	text   [addressRoom]byte
}

// addressRoom holds the longest address with its quotes, 47 octets; copies of one size cost no branch.
const addressRoom = 48

// append appends an address as a JSON string; nothing for none. The zone of an IPv6 address never leaves the house.
func (m *addresses) append(b []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return b
	}
	t := &m.texts[0]
	if t.addr != a {
		t = &m.texts[1]
	}
	if t.addr != a {
		t = &m.texts[m.next]
		m.next ^= 1
		t.addr = a
		t.length = len(append(appendAddr(append(t.text[:0], '"'), a), '"'))
	}
	n := len(b)
	return append(b, t.text[:]...)[:n+t.length]
}

// appendNamed appends a name and an address; nothing for none.
func (m *addresses) appendNamed(b []byte, name string, a netip.Addr) []byte {
	if !a.IsValid() {
		return b
	}
	b = append(b, name...)
	b = m.append(b, a)
	return append(b, ',')
}

// appendAddr appends an address without its zone.
func appendAddr(b []byte, a netip.Addr) []byte {
	if !a.Is4() {
		return a.WithZone("").AppendTo(b)
	}
	for i, octet := range a.As4() {
		if i > 0 {
			b = append(b, '.')
		}
		b = appendOctet(b, octet)
	}
	return b
}

// appendOctet appends a number below 256.
func appendOctet(b []byte, n byte) []byte {
	if n >= 100 {
		b = append(b, '0'+n/100)
	}
	if n >= 10 {
		b = append(b, '0'+n/10%10)
	}
	return append(b, '0'+n%10)
}

// appendList appends a list of addresses, the first listRoom of them; nothing for none.
func (m *addresses) appendList(b []byte, addrs []netip.Addr) []byte {
	if len(addrs) == 0 {
		return b
	}
	b = append(b, '[')
	for _, a := range addrs[:min(len(addrs), listRoom)] {
		if a.IsValid() {
			b = append(m.append(b, a), ',')
		}
	}
	if b[len(b)-1] == '[' {
		return append(b, ']')
	}
	b[len(b)-1] = ']'
	return b
}

// cards writes the hardware addresses of a frame and remembers the last pair: most frames come from one router.
type cards struct {
	src, dst [6]byte
	text     []byte
}

// append appends the two fields, with the comma after them.
func (c *cards) append(b []byte, src, dst [6]byte) []byte {
	if c.src != src || c.dst != dst || c.text == nil {
		c.src, c.dst = src, dst
		c.text = appendMAC(append(c.text[:0], `"source_mac":`...), src)
		c.text = appendMAC(append(c.text, `,"destination_mac":`...), dst)
		c.text = append(c.text, ',')
	}
	return append(b, c.text...)
}

// appendMAC appends a hardware address in the form of ECS: upper case with hyphens (RFC 7042).
func appendMAC(b []byte, mac [6]byte) []byte {
	const upperHex = "0123456789ABCDEF"
	b = append(b, '"')
	for i, c := range mac {
		if i > 0 {
			b = append(b, '-')
		}
		b = append(b, upperHex[c>>4], upperHex[c&15])
	}
	return append(b, '"')
}
