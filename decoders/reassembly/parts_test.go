package reassembly

import (
	"net/netip"
	"testing"
	"time"

	"popupwatch/decoders/wire"
)

func partOf(id uint16, offset int, first, last bool, data string, at time.Time) Part[int] {
	return Part[int]{
		Key:    PartKey{Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("192.0.2.255"), ID: id},
		Offset: offset, First: first, Last: last, Data: []byte(data), Frames: []uint64{uint64(offset + 1)}, Time: at, Began: at, Names: 68, Meta: int(id),
	}
}

var partTime = time.Unix(1100000000, 0)

// Of two parts with one offset the first stays; what follows the last part belongs to nothing.
func TestTheFirstOfTwoPartsStays(t *testing.T) {
	p := NewParts[int](Limits{Sets: 4, Bytes: 1 << 16, Hold: time.Second})
	for _, q := range []Part[int]{
		partOf(1, 3, false, false, "def", partTime), partOf(1, 3, false, false, "xyz", partTime), partOf(1, 9, false, false, "beyond", partTime),
		partOf(1, 6, false, true, "ghi", partTime),
	} {
		if _, reason := p.Add(q); reason != wire.Fragment {
			t.Fatalf("part at %d: %v", q.Offset, reason)
		}
	}
	whole, reason := p.Add(partOf(1, 0, true, false, "abc", partTime))
	if reason != wire.None || string(whole.Data) != "abcdefghi" || whole.Meta != 1 || !whole.Whole {
		t.Errorf("%v, %q", reason, whole.Data)
	}
}

func TestPartsAreBounded(t *testing.T) {
	p := NewParts[int](Limits{Sets: 3, Bytes: 1 << 16, Hold: time.Second})
	for id := range uint16(5) {
		p.Add(partOf(id, 0, true, false, "abc", partTime.Add(time.Duration(id))))
		for got, ok := p.Release(partTime); ok; got, ok = p.Release(partTime) {
			if got.Meta != int(id)-3 || got.Whole || string(got.Data) != "abc" {
				t.Errorf("gave up %d: %+v", id, got)
			}
		}
	}
	if p.Shed != 2 || len(p.table.sets) != 3 {
		t.Errorf("%d shed, %d kept", p.Shed, len(p.table.sets))
	}
	for i := range 2 * maxParts {
		if _, reason := p.Add(partOf(9, 100+i, false, false, "a", partTime)); (reason == wire.FragmentShed) != (i >= maxParts) {
			t.Fatalf("part %d: %v", i, reason)
		}
	}
	if _, reason := p.Add(partOf(10, 0, true, false, string(make([]byte, maxWhole+1)), partTime)); reason != wire.FragmentShed {
		t.Errorf("a part of %d octets: %v", maxWhole+1, reason)
	}
}
