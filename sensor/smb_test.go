package sensor_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A connection is not carried over a restart. What of a popup had come comes out at Suspend, as far as it went; a popup that begins after it is
// whole, but its handshake is not known.
func TestAHalfReceivedPopupOverSMBComesOutAtARestart(t *testing.T) {
	frames := readAll(t, filepath.Join(testdata, "vectors/17_smb_multiblock_windows.pcap"))
	const start, firstBlock, end = 6, 8, 14 // frames
	for cut := 1; cut < len(frames); cut++ {
		out := restarted(t, config(t), frames, cut)
		conserve(t, &out)
		var popups []string
		for line := range strings.Lines(out.events) {
			if strings.Contains(line, `"action":"messenger_popup"`) {
				popups = append(popups, line)
			}
		}
		switch {
		case cut >= start && cut < firstBlock: // its names came, none of its text
			if len(popups) != 0 {
				t.Errorf("cut behind frame %d: %d popups", cut, len(popups))
			}
			continue
		case len(popups) != 1:
			t.Fatalf("cut behind frame %d: %d popups", cut, len(popups))
		}
		if partial := strings.Contains(popups[0], `"partial":true`); partial != (cut >= firstBlock && cut < end) {
			t.Errorf("cut behind frame %d: partial %v", cut, partial)
		}
		if whole := strings.Contains(popups[0], `"handshake":"complete"`); whole != (cut >= firstBlock) {
			t.Errorf("cut behind frame %d: handshake complete %v", cut, whole)
		}
	}
}

// A bucket that a restart finds open tells of the session as before.
func TestASessionOutlivesARestartInABucket(t *testing.T) {
	frames := readAll(t, filepath.Join(testdata, "vectors/16_smb_d0_single.pcap"))
	c := config(t)
	c.Rollup = time.Hour
	popup := func(events string) string {
		for line := range strings.Lines(events) {
			if strings.Contains(line, `"action":"messenger_popup"`) {
				return line
			}
		}
		return ""
	}
	want := popup(roadOf(t, c, &list{frames: frames}).events)
	if got := popup(restarted(t, c, frames, len(frames)-1).events); got != want || !strings.Contains(got, `"called":"DESKTOP42<03>"`) {
		t.Errorf("%s\nwant %s", got, want)
	}
}
