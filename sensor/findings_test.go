package sensor_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/sensor"
)

// found is a finding as tests look at it.
type found struct {
	Event struct {
		Kind, Action, Outcome string
		Severity              int
	}
	Source      map[string]any
	Destination struct{ IP string }
	Message     string
	Popupwatch  struct {
		Finding struct {
			Class, Kind string
			Count       uint64
			Packets     []uint64
			Traits      []string
			Evidence    []string
		}
		Campaign struct{ ID string }
		Source   struct {
			Class    string
			Final    bool
			Messages uint64
			Claims   uint64
		}
	}
}

// findingsOf gives the findings among events.
func findingsOf(t testing.TB, events string) (out []found) {
	t.Helper()
	for line := range strings.Lines(events) {
		if !strings.Contains(line, `"dataset":"popupwatch.finding"`) {
			continue
		}
		var f found
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

func homeConfig(t testing.TB, home string) sensor.Config {
	c := config(t)
	c.Home, c.Event.Alerts = []netip.Prefix{netip.MustParsePrefix(home)}, true
	return c
}

// The exchanges of the vectors show the called host as exposed, by the kinds that they hold, and the frames that show it.
func TestHostsThatAnswerInTheVectorsAreExposed(t *testing.T) {
	for name, c := range map[string]struct{ home, want string }{
		"05_way2_exchange":          {"10.20.0.9/32", "callback [1 2], mapper_forwarded [1 2], message_accepted [1 4]"},
		"13_responses_and_control":  {"192.0.2.0/24", "call_refused [5], message_accepted [1], message_refused [2]"},
		"real_dce_plain":            {"10.99.0.2/32", "callback [1 2], message_accepted [1 4]"},
		"real_dce_plain_2calls":     {"10.99.0.2/32", "callback [1 2], message_accepted [1 4]"},
		"real_dce_idem":             {"10.99.0.2/32", "message_accepted [1 2]"},
		"real_dce_maybe":            {"10.99.0.2/32", "message_accepted [1 2]"},
		"real_dce_idem_frag":        {"10.99.0.2/32", "call_held [1 2], callback [1 3], message_accepted [10 12]"},
		"real_dce_epmap135":         {"10.99.0.2/32", "callback [1 2], mapper_forwarded [1 2], message_accepted [1 4]"},
		"real_dce_epmap135_idem":    {"10.99.0.2/32", "mapper_forwarded [1 2], message_accepted [1 2]"},
		"real_dce_noserver":         {"10.99.0.2/32", ""},
		"16_smb_d0_single":          {"10.1.1.9/32", "netbios_session [5], smb_accepted [7]"},
		"17_smb_multiblock_windows": {"10.1.1.9/32", "netbios_session [5], smb_accepted [7]"},
		"19_smb_negative_session":   {"10.1.1.9/32", ""},
	} {
		out := road(t, homeConfig(t, c.home), filepath.Join(testdata, "vectors", name+".pcap"))
		var got []string
		for _, f := range findingsOf(t, out.events) {
			p := &f.Popupwatch.Finding
			if p.Class == "messenger_exposed_host" && f.Event.Kind == "alert" {
				got = append(got, fmt.Sprint(p.Kind, " ", p.Packets))
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Without home networks nobody can say whose host answers or sends.
func TestWithoutHomeNoHostIsExposedNorAnInsideSender(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testdata, "vectors/*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findingsOf(t, road(t, config(t), paths...).events) {
		if c := f.Popupwatch.Finding.Class; c == "messenger_exposed_host" || c == "messenger_inside_sender" {
			t.Errorf("%s without home: %+v", c, f)
		}
	}
}

// Other traffic on the same ports, and other connectionless RPC, makes no finding, whoever is at home.
func TestBackgroundMakesNoFinding(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testdata, "captures/background/*.pcap"))
	if err != nil || len(paths) < 8 {
		t.Fatalf("%d captures, %v", len(paths), err)
	}
	configs := map[string]sensor.Config{"none": config(t), "all": homeConfig(t, "0.0.0.0/0")}
	for _, home := range []string{"10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12"} {
		configs[home] = homeConfig(t, home)
	}
	for name, c := range configs {
		for _, p := range paths {
			for _, f := range findingsOf(t, road(t, c, p).events) {
				t.Errorf("home %s, %s: %+v", name, filepath.Base(p), f.Popupwatch.Finding)
			}
		}
	}
}

// Of the look-alikes two are probes: two octets to 1026, and a call of msgsvc over UDP.
func TestLookAlikesAreProbesAtMost(t *testing.T) {
	got := map[string]uint64{}
	for _, f := range findingsOf(t, road(t, homeConfig(t, "0.0.0.0/0"), filepath.Join(testdata, "vectors/35_lookalikes.pcap")).events) {
		got[f.Popupwatch.Finding.Class] = f.Popupwatch.Finding.Count
	}
	if diff := cmp.Diff(map[string]uint64{"messenger_probe": 2}, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// Popups that leave the home networks make their sender a finding, and no alert names it.
func TestPopupsThatLeaveMakeAnInsideSender(t *testing.T) {
	frames := mixture(t, 400, 20*time.Second, 3, 5)
	src, _ := netip.AddrFromSlice(frames[0].Data[atSource : atSource+4])
	home, err := src.Prefix(8)
	if err != nil {
		t.Fatal(err)
	}
	out := roadOf(t, homeConfig(t, home.String()), &list{frames: frames})
	alerts := 0
	for _, f := range findingsOf(t, out.events) {
		if f.Popupwatch.Finding.Class != "messenger_inside_sender" {
			t.Errorf("%+v", f)
		}
		if f.Event.Kind == "alert" {
			alerts++
			if f.Source != nil {
				t.Errorf("an alert names its source: %+v", f)
			}
		}
	}
	if alerts == 0 {
		t.Error("no inside sender")
	}
}

// Errors of the captures that quote popups are tied to the campaigns that these have.
func TestQuotesOfTheCapturesFindTheirCampaigns(t *testing.T) {
	tied, all := 0, findingsOf(t, road(t, config(t), realCaptures(t)...).events)
	for _, f := range all {
		if f.Popupwatch.Campaign.ID != "" {
			tied++
		}
	}
	if tied < 10 {
		t.Errorf("%d of %d findings are tied to a campaign", tied, len(all))
	}
}

// Findings with home networks are the same wherever the run is stopped and goes on.
func TestFindingsAreThoseOfARunWithoutAStop(t *testing.T) {
	frames := mixture(t, 600, 45*time.Second, 6, 9)
	for _, home := range []string{"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1"} {
		c := homeConfig(t, home)
		want := roadOf(t, c, &list{frames: frames})
		same(t, want, restarted(t, c, frames, 7, 200, 201, 599))
	}
}

// probes are datagrams of two octets from invented sources to hosts of two networks.
func probes(t testing.TB, n int) []decoders.Frame {
	model := template(t)
	out := make([]decoders.Frame, n)
	for i := range out {
		f := model
		f.Seq, f.Time = uint64(i+1), model.Time.Add(time.Duration(i)*20*time.Millisecond)
		f.Data = slices.Clone(model.Data[:44]) // Ethernet, IPv4, UDP and two octets
		f.Data[16], f.Data[17], f.Data[38], f.Data[39] = 0, 30, 0, 10
		f.Data[40], f.Data[41], f.Data[42], f.Data[43] = 0, 0, 0, 0 // no checksum
		f.Data[atID], f.Data[atID+1] = byte(i>>8), byte(i)
		copy(f.Data[atSource:], []byte{11, byte(i >> 16), byte(i >> 8), byte(i)})
		copy(f.Data[atTarget:], []byte{24, 1, byte(i % 2), byte(i / 2)})
		f.Data[36], f.Data[37] = 4, 2 // port 1026
		f.Len = len(f.Data)
		out[i] = f
	}
	return out
}

// A flood of probes costs documents by network and hour, not by source; each probe is counted once as finding and once as claim.
func TestAFloodOfProbesIsBoundedAndAddsUp(t *testing.T) {
	const n = 100_000
	c := homeConfig(t, "24.0.0.0/8")
	c.Rollup = time.Minute
	out := roadOf(t, c, &list{frames: probes(t, n)})
	documents, sum, judged := 0, uint64(0), uint64(0)
	for line := range strings.Lines(out.events) {
		var f found
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		documents++
		if p := &f.Popupwatch.Source; p.Class == "probe" && p.Final {
			judged += p.Messages
		}
	}
	all := findingsOf(t, out.events)
	for i, f := range all {
		if f.Popupwatch.Finding.Class != "messenger_probe" {
			t.Errorf("%+v", f)
		}
		if i >= len(all)-2 { // the last of each network
			sum += f.Popupwatch.Finding.Count
		}
	}
	if sum != n || judged != n {
		t.Errorf("%d probes in findings, %d in claims, of %d", sum, judged, n)
	}
	if documents > 2000 {
		t.Errorf("%d documents for %d probes", documents, n)
	}
}

// attempt is a popup that carries the activity of a published attack, and the callback of the host that was called.
func attempt(t testing.TB) []decoders.Frame {
	const atRPC = 42
	call := template(t)
	call.Seq, call.Data = 1, slices.Clone(call.Data)
	copy(call.Data[atRPC+40:], "\xff\xff\xff\xff\x42\x69\x73\x68\x6b\x65\x6b\x32\x30\x30\x33\xff")
	answer := call
	answer.Seq, answer.Time, answer.Data = 2, call.Time.Add(time.Millisecond), slices.Clone(call.Data[:atRPC+84])
	d := answer.Data
	d[16], d[17], d[38], d[39], d[40], d[41] = 0, 112, 0, 92, 0, 0
	copy(d[atSource:], call.Data[atTarget:atTarget+4])
	copy(d[atTarget:], call.Data[atSource:atSource+4])
	d[34], d[35], d[36], d[37] = call.Data[36], call.Data[37], call.Data[34], call.Data[35]
	d[atRPC+1], d[atRPC+74], d[atRPC+75] = 2, 4, 0 // a response of four octets: return code 0
	copy(d[atRPC+80:], []byte{0, 0, 0, 0})
	return []decoders.Frame{call, answer}
}

// An exploit attempt is a message of no campaign, a claim of its class, and two findings where it is answered: the second is critical, and
// neither names who sent it.
func TestAnAnsweredExploitAttempt(t *testing.T) {
	frames := attempt(t)
	dst, _ := netip.AddrFromSlice(frames[0].Data[atTarget : atTarget+4])
	out := roadOf(t, homeConfig(t, netip.PrefixFrom(dst, 32).String()), &list{frames: frames})
	var got []string
	for _, f := range findingsOf(t, out.events) {
		got = append(got, fmt.Sprint(f.Event.Kind, " ", f.Popupwatch.Finding.Class, " ", f.Popupwatch.Finding.Kind, " ", f.Event.Outcome, " ", f.Event.Severity, " ", f.Popupwatch.Finding.Packets))
		if f.Source != nil || strings.Contains(f.Message, ".") {
			t.Errorf("it names an address: %+v", f)
		}
	}
	want := []string{"alert messenger_exploit_attempt attempt unknown 47 [1]", "alert messenger_exposed_host message_accepted success 73 [1 2]",
		"alert messenger_exploit_attempt answered success 99 [1 2]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if !strings.Contains(out.events, `"class":"exploit"`) || strings.Contains(out.events, `"campaign":{"id"`) || len(out.summary.Campaigns) != 0 {
		t.Error("the claim has another class, or the attempt has a campaign")
	}
}
