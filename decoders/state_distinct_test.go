package decoders

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
)

func TestACountSurvivesARestart(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 17, distinctExact, distinctExact + 1, 5000} {
		var d, back Distinct
		for i := range n {
			d.Add(nth(i))
		}
		b, err := d.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := back.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		for i := range 2 * n { // what is counted from here on counts alike
			d.Add(nth(i))
			back.Add(nth(i))
		}
		want, _ := d.Count()
		if got, _ := back.Count(); got != want || back.Size() != d.Size() {
			t.Errorf("%d addresses: %d in %d octets, want %d in %d", n, got, back.Size(), want, d.Size())
		}
		first, _ := d.MarshalBinary()
		if second, _ := back.MarshalBinary(); !bytes.Equal(first, second) {
			t.Errorf("%d addresses: the octets differ", n)
		}
	}
}

func nth(i int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 0x18000000+uint32(i))
	return netip.AddrFrom4(b)
}

func TestWhatIsNoCountIsRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing": nil, "another kind": {3}, "half a hash": {savedHashes, 1, 2}, "too many": make([]byte, 1+8*(distinctExact+1)), "a cut sketch": {savedSketch, 2, 14},
	} {
		if name == "too many" {
			b[0] = savedHashes
		}
		if err := new(Distinct).UnmarshalBinary(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzUnmarshalDistinct(f *testing.F) {
	var few, many Distinct
	few.Add(nth(1))
	few.Add(nth(2))
	for i := range 2000 {
		many.Add(nth(i))
	}
	for _, d := range []Distinct{{}, few, many} {
		b, err := d.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Distinct
		if d.UnmarshalBinary(b) == nil {
			d.Add(nth(7))
			if n, _ := d.Count(); n == 0 {
				t.Error("an address was added and none is counted")
			}
		}
	})
}
