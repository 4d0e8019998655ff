package reassembly

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"popupwatch/decoders/wire"
)

var (
	start = time.Date(2005, 6, 1, 0, 0, 0, 0, time.UTC)
	roomy = Limits{Sets: 100, Bytes: 1 << 20, Hold: 30 * time.Second}
)

func datagramKey(id uint32) DatagramKey {
	return DatagramKey{Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("192.0.2.2"), ID: id, Proto: 17}
}

func fragment(id uint32, offset int, more bool, data string) Fragment[string] {
	return Fragment[string]{Key: datagramKey(id), Offset: offset, More: more, Data: []byte(data), Frame: uint64(offset/8 + 1), Time: start, Meta: data}
}

const (
	f0 = "AAAAAAAA"
	f1 = "BBBBBBBB"
	f2 = "CCC"
)

func TestFragmentsInAnyOrderGiveTheDatagram(t *testing.T) {
	parts := []Fragment[string]{fragment(1, 0, true, f0), fragment(1, 8, true, f1), fragment(1, 16, false, f2)}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		d := NewDatagrams[string](roomy)
		for i, k := range order {
			whole, reason := d.Add(parts[k])
			if i < 2 && reason != wire.Fragment {
				t.Errorf("order %v: %v", order, reason)
			}
			if i == 2 && (string(whole.Payload) != f0+f1+f2 || whole.Meta != f0 || !whole.Whole || !slices.Equal(whole.Frames, []uint64{1, 2, 3})) {
				t.Errorf("order %v: %+v", order, whole)
			}
		}
		if d.table.bytes != 0 || len(d.table.sets) != 0 {
			t.Errorf("order %v: %d octets left", order, d.table.bytes)
		}
	}
}

func TestThePolicyIsThatTheFirstOctetsStay(t *testing.T) {
	d := NewDatagrams[string](roomy)
	d.Add(fragment(1, 8, true, f1))
	if _, reason := d.Add(fragment(1, 0, true, f0+"XXXXXXXX")); reason != wire.FragmentOverlap {
		t.Errorf("a contradiction gave %v", reason)
	}
	if _, reason := d.Add(fragment(1, 0, true, f0)); reason != wire.Fragment {
		t.Errorf("a repetition gave %v", reason)
	}
	if whole, _ := d.Add(fragment(1, 16, false, f2)); string(whole.Payload) != f0+f1+f2 {
		t.Errorf("%q", whole.Payload)
	}
}

func TestImpossibleFragmentsAreRefused(t *testing.T) {
	for name, parts := range map[string][]Fragment[string]{
		"beyond the longest datagram":      {fragment(1, 65528, false, "12345678")},
		"empty":                            {fragment(1, 8, true, "")},
		"a middle of odd length":           {fragment(1, 0, true, "12345")},
		"beyond the end":                   {fragment(1, 8, false, f2), fragment(1, 16, true, f1)},
		"a second, later end":              {fragment(1, 8, false, f2), fragment(1, 16, false, f2)},
		"an end before what is there":      {fragment(1, 16, true, f1), fragment(1, 8, false, f2)},
		"an end within the longest length": {fragment(1, 65528, false, "1234567"), fragment(1, 65528, false, "123456")},
	} {
		d := NewDatagrams[string](roomy)
		var reason wire.Reason
		for _, f := range parts {
			_, reason = d.Add(f)
		}
		if reason != wire.FragmentMalformed {
			t.Errorf("%s: %v", name, reason.String())
		}
	}
}

// A fragment that the capture cut leaves a hole behind it, and does not tell the length.
func TestACutFragmentLeavesAHole(t *testing.T) {
	d := NewDatagrams[string](roomy)
	cut := fragment(1, 0, true, "AAAAA")
	cut.Cut = true
	d.Add(cut)
	d.Add(fragment(1, 8, false, f1))
	part, ok := d.Finish(start)
	if !ok || string(part.Payload) != "AAAAA" || part.Whole {
		t.Errorf("%v %+v", ok, part)
	}
}

func TestAnUnfinishedDatagramIsGivenUpAfterItsTime(t *testing.T) {
	d := NewDatagrams[string](roomy)
	d.Add(fragment(1, 0, true, f0))
	d.Add(fragment(1, 16, false, f2))
	if _, ok := d.Release(start.Add(30*time.Second - 1)); ok {
		t.Fatal("given up before its time")
	}
	part, ok := d.Release(start.Add(time.Hour))
	if !ok || string(part.Payload) != f0 || !part.Due.Equal(start.Add(30*time.Second)) || d.Shed != 0 {
		t.Errorf("%v %+v", ok, part)
	}
	d.Add(fragment(2, 0, true, f0))
	if _, ok := d.Release(start.Add(-30 * time.Second)); !ok {
		t.Error("a set from the future stays")
	}
}

// The bounds: sets, octets, pieces. What goes is the oldest, it comes out, and it is counted.
func TestBoundsGiveUpTheOldest(t *testing.T) {
	for name, limits := range map[string]Limits{
		"sets":   {Sets: 3, Bytes: 1 << 20, Hold: time.Hour},
		"octets": {Sets: 100, Bytes: 3 * (setOverhead + pieceOverhead + 8), Hold: time.Hour},
	} {
		d := NewDatagrams[string](limits)
		for id := range uint32(3) {
			d.Add(fragment(id, 0, true, f0))
		}
		if _, ok := d.Release(start); ok {
			t.Errorf("%s: given up at the bound", name)
		}
		d.Add(fragment(3, 0, true, f0))
		part, ok := d.Release(start)
		if !ok || part.Key.ID != 0 || string(part.Payload) != f0 || d.Shed != 1 {
			t.Errorf("%s: %v, %+v, %d shed", name, ok, part, d.Shed)
		}
		if _, ok := d.Release(start); ok {
			t.Errorf("%s: more given up than needed", name)
		}
	}
	d := NewDatagrams[string](roomy)
	for i := range maxPieces + 1 {
		_, reason := d.Add(fragment(1, i*16, true, f0))
		if want := map[bool]wire.Reason{true: wire.Fragment, false: wire.FragmentShed}[i < maxPieces]; reason != want {
			t.Fatalf("piece %d: %v", i, reason)
		}
	}
}

// The naive twin: an array of octets with a mark each.
type naive struct {
	octets [256]byte
	have   [256]bool
	total  int
}

func (n *naive) add(offset int, more bool, data []byte) (refused bool) {
	end := offset + len(data)
	last := 0
	for i, h := range n.have {
		if h {
			last = i + 1
		}
	}
	if n.total != 0 && end > n.total || !more && (n.total != 0 && end != n.total || n.total == 0 && last > end) {
		return true
	}
	for i, b := range data {
		if !n.have[offset+i] {
			n.octets[offset+i], n.have[offset+i] = b, true
		}
	}
	if !more {
		n.total = end
	}
	return false
}

func (n *naive) whole() bool { return n.total > 0 && !slices.Contains(n.have[:n.total], false) }

func TestDatagramsEqualTheirNaiveTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, twin := NewDatagrams[string](roomy), &naive{}
		for range rapid.IntRange(1, 20).Draw(t, "fragments") {
			offset := rapid.IntRange(0, 7).Draw(t, "offset") * 8
			more := rapid.Bool().Draw(t, "more")
			size := rapid.IntRange(1, 4).Draw(t, "blocks") * 8
			if !more {
				size -= rapid.IntRange(0, 7).Draw(t, "short")
			}
			data := rapid.SliceOfN(rapid.ByteRange('a', 'c'), size, size).Draw(t, "data")
			refused := twin.add(offset, more, data)
			got, reason := d.Add(fragment(1, offset, more, string(data)))
			if refused != (reason == wire.FragmentMalformed) {
				t.Fatalf("refused %v, reason %v", refused, reason)
			}
			if twin.whole() != (reason == wire.None) {
				t.Fatalf("whole %v, reason %v", twin.whole(), reason)
			}
			if reason == wire.None {
				if !bytes.Equal(got.Payload, twin.octets[:twin.total]) {
					t.Fatalf("%q, twin %q", got.Payload, twin.octets[:twin.total])
				}
				return
			}
		}
	})
}

func callFragment(number uint16, last bool, data string) CallFragment[string] {
	return CallFragment[string]{Key: CallKey{Sequence: 1}, Number: number, Last: last, Data: []byte(data), Frames: []uint64{uint64(number) + 1}, Time: start, Meta: fmt.Sprint(number)}
}

func TestCallsInAnyOrderWithRepetitions(t *testing.T) {
	c := NewCalls[string](roomy)
	for i, f := range []CallFragment[string]{callFragment(2, true, "c"), callFragment(0, false, "aaa"), callFragment(2, true, "X"), callFragment(0, false, "Y")} {
		if _, reason := c.Add(f); reason != wire.Fragment {
			t.Fatalf("fragment %d: %v", i, reason)
		}
	}
	call, reason := c.Add(callFragment(1, false, "bb"))
	if reason != wire.None || string(call.Stub) != "aaabbc" || call.Meta != "0" || !call.Whole || call.Fragments != 3 || !slices.Equal(call.Frames, []uint64{1, 2, 3}) {
		t.Errorf("%v %+v", reason, call)
	}
	if c.table.bytes != 0 {
		t.Errorf("%d octets left", c.table.bytes)
	}
}

func TestACallEndsAtTheFirstHole(t *testing.T) {
	c := NewCalls[string](roomy)
	c.Add(callFragment(0, false, "aaa"))
	c.Add(callFragment(2, true, "c"))
	call, ok := c.Release(start.Add(time.Minute))
	if !ok || string(call.Stub) != "aaa" || call.Whole || call.Fragments != 1 || !slices.Equal(call.Frames, []uint64{1}) {
		t.Errorf("%v %+v", ok, call)
	}
	cut := callFragment(0, false, "aa")
	cut.Cut = true
	c.Add(cut)
	call, reason := c.Add(callFragment(1, true, "b"))
	if reason != wire.None || string(call.Stub) != "aa" || call.Whole {
		t.Errorf("after a cut fragment: %v %+v", reason, call)
	}
}

func TestImpossibleCallFragmentsAreRefused(t *testing.T) {
	c := NewCalls[string](roomy)
	c.Add(callFragment(1, true, "b"))
	for _, f := range []CallFragment[string]{callFragment(2, false, "c"), callFragment(0, true, "a")} {
		if _, reason := c.Add(f); reason != wire.RPCFragment {
			t.Errorf("number %d, last %v: %v", f.Number, f.Last, reason)
		}
	}
}

func TestBoundsOfACall(t *testing.T) {
	c := NewCalls[string](Limits{Sets: 10, Bytes: 1 << 22, Hold: time.Minute})
	for i := range uint16(maxCallPieces + 1) {
		_, reason := c.Add(callFragment(i, false, "12345678"))
		if want := map[bool]wire.Reason{true: wire.Fragment, false: wire.RPCShed}[i < maxCallPieces]; reason != want {
			t.Fatalf("fragment %d: %v", i, reason)
		}
	}
	c = NewCalls[string](Limits{Sets: 10, Bytes: 1 << 22, Hold: time.Minute})
	c.Add(callFragment(0, false, string(make([]byte, maxStub-1))))
	if _, reason := c.Add(callFragment(1, false, "ab")); reason != wire.RPCShed {
		t.Errorf("above %d octets: %v", maxStub, reason)
	}
	if _, reason := c.Add(callFragment(1, true, "a")); reason != wire.None {
		t.Errorf("at %d octets: %v", maxStub, reason)
	}
}

// A fragment that comes keeps its call: the time runs from the last one.
func TestACallWaitsFromItsLastFragment(t *testing.T) {
	c := NewCalls[string](roomy)
	c.Add(callFragment(0, false, "a"))
	later := callFragment(1, false, "b")
	later.Time = start.Add(20 * time.Second)
	c.Add(later)
	if _, ok := c.Release(start.Add(49 * time.Second)); ok {
		t.Error("given up 29 s after its last fragment")
	}
	if call, ok := c.Release(start.Add(50 * time.Second)); !ok || !call.Due.Equal(start.Add(50*time.Second)) {
		t.Errorf("%v, due %v", ok, call.Due)
	}
}

func FuzzDatagrams(f *testing.F) {
	f.Add([]byte{0, 1, 8, 1, 1, 8, 2, 0, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		limits := Limits{Sets: 4, Bytes: 8192, Hold: time.Second}
		d := NewDatagrams[string](limits)
		now := start
		b = b[:min(len(b), 4096)] // longer inputs only take longer
		for ; len(b) >= 4; b = b[4:] {
			now = now.Add(time.Duration(int8(b[3])) * 50 * time.Millisecond)
			g := fragment(uint32(b[0]>>5), int(b[0]&31)*8, b[1]&1 != 0, string(make([]byte, b[2])))
			g.Time, g.Cut = now, b[1]&2 != 0
			d.Add(g)
			for _, ok := d.Release(now); ok; _, ok = d.Release(now) {
			}
			if d.table.bytes > limits.Bytes || len(d.table.sets) > limits.Sets || d.table.order.Len() != len(d.table.sets) {
				t.Fatalf("%d octets in %d sets", d.table.bytes, len(d.table.sets))
			}
		}
		for _, ok := d.Finish(now); ok; _, ok = d.Finish(now) {
		}
		if d.table.bytes != 0 {
			t.Fatalf("%d octets left", d.table.bytes)
		}
	})
}

// The frame numbers that a fragment came in take room too.
func TestFrameNumbersOfACallAreCharged(t *testing.T) {
	c := NewCalls[string](roomy)
	f := callFragment(0, false, "a")
	f.Frames = make([]uint64, 250)
	c.Add(f)
	if c.table.bytes < 8*len(f.Frames) {
		t.Errorf("%d octets charged for %d frame numbers", c.table.bytes, len(f.Frames))
	}
}
