package spoof

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

// withClock puts a running clock into the activity, lagging by so many seconds, between the constants of a tool.
func withClock(m *decoders.Message, lag float64) *decoders.Message {
	var le [16]byte
	copy(le[:], []byte{0x10, 0x20, 0x83, 0xb7})
	binary.LittleEndian.PutUint32(le[4:], uint32(m.Time.Add(-time.Duration(lag*float64(time.Second))).Unix()))
	copy(le[8:], []byte{0xd1, 0x7b, 0xf6, 0xa3, 0x51, 0x95, 0x7a, 0x6f})
	u := dcerpc.UUID(le)
	m.RPC.Activity = u.Little() // its own inverse
	return m
}

// finals closes a judge and gives the last document of each source.
func finals(j *Judge, at time.Time) map[string]Assessment {
	out := map[string]Assessment{}
	for a, ok := j.Finish(at); ok; a, ok = j.Finish(at) {
		if a.Final {
			c := *a
			c.Evidence = slices.Clone(a.Evidence)
			out[a.Key.Source.String()] = c
		}
	}
	return out
}

// decibansOf gives the weight of one row.
func decibansOf(a Assessment, id string) float64 {
	for _, e := range a.Evidence {
		if e.ID == id {
			return e.Decibans
		}
	}
	return 0
}

func TestClocksThatLagTogether(t *testing.T) {
	observe := func(sources []string, lags []float64) map[string]Assessment {
		j := New(Config{})
		for i, src := range sources {
			j.Observe(withClock(popup(src, noon.Add(time.Duration(i)*time.Minute)), lags[i]), "cmp1-x", false)
		}
		return finals(j, noon.Add(time.Hour))
	}
	pool := []string{"24.64.1.1", "24.64.2.2", "24.64.3.3", "24.64.4.4", "24.64.5.5", "24.64.6.6"}
	wide := []string{"24.64.1.1", "61.2.2.2", "80.3.3.3", "130.4.4.4", "200.5.5.5", "210.6.6.6"}
	twoClocks := []float64{19.3, 19.4, 10.7, 19.5, 19.3, 10.9}
	for name, c := range map[string]struct {
		sources []string
		lags    []float64
		first   float64 // E26 of the first source
		third   float64
	}{
		"two clocks in one pool":                  {pool, twoClocks, 13, 0.9},
		"two clocks over networks":                {wide, twoClocks, 25, 13.9},
		"synchronised clocks agree by themselves": {wide, []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 0, 0},
		"clocks that differ":                      {wide, []float64{20, 40, 60, 80, 100, 120}, 0, 0},
		"agreement to a second":                   {wide, []float64{20, 21, 60, 80, 100, 120}, 13.9, 0},
		"more than a second apart":                {wide, []float64{20, 21.5, 60, 80, 100, 120}, 0, 0},
		"ahead by ten seconds":                    {wide, []float64{-10, -10.5, -10.9, 80, 100, 120}, 25, 25},
	} {
		t.Run(name, func(t *testing.T) {
			got := observe(c.sources, c.lags)
			if first, third := decibansOf(got[c.sources[0]], "E26"), decibansOf(got[c.sources[2]], "E26"); first != c.first || third != c.third {
				t.Errorf("E26 %v and %v, want %v and %v", first, third, c.first, c.third)
			}
		})
	}
}

// A large population of genuine hosts with unsynchronised clocks must not be accused by the pairs that chance makes.
func TestChancePairsOfClocksWeighLittle(t *testing.T) {
	j := New(Config{})
	for i := range 200 {
		src := fmt.Sprintf("%d.%d.1.1", 20+i/2, i)
		m := withClock(popup(src, noon.Add(time.Duration(i)*time.Second)), 3+float64(i*37%600))
		m.Marks.TTL = uint8(100 + i*5%28)
		j.Observe(m, "cmp1-x", false)
	}
	for src, a := range finals(j, noon.Add(time.Hour)) {
		if a.State != Unknown || decibansOf(a, "E26") > 5 {
			t.Errorf("%s: %v, evidence %+v", src, a.State, a.Evidence)
		}
	}
}

func TestEqualTTLsOverNetworks(t *testing.T) {
	observe := func(n int, ttl func(i int) uint8) map[string]Assessment {
		j := New(Config{})
		for i := range n {
			m := popup(fmt.Sprintf("%d.9.1.1", 20+i), noon.Add(time.Duration(i)*time.Second))
			m.Marks.TTL = ttl(i)
			j.Observe(m, "cmp1-x", false)
		}
		return finals(j, noon.Add(time.Hour))
	}
	same := observe(5, func(int) uint8 { return 114 })
	if got := decibansOf(same["20.9.1.1"], "E14"); got != 20 {
		t.Errorf("five networks at one distance: %v, want 20", got)
	}
	if got := decibansOf(observe(4, func(int) uint8 { return 114 })["20.9.1.1"], "E14"); got != 0 {
		t.Errorf("four networks: %v, want 0", got)
	}
	// A hundred bots at ten distances, and at five: narrower than distances are distributed.
	for _, distances := range []int{10, 5} {
		for src, a := range observe(100, func(i int) uint8 { return uint8(106 + i%distances) }) {
			if a.State != Unknown || decibansOf(a, "E14") > 6 {
				t.Errorf("bot %s: %v, E14 %v", src, a.State, decibansOf(a, "E14"))
			}
		}
	}
}
