package sensor_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
)

// What tshark 4.0.17 does not show at all, so that there is nothing to compare: each fault that WIRE.md 3, 6, 7, 9 and PEERS.md 2.4 list and that
// is no row of tsharkDifferences or tsharkShowsOfText stands here. Where a test falls since tshark has learned, its row can go.

// tsharkFields gives fields of each frame, joined by a space.
func tsharkFields(t *testing.T, path string, args ...string) []string {
	t.Helper()
	said, err := tshark(t, append([]string{"-n", "-r", path, "-T", "fields", "-E", "separator=/s"}, args...)...)
	if err != nil {
		t.Fatalf("run tshark: %v", err)
	}
	var out []string
	for line := range strings.Lines(said) {
		out = append(out, strings.TrimSpace(line))
	}
	return out
}

func tshark(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(findProgram(t, "tshark", "tshark", "no second opinion"), args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "TZ=UTC", "LC_ALL=C.UTF-8")
	said, err := cmd.Output()
	return string(said), err
}

// It knows no text of a mailslot: it reads as far as the slot's name, and that in upper case only. A NetBIOS datagram in parts it leaves in parts.
func TestTsharkShowsNoPopupOfAMailslot(t *testing.T) {
	const slot = `\MAILSLOT\MESSNGR`
	for path, want := range map[string][]string{
		filepath.Join(testdata, "vectors/14_udp138_mailslot.pcap"): {slot, slot, slot, slot, "", slot, slot, `\MAILSLOT\BROWSE`, "", ""},
		makeMailslotParts(t): {slot, ""},
	} {
		got := tsharkFields(t, path, "-e", "mailslot.name", "-e", "smb.message", "-e", "smb.originator_name", "-e", "messenger.message")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: what tshark shows (-known +got):\n%s", filepath.Base(path), diff)
		}
		var texts []string
		for _, m := range messagesOf(t, path) {
			texts = append(texts, m.Text.Shown)
		}
		if len(texts) == 0 || slices.ContainsFunc(texts, func(s string) bool { return s != "HELLO WORLD" && s != "" }) {
			t.Errorf("%s: popupwatch shows %q", filepath.Base(path), texts)
		}
	}
}

// It warns of nothing that a receiver would refuse, as long as it can read it.
func TestTsharkWarnsOfNoAnomaly(t *testing.T) {
	path := filepath.Join(testdata, "vectors/12_malformed.pcap")
	warnings := tsharkFields(t, path, "--disable-heuristic", "wg", "-e", "_ws.expert.message", "-e", "_ws.malformed")
	want := []string{
		"4 len-beyond-datagram", "6 trailing-octets", "7 actual-gt-max", "8 offset-nonzero", "9 no-nul", "10 embedded-nul", "11 zero-length",
		"24 forwarded-bit-on-wire", "27 embedded-nul",
	}
	var got []string
	for _, m := range messagesOf(t, path) {
		if at := m.Frames[0]; len(m.Anomalies) > 0 && warnings[at-1] == "" {
			got = append(got, fmt.Sprint(at, " ", strings.Join(m.Anomalies, " ")))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("anomalies that popupwatch names and tshark does not (-known +got):\n%s", diff)
	}
}

// As it comes it takes a plain call for WireGuard, which the tests here switch off.
func TestTsharkTakesPlainCallsForWireGuard(t *testing.T) {
	path := writeCapture(t, plainFlags, []decoders.Frame{changed(vector(t, "01_le_idem_bcast")[0], func(b []byte) { b[atRPC+2], b[atRPC+3] = 0, 0 })})
	for heuristic, want := range map[string]string{"--enable-heuristic": "wg", "--disable-heuristic": "dcerpc"} {
		got := tsharkFields(t, path, heuristic, "wg", "-e", "frame.protocols")
		if len(got) != 1 || !strings.HasSuffix(got[0], ":udp:"+want) {
			t.Errorf("%s: %q", heuristic, got)
		}
	}
	if got := messagesOf(t, path); len(got) != 1 {
		t.Errorf("%d popups", len(got))
	}
}

// It cannot be told to look for RPC on a port, and what it writes for Elasticsearch is of a type that servers from 7.0 on refuse.
func TestTsharkIsNoSensor(t *testing.T) {
	path := filepath.Join(testdata, "vectors/01_le_idem_bcast.pcap")
	if said, err := tshark(t, "-n", "-d", "udp.port==1026,dcerpc", "-r", path); err == nil {
		t.Errorf("a port can be decoded as RPC: %s", said)
	}
	if said, err := tshark(t, "-n", "-T", "ek", "-r", path); err != nil || !strings.Contains(said, `"_type":"doc"`) {
		t.Errorf("%v, %s", err, said)
	}
	if said, err := tshark(t, "-G", "elastic-mapping"); err != nil || strings.Contains(said, "messenger_messenger_message") {
		t.Errorf("%v: the text of popups is mapped", err)
	}
}
