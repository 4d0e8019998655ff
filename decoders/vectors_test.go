package decoders_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/msgsvc"
	"popupwatch/decoders/wire"
)

// vector is what a vector's JSON says (testdata/vectors/README.md).
type vector struct {
	Frames []struct {
		Frame        int
		Carries      any    `json:"carries_message"`
		IntendedText string `json:"intended_text"`
		Anomalies    []string
		Text         json.RawMessage // vectorString, or text in some vectors
	}
	Messages []vectorMessage
	Each     *vectorMessage `json:"messages_each"`
}

type vectorString struct {
	Max    uint32 `json:"max_count"`
	Offset uint32
	Actual uint32 `json:"actual_count"`
	Raw    string `json:"raw_hex"`
}

type vectorMessage struct {
	Frames    []uint64
	Transport string
	From, To  string
	Text      string
	TextHex   string `json:"text_hex"`
	Complete  *bool  // absent: it is
	Called    string
	Calling   string
	Anomalies []string
}

func readVectors(t *testing.T) map[string]vector {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(testdata, "vectors", "*.json"))
	if err != nil || len(names) < 40 {
		t.Fatalf("%d vectors, %v", len(names), err)
	}
	all := map[string]vector{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v vector
		if err := json.Unmarshal(content, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".json")] = v
	}
	return all
}

func vectorFrames(t *testing.T, name string) []decoders.Frame {
	t.Helper()
	return frames(t, filepath.Join(testdata, "vectors", name+".pcap"))
}

// want gives the popups that a vector must decode to.
func (v *vector) want() []vectorMessage {
	if v.Each == nil {
		return v.Messages
	}
	var out []vectorMessage
	for _, f := range v.Frames {
		if f.Carries == true || f.Carries == "long" {
			out = append(out, *v.Each)
		}
	}
	return out
}

// rawText gives the octets of the Text that must be shown.
func (m *vectorMessage) rawText(t *testing.T) string {
	t.Helper()
	if m.TextHex == "" {
		return m.Text
	}
	b, err := hex.DecodeString(m.TextHex)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func beforeNUL(s string) string {
	before, _, _ := strings.Cut(s, "\x00")
	return before
}

func TestVectorsDecodeToTheirMessages(t *testing.T) {
	for name, v := range readVectors(t) {
		t.Run(name, func(t *testing.T) {
			got := decode(vectorFrames(t, name))
			want := v.want()
			if name == "12_malformed" {
				return // TestMalformedRows
			}
			if len(got.messages) != len(want) {
				t.Fatalf("%d popups, want %d; reasons %v", len(got.messages), len(want), words(got.reasons))
			}
			for i := range want {
				compareMessage(t, &got.messages[i], &want[i])
			}
		})
	}
}

func words(reasons []decoders.Reason) []string {
	var out []string
	for _, r := range reasons {
		out = append(out, r.String())
	}
	return out
}

func compareMessage(t *testing.T, got *decoders.Message, want *vectorMessage) {
	t.Helper()
	if diff := cmp.Diff([]string{want.From, want.To, want.rawText(t)}, []string{got.From.Shown, got.To.Shown, beforeNUL(got.Text.Raw)}); diff != "" {
		t.Errorf("From, To, octets of Text (-want +got):\n%s", diff)
	}
	if len(want.Frames) > 0 && !slices.Equal(got.Frames, want.Frames) {
		t.Errorf("came in frames %v, want %v", got.Frames, want.Frames)
	}
	if complete := want.Complete == nil || *want.Complete; got.Partial == complete {
		t.Errorf("partial is %v, complete should be %v", got.Partial, complete)
	}
	if want.Anomalies != nil && !slices.Equal(got.Anomalies, want.Anomalies) {
		t.Errorf("anomalies %v, want %v", got.Anomalies, want.Anomalies)
	}
	if want.Called != "" {
		compareSession(t, got, want)
	}
}

// compareSession holds the road, the names of the session, and that the exchange shows who could hear whom: all these vectors are whole.
func compareSession(t *testing.T, got *decoders.Message, want *vectorMessage) {
	t.Helper()
	s := got.Session
	if got.Route != decoders.RouteSMB || s == nil {
		t.Fatalf("route %s, session %v", got.Route, s)
	}
	if s.Called != want.Called || want.Calling != "" && s.Calling != want.Calling {
		t.Errorf("called %q by %q, want %q by %q", s.Called, s.Calling, want.Called, want.Calling)
	}
	if s.Handshake() != "complete" || !s.ServerSeen() || s.Popups != 1 || (s.Blocks > 0) != (want.Transport == "smb-multiblock") {
		t.Errorf("handshake %s, server seen %v, %d popups, %d blocks", s.Handshake(), s.ServerSeen(), s.Popups, s.Blocks)
	}
}

// The boundary rows of vector 12: which are popups stands in testdata/vectors/README.md.
func TestMalformedRows(t *testing.T) {
	v := readVectors(t)["12_malformed"]
	got := decode(vectorFrames(t, "12_malformed"))
	want := []decoders.Reason{
		wire.NotRPC, wire.RPCTruncated, wire.StubShort, wire.Message, wire.StubShort, wire.Message, wire.Message, wire.Message, wire.Message,
		wire.Message, wire.Message, wire.Message, wire.Message, wire.Message, wire.Message, wire.Message, wire.StubMalformed, wire.StubShort,
		wire.Message, wire.NotRPC, wire.RPCType, wire.NotRPC, wire.Message, wire.Message, wire.RPCOperation, wire.RPCVersion, wire.Message,
	}
	if diff := cmp.Diff(words(want), words(got.reasons)); diff != "" {
		t.Fatalf("reasons (-want +got):\n%s", diff)
	}
	for _, m := range got.messages {
		row := v.Frames[m.Frames[0]-1]
		if diff := cmp.Diff(row.Anomalies, append([]string{}, m.Anomalies...)); diff != "" {
			t.Errorf("frame %d: anomalies (-want +got):\n%s", row.Frame, diff)
		}
		var text vectorString
		if err := json.Unmarshal(row.Text, &text); err != nil {
			t.Fatal(err)
		}
		got := vectorString{m.Text.Max, m.Text.Offset, m.Text.Actual, hex.EncodeToString([]byte(m.Text.Raw))}
		if got != text {
			t.Errorf("frame %d: Text %+v, want %+v", row.Frame, got, text)
		}
	}
}

func TestCodePagesShowTheIntendedText(t *testing.T) {
	v := readVectors(t)["36_codepages"]
	for i, m := range decode(vectorFrames(t, "36_codepages")).messages {
		if want := v.Frames[i].IntendedText; m.Text.Shown != want {
			t.Errorf("frame %d: shown %q in %s, want %q", i+1, m.Text.Shown, m.Page, want)
		}
	}
}

// Names are cut at the first NUL, and what follows is kept: it is a mark of the tool.
func TestOctetsAfterTheNULAreKept(t *testing.T) {
	got := decode(vectorFrames(t, "39_wild_style")).messages
	if last := got[len(got)-1]; last.To.Shown != "WINDOWS USER" || last.To.Raw != "WINDOWS USER SERRUS\x00" && len(last.To.Raw) != 19 {
		t.Errorf("To is %q of %q", last.To.Shown, last.To.Raw)
	}
}

func TestControlPDUsAreSignals(t *testing.T) {
	for name, want := range map[string]int{"13_responses_and_control": 14, "05_way2_exchange": 4, "real_dce_idem_frag": 9, "34_icmp_backscatter": 3} {
		if got := len(decode(vectorFrames(t, name)).signals); got != want {
			t.Errorf("%s: %d signals, want %d", name, got, want)
		}
	}
}

// A quoted popup is backscatter: its would-be sender sent nothing that this frame shows.
func TestQuotedPopupsAreNoPopups(t *testing.T) {
	got := decode(vectorFrames(t, "34_icmp_backscatter"))
	want := []string{"icmp_other", "icmp_quote", "signal"}
	if diff := cmp.Diff(want, words(got.reasons)); diff != "" || len(got.messages) != 0 {
		t.Errorf("%d popups, reasons (-want +got):\n%s", len(got.messages), diff)
	}
	if s := got.signals[0]; s.QuoteReach != decoders.ReachPorts || s.QuoteHasHeader || s.QuoteFrom != "" || s.Solicited != decoders.Unknown {
		t.Errorf("8 octets reach %v and show From %q", s.QuoteReach, s.QuoteFrom)
	}
	if s := got.signals[1]; s.QuoteFrom != "ENCAP" || s.QuoteDst.Port() != 1026 || s.QuoteReach != decoders.ReachText {
		t.Errorf("the quote reaches %v and shows From %q to %v", s.QuoteReach, s.QuoteFrom, s.QuoteDst)
	}
}

func TestLookalikesAreNoPopups(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(testdata, "captures/background/*.pcap"))
	if err != nil || len(names) < 8 {
		t.Fatalf("%d background captures, %v", len(names), err)
	}
	for _, name := range names {
		if got := decode(frames(t, name)); len(got.messages)+len(got.signals) != 0 {
			t.Errorf("%s: %d popups, %d signals", name, len(got.messages), len(got.signals))
		}
	}
	// The two octets of 2003, of which one direction is not enough to say whether they were asked for, and a call of msgsvc.
	var probes []string
	got := decode(vectorFrames(t, "35_lookalikes"))
	for _, s := range got.signals {
		probes = append(probes, fmt.Sprint(s.Frame, " ", s.Probe, " ", s.Solicited))
	}
	if diff := cmp.Diff([]string{"2 short_datagram unknown", "10 message_names no"}, probes); diff != "" || len(got.messages) != 0 {
		t.Errorf("%d popups, signals of look-alikes (-want +got):\n%s", len(got.messages), diff)
	}
}

func TestRealCapturesGiveTheirPopups(t *testing.T) {
	for name, want := range map[string][2]int{
		"messenger": {6, 0}, "FTPv6-1": {1, 0}, "SkypeIRC": {2, 2}, "packet_capture": {1, 0}, "aol": {19, 19}, "startmenu_Dameware": {5, 0},
	} {
		got := decode(frames(t, filepath.Join(testdata, "captures/wireshark-wiki_"+name+".pcap")))
		quotes := 0
		for _, r := range got.reasons {
			if r == wire.ICMPQuote {
				quotes++
			}
		}
		if len(got.messages) != want[0] || quotes != want[1] {
			t.Errorf("%s: %d popups and %d quotes, want %v", name, len(got.messages), quotes, want)
		}
	}
}

// The Reject of 2007 carries an interface that Windows made up and the activity of a popup that is not in the capture.
func TestARejectWithAWrongInterfaceIsASignal(t *testing.T) {
	got := decode(frames(t, filepath.Join(testdata, "captures/wireshark-wiki_packet_capture.pcap")))
	pdus := slices.DeleteFunc(got.signals, func(s decoders.Signal) bool { return s.Kind == decoders.SignalQuote })
	if len(pdus) != 1 || pdus[0].Status != 0x1c010003 || pdus[0].PDU.Activity.Little()[2] != 0x83 || pdus[0].Fact != decoders.FactReject {
		t.Errorf("signals %+v", pdus)
	}
}

// Of all vectors and real captures one is an attempt at the buffer; the two long adverts of 2005 are long and no more.
func TestShapesOfVectorsAndCaptures(t *testing.T) {
	shapes := map[string]map[string]int{}
	for _, pattern := range []string{"vectors/*.pcap", "captures/*.pcap", "captures/background/*.pcap"} {
		names, err := filepath.Glob(filepath.Join(testdata, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			for _, m := range decode(frames(t, name)).messages {
				word := m.Shape.String()
				if word == "" || word == "malformed" {
					continue
				}
				short := strings.TrimSuffix(filepath.Base(name), ".pcap")
				if shapes[word] == nil {
					shapes[word] = map[string]int{}
				}
				shapes[word][short]++
			}
		}
	}
	want := map[string]map[string]int{"exploit": {"11_ms03043_shape_benign_ipfrag": 1}, "long": {"10_overlong_1100": 1, "real_dce_idem_frag": 1}}
	if diff := cmp.Diff(want, shapes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a runtime refuses is malformed, and says by what.
func TestMalformedRowsAreAClassOfTheirOwn(t *testing.T) {
	malformed := map[uint64][]string{}
	for _, m := range decode(vectorFrames(t, "12_malformed")).messages {
		if m.Shape == msgsvc.ShapeMalformed {
			malformed[m.Frames[0]] = m.Traits
		}
	}
	want := map[uint64][]string{}
	for _, f := range readVectors(t)["12_malformed"].Frames {
		for _, a := range f.Anomalies {
			if a == "actual-gt-max" || a == "offset-nonzero" || a == "string-beyond-body" {
				want[uint64(f.Frame)] = append(want[uint64(f.Frame)], a)
			}
		}
	}
	for frame := range want {
		if malformed[frame] == nil {
			delete(want, frame) // refused for its stub
		}
	}
	if diff := cmp.Diff(want, malformed); diff != "" || len(malformed) < 3 {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
