package sensor_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/smb"
	"popupwatch/sensor"
)

// tsharkBlind stands where tshark shows nothing of a capture.
const tsharkBlind = "shows nothing"

// The same for SMB. tshark 4.0.17 is right where a popup goes in one command, and where the names of one in blocks go. Of blocks it takes the
// message group for the byte count, and so shows no text of any (packet-smb.c skips no word of SMB_COM_SEND_TEXT_MBMESSAGE): each capture
// with popups in blocks must stand here with what tshark shows of their text. So must those whose lengths lie: tshark then shows no text. And
// where a segment ends within the four octets of a session packet's header tshark takes all that follows for a continuation, and shows nothing:
// whoever sends two octets first is invisible to it.
var tsharkShowsOfText = map[string]string{
	"17_smb_multiblock_windows":    "",
	"18_smb_pipelined_split":       tsharkBlind,
	"20_smb_lying_lengths":         "",
	"real_smbclient_cp850":         "",
	"real_smbclient_long":          "",
	"real_smbclient_multiline":     "",
	"real_smbclient_short":         "",
	"real_smbclient_to_smbd":       "",
	"real_smbclient_to_smbd_cp850": "",
}

func TestTsharkAgreesOnSMBOrTheReasonIsKnown(t *testing.T) {
	program := findProgram(t, "tshark", "tshark", "no second opinion")
	faults := maps.Clone(tsharkShowsOfText)
	for _, path := range everyCapture(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		if !strings.Contains(name, "smb") {
			continue
		}
		want, got := map[uint64]popup{}, map[uint64]popup{}
		for at, p := range tsharkReadsSMB(t, program, path) {
			want[at] = p
		}
		shown, known := tsharkShowsOfText[name]
		delete(faults, name)
		for _, m := range messagesOf(t, path) {
			text := beforeNUL(m.Text.Raw)
			switch {
			case shown == tsharkBlind:
				continue
			case known:
				text = shown
			case m.Session.Command == smb.SendStart:
				t.Errorf("%s: popups in blocks without a row", name)
			}
			got[namedAt(&m, want)] = popup{m.From.Raw, m.To.Raw, text}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(popup{})); diff != "" {
			t.Errorf("%s: popups by frame (-tshark +popupwatch):\n%s", name, diff)
		}
	}
	if len(faults) != 0 {
		t.Errorf("rows for captures that are not there: %v", faults)
	}
}

// namedAt gives the frame at which tshark shows the names of a popup: where the command that holds them is whole.
func namedAt(m *decoders.Message, theirs map[uint64]popup) uint64 {
	for _, at := range m.Frames {
		if _, ok := theirs[at]; ok {
			return at
		}
	}
	return m.Frames[0]
}

// tsharkReadsSMB gives what tshark shows of the Messenger's commands by frame.
func tsharkReadsSMB(t *testing.T, program, path string) map[uint64]popup {
	t.Helper()
	cmd := exec.Command(program, "-n", "-r", path, "-T", "json", "-e", "frame.number", "-e", "smb.originator_name", "-e", "smb.destination_name", "-e", "smb.message")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "TZ=UTC", "LC_ALL=C.UTF-8")
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("run tshark: %v", err)
	}
	var frames []struct {
		Source struct{ Layers layers } `json:"_source"`
	}
	if err := json.Unmarshal(output, &frames); err != nil {
		t.Fatalf("read what tshark says: %v", err)
	}
	out := map[uint64]popup{}
	for i := range frames {
		l := frames[i].Source.Layers
		if l["smb.originator_name"] == nil && l["smb.message"] == nil {
			continue
		}
		var at uint64
		if _, err := fmt.Sscan(l.at("frame.number", 0), &at); err != nil {
			t.Fatal(err)
		}
		out[at] = popup{l.at("smb.originator_name", 0), l.at("smb.destination_name", 0), strings.TrimPrefix(l.at("smb.message", 0), "-")}
	}
	return out
}

// messagesOf decodes a capture.
func messagesOf(t *testing.T, path string) []decoders.Message {
	t.Helper()
	d := decoders.NewDecoder(decoders.Config{Memory: sensor.Divide(sensor.DefaultMemory).Decoder, Interface: func(int) decoders.Interface { return decoders.Interface{} }})
	var out []decoders.Message
	var r decoders.Result
	for _, f := range readAll(t, path) {
		d.Decode(f, &r)
		out = append(out, slices.Clone(r.Messages)...)
	}
	return out
}
