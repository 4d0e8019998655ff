package capture

import (
	"encoding/binary"
	"math/bits"
)

// order is the octet order of a file or of a section of one.
type order bool

const (
	littleEndian order = false
	bigEndian    order = true
)

func (o order) u16(b []byte) uint16 {
	if o == bigEndian {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

func (o order) u32(b []byte) uint32 {
	if o == bigEndian {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func (o order) u64(b []byte) uint64 {
	if o == bigEndian {
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

const (
	nanosPerSecond = 1_000_000_000
	// maxSeconds is the last second whose nanoseconds since 1970 an int64 holds: 11 April 2262.
	maxSeconds = 1<<63/nanosPerSecond - 1
	// farSeconds bounds the terms of a sum of seconds, so that none overflows on its way to the test of the sum.
	farSeconds = 1 << 61
)

// clock turns the counter of a pcapng interface into packet time.
type clock struct {
	ticks  uint64 // a second, at least 1
	nanos  uint64 // a tick; 0 where a tick is no whole number of them
	offset int64  // seconds, if_tsoffset
}

// newClock reads if_tsresol: a power of ten, or with the top bit of two (draft-ietf-opsawg-pcapng 4.2). ok is false for a unit
// so small that a second of it does not fit 64 bits.
func newClock(tsresol uint8, offset int64) (c clock, ok bool) {
	power := tsresol & 0x7f
	if tsresol&0x80 != 0 {
		c, ok = clock{ticks: 1 << (power & 63)}, power <= 63
	} else {
		c, ok = clock{ticks: powerOfTen(power)}, power <= 19
	}
	if nanosPerSecond%c.ticks == 0 {
		c.nanos = nanosPerSecond / c.ticks
	}
	c.offset = offset
	return c, ok
}

func powerOfTen(n uint8) uint64 {
	p := uint64(1)
	for range min(n, 19) {
		p *= 10
	}
	return p
}

// time is the seconds since 1970 and the nanoseconds, rounded down, of a counter; ok is false before 1970 and after 11 April 2262.
func (c clock) time(counter uint64) (sec, nsec int64, ok bool) {
	whole, part := counter/c.ticks, counter%c.ticks
	if whole > farSeconds || c.offset > farSeconds || c.offset < -farSeconds {
		return 0, 0, false
	}
	sec = int64(whole) + c.offset
	if c.nanos != 0 {
		return sec, int64(part * c.nanos), sec >= 0 && sec <= maxSeconds
	}
	hi, lo := bits.Mul64(part, nanosPerSecond)
	frac, _ := bits.Div64(hi, lo, c.ticks) // part < ticks: the quotient is below 10^9
	return sec, int64(frac), sec >= 0 && sec <= maxSeconds
}
