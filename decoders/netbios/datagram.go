package netbios

import (
	"net/netip"

	"popupwatch/decoders/wire"
)

// DatagramPort is the UDP port of the datagram service (RFC 1002 4.4).
const DatagramPort = 138

// DatagramType is the type of a datagram (RFC 1002 4.4.1).
type DatagramType uint8

// The types of datagrams.
const (
	DirectUnique     DatagramType = 0x10
	DirectGroup      DatagramType = 0x11
	Broadcast        DatagramType = 0x12
	DatagramError    DatagramType = 0x13
	QueryRequest     DatagramType = 0x14
	QueryPositive    DatagramType = 0x15
	QueryNegative    DatagramType = 0x16
	datagramFirst                 = DirectUnique
	datagramLast                  = QueryNegative
	datagramPosition              = 14 // of what follows the header of a datagram with data, in octets
)

// The flags of a datagram.
const (
	flagMore  = 0x01
	flagFirst = 0x02
)

// Datagram is a view of one datagram that carries data, or of one part of it. Its octets are borrowed.
type Datagram struct {
	Type   DatagramType
	ID     uint16
	Source netip.AddrPort // as the sender says; that of the IP header may be another
	First  bool           // no part comes before this one
	More   bool           // parts come after it
	Offset int            // place of Data in the whole, in octets; some senders count the names in
	Names  int            // octets of both names; 0 in a later part without names
	Data   []byte
	Short  bool // fewer octets are there than the header promises

	whole             []byte
	calling, position int // where the names begin
}

// IsDatagram says whether b begins as a datagram of any type.
func IsDatagram(b []byte) bool {
	c := wire.NewCursor(b, true)
	t := DatagramType(c.U8())
	return !c.Err() && t >= datagramFirst && t <= datagramLast
}

// ParseDatagram reads a datagram (RFC 1002 4.4.2). Reasons: wire.NetBIOSOther for errors and queries, wire.NetBIOSMalformed where the header
// is cut or names cannot be read.
func ParseDatagram(b []byte) (Datagram, wire.Reason) {
	c := wire.NewCursor(b, true)
	d := Datagram{Type: DatagramType(c.U8()), whole: b, calling: datagramPosition}
	if d.Type > Broadcast {
		return Datagram{}, wire.NetBIOSOther
	}
	flags := c.U8()
	d.ID = c.U16()
	var address [4]byte
	c.Read(address[:])
	d.Source = netip.AddrPortFrom(netip.AddrFrom4(address), c.U16())
	length := int(c.U16())
	d.Offset = int(c.U16())
	d.First, d.More = flags&flagFirst != 0 || d.Offset == 0, flags&flagMore != 0
	if c.Err() {
		return Datagram{}, wire.NetBIOSMalformed
	}
	if !d.names(&c) && d.First {
		return Datagram{}, wire.NetBIOSMalformed
	}
	d.Short = length > c.Remaining()+d.Names
	d.Data = c.UpTo(max(length-d.Names, 0))
	return d, wire.None
}

// names passes over both names. Where they are not there the cursor stays: later parts need not repeat them.
func (d *Datagram) names(c *wire.Cursor) bool {
	at := *c
	if !skipName(&at, d.whole) {
		return false
	}
	d.position = at.Offset()
	if !skipName(&at, d.whole) {
		return false
	}
	d.Names = at.Offset() - c.Offset()
	*c = at
	return true
}

// Calling is the name of the sender.
func (d *Datagram) Calling() Name { return d.name(d.calling) }

// Called is the name of the recipient: a host, a group, or * for all.
func (d *Datagram) Called() Name { return d.name(d.position) }

func (d *Datagram) name(at int) Name {
	if d.Names == 0 {
		return Name{}
	}
	var flat [maxName]byte
	c := wire.NewCursor(d.whole, true)
	c.Skip(at)
	n, ok := expand(&c, d.whole, flat[:0])
	if !ok {
		return Name{}
	}
	c = wire.NewCursor(n, true)
	name, _ := ParseName(&c)
	return name
}

// maxName is the most octets of a name with its scope (RFC 1002 4.1).
const maxName = 255

func skipName(c *wire.Cursor, whole []byte) bool {
	var flat [maxName]byte
	n, ok := expand(c, whole, flat[:0])
	if !ok {
		return false
	}
	octets := wire.NewCursor(n, true)
	if octets.U8() != 2*nameOctets {
		return false
	}
	_, ok = decode(octets.Bytes(2 * nameOctets))
	return ok
}

// expand appends a name to flat with its pointers followed (RFC 883 page 31, which RFC 1002 4.1 takes over). A pointer counts from the start
// of the datagram, the first octet of whole, and must lead back: so it ends. c reads whole and stops behind the name.
func expand(c *wire.Cursor, whole, flat []byte) ([]byte, bool) {
	from := c.Offset()
	for at := c; ; {
		n := int(at.U8())
		switch {
		case at.Err():
			return nil, false
		case n >= 0xc0:
			to := (n&0x3f)<<8 | int(at.U8())
			if at.Err() || to >= from {
				return nil, false
			}
			from = to
			next := wire.NewCursor(whole, true)
			next.Skip(to)
			at = &next
		case n > 63 || len(flat)+1+n > maxName:
			return nil, false
		default:
			flat = append(append(flat, byte(n)), at.Bytes(n)...)
			if n == 0 {
				return flat, true
			}
		}
	}
}
