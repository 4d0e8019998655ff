package sensor_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
	"popupwatch/rules"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/capture/veth"
	"popupwatch/sensor/event"
	"popupwatch/sensor/sink"
)

var update = flag.Bool("update", false, "write the golden events anew")

const testdata = "../testdata"

func TestMain(m *testing.M) { goleak.VerifyTestMain(veth.Isolated{M: m}) }

// config is what the tests run with: the built-in rules and a fixed name.
func config(t testing.TB) sensor.Config {
	t.Helper()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	return sensor.Config{Rules: set, Event: event.Config{Sensor: "replay", Version: "test"}}
}

// outcome is what a run gave.
type outcome struct {
	events  string
	summary sensor.Summary
}

// road carries captures along the road, and holds that every frame was counted once.
func road(t testing.TB, c sensor.Config, paths ...string) outcome {
	t.Helper()
	files, err := capture.Open(paths, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	out := roadOf(t, c, files)
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	frames := uint64(0)
	for _, f := range files.Reports() {
		frames += f.Frames
	}
	if frames != out.summary.Frames {
		t.Errorf("%d frames read, %d counted", frames, out.summary.Frames)
	}
	return out
}

func roadOf(t testing.TB, c sensor.Config, src sensor.Source) outcome {
	t.Helper()
	var b bytes.Buffer
	to := sink.NewNDJSON("test", &b)
	s := sensor.New(c, to)
	if err := s.Run(src); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	out := outcome{b.String(), s.Summary()}
	conserve(t, &out)
	return out
}

// document is an event as tests look at it.
type document struct {
	Event struct {
		ID, Kind, Action, Dataset string
	} `json:"event"`
	Source     map[string]any
	Popupwatch struct {
		Message struct{ Count uint64 }
		Source  struct {
			ClaimID  string `json:"claim_id"`
			Class    string
			State    string
			Part     time.Time
			Final    bool
			Messages uint64
		}
		Campaign struct {
			ID          string
			Part        time.Time
			Final       bool
			Messages    uint64
			Submissions uint64
		}
		Sensor struct {
			Frames, Messages uint64
			Reasons          map[string]uint64
		}
	}
}

func documents(t testing.TB, events string) []document {
	t.Helper()
	var out []document
	for line := range strings.Lines(events) {
		var d document
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		out = append(out, d)
	}
	return out
}

// conserve adds everything up: frames are the sum of reasons, messages the sum of documents, of claims and, but for exploit attempts, of
// campaigns; ids are unique.
func conserve(t testing.TB, out *outcome) {
	t.Helper()
	reasons := uint64(0)
	for _, n := range out.summary.Reasons {
		reasons += n
	}
	var told struct{ messages, attempts, claims, campaigns, frames, reasons, sensor uint64 }
	seen := map[string]bool{}
	finals := map[string]int{}
	for _, d := range documents(t, out.events) {
		if seen[d.Event.ID] {
			t.Errorf("id %s stands twice (%s)", d.Event.ID, d.Event.Action)
		}
		seen[d.Event.ID] = true
		p := &d.Popupwatch
		switch {
		case d.Event.Dataset == "popupwatch.message":
			told.messages += p.Message.Count
			if p.Campaign.ID == "" { // an exploit attempt is of none
				told.attempts += p.Message.Count
			}
		case d.Event.Dataset == "popupwatch.source" && p.Source.Final:
			if p.Source.Class != "probe" {
				told.claims += p.Source.Messages
			}
			finals[p.Source.ClaimID+p.Source.Part.String()+p.Source.State]++
		case d.Event.Dataset == "popupwatch.campaign" && p.Campaign.Final:
			told.campaigns += p.Campaign.Messages
			finals[p.Campaign.ID+p.Campaign.Part.String()]++
		case d.Event.Dataset == "popupwatch.sensor":
			told.frames += p.Sensor.Frames
			told.sensor += p.Sensor.Messages
			for _, n := range p.Sensor.Reasons {
				told.reasons += n
			}
		}
	}
	frames, messages := out.summary.Frames, out.summary.Messages
	want := []uint64{frames, frames, frames, messages, messages, messages, messages}
	got := []uint64{reasons, told.frames, told.reasons, told.sensor, told.messages, told.claims, told.campaigns + told.attempts}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("frames by reasons, by documents, by reasons in documents; messages by documents of sensor, message, claims, campaigns (-want +got):\n%s", diff)
	}
	for key, n := range finals {
		if n != 1 {
			t.Errorf("%d final documents for %s", n, key)
		}
	}
}

// realCaptures are the six captures that hold popups.
func realCaptures(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(testdata, "captures/*.pcap"))
	if err != nil || len(names) != 6 {
		t.Fatalf("%d captures, %v", len(names), err)
	}
	return names
}

func TestGolden(t *testing.T) {
	groups := map[string][]string{
		"real":     realCaptures(t),
		"exchange": {"vectors/05_way2_exchange.pcap", "vectors/real_dce_noserver.pcap", "vectors/13_responses_and_control.pcap"},
		"smb":      {"vectors/16_smb_d0_single.pcap", "vectors/17_smb_multiblock_windows.pcap", "vectors/19_smb_negative_session.pcap", "vectors/real_smbclient_to_smbd_cp850.pcap"},
		"shapes":   {"vectors/08_frags_missing_middle.pcap", "vectors/12_malformed.pcap", "vectors/34_icmp_backscatter.pcap", "vectors/36_codepages.pcap"},
	}
	for name, paths := range groups {
		t.Run(name, func(t *testing.T) {
			for i, p := range paths {
				if !strings.HasPrefix(p, testdata) {
					paths[i] = filepath.Join(testdata, p)
				}
			}
			c := config(t)
			c.Event.Alerts = true
			got := road(t, c, paths...).events
			golden := filepath.Join("testdata", name+".ndjson")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("events changed; make golden and read the diff (-want +got):\n%.4000s", diff)
			}
		})
	}
}

// The real captures, as an expert reads them (testdata/captures/README.md).
func TestTheRealCapturesAreJudgedAsAnExpertWould(t *testing.T) {
	got := road(t, config(t), filepath.Join(testdata, "captures")).summary
	if got.Messages != 34 || got.Reasons[wire.ICMPQuote] != 21 {
		t.Errorf("%d popups and %d quotes, want 34 and 21", got.Messages, got.Reasons[wire.ICMPQuote])
	}
	lagging := []string{"24.64.81.144", "24.64.111.146", "24.64.140.136", "24.64.232.103"}
	for _, s := range got.Sources {
		want := "unknown"
		for _, ip := range lagging {
			if s.IP.String() == ip {
				want = "forged_probable"
			}
		}
		if s.State.String() != want || s.Reportable {
			t.Errorf("%v is %v (%+.1f dB), reportable %v; want %s, not reportable", s.IP, s.State, s.Decibans, s.Reportable, want)
		}
	}
	domains := map[string][]string{}
	for _, c := range got.Campaigns {
		for _, k := range c.Domains {
			domains[string(c.ID)] = append(domains[string(c.ID)], k.Value)
		}
		if c.Standing.Verdict != "spam" {
			t.Errorf("campaign %s is %s", c.ID, c.Standing.Verdict)
		}
	}
	together := func(want bool, a, b string) {
		t.Helper()
		for id, list := range domains {
			all := strings.Join(list, " ")
			if strings.Contains(all, a) && strings.Contains(all, b) != want {
				t.Errorf("campaign %s advertises %q", id, all)
			}
		}
	}
	together(true, "helpfixpc.com", "regfixit.com")
	together(false, "registrycleanerxp.com", "helpfixpc.com")
	together(false, "wupdate.net", "helpfixpc.com")
	together(false, "cleanregpro.com", "registrycleanerxp.com")
}

func TestTwoRunsAndAnyNumberOfCoresGiveTheSameBytes(t *testing.T) {
	paths := []string{filepath.Join(testdata, "captures"), filepath.Join(testdata, "vectors")}
	want := road(t, config(t), paths...).events
	for _, cores := range []int{1, 2} {
		was := runtime.GOMAXPROCS(cores)
		got := road(t, config(t), paths...).events
		runtime.GOMAXPROCS(was)
		if got != want {
			t.Errorf("on %d cores the events differ", cores)
		}
	}
}

// list is a source of frames in memory, cut into files: each its own interface.
type list struct {
	frames []decoders.Frame
	next   int
}

func (l *list) Next() (decoders.Frame, error) {
	if l.next >= len(l.frames) {
		return decoders.Frame{}, io.EOF
	}
	l.next++
	return l.frames[l.next-1], nil
}

func (l *list) Interface(int) decoders.Interface { return decoders.Interface{} }

// readAll gives the frames of captures, owned.
func readAll(t testing.TB, paths ...string) []decoders.Frame {
	t.Helper()
	files, err := capture.Open(paths, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out []decoders.Frame
	for {
		f, err := files.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Data = append([]byte(nil), f.Data...)
		out = append(out, f)
	}
}

// Frames that the filter refuses are counted and nothing else.
func TestFilteredFramesAreCounted(t *testing.T) {
	all := readAll(t, realCaptures(t)...)
	for i := range all {
		all[i].Filtered = i%2 == 0
	}
	got := roadOf(t, config(t), &list{frames: all}).summary
	if want := uint64((len(all) + 1) / 2); got.Reasons[wire.Filtered] != want {
		t.Errorf("%d filtered, want %d", got.Reasons[wire.Filtered], want)
	}
}

// With --rollup the counts stay exact, and alerts carry no source.
func TestRollupKeepsCountsAndAlertsCarryNoSource(t *testing.T) {
	for _, period := range []time.Duration{time.Second, time.Minute, 24 * time.Hour} {
		c := config(t)
		c.Rollup = period
		c.Event.Alerts = true
		out := road(t, c, realCaptures(t)...)
		alerts := 0
		for _, d := range documents(t, out.events) {
			if d.Event.Kind == "alert" {
				alerts++
				if d.Source != nil {
					t.Errorf("an alert (%s) carries a source", d.Event.Action)
				}
			}
		}
		if alerts == 0 {
			t.Error("no alerts")
		}
	}
}

func TestHomeDecidesDirections(t *testing.T) {
	for _, c := range []struct{ home, want string }{
		{"80.171.48.0/24", "inbound"}, {"0.0.0.0/0", "internal"}, {"203.0.113.0/24", "external"},
	} {
		cfg := config(t)
		cfg.Home = []netip.Prefix{netip.MustParsePrefix(c.home)}
		out := road(t, cfg, filepath.Join(testdata, "captures/wireshark-wiki_messenger.pcap"))
		n := 0
		for line := range strings.Lines(out.events) {
			if strings.Contains(line, `"dataset":"popupwatch.message"`) && strings.Contains(line, fmt.Sprintf(`"direction":"%s"`, c.want)) {
				n++
			}
		}
		if n != 6 {
			t.Errorf("home %s: %d of 6 popups are %s", c.home, n, c.want)
		}
	}
}

// A sink that fails ends the run: the ledger would have a hole.
func TestAFailingSinkEndsTheRun(t *testing.T) {
	files, err := capture.Open(realCaptures(t), capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = files.Close() }()
	to := &failing{after: 3}
	if err := sensor.New(config(t), to).Run(files); err == nil || to.emitted != 4 {
		t.Errorf("error %v after %d events", err, to.emitted)
	}
}

type failing struct{ after, emitted int }

func (f *failing) Emit(*event.Event) error {
	if f.emitted++; f.emitted > f.after {
		return io.ErrShortWrite
	}
	return nil
}
