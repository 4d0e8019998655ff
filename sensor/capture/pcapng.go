package capture

import (
	"popupwatch/decoders"
)

// The blocks of pcapng that are understood (draft-ietf-opsawg-pcapng 4); the others are skipped.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6

	orderMagic    = 0x1a2b3c4d
	frameOctets   = 12 // of type, length and length again
	sectionOctets = 28
	packetOctets  = 20 // of the inside, before the data
)

// nextPacket reads blocks up to the next one that carries a frame. A block counts as there when it is there to its end, trailer and
// all: what is cut is not delivered.
func (r *reader) nextPacket(f *decoders.Frame) error {
	for {
		r.at = r.offset()
		kind, body, err := r.block()
		if err != nil {
			return err
		}
		switch kind {
		case blockEnhanced, blockPacket:
			return r.packet(f, kind, body)
		case blockSimple:
			return r.simple(f, body)
		case blockInterface:
			err = r.declareInterface(body)
		case blockSection:
			err = r.beginSection(body)
		}
		if err != nil {
			return err
		}
	}
}

// block takes the next block; body is a view of the window without type and lengths, nil for kinds that are skipped.
func (r *reader) block() (kind uint32, body []byte, err error) {
	if !r.need(frameOctets) {
		return 0, nil, r.short("block's head", frameOctets)
	}
	h := r.buf[r.r : r.r+frameOctets]
	kind = r.order.u32(h)
	if kind == blockSection {
		if r.order, err = r.sectionOrder(h[8:]); err != nil {
			return 0, nil, err
		}
	}
	total := r.order.u32(h[4:])
	if total < frameOctets || total%4 != 0 {
		return 0, nil, r.damage("a block of %d octets (at least %d, and a multiple of 4)", total, frameOctets)
	}
	if !understood(kind) {
		return kind, nil, r.skip(total)
	}
	body, err = r.body(total)
	return kind, body, err
}

func understood(kind uint32) bool {
	return kind == blockEnhanced || kind <= blockSimple && kind != 0 || kind == blockSection
}

// sectionOrder reads the octet order of the section that begins.
func (r *reader) sectionOrder(magic []byte) (order, error) {
	switch uint32(orderMagic) {
	case littleEndian.u32(magic):
		return littleEndian, nil
	case bigEndian.u32(magic):
		return bigEndian, nil
	}
	return littleEndian, r.damage("the head of a section has no octet order (%#x)", bigEndian.u32(magic))
}

// body is the inside of a block of total octets, all of it in the window.
func (r *reader) body(total uint32) ([]byte, error) {
	if total > maxBlock { // hostile input sizes nothing
		return nil, r.damage("a block of %d octets (the limit is %d)", total, maxBlock)
	}
	n := int(total)
	if !r.need(n) {
		return nil, r.short("block", int64(n))
	}
	b := r.buf[r.r : r.r+n]
	if again := r.order.u32(b[n-4:]); again != total {
		return nil, r.damage("a block of %d octets that ends as one of %d", total, again)
	}
	r.r += n
	return b[8 : n-4], nil
}

// skip drops a block that is not understood, however long: name tables and secrets may be larger than the window.
func (r *reader) skip(total uint32) error {
	if !r.discard(int64(total)-4) || !r.need(4) {
		return r.short("block", int64(total))
	}
	if again := r.order.u32(r.buf[r.r:]); again != total {
		return r.damage("a block of %d octets that ends as one of %d", total, again)
	}
	r.r += 4
	return nil
}

// beginSection forgets the interfaces of the section before.
func (r *reader) beginSection(body []byte) error {
	if len(body) < sectionOctets-frameOctets {
		return r.damage("the head of a section has %d octets (at least %d)", len(body)+frameOctets, sectionOctets)
	}
	if major := r.order.u16(body[4:]); major != 1 {
		return r.damage("pcapng version %d.%d is not read (1.x is)", major, r.order.u16(body[6:]))
	}
	r.origins = r.origins[:0]
	return nil
}

// from is the interface of a packet by its number in the section.
func (r *reader) from(iface uint32) (*origin, error) {
	if iface >= uint32(len(r.origins)) {
		return nil, r.damage("a packet of interface %d, and %d are declared", iface, len(r.origins))
	}
	return &r.origins[iface], nil
}

// packet reads an Enhanced Packet Block: interface, time in two halves, captured and original length, data, options. The obsolete Packet
// Block is the same but for the upper half of the interface, which counts drops there.
func (r *reader) packet(f *decoders.Frame, kind uint32, body []byte) error {
	if len(body) < packetOctets {
		return r.damage("a packet block of %d octets (at least %d)", len(body)+frameOctets, packetOctets+frameOctets)
	}
	iface := r.order.u32(body)
	if kind == blockPacket {
		iface = uint32(r.order.u16(body))
	}
	o, err := r.from(iface)
	if err != nil {
		return err
	}
	captured := r.order.u32(body[12:])
	if captured > maxCaptured || int(captured) > len(body)-packetOctets {
		return r.damage("a packet of %d octets in a block of %d (the limit is %d)", captured, len(body)+frameOctets, maxCaptured)
	}
	sec, nsec, ok := o.clock.time(uint64(r.order.u32(body[4:]))<<32 | uint64(r.order.u32(body[8:])))
	if !ok { // a counter that overflows would move the run's time, and all that is remembered would be over
		return r.damage("a packet time outside of 1970 to 2262")
	}
	r.deliver(f, o, r.inside(body)+packetOctets, int(captured), r.order.u32(body[16:]), sec, nsec)
	return nil
}

// inside is where the body of the block that was just taken begins in the window.
func (r *reader) inside(body []byte) int { return r.r - 4 - len(body) }

// simple reads a Simple Packet Block. It is of interface 0 and has no time: it gets that of the frame before it in the file, or 1970.
func (r *reader) simple(f *decoders.Frame, body []byte) error {
	if len(body) < 4 {
		return r.damage("a simple packet block of %d octets (at least %d)", len(body)+frameOctets, 4+frameOctets)
	}
	o, err := r.from(0)
	if err != nil {
		return err
	}
	wire := r.order.u32(body)
	captured := min(wire, uint32(len(body)-4))
	if o.snap != 0 {
		captured = min(captured, o.snap)
	}
	if captured > maxCaptured {
		return r.damage("a packet of %d octets (the limit is %d)", captured, maxCaptured)
	}
	r.deliver(f, o, r.inside(body)+4, int(captured), wire, r.nanos/nanosPerSecond, r.nanos%nanosPerSecond)
	return nil
}
