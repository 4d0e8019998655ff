package sensor_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
)

// Ticks close what is over on an idle wire, and are no frames.
func TestTicksCloseClaimsAndAreNotCounted(t *testing.T) {
	all := readAll(t, filepath.Join(testdata, "captures/wireshark-wiki_FTPv6-1.pcap"))
	last := all[len(all)-1].Time
	ticks := append(all, decoders.Frame{Time: last.Add(2 * time.Hour), Tick: true}, decoders.Frame{Time: last.Add(48 * time.Hour), Tick: true})
	out := roadOf(t, config(t), &list{frames: ticks})
	if int(out.summary.Frames) != len(all) {
		t.Errorf("%d frames counted of %d", out.summary.Frames, len(all))
	}
	hour := last.Truncate(time.Hour).Add(time.Hour + time.Minute).Format("2006-01-02T15:04:05.000000000Z")
	if !strings.Contains(out.events, `{"@timestamp":"`+hour) {
		t.Errorf("no claim closed at %s", hour)
	}
}

// Time that jumps forward and back, and before 1970, corrupts nothing: everything still adds up.
func TestTimeThatJumpsCorruptsNothing(t *testing.T) {
	all := readAll(t, realCaptures(t)...)
	for name, shift := range map[string]func(i int) time.Duration{
		"back by an hour each tenth":  func(i int) time.Duration { return -time.Duration(i%10/9) * time.Hour },
		"forward by years and back":   func(i int) time.Duration { return time.Duration(i%7/6) * 20 * 365 * 24 * time.Hour },
		"before 1970":                 func(int) time.Duration { return -60 * 365 * 24 * time.Hour },
		"always backwards":            func(i int) time.Duration { return -time.Duration(i) * 48 * time.Hour },
		"a fraction before the epoch": func(i int) time.Duration { return time.Unix(0, -int64(i)).Sub(all[i].Time) },
	} {
		t.Run(name, func(t *testing.T) {
			in := append([]decoders.Frame(nil), all...)
			for i := range in {
				in[i].Time = in[i].Time.Add(shift(i))
			}
			if got := roadOf(t, config(t), &list{frames: in}).summary; got.Messages == 0 {
				t.Error("no popups")
			}
		})
	}
}

// A capture cut in two gives the same events wherever it is cut: nothing depends on the file a frame is in.
func TestACaptureCutInTwoGivesTheSameEvents(t *testing.T) {
	all := readAll(t, realCaptures(t)...)
	want := roadOf(t, config(t), &list{frames: all}).events
	for _, at := range []int{1, len(all) / 3, len(all) / 2, len(all) - 1} {
		cut := append([]decoders.Frame(nil), all...)
		for i := at; i < len(cut); i++ {
			cut[i].Iface++
		}
		if got := roadOf(t, config(t), &list{frames: cut}).events; got != want {
			t.Errorf("cut before frame %d the events differ", at+1)
		}
	}
}

// A clock that is set back is counted, once for each time, and the sensor's own counts go on; what several interfaces give a little late is none.
func TestAClockThatIsSetBackIsCounted(t *testing.T) {
	frame := readAll(t, filepath.Join(testdata, "captures/wireshark-wiki_FTPv6-1.pcap"))[0]
	var in []decoders.Frame
	for i, after := range []time.Duration{0, time.Second, 500 * time.Millisecond, -time.Hour, -time.Hour + 2*time.Minute, 3 * time.Second, -time.Minute} {
		f := frame
		f.Seq, f.Time = uint64(i+1), frame.Time.Add(after)
		in = append(in, f)
	}
	out := roadOf(t, config(t), &list{frames: in})
	if n := strings.Count(out.events, `"clock_steps":1`); n != 2 {
		t.Errorf("%d sensor documents tell of a step, want 2:\n%s", n, out.events)
	}
	if n := strings.Count(out.events, `"dataset":"popupwatch.sensor"`); n < 3 {
		t.Errorf("%d sensor documents: a step back holds them up", n)
	}
}
