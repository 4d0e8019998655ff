package spoof

import (
	"fmt"
	"net/netip"
	"testing"
)

// The bars of the issue: hosts that are what they say they are come out forged_probable in one claim of 2,000 at most.
const mostAccused = 0.0005

func TestGenuineHostsAreNotCalledForged(t *testing.T) {
	scenarios := map[string]struct {
		runs int
		of   func(w *world) []sent
	}{}
	add := func(name string, runs int, of func(w *world) []sent) {
		scenarios[name] = struct {
			runs int
			of   func(w *world) []sent
		}{runs, of}
	}
	for _, k := range []int{3, 5, 10, 20, 50, 200, 1000, 5000} {
		add(fmt.Sprint("botnet of ", k), 1+400/(k+10), func(w *world) []sent { return w.chatter(w.bots(k, nil), min(4*k, 4000)+50, 20_000) })
	}
	add("mass reboot, low ids", 12, func(w *world) []sent {
		return w.chatter(w.bots(60, func(h *host) { h.id, h.rate, h.still = w.Float64()*4096, 0.01, false }), 300, 3000)
	})
	add("synchronised reboot, each its own rate", 12, func(w *world) []sent {
		return w.chatter(w.bots(100, func(h *host) { h.id, h.boot, h.still = 0, 0, false }), 300, 3000)
	})
	add("one machine behind an operator's pool", 12, func(w *world) []sent {
		s := &w.systems[0]
		h, all := w.bot(), make([]sent, 200)
		h.still = false
		for i := range all {
			all[i] = h.send(float64(i) * 10)
			all[i].source = w.addrIn(s)
		}
		return all
	})
	add("a pool of one operator among the bots of others", 12, func(w *world) []sent {
		s := &w.systems[0]
		h := w.bot()
		h.still = false
		all := w.chatter(w.bots(20, nil), 60, 2000)
		for i := range 100 {
			all = append(all, h.send(float64(i)*20))
			all[len(all)-1].source = w.addrIn(s)
		}
		return all
	})
	add("carrier NAT: many bots behind few addresses", 12, func(w *world) []sent {
		all := w.chatter(w.bots(200, nil), 1000, 20_000)
		for i := range all {
			all[i].source = w.addrIn(&system{blocks: w.systems[int(all[i].ttl)%5].blocks})
		}
		return all
	})
	add("bots, and copies of their packets with impossible sources", 12, func(w *world) []sent {
		all := w.chatter(w.bots(60, nil), 200, 3000)
		copies := w.spray(&forger{w.never, w.plausible, w.random, 1, 0.02}, 20)
		return append(all, copies...)
	})
	add("addresses that change", 12, func(w *world) []sent {
		var all []sent
		for range 30 {
			s := &w.systems[w.IntN(len(w.systems))]
			h := w.bot()
			for day := range 10 {
				h.addr = w.addrIn(s)
				for range 3 {
					all = append(all, h.send(float64(day)*86400+w.Float64()*86400))
				}
			}
		}
		return all
	})
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			g, _ := over(t, uint64(100+len(name)), s.runs, s.of)
			t.Logf("%d of %d claims forged (%.5f), %d of an emitter: %v", g.forged, g.claims, g.share(), g.emitters, g.evidence)
			if g.share() > mostAccused {
				t.Errorf("%d of %d claims of genuine hosts are forged: %v", g.forged, g.claims, g.evidence)
			}
		})
	}
}

func TestForgersAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		least float64
		of    func(w *world) []sent
	}{
		"uniform, counter, 20 packets": {0.999, func(w *world) []sent {
			return w.spray(&forger{w.anywhere, w.plausible, counted, 0.01, 100}, 20)
		}},
		"uniform, counter, 30 packets at a share of 0.0005": {0.999, func(w *world) []sent {
			return w.spray(&forger{w.anywhere, w.plausible, counted, 0.0005, 300}, 30)
		}},
		"uniform, counter, 3000 packets": {0.999, func(w *world) []sent {
			return w.spray(&forger{w.anywhere, w.plausible, counted, 0.001, 100}, 3000)
		}},
		"uniform, fixed TTL of Linux, random ids, 20 packets": {0.999, func(w *world) []sent {
			return w.spray(&forger{w.anywhere, always(50), w.random, 0.01, 100}, 20)
		}},
		// The ledger stops at 19 where the TTL fits Windows since XP SP2 (E14 20, E61 1, E63 -2) and nothing else shows: one in twenty
		// such populations has no source that is never a sender among its first twenty.
		"uniform, fixed TTL of Windows, random ids, 20 packets": {0.7, func(w *world) []sent {
			return w.spray(&forger{w.anywhere, always(113), w.random, 0.01, 100}, 20)
		}},
		"pool of 20 in rotation": {0.99, func(w *world) []sent {
			return w.spray(&forger{inTurn(w.pool(20)), w.plausible, counted, 0.01, 100}, 200)
		}},
		"pool of 20 at random": {0.99, func(w *world) []sent {
			return w.spray(&forger{w.atRandom(w.pool(20)), w.plausible, counted, 0.01, 100}, 200)
		}},
		"pool of 100 at random at a share of 0.0005": {0.99, func(w *world) []sent {
			return w.spray(&forger{w.atRandom(w.pool(100)), w.plausible, counted, 0.0005, 300}, 1000)
		}},
		"pool of 2000 at random": {0.99, func(w *world) []sent {
			return w.spray(&forger{w.atRandom(w.pool(2000)), w.plausible, counted, 0.01, 100}, 5000)
		}},
		"seen once in 60,000: phase": {0.9, func(w *world) []sent {
			return w.spray(&forger{w.anywhere, w.plausible, counted, 1.0 / 60_000, 900}, 64)
		}},
		// Nineteen again, but for one tool's constants (E24).
		"fixed TTL of Windows over 8 networks": {0.45, func(w *world) []sent {
			var all []netip.Addr
			for i := range 8 {
				all = append(all, netip.AddrFrom4([4]byte{byte(60 + 3*i), byte(w.IntN(256)), 3, 4}))
			}
			return w.spray(&forger{inTurn(all), always(113), w.random, 0.01, 100}, 40)
		}},
		"fixed TTL over 8 networks": {0.95, func(w *world) []sent {
			var all []netip.Addr
			for i := range 8 {
				all = append(all, netip.AddrFrom4([4]byte{byte(60 + 3*i), byte(w.IntN(256)), 3, 4}))
			}
			return w.spray(&forger{inTurn(all), always(50), w.random, 0.01, 100}, 40)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, f := over(t, uint64(900+len(name)), 8, c.of)
			t.Logf("%d of %d claims forged (%.4f), %d of an emitter: %v", f.forged, f.claims, f.share(), f.emitters, f.evidence)
			if f.share() < c.least {
				t.Errorf("%.4f of the claims are forged, want %g", f.share(), c.least)
			}
		})
	}
}
