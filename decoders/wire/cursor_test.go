package wire

import (
	"encoding/binary"
	"testing"
)

func TestReadsBeyondTheEndGiveZeroAndStick(t *testing.T) {
	c := NewCursor([]byte{1, 2, 3, 4, 5}, true)
	if got := c.U32(); got != 0x01020304 || c.Err() {
		t.Fatalf("%#x, failed %v", got, c.Err())
	}
	if got := c.U16(); got != 0 || !c.Err() {
		t.Fatalf("%#x beyond the end, failed %v", got, c.Err())
	}
	if c.U8() != 0 || c.Bytes(1) != nil || c.Offset() != 4 {
		t.Error("a failed cursor read on")
	}
}

func TestTheCursorKeepsItsBounds(t *testing.T) {
	for _, n := range []int{-1, 6, 1 << 62} {
		c := NewCursor(make([]byte, 5), false)
		if c.Bytes(n) != nil || !c.Err() {
			t.Errorf("%d of 5 octets were given", n)
		}
	}
	c := NewCursor(make([]byte, 5), false)
	if got := c.UpTo(9); len(got) != 5 || cap(got) != 5 || c.Err() {
		t.Errorf("up to 9 of 5: %d octets, room for %d, failed %v", len(got), cap(got), c.Err())
	}
	var dst [4]byte
	if c.Read(dst[:]); dst != [4]byte{} || !c.Err() {
		t.Error("a failed Read wrote")
	}
}

func TestAlignCountsFromTheStart(t *testing.T) {
	c := NewCursor(make([]byte, 6), false)
	c.Skip(1)
	if c.Align(4); c.Offset() != 4 {
		t.Errorf("at %d", c.Offset())
	}
	c.Skip(1)
	if c.Align(4); !c.Err() {
		t.Error("padding that is not there was skipped")
	}
}

func TestByteOrders(t *testing.T) {
	b := []byte{1, 2, 3, 4}
	for _, big := range []bool{false, true} {
		c, want := NewCursor(b, big), binary.LittleEndian.Uint32(b)
		if big {
			want = binary.BigEndian.Uint32(b)
		}
		if got := c.U32(); got != want {
			t.Errorf("big %v: %#x, want %#x", big, got, want)
		}
	}
}

func TestEveryReasonHasItsWordAndSentence(t *testing.T) {
	seen := map[string]bool{}
	for r := range Reason(ReasonCount) {
		if r.String() == "" || r.Sentence() == "" || seen[r.String()] {
			t.Errorf("reason %d: word %q, sentence %q", r, r.String(), r.Sentence())
		}
		seen[r.String()] = true
	}
	if Reason(250).String() != None.String() {
		t.Error("a reason out of range has a word of its own")
	}
}
