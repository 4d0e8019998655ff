package sensor_test

import (
	"path/filepath"
	"strings"
	"testing"
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
