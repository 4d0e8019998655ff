package sensor_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
	"popupwatch/sensor"
	"popupwatch/sensor/sink"
)

// restarted carries frames along the road and stops before each of the cuts: suspend, save, a new sensor, load, go on.
func restarted(t testing.TB, c sensor.Config, frames []decoders.Frame, cuts ...int) outcome {
	t.Helper()
	var b, state bytes.Buffer
	to := sink.NewNDJSON("test", &b)
	s := sensor.New(c, to)
	from := 0
	for _, cut := range cuts {
		carry(t, s, frames[from:cut], &state)
		if err := s.Suspend(); err != nil {
			t.Fatal(err)
		}
		state.Reset()
		if err := s.SaveState(&state); err != nil {
			t.Fatal(err)
		}
		if s.Frames() != uint64(cut) {
			t.Errorf("frame %d counted as the last, want %d", s.Frames(), cut)
		}
		from, s = cut, sensor.New(c, to)
	}
	carry(t, s, frames[from:], &state)
	if err := s.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return outcome{b.String(), s.Summary()}
}

// carry opens a sensor, gives it a state if there is one, and frames.
func carry(t testing.TB, s *sensor.Sensor, frames []decoders.Frame, state *bytes.Buffer) {
	t.Helper()
	s.Open(&list{frames: frames})
	if state.Len() > 0 {
		if err := s.LoadState(bytes.NewReader(state.Bytes())); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Carry(); err != nil {
		t.Fatal(err)
	}
}

// withoutCounts leaves out the sensor's own documents: a stop makes one.
func withoutCounts(events string) []string {
	var out []string
	for line := range strings.Lines(events) {
		if !strings.Contains(line, `"dataset":"popupwatch.sensor"`) {
			out = append(out, line)
		}
	}
	return out
}

// same holds that two runs gave the same events and the same summary.
func same(t *testing.T, want, got outcome) {
	t.Helper()
	conserve(t, &got)
	a, b := withoutCounts(want.events), withoutCounts(got.events)
	if !slices.Equal(a, b) {
		t.Errorf("%d events, want %d; events differ (-want +got):\n%.6000s", len(b), len(a), cmp.Diff(a, b))
	}
	want.summary.Shed, got.summary.Shed = nil, nil // each run tells its own
	if diff := cmp.Diff(fmt.Sprint(want.summary), fmt.Sprint(got.summary)); diff != "" {
		t.Errorf("summaries differ (-want +got):\n%.2000s", diff)
	}
}

// Offsets in an Ethernet frame with an IPv4 header of 20 octets.
const (
	atID     = 18
	atSource = 26
	atTarget = 30
)

// template is a popup of the captures: Ethernet, IPv4 without options.
func template(t testing.TB) decoders.Frame {
	t.Helper()
	for _, f := range readAll(t, realCaptures(t)...) {
		d := decoders.NewDecoder(decoders.Config{Memory: 1 << 20})
		plain := f.Link == 1 && f.Data[12] == 8 && f.Data[14] == 0x45
		if plain && d.Decode(f, new(decoders.Result)) == wire.Message {
			return f
		}
	}
	t.Fatal("no such popup in the captures")
	return decoders.Frame{}
}

// mixture is a made-up day of n popups: texts, sources and targets that return, copies within a second, submissions within a minute, hours
// that end while claims are open.
func mixture(t testing.TB, n int, step time.Duration, sources, texts uint32) []decoders.Frame {
	t.Helper()
	model := template(t)
	out := make([]decoders.Frame, 0, n)
	x := uint32(1)
	for i := range n {
		f := model
		f.Data = slices.Clone(model.Data)
		f.Seq, f.Iface, f.Time = uint64(i+1), 0, model.Time.Add(time.Duration(i)*step)
		x = x*1664525 + 1013904223
		if x>>24 < 24 && i > 0 { // a copy of the one before, one hop on
			last := &out[i-1]
			f.Data, f.Time = slices.Clone(last.Data), last.Time.Add(step/2)
			f.Data[22]--
			out = append(out, f)
			continue
		}
		binary.BigEndian.PutUint16(f.Data[atID:], uint16(i+1))
		binary.BigEndian.PutUint32(f.Data[atSource:], 0x18400000+x>>7%sources)
		binary.BigEndian.PutUint32(f.Data[atTarget:], 0x50ab3000+x>>3%64)
		vary(f.Data, x>>9%texts)
		out = append(out, f)
	}
	return out
}

// vary writes words of its own over a popup's text, so that no two numbers' texts have much in common.
func vary(frame []byte, n uint32) {
	if n == 0 {
		return
	}
	text := frame[len(frame)*2/5 : len(frame)-8]
	x := n * 2654435761
	for i := range text {
		x = x*1664525 + 1013904223
		if text[i] >= 'a' && text[i] <= 'z' || text[i] == ' ' {
			text[i] = "abcdefghijklmnopqrstuvwxyz      "[x>>27]
		}
	}
}

// settings are the configurations under which a restart must not show.
func settings(t testing.TB) map[string]sensor.Config {
	plain, rolled, small := config(t), config(t), config(t)
	rolled.Rollup = time.Minute
	rolled.RollupSources = 3
	rolled.RollupClaims = 4
	small.Memory = sensor.LeastMemory
	small.Rollup = time.Hour
	return map[string]sensor.Config{"plain": plain, "rollup": rolled, "small": small}
}

// What runs along the real captures with stops says the same as without.
func TestARestartDoesNotShowInTheEvents(t *testing.T) {
	frames := readAll(t, append(realCaptures(t), filepath.Join(testdata, "vectors/34_icmp_backscatter.pcap"))...)
	for i := range frames {
		frames[i].Iface = 0
	}
	for name, c := range settings(t) {
		t.Run(name, func(t *testing.T) {
			want := restarted(t, c, frames)
			for cut := 0; cut <= len(frames); cut += max(len(frames)/17, 1) {
				same(t, want, restarted(t, c, frames, cut))
			}
			n := len(frames)
			same(t, want, restarted(t, c, frames, n/5, n/2, n-3))
		})
	}
}

// A mixture with copies, submissions, hours and buckets that are open at every cut.
func TestARestartDoesNotShowInAMixture(t *testing.T) {
	for name, c := range settings(t) {
		t.Run(name, func(t *testing.T) {
			for _, step := range []time.Duration{20 * time.Millisecond, 3 * time.Second, 97 * time.Second} {
				frames := mixture(t, 500, step, 40, 12)
				want := restarted(t, c, frames)
				for _, cuts := range [][]int{{1}, {2}, {233}, {499}, {100, 101, 102}, {150, 300, 450}} {
					same(t, want, restarted(t, c, frames, cuts...))
				}
			}
		})
	}
}

// Where tables are full, a restart evicts as a run without one does.
func TestARestartDoesNotChangeWhatIsEvicted(t *testing.T) {
	c := config(t)
	c.Memory = sensor.LeastMemory / 4 // below what is allowed: so a short run fills it
	frames := mixture(t, 8000, 300*time.Millisecond, 60000, 500)
	want := restarted(t, c, frames)
	shed := map[string]uint64{}
	for _, s := range want.summary.Shed {
		shed[s.Name] = s.N
	}
	if shed["claims"] == 0 || shed["campaigns"] == 0 {
		t.Fatalf("nothing was evicted: %v", shed)
	}
	got := restarted(t, c, frames, 6000, 7001)
	if !slices.Equal(withoutCounts(want.events), withoutCounts(got.events)) {
		t.Error("events differ")
	}
}

// A state that was written with more memory than there is now: what does not fit goes in the usual way, each claim with one last document.
func TestAStateFitsIntoLessMemory(t *testing.T) {
	frames := mixture(t, 10000, 50*time.Millisecond, 40000, 3000) // in less than ten minutes: a pass would find that these texts begin alike
	for _, rollup := range []time.Duration{0, time.Hour} {
		large, small := config(t), config(t)
		large.Memory, small.Memory = 8*sensor.LeastMemory, sensor.LeastMemory
		large.Rollup, small.Rollup = rollup, rollup
		var b, state bytes.Buffer
		to := sink.NewNDJSON("test", &b)
		first, second := sensor.New(large, to), sensor.New(small, to)
		carry(t, first, frames[:9000], &state)
		if err := first.Suspend(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := first.SaveState(&state); err != nil {
			t.Fatal(err)
		}
		saved := time.Since(began)
		carry(t, second, frames[9000:], &state)
		t.Logf("%d octets of state saved in %v, loaded and %d frames carried by %v", state.Len(), saved, 1000, time.Since(began))
		shed := fmt.Sprint(second.Summary().Shed)
		if !strings.Contains(shed, "campaigns") {
			t.Errorf("shed %s", shed)
		}
		if err := errors.Join(second.Finish(), to.Close()); err != nil {
			t.Fatal(err)
		}
		out := outcome{b.String(), second.Summary()}
		conserve(t, &out)
	}
}

// One that rolled up is followed by one that does not: what was gathered comes out.
func TestRollupMayEndWithARestart(t *testing.T) {
	rolled, plain := config(t), config(t)
	rolled.Rollup = time.Hour
	frames := mixture(t, 900, 17*time.Second, 40, 12)
	for _, order := range [][2]sensor.Config{{rolled, plain}, {plain, rolled}} {
		var b, state bytes.Buffer
		to := sink.NewNDJSON("test", &b)
		s := sensor.New(order[0], to)
		carry(t, s, frames[:450], &state)
		if err := errors.Join(s.Suspend(), s.SaveState(&state)); err != nil {
			t.Fatal(err)
		}
		s = sensor.New(order[1], to)
		carry(t, s, frames[450:], &state)
		if err := errors.Join(s.Finish(), to.Close()); err != nil {
			t.Fatal(err)
		}
		out := outcome{b.String(), s.Summary()}
		conserve(t, &out)
	}
}

// The same state gives the same octets, and so does the state that was loaded from them.
func TestSavingTwiceGivesTheSameOctets(t *testing.T) {
	for name, c := range settings(t) {
		s := sensor.New(c, sink.NewNDJSON("test", io.Discard))
		var none, one, two, three bytes.Buffer
		carry(t, s, mixture(t, 900, 3*time.Second, 40, 12), &none)
		if err := errors.Join(s.Suspend(), s.SaveState(&one), s.SaveState(&two)); err != nil {
			t.Fatal(err)
		}
		next := sensor.New(c, sink.NewNDJSON("test", io.Discard))
		carry(t, next, nil, &one)
		if err := next.SaveState(&three); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Errorf("%s: saved twice, the octets differ", name)
		}
		if !bytes.Equal(one.Bytes(), three.Bytes()) {
			t.Errorf("%s: saved, loaded and saved, the octets differ", name)
		}
	}
}
