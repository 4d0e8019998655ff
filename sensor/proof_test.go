package sensor_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
)

// Each condition of R2 is needed: where one does not hold there is no proof, whatever else does.
func TestACallbackProves(t *testing.T) {
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		change func(f []decoders.Frame) []decoders.Frame
		state  string
		says   string // an evidence that must be there
	}{
		"the exchange itself": {nil, "genuine_bound", "R2"},
		"1 idempotent":        {func(f []decoders.Frame) []decoders.Frame { f[theCall].Data[flagsAt] |= 0x20; return f }, "unknown", "E61"},
		"1 maybe":             {func(f []decoders.Frame) []decoders.Frame { f[theCall].Data[flagsAt] |= 0x10; return f }, "unknown", "E61"},
		"2 too late":          {func(f []decoders.Frame) []decoders.Frame { return later(f, theCallback, 31*time.Second) }, "unknown", "R2-failed"},
		"2 in time":           {func(f []decoders.Frame) []decoders.Frame { return later(f, theCallback, 28*time.Second) }, "genuine_bound", "R2"},
		"2 comes in where calls come in": {func(f []decoders.Frame) []decoders.Frame {
			f[theCallback].Data[11] = f[theCall].Data[11]
			return f
		}, "unknown", "R2-failed"},
		"2 in a tunnel": {func(f []decoders.Frame) []decoders.Frame { f[theCallback] = tunnelled(f[theCallback]); return f }, "unknown", "R2-failed"},
		"3 version 1": {func(f []decoders.Frame) []decoders.Frame {
			for _, i := range []int{theCallback, theAnswer} {
				f[i].Data[activityAt+7] = f[i].Data[activityAt+7]&0x0f | 0x10
			}
			return f
		}, "unknown", "R2-failed"},
		"3 shared with another, before": {func(f []decoders.Frame) []decoders.Frame {
			return append(exchange(t, morning.Add(-5*time.Minute), another)[:3], f...)
		}, "unknown", "R2-failed"},
		"3 used before the sensor came": {func(f []decoders.Frame) []decoders.Frame {
			for _, i := range []int{theCallback, theAnswer} {
				le.PutUint32(f[i].Data[sequenceAt:], 4)
			}
			return f
		}, "unknown", "R2-failed"},
		"3 used before, but seen from the first on": {func(f []decoders.Frame) []decoders.Frame {
			before := exchange(t, morning.Add(-time.Minute), sender)[:theResponse]
			before[theCall].Data[activityAt]++
			before[theCallback].Data[bodyAt]++
			for _, i := range []int{theCallback, theAnswer} {
				le.PutUint32(f[i].Data[sequenceAt:], 1)
			}
			return append(before, f...)
		}, "genuine_bound", "R2"},
		"4 denied": {func(f []decoders.Frame) []decoders.Frame {
			le.PutUint32(f[theAnswer].Data[bodyAt+20:], 0x1c00000a)
			return f
		}, "unknown", "E52"},
		"4 wrong call": {func(f []decoders.Frame) []decoders.Frame { f[theAnswer].Data[bodyAt]++; return f }, "unknown", "R2-failed"},
		"4 other port": {func(f []decoders.Frame) []decoders.Frame { f[theAnswer].Data[portAt+1]++; return f }, "unknown", "R2-failed"},
		"4 too late":   {func(f []decoders.Frame) []decoders.Frame { return later(f, theAnswer, 10*time.Second) }, "unknown", "R2-failed"},
		"4 too early":  {func(f []decoders.Frame) []decoders.Frame { return later(f, theAnswer, -999900*time.Microsecond) }, "unknown", "R2-failed"},
		"4 never":      {func(f []decoders.Frame) []decoders.Frame { return f[:theAnswer] }, "unknown", ""},
		"5 denied, too": {func(f []decoders.Frame) []decoders.Frame {
			return withSecond(f, func(b []byte) { le.PutUint32(b[bodyAt+20:], 0x1c00000a) })
		}, "unknown", "E54"},
		"5 affirmed again": {func(f []decoders.Frame) []decoders.Frame {
			return withSecond(f, func(b []byte) { b[portAt-16]++ /* IP ID */ })
		}, "genuine_bound", "R2"},
		"5 refused, before the answer": {func(f []decoders.Frame) []decoders.Frame {
			return slices.Insert(f, theAnswer, refusing(f[theCallback], time.Millisecond))
		}, "unknown", "R2-failed"},
		"5 refused, after it": {func(f []decoders.Frame) []decoders.Frame {
			return append(f, refusing(f[theCallback], 5*time.Second))
		}, "unknown", "R2-failed"},
		"5 a twin of the call": {func(f []decoders.Frame) []decoders.Frame {
			twin := saying(f[theCall], "Another text altogether, of which the caller knows nothing.")
			twin.Data[14+5]++ // IP ID
			twin.Time = twin.Time.Add(time.Millisecond)
			return slices.Insert(f, theCallback, twin)
		}, "unknown", ""},
		"5 the call again": {func(f []decoders.Frame) []decoders.Frame {
			again := f[theCall]
			again.Data = slices.Clone(again.Data)
			again.Data[14+5]++
			again.Time = again.Time.Add(time.Millisecond)
			return slices.Insert(f, theCallback, again)
		}, "genuine_bound", "R2"},
		"6 guessed":            {func(f []decoders.Frame) []decoders.Frame { return guessed(f, 4) }, "unknown", "R2-failed"},
		"6 three":              {func(f []decoders.Frame) []decoders.Frame { return guessed(f, 3) }, "genuine_bound", "R2"},
		"7 other TTL":          {func(f []decoders.Frame) []decoders.Frame { f[theAnswer].Data[ttlAt] -= 2; return f }, "unknown", "R2-failed"},
		"7 TTL of a near path": {func(f []decoders.Frame) []decoders.Frame { f[theAnswer].Data[ttlAt]--; return f }, "genuine_bound", "R2"},
		"7 other MAC":          {func(f []decoders.Frame) []decoders.Frame { f[theAnswer].Data[11] = 0xa9; return f }, "unknown", "R2-failed"},
		"9 an invented TTL": {func(f []decoders.Frame) []decoders.Frame {
			f[theCall].Data[ttlAt], f[theAnswer].Data[ttlAt] = 160, 160
			return f
		}, "unknown", "R2c"},
	} {
		t.Run(name, func(t *testing.T) {
			f := exchange(t, morning, sender)
			if c.change != nil {
				f = c.change(f)
			}
			got := judged(t, atHome(t), f, sender)
			if got.state != c.state || c.says != "" && !slices.Contains(got.evidence, c.says) {
				t.Errorf("%+v, want %s by %s", got, c.state, c.says)
			}
			if got.reportable {
				t.Error("one message and one proof are reportable")
			}
			if got.conflict != (c.says == "R2c") {
				t.Errorf("conflict %v", got.conflict)
			}
		})
	}
}

// Without home nobody knows what left our hosts, and an interface that hears only what comes in hears no callback of ours.
func TestDirectionsMustBeKnown(t *testing.T) {
	if got := judged(t, config(t), exchange(t, morning, sender), sender); got.state != "unknown" {
		t.Errorf("without home: %+v", got)
	}
	c := atHome(t)
	c.Home = append(c.Home, netip.PrefixFrom(sender, 32))
	if got := judged(t, c, exchange(t, morning, sender), sender); got.state != "unknown" {
		t.Errorf("both at home: %+v", got)
	}
}

// A capture that shows one MAC address for both directions is judged by addresses; at an interface such a callback comes from elsewhere.
func TestMACAddressesMayTellNothing(t *testing.T) {
	f := exchange(t, morning, sender)
	for i := range f {
		f[i].Data[11] = 0xa1
	}
	if got := judgedFrom(t, atHome(t), &taped{frames: f, path: "x.pcap"}, sender); got.state != "genuine_bound" {
		t.Errorf("%+v", got)
	}
	if got := judged(t, atHome(t), f, sender); got.state != "unknown" {
		t.Errorf("%+v", got)
	}
}

// Three messages in a campaign, two proofs a minute apart, watched to their ends: then it may be reported, and not before.
func TestOnlyTwoProofsAreReportable(t *testing.T) {
	var frames []decoders.Frame
	for i := range 3 {
		f := exchange(t, morning.Add(time.Duration(i)*2*time.Minute), sender)
		for j := range f {
			if act := activityAt; j == theCallback || j == theAnswer {
				f[j].Data[act] = byte(i)
			} else {
				f[j].Data[act] = byte(0x80 + i)
			}
			f[j].Data[14+5] += byte(i) // IP ID
		}
		f[theCall] = saying(f[theCall], "WINDOWS REGISTRY ALERT\nCritical errors were found! To repair your registry visit www.fixmyregistry.com now, download and install the scanner.")
		copy(f[theCallback].Data[bodyAt:], f[theCall].Data[activityAt:activityAt+16])
		frames = append(frames, f...)
		got := judged(t, atHome(t), slices.Clone(frames), sender)
		if got.state != "genuine_bound" {
			t.Fatalf("%d: %+v", i, got)
		}
		if got.reportable {
			t.Errorf("%d exchanges whose last was not watched to its end are reportable", i+1)
		}
	}
	frames = append(frames, decoders.Frame{Time: morning.Add(time.Hour / 2), Link: frames[0].Link, Len: 60, Data: make([]byte, 60)})
	if got := judged(t, atHome(t), frames, sender); !got.reportable {
		t.Errorf("%+v", got)
	}
}

// A flood of invented calls pushes no proof out that is under way, at whatever stage; what it does push out is counted.
func TestAFloodPushesNoProofOut(t *testing.T) {
	for name, behind := range map[string]int{"the callback": theCallback, "the answer": theAnswer} {
		f := exchange(t, morning, sender)
		var flood []decoders.Frame
		const invented = 40_000
		for i := range invented {
			g := f[theCall]
			g.Data = slices.Clone(g.Data)
			g.Time = f[behind].Time.Add(time.Duration(i) * 999 * time.Millisecond / invented)
			binary.BigEndian.PutUint32(g.Data[srcAt:], 0x40000000+uint32(i)*65537)
			flood = append(flood, g)
		}
		if behind == theCallback {
			flood = flood[:4000] // the called host answers as many at most in a second
		}
		frames := slices.Insert(f, behind+1, flood...)
		if got := judged(t, atHome(t), frames, sender); got.state != "genuine_bound" {
			t.Errorf("behind %s: %+v", name, got)
		}
	}
}

// A proof is never stored: after a restart the claim says what it said, and nobody may be reported on it.
func TestNoProofOutlivesTheRun(t *testing.T) {
	frames := exchange(t, morning, sender)
	frames = append(frames, decoders.Frame{Time: morning.Add(20 * time.Second), Link: frames[0].Link, Len: 60, Data: make([]byte, 60)})
	frames = append(frames, decoders.Frame{Time: morning.Add(2 * time.Hour), Link: frames[0].Link, Len: 60, Data: make([]byte, 60)})
	for i := range frames {
		frames[i].Seq = uint64(i + 1)
	}
	last := ""
	for line := range strings.Lines(restarted(t, atHome(t), frames, 6).events) {
		if strings.Contains(line, `"final":true`) && strings.Contains(line, `"claim_id"`) {
			last = line
		}
	}
	if !strings.Contains(last, `"state":"genuine_bound","reportable":false`) || !strings.Contains(last, `"refused_by":["proof_not_held"]`) {
		t.Errorf("%s", last)
	}
	// Cut between the question and its answer there is no proof at all.
	for line := range strings.Lines(restarted(t, atHome(t), frames, 2).events) {
		if strings.Contains(line, `"state":"genuine_bound"`) {
			t.Errorf("%s", line)
		}
	}
}

// Errors about popups in our name that we never sent say that who uses the tool forges: where the sensor hears what leaves.
func TestBackscatterSpeaksAgainstTheTool(t *testing.T) {
	ours := exchange(t, morning, another)[theCall] // of the tool, in the name of a host of ours
	copy(ours.Data[srcAt:], netip.MustParseAddr("193.11.84.80").AsSlice())
	copy(ours.Data[dstAt:], sender.AsSlice())
	popup := exchange(t, morning.Add(time.Minute), another)[:1]
	popup[0].Data[flagsAt] |= 0x20
	for name, c := range map[string]struct {
		before []decoders.Frame
		want   bool
	}{
		"never sent":             {append(exchange(t, morning.Add(-time.Hour), sender), refusing(ours, 0)), true},
		"nothing heard to leave": {[]decoders.Frame{refusing(ours, 0)}, false},
		"sent":                   {append(exchange(t, morning.Add(-time.Hour), sender), ours, refusing(ours, time.Second)), false},
	} {
		got := judged(t, atHome(t), append(c.before, popup[0]), another)
		if slices.Contains(got.evidence, "E60") != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
