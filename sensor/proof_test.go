package sensor_test

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
)

// taped is a source of frames that a test made.
type taped struct {
	frames []decoders.Frame
	role   decoders.Role
	path   string // of the file that they are taken to be of; empty: they are live
}

func (t *taped) Next() (decoders.Frame, error) {
	if len(t.frames) == 0 {
		return decoders.Frame{}, io.EOF
	}
	f := t.frames[0]
	t.frames = t.frames[1:]
	return f, nil
}

func (t *taped) Interface(int) decoders.Interface {
	return decoders.Interface{Name: "span0", Role: t.role, Path: t.path}
}

// Offsets into a frame of the exchange: Ethernet, IPv4 without options, UDP, the RPC header, its body.
const (
	ttlAt      = 14 + 8
	srcAt      = 14 + 12
	dstAt      = 14 + 16
	portAt     = 14 + 20
	flagsAt    = 42 + 2
	activityAt = 42 + 40
	sequenceAt = 42 + 64
	bodyAt     = 42 + 80
)

var (
	sender  = netip.MustParseAddr("24.64.8.1")
	victim  = netip.MustParseAddr("193.11.84.72")
	another = netip.MustParseAddr("24.64.9.9")
	homeNet = netip.MustParsePrefix("193.11.84.0/24")
)

// frameOf names the frames of the exchange.
const (
	theCall = iota
	theCallback
	theAnswer
	theResponse
	theAck
)

// exchange gives the frames of vector 05, a call that its sender proves to be his, from a time on.
func exchange(t testing.TB, at time.Time, from netip.Addr) []decoders.Frame {
	t.Helper()
	f := between(t, "05_way2_exchange", 5, at, from)
	if len(f) != 5 {
		t.Fatalf("the vector has %d frames", len(f))
	}
	return f
}

// between gives the frames of a vector as if from the victim's network: the host whose address ends in caller is the one who calls from
// outside, a frame each second.
func between(t testing.TB, vector string, caller byte, at time.Time, from netip.Addr) []decoders.Frame {
	t.Helper()
	files, err := capture.Open([]string{testdata + "/vectors/" + vector + ".pcap"}, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	var out []decoders.Frame
	for {
		f, err := files.Next()
		if err != nil {
			break
		}
		f.Data, f.Time = slices.Clone(f.Data), at.Add(time.Duration(len(out))*time.Second)
		for _, place := range []int{srcAt, dstAt} {
			a := victim
			if f.Data[place+3] == caller {
				a = from
			}
			copy(f.Data[place:], a.AsSlice())
		}
		mac := byte(0xa1) // of the router
		if f.Data[srcAt] == victim.As4()[0] {
			mac = 0xb2
		}
		f.Data[11] = mac
		out = append(out, f)
	}
	return out
}

// claimSaid is the final document of a source.
type claimSaid struct {
	state      string
	evidence   []string
	conflict   bool
	reportable bool
}

// judged carries frames along the road and gives the last claim of an address, or one that is proven.
func judged(t testing.TB, c sensor.Config, frames []decoders.Frame, of netip.Addr) claimSaid {
	t.Helper()
	return judgedFrom(t, c, &taped{frames: frames}, of)
}

func judgedFrom(t testing.TB, c sensor.Config, src *taped, of netip.Addr) claimSaid {
	t.Helper()
	for i := range src.frames {
		src.frames[i].Seq = uint64(i + 1)
	}
	out := roadOf(t, c, src)
	var said claimSaid
	for line := range strings.Lines(out.events) {
		var d struct {
			Source     struct{ IP string }
			Popupwatch struct {
				Source struct {
					State                       string
					Final, Conflict, Reportable bool
					Evidence                    []struct {
						ID      string
						Packets []uint64
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if s := d.Popupwatch.Source; s.Final && d.Source.IP == of.String() && said.state != "genuine_bound" {
			said = claimSaid{state: s.State, conflict: s.Conflict, reportable: s.Reportable}
			for _, e := range s.Evidence {
				said.evidence = append(said.evidence, e.ID)
			}
		}
	}
	return said
}

func atHome(t testing.TB) sensor.Config {
	c := config(t)
	c.Home = []netip.Prefix{homeNet}
	return c
}

var morning = time.Date(2003, 6, 2, 8, 0, 0, 0, time.UTC)

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

// later moves a frame and those behind it.
func later(f []decoders.Frame, from int, by time.Duration) []decoders.Frame {
	for i := from; i < len(f); i++ {
		f[i].Time = f[i].Time.Add(by)
	}
	return f
}

// withSecond adds a second answer, changed, after the first.
func withSecond(f []decoders.Frame, change func([]byte)) []decoders.Frame {
	second := f[theAnswer]
	second.Data = slices.Clone(second.Data)
	second.Time = second.Time.Add(3 * time.Second)
	change(second.Data)
	return append(f, second)
}

// guessed puts answers to callbacks that never were before the exchange.
func guessed(f []decoders.Frame, n int) []decoders.Frame {
	var out []decoders.Frame
	for i := range n {
		g := f[theAnswer]
		g.Data = slices.Clone(g.Data)
		g.Data[activityAt] = byte(i + 1)
		g.Time = f[0].Time.Add(-time.Duration(n-i) * time.Second)
		out = append(out, g)
	}
	return append(out, f...)
}

// refusing is the ICMP error of a host at which nothing listens, about a datagram that it got.
func refusing(f decoders.Frame, after time.Duration) decoders.Frame {
	quoted := f.Data[14:]
	b := append(slices.Clone(f.Data[:34]), 3, 3, 0, 0, 0, 0, 0, 0)
	b = append(b, quoted...)
	copy(b[srcAt:], f.Data[dstAt:dstAt+4])
	copy(b[dstAt:], f.Data[srcAt:srcAt+4])
	b[11], b[14+9] = 0xa1, 1
	binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
	f.Data, f.Len, f.Time = b, len(b), f.Time.Add(after)
	return f
}

// tunnelled puts a frame into an IP-in-IP tunnel to home, as somebody may do who has no other way to make it seem to leave from there.
func tunnelled(f decoders.Frame) decoders.Frame {
	outer := slices.Clone(f.Data[:34])
	copy(outer[srcAt:], another.AsSlice())
	copy(outer[dstAt:], victim.AsSlice())
	outer[14+9] = 4
	binary.BigEndian.PutUint16(outer[16:], uint16(len(f.Data)-14+20))
	f.Data = append(outer, f.Data[14:]...)
	f.Len = len(f.Data)
	return f
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

// saying gives a call another text.
func saying(f decoders.Frame, text string) decoders.Frame {
	le, be := binary.LittleEndian, binary.BigEndian
	b := slices.Clone(f.Data[:bodyAt])
	for _, s := range []string{"SYSTEM", "ALERT", text} {
		for len(b)%4 != bodyAt%4 {
			b = append(b, 0)
		}
		n := uint32(len(s) + 1)
		b = le.AppendUint32(le.AppendUint32(le.AppendUint32(b, n), 0), n)
		b = append(append(b, s...), 0)
	}
	be.PutUint16(b[14+2:], uint16(len(b)-14))
	be.PutUint16(b[14+20+4:], uint16(len(b)-14-20))
	le.PutUint16(b[42+74:], uint16(len(b)-bodyAt))
	f.Data, f.Len = b, len(b)
	return f
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
