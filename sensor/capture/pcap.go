package capture

import (
	"math/bits"

	"popupwatch/decoders"
)

// The classic format (draft-ietf-opsawg-pcap): a head of 24 octets, then records of a head of 16 octets and the data.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // A. Kuznetzov's: the heads of records have eight more octets
	headOctets    = 24
	recordOctets  = 16
	modifiedMore  = 8
	linkBits      = 0xffff // the rest of the field says how long the frame check sequence is
)

// readHead reads the head of a pcap file; magic is its first word as little endian.
func (r *reader) readHead(magic uint32) error {
	if !knownMagic(magic) {
		magic, r.order = bits.ReverseBytes32(magic), bigEndian
	}
	if !knownMagic(magic) {
		return r.noCapture()
	}
	if !r.need(headOctets) {
		return r.short("file head", headOctets)
	}
	h := r.buf[r.r : r.r+headOctets]
	if major, minor := r.order.u16(h[4:]), r.order.u16(h[6:]); major != 2 || minor < 3 {
		return r.damage("pcap version %d.%d is not read (2.3 and later are)", major, minor)
	}
	r.r += headOctets
	r.layOut(magic)
	return r.declareAlone(decoders.LinkType(r.order.u32(h[20:])&linkBits), r.order.u32(h[16:]))
}

func knownMagic(magic uint32) bool {
	return magic == magicMicro || magic == magicNano || magic == magicModified
}

// layOut sets what the magic number says of the records.
func (r *reader) layOut(magic uint32) {
	r.head, r.tick = recordOctets, 1000
	switch magic {
	case magicNano:
		r.tick = 1
	case magicModified:
		r.head += modifiedMore
	}
}

func (r *reader) declareAlone(link decoders.LinkType, snap uint32) (err error) {
	r.alone.link = link
	r.alone.declared, err = r.declarer.declare("", link, snap, r.order)
	return err
}

// nextRecord reads one record. Seconds have 32 bits without a sign, so the times are those from 1970 to 2106; a fraction of more than a
// second is carried, as by tcpdump.
func (r *reader) nextRecord(f *decoders.Frame) error {
	if !r.need(r.head) {
		return r.short("record's head", int64(r.head))
	}
	captured := r.order.u32(r.buf[r.r+8:])
	if captured > maxCaptured { // an announced length sizes nothing before it is believed
		return r.damage("a record of %d octets (the limit is %d)", captured, maxCaptured)
	}
	whole := r.head + int(captured)
	if !r.need(whole) {
		return r.short("record", int64(whole))
	}
	h := r.buf[r.r : r.r+recordOctets]
	sec, part := int64(r.order.u32(h)), int64(r.order.u32(h[4:]))
	r.deliver(f, &r.alone, r.r+r.head, int(captured), r.order.u32(h[12:]), sec, part*r.tick)
	r.r += whole
	return nil
}
