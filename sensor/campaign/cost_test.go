//go:build timing

package campaign

import (
	"crypto/sha256"
	"testing"
	"time"

	"popupwatch/decoders"
)

// TestCostOfRepeatsAndNewTexts holds what a popup costs to analyze and join against a yardstick, SHA-256 of 1,024 octets, in the same run: the least of some rounds each.
// Measured on two quiet cores: a quarter of it for a repeat, 16 of it for a text that nobody sent before and that pushes another out.
func TestCostOfRepeatsAndNewTexts(t *testing.T) {
	octets, texts, f := make([]byte, 1024), realTexts(t), newFlood()
	again, full := newTalk(Config{}), newTalk(Config{})
	for full.tracker.Shed() < 5000 {
		full.say(f.next())
	}
	var popups [512]*decoders.Message
	for i := range popups {
		popups[i] = again.make(time.Duration(i)*time.Millisecond, i, i, texts[i%10])
	}
	one := full.make(full.at, 1, 1, "")
	join := func(k *talk, m *decoders.Message) {
		m.Features = k.analyzer.Analyze(m.Text.Shown)
		k.tracker.Advance(m.Time)
		k.tracker.Join(m)
	}
	costs := least(
		func(int) { octets[0] = sha256.Sum256(octets)[0] },
		func(i int) { join(again, popups[i%512]) },
		func(i int) { again.analyzer.Analyze(popups[i%512].Text.Shown) },
		func(int) { f.next() },
		func(int) { full.analyzer.Analyze(f.next()) },
		func(int) { one.Text.Shown = f.next(); join(full, one) },
	)
	yard, repeat, fresh := costs[0], costs[1], costs[5]-costs[3]
	t.Logf("yardstick %v, repeat %v, %v of it to join, new text %v, %v of it to join", yard, repeat, repeat-costs[2], fresh, costs[5]-costs[4])
	if repeat > yard/2 {
		t.Errorf("a repeat takes %v, the yardstick %v: more than half of it", repeat, yard)
	}
	if fresh > 28*yard {
		t.Errorf("a new text takes %v, the yardstick %v: more than 28 of them", fresh, yard)
	}
}

// least is how long each takes, the least of some rounds in which they take turns.
func least(all ...func(i int)) []time.Duration {
	const rounds, calls = 7, 10_000
	costs := make([]time.Duration, len(all))
	for range rounds {
		for n, do := range all {
			began := time.Now()
			for i := range calls {
				do(i)
			}
			if took := time.Since(began) / calls; costs[n] == 0 || took < costs[n] {
				costs[n] = took
			}
		}
	}
	return costs
}
