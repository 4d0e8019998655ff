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
