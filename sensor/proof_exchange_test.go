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
