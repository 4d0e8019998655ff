package spoof

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// Every claim that opened closes exactly once, whatever has to make room; what closed early is counted.
func TestRoomIsMadeByClosingClaims(t *testing.T) {
	const claims = 5000
	memory := int64(1000 * (claimCost + populationCost))
	for name, campaign := range map[string]func(i int) string{
		"one campaign":            func(int) string { return "cmp1-x" },
		"a campaign for each":     func(i int) string { return fmt.Sprint("cmp1-", i) },
		"a hundred campaigns":     func(i int) string { return fmt.Sprint("cmp1-", i%100) },
		"campaigns that go on":    func(i int) string { return fmt.Sprint("cmp1-", i/50) },
		"campaigns that are over": func(i int) string { return fmt.Sprint("cmp1-", i/2500) },
	} {
		t.Run(name, func(t *testing.T) {
			j := New(Config{Memory: memory})
			closed := 0
			for i := range claims {
				m := popup(fmt.Sprintf("24.%d.%d.1", i/250, i%250), noon.Add(time.Duration(i)*time.Millisecond))
				j.Observe(m, campaign(i), false)
				for a, ok := j.Due(m.Time); ok; a, ok = j.Due(m.Time) {
					if a.Final {
						closed++
					}
				}
				if j.full() {
					t.Fatal("above its memory after Due")
				}
			}
			if uint64(closed) != j.Shed || closed == 0 {
				t.Errorf("%d closed early, %d counted", closed, j.Shed)
			}
			if closed += len(finals(j, noon)); closed != claims {
				t.Errorf("%d final documents for %d claims", closed, claims)
			}
			if len(j.hours) != 0 {
				t.Errorf("%d hours left", len(j.hours))
			}
		})
	}
}

// Time that runs backwards opens an hour with each message: the oldest close, and the work stays the same for each.
func TestHoursThatAreOpenAreBounded(t *testing.T) {
	j := New(Config{})
	closed := 0
	const messages = 3 * maxHoursOpen
	for i := range messages {
		m := popup("24.64.8.1", noon.Add(-time.Duration(i)*time.Hour))
		j.Observe(m, "cmp1-x", false)
		for a, ok := j.Due(m.Time); ok; a, ok = j.Due(m.Time) {
			if a.Final {
				closed++
			}
		}
		if len(j.hours) > maxHoursOpen {
			t.Fatalf("%d hours open", len(j.hours))
		}
	}
	for a, ok := j.Finish(noon); ok; a, ok = j.Finish(noon) {
		if a.Final {
			closed++
		}
	}
	if closed != messages {
		t.Errorf("%d of %d claims closed", closed, messages)
	}
}

func TestObserveOfAKnownClaimAllocatesNothing(t *testing.T) {
	j := New(Config{})
	m := popup("24.64.8.1", noon)
	j.Observe(m, "cmp1-x", false)
	if n := testing.AllocsPerRun(100, func() { j.Observe(m, "cmp1-x", false) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	b.Run("known", func(b *testing.B) {
		j, m := New(Config{}), popup("24.64.8.1", noon)
		b.ReportAllocs()
		for b.Loop() {
			j.Observe(m, "cmp1-x", false)
		}
	})
	b.Run("new", func(b *testing.B) {
		j, m := New(Config{}), popup("24.64.8.1", noon)
		b.ReportAllocs()
		i := uint32(0)
		for b.Loop() {
			i++
			m.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{24, byte(i >> 16), byte(i >> 8), byte(i)}), 1)
			j.Observe(m, "cmp1-x", false)
			for _, ok := j.Due(noon); ok; _, ok = j.Due(noon) {
			}
		}
	})
}

// Campaigns of two invented sources each, and campaigns of many, take what they are said to take: nothing that a flood can grow is free.
func TestWhatCampaignsKnowOfTheirSourcesIsWithinMemory(t *testing.T) {
	const memory = 1 << 20
	for name, campaign := range map[string]func(i int) string{
		"two sources each":      func(i int) string { return fmt.Sprint("cmp1-", i/2) },
		"two hundred campaigns": func(i int) string { return fmt.Sprint("cmp1-", i%200) },
		"one campaign":          func(int) string { return "cmp1-x" },
	} {
		t.Run(name, func(t *testing.T) {
			j := New(Config{Memory: memory})
			for i := range 20_000 {
				m := popup(fmt.Sprintf("%d.%d.%d.1", 1+i%200, i/250%250, i%250), noon.Add(time.Duration(i)*time.Millisecond))
				j.Observe(m, campaign(i), false)
				for _, ok := j.Due(m.Time); ok; _, ok = j.Due(m.Time) {
				}
			}
			held := 0
			for _, at := range j.byCampaign {
				held += j.populations.get(at).octets()
			}
			if held != j.held || held > memory || j.claims.used() < memory/2/claimCost/2 {
				t.Errorf("%d octets of campaigns, %d counted, %d claims", held, j.held, j.claims.used())
			}
		})
	}
}
