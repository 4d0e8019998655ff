package decoders_test

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"

	"popupwatch/decoders"
)

// address is the i-th of 2^24 addresses.
func address(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{24, byte(i >> 16), byte(i >> 8), byte(i)})
}

type distinctCount struct {
	n         uint64
	estimated bool
}

func countOf(d *decoders.Distinct) distinctCount {
	n, estimated := d.Count()
	return distinctCount{n, estimated}
}

func TestDistinctIsExactUpTo1024AndWithinThreePerCentAbove(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 16, 17, 1023, 1024, 1025, 1500, 5000, 100_000, 1_000_000} {
		var d decoders.Distinct
		var grown int64
		for range 2 { // the second time changes nothing
			for i := range n {
				grown += d.Add(address(i))
			}
		}
		got := countOf(&d)
		if n <= 1024 && got != (distinctCount{uint64(n), false}) {
			t.Errorf("%d addresses counted as %+v", n, got)
		}
		if n > 1024 && (!got.estimated || got.n < uint64(n)*97/100 || got.n > uint64(n)*103/100) {
			t.Errorf("%d addresses estimated as %+v", n, got)
		}
		if d.Size() != grown || d.Size() > 17<<10 {
			t.Errorf("%d addresses: holds %d octets, said %d", n, d.Size(), grown)
		}
	}
}

func TestDistinctDoesNotDependOnTheOrder(t *testing.T) {
	for _, n := range []int{10, 1024, 1025, 20_000} {
		var forward, backward, shuffled, again decoders.Distinct
		for i := range n {
			forward.Add(address(i))
			again.Add(address(i))
			backward.Add(address(n - 1 - i))
		}
		for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
			shuffled.Add(address(i))
		}
		want := countOf(&forward)
		for _, d := range []*decoders.Distinct{&backward, &shuffled, &again} {
			if got := countOf(d); got != want {
				t.Errorf("%d addresses: %+v and %+v", n, got, want)
			}
		}
	}
}

func TestDistinctSaysTheSameInEveryRun(t *testing.T) {
	var d decoders.Distinct
	for i := range 100_000 {
		d.Add(address(i))
	}
	if got := countOf(&d); got != (distinctCount{wantEstimate, true}) {
		t.Errorf("%+v, in another run %d", got, wantEstimate)
	}
}

// wantEstimate is what 100,000 addresses were estimated as when this test was written.
const wantEstimate = 100_849

func TestDistinctAllocatesNothingForRepeats(t *testing.T) {
	for _, n := range []int{1, 2, 1024, 5000} {
		var d decoders.Distinct
		for i := range n {
			d.Add(address(i))
		}
		i := 0
		if got := testing.AllocsPerRun(1000, func() { d.Add(address(i % n)); i++ }); got != 0 {
			t.Errorf("%d addresses: %v allocations, want 0", n, got)
		}
	}
}

func TestDistinctsMergeAsIfCountedTogether(t *testing.T) {
	for _, sizes := range [][2]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {1, 2}, {10, 20}, {1000, 1000}, {0, 5000}, {1, 5000}, {10, 5000}, {5000, 10}, {5000, 5000}} {
		var a, b, both decoders.Distinct
		for i := range sizes[0] {
			a.Add(address(i))
			both.Add(address(i))
		}
		for i := range sizes[1] {
			b.Add(address(i + sizes[0]/2))
			both.Add(address(i + sizes[0]/2))
		}
		before, other := a.Size(), countOf(&b)
		if grown := a.Merge(&b); a.Size() != before+grown {
			t.Errorf("%v: grew by %d, said %d", sizes, a.Size()-before, grown)
		}
		if countOf(&a) != countOf(&both) || countOf(&b) != other {
			t.Errorf("%v: merged %+v, counted together %+v", sizes, countOf(&a), countOf(&both))
		}
	}
}

func TestDistinctTellsAddressesOfBothFamiliesApart(t *testing.T) {
	var d decoders.Distinct
	for _, s := range []string{"1.2.3.4", "::ffff:1.2.3.4", "::1", "::2", "1::", "fe80::1", "0.0.0.0", "::"} {
		d.Add(netip.MustParseAddr(s))
	}
	if got := countOf(&d); got != (distinctCount{8, false}) {
		t.Errorf("%+v, want 8", got)
	}
}

func BenchmarkDistinctRepeat(b *testing.B) {
	for _, n := range []int{1, 12, 1000, 20_000} { // one, a small table, a large one, a sketch
		var d decoders.Distinct
		for i := range n {
			d.Add(address(i))
		}
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				if i++; i >= n {
					i = 0
				}
				d.Add(address(i))
			}
		})
	}
}
