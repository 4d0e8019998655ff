package wire

import "encoding/binary"

// Cursor reads octets from front to back with a sticky error: after the first read beyond the end every read gives zero and Err
// stays true. So a structure is read whole and Err is asked once. It never panics. The zero Cursor is empty, little-endian.
type Cursor struct {
	octets []byte
	at     int
	big    bool
	failed bool
}

// NewCursor reads b, which it borrows. With big the integers are big-endian.
func NewCursor(b []byte, big bool) Cursor { return Cursor{octets: b, big: big} }

// Err says whether a read went beyond the end.
func (c *Cursor) Err() bool { return c.failed }

// Offset is how many octets were read.
func (c *Cursor) Offset() int { return c.at }

// Remaining is how many octets are left.
func (c *Cursor) Remaining() int { return len(c.octets) - c.at }

// SetOrder sets the byte order of the integers that follow.
func (c *Cursor) SetOrder(big bool) { c.big = big }

// Bytes gives the next n octets as a view, or nil and a failed cursor where fewer are left. A negative n fails.
func (c *Cursor) Bytes(n int) []byte {
	if c.failed || n < 0 || n > len(c.octets)-c.at {
		c.failed = true
		return nil
	}
	b := c.octets[c.at : c.at+n : c.at+n]
	c.at += n
	return b
}

// UpTo gives the next n octets, or as many as are left; it does not fail for those that lack.
func (c *Cursor) UpTo(n int) []byte {
	return c.Bytes(min(n, c.Remaining()))
}

// Skip passes over n octets.
func (c *Cursor) Skip(n int) { c.Bytes(n) }

// Read copies the next len(dst) octets into dst; where fewer are left it fails and leaves dst as it is.
func (c *Cursor) Read(dst []byte) { copy(dst, c.Bytes(len(dst))) }

// Align skips to the next multiple of n, counted from the start of the cursor's octets (C706 14.2.2). Padding that is not there fails.
func (c *Cursor) Align(n int) {
	if pad := c.at % n; pad != 0 {
		c.Skip(n - pad)
	}
}

// U8 reads one octet.
func (c *Cursor) U8() uint8 {
	b := c.Bytes(1)
	if b == nil {
		return 0
	}
	return b[0]
}

// U16 reads two octets.
func (c *Cursor) U16() uint16 {
	b := c.Bytes(2)
	switch {
	case b == nil:
		return 0
	case c.big:
		return binary.BigEndian.Uint16(b)
	default:
		return binary.LittleEndian.Uint16(b)
	}
}

// U32 reads four octets.
func (c *Cursor) U32() uint32 {
	b := c.Bytes(4)
	switch {
	case b == nil:
		return 0
	case c.big:
		return binary.BigEndian.Uint32(b)
	default:
		return binary.LittleEndian.Uint32(b)
	}
}
