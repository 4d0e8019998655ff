package decoders

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"popupwatch/decoders/inet"
)

// The habits of stacks: who draws numbers at random is not to be mistaken for one who counts.
func TestPredictableNumbersAreTold(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noon := time.Date(2004, 6, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		next        func(before uint32, i int) uint32
		predictable bool
	}{
		"NT4: one a millisecond":  {func(b uint32, _ int) uint32 { return b + 7000 }, true},
		"BSD: 64,000 a step":      {func(b uint32, i int) uint32 { return b + uint32(300+i)*64000 }, true},
		"constant but for one":    {func(b uint32, _ int) uint32 { return b + 1 }, true},
		"backwards over the edge": {func(b uint32, _ int) uint32 { return b - 5 }, true},
		"random":                  {func(uint32, int) uint32 { return random.Uint32() }, false},
	} {
		in := newInitials(inet.NewSecret(), 1<<20)
		server := netip.MustParseAddr("198.51.7.1")
		number := uint32(random.Uint32())
		for i := range 8 {
			in.note(server, number, noon.Add(time.Duration(i)*7*time.Second))
			number = c.next(number, i)
		}
		if got := in.of(server); got.Predictable() != c.predictable || got.Compared != 7 {
			t.Errorf("%s: %+v", name, got)
		}
		if got := in.of(netip.MustParseAddr("198.51.7.2")); got != (Initials{}) {
			t.Errorf("%s: another server: %+v", name, got)
		}
	}
}

// One connection alone says nothing, and its SYN sent again is no second.
func TestOneNumberSaysNothing(t *testing.T) {
	in := newInitials(inet.NewSecret(), 1<<20)
	server := netip.MustParseAddr("198.51.7.1")
	in.note(server, 7, time.Unix(0, 0))
	in.note(server, 7, time.Unix(1, 0))
	if got := in.of(server); got != (Initials{}) {
		t.Errorf("%+v", got)
	}
}

func TestNearNumbersAtTheBound(t *testing.T) {
	for d, want := range map[uint32]bool{
		nearNumber - 1: true, nearNumber: false, stepNumber * mostSteps: true, stepNumber * (mostSteps + 1): false, 1 << 31: false,
	} {
		if near32(5, 5+d) != want || near32(5+d, 5) != want {
			t.Errorf("%d apart: near is not %v", d, want)
		}
	}
}
