package spoof

import (
	"fmt"
	"testing"
)

// Bots that one command starts, each with its own count of calls from 0: how alike must they be in pace and start to look like one process?
// The order test alone takes them for one far sooner than the rule of strict order does.
func TestBotsInStepAreNoEmitter(t *testing.T) {
	for _, c := range []struct {
		pace, start float64 // spread of the pace, a share; of the start, seconds
		most        float64
	}{{0.3, 1, 0}, {0.1, 10, 0}, {0.01, 1, mostAccused}, {0.01, 60, 0}, {0.001, 10, 0.01}} {
		t.Run(fmt.Sprintf("pace %g, start %g s", c.pace, c.start), func(t *testing.T) {
			g, _ := over(t, 4242, 16, func(w *world) []sent {
				pace := 5 + 40*w.Float64()
				n := 20 + w.IntN(180)
				return w.chatter(w.bots(n, func(h *host) {
					h.still, h.start, h.sequence = true, c.start*w.Float64(), pace*(1+c.pace*w.NormFloat64())
				}), 2*n, 600+3000*w.Float64())
			})
			t.Logf("%d of %d claims forged (%.5f), %d of an emitter: %v", g.forged, g.claims, g.share(), g.emitters, g.evidence)
			if g.share() > c.most {
				t.Errorf("%.5f of the bots are forged", g.share())
			}
		})
	}
}
