package sensor_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/wire"
)

// The second opinion: tshark reads every capture and vector too, and each difference must stand in tsharkDifferences with its reason.
// Compared is what goes over connectionless RPC: tshark's messenger fields know no other road. For SMB see tshark_smb_test.go.

// popup is one popup as it is compared: octets before the first NUL. Where one has no text at all, text is "-".
type popup struct{ from, to, text string }

// header holds the header fields of a connectionless PDU under tshark's names, numbers in decimal.
type header map[string]string

// opinion is what a program says of one frame.
type opinion struct {
	popups []popup
	header header // nil where it reads no connectionless RPC
	status string // of a fault, reject or response; empty where there is none
	reason decoders.Reason
}

func TestTsharkAgreesOnEveryFrameOrTheReasonIsKnown(t *testing.T) {
	program := findProgram(t, "tshark", "tshark", "no second opinion")
	known := knownDifferences()
	for _, path := range everyCapture(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		want := known[name]
		delete(known, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			theirs, ours := tsharkReads(t, program, path), weRead(t, path)
			if len(theirs) != len(ours) {
				t.Fatalf("tshark reads %d frames, popupwatch %d", len(theirs), len(ours))
			}
			var got []string
			for i := range theirs {
				for _, what := range differences(&theirs[i], &ours[i]) {
					got = append(got, fmt.Sprintf("frame %d: %s", i+1, what))
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rows of tsharkDifferences that differ no more (-), differences without a row (+):\n%s", diff)
			}
		})
	}
	if len(known) != 0 {
		t.Errorf("rows for captures that are not there: %v", known)
	}
}

// knownDifferences gives the rows of tsharkDifferences by capture, one for each frame, in byte order.
func knownDifferences() map[string][]string {
	known := map[string][]string{}
	for _, d := range tsharkDifferences {
		for _, frame := range d.frames {
			known[d.capture] = append(known[d.capture], fmt.Sprintf("frame %d: %s", frame, d.what))
		}
	}
	for _, rows := range known {
		slices.Sort(rows)
	}
	return known
}

// everyCapture lists the real captures, the background, the vectors and what the tests make of them.
func everyCapture(t *testing.T) []string {
	t.Helper()
	var all []string
	for pattern, least := range map[string]int{"captures/*.pcap": 6, "captures/background/*.pcap": 8, "vectors/*.pcap": 40} {
		names, err := filepath.Glob(filepath.Join(testdata, pattern))
		if err != nil || len(names) < least {
			t.Fatalf("%s: %d captures, want %d or more; %v", pattern, len(names), least, err)
		}
		all = append(all, names...)
	}
	slices.Sort(all)
	return append(all, madeCaptures(t)...)
}

// differences names where two opinions on one frame differ.
func differences(theirs, ours *opinion) []string {
	var out []string
	switch {
	case theirs.header == nil && ours.header != nil:
		return []string{"tshark reads no RPC"} // and so no popup
	case theirs.header != nil && ours.header == nil:
		out = append(out, "popupwatch reads no RPC: "+ours.reason.String())
	case theirs.header != nil && !maps.Equal(theirs.header, ours.header):
		out = append(out, "headers (-tshark +popupwatch) "+cmp.Diff(theirs.header, ours.header))
	}
	if theirs.status != ours.status {
		out = append(out, fmt.Sprintf("status %q, %q", theirs.status, ours.status))
	}
	switch n := len(theirs.popups); {
	case n == 0 && len(ours.popups) > 0:
		out = append(out, "tshark shows no popup")
	case n > 0 && len(ours.popups) == 0:
		out = append(out, "popupwatch shows no popup: "+ours.reason.String())
	case n != len(ours.popups):
		out = append(out, fmt.Sprintf("%d popups, %d", n, len(ours.popups)))
	default:
		for i := range n {
			out = append(out, compareTexts(&theirs.popups[i], &ours.popups[i])...)
		}
	}
	return out
}

// compareTexts names where two popups differ. tshark shows each octet from 80 up as U+FFFD: that is said once, and the rest must agree.
func compareTexts(theirs, ours *popup) []string {
	if *theirs == *ours {
		return nil
	}
	masked := popup{maskHigh(ours.from), maskHigh(ours.to), maskHigh(ours.text)}
	switch {
	case *theirs == masked:
		return []string{"octets from 80 up are lost"}
	case theirs.from != masked.from || theirs.to != masked.to:
		return []string{fmt.Sprintf("names %q, %q", []string{theirs.from, theirs.to}, []string{ours.from, ours.to})}
	case theirs.text == "-":
		return []string{"tshark shows no text"}
	}
	return []string{fmt.Sprintf("text %q, %q", theirs.text, ours.text)}
}

func maskHigh(octets string) string {
	runes := make([]rune, len(octets))
	for i := range runes {
		if runes[i] = rune(octets[i]); octets[i] >= 0x80 {
			runes[i] = '\uFFFD'
		}
	}
	return string(runes)
}

// weRead gives the decoder's opinion on each frame of a capture. A popup that time released, unfinished, stands at its first frame.
func weRead(t *testing.T, path string) []opinion {
	t.Helper()
	d := decoders.NewDecoder(decoders.Config{Interface: func(int) decoders.Interface { return decoders.Interface{} }})
	frames := readAll(t, path)
	out := make([]opinion, len(frames))
	var r decoders.Result
	take := func(now uint64) {
		for i := range r.Messages {
			m := &r.Messages[i]
			at := now
			if !m.Due.IsZero() {
				at = m.Frames[0]
			}
			out[at-1].add(m)
		}
		for i := range r.Signals {
			out[r.Signals[i].Frame-1].signal(&r.Signals[i])
		}
	}
	for i := range frames {
		d.Advance(frames[i].Time, &r)
		take(frames[i].Seq)
		out[i].reason = d.Decode(frames[i], &r)
		take(frames[i].Seq)
		if out[i].header == nil && readsRPC(out[i].reason) {
			out[i].header = headerOf(&frames[i])
		}
	}
	d.Finish(frames[len(frames)-1].Time, &r)
	take(uint64(len(frames)))
	return out
}

func (o *opinion) add(m *decoders.Message) {
	if m.Route != decoders.RouteRPC {
		return
	}
	p := popup{beforeNUL(m.From.Raw), beforeNUL(m.To.Raw), beforeNUL(m.Text.Raw)}
	if m.RPC.EBCDIC {
		p = popup{m.From.Shown, m.To.Shown, m.Text.Shown} // tshark translates too
	}
	if m.Text.Raw == "" {
		p.text = "-"
	}
	o.popups = append(o.popups, p)
	if m.RPC.Fragments == 1 {
		o.header = fields(&m.RPC.Header)
	}
}

func beforeNUL(s string) string {
	before, _, _ := strings.Cut(s, "\x00")
	return before
}

func (o *opinion) signal(s *decoders.Signal) {
	if s.PDU == (dcerpc.Header{}) {
		return // a probe, a connection, or a quote of ports alone
	}
	o.header = fields(&s.PDU)
	if s.HasStatus {
		o.status = fmt.Sprintf("0x%08x", s.Status)
	}
}

// readsRPC says whether a frame of that reason was read as connectionless RPC.
func readsRPC(r decoders.Reason) bool {
	return slices.Contains([]decoders.Reason{
		wire.Fragment, wire.Duplicate, wire.Message, wire.RPCInterface, wire.RPCVersion, wire.RPCOperation, wire.RPCFragment,
		wire.StubShort, wire.StubMalformed, wire.StubNoText, wire.StubEncrypted,
	}, r)
}

// headerOf reads the header of a frame that became neither popup nor signal; nil where an IP fragment hides it.
func headerOf(f *decoders.Frame) header {
	var p inet.Packet
	if p.Parse(f.Link, f.Data) != wire.None || p.Proto != inet.ProtoUDP {
		return nil
	}
	u, _ := inet.ParseUDP(p.Payload)
	h, _, reason := dcerpc.Parse(u.Payload)
	if reason != wire.None {
		return nil
	}
	return fields(&h)
}

// fields gives a header of ours in tshark's words.
func fields(h *dcerpc.Header) header {
	order := 1
	if h.BigEndian {
		order = 0
	}
	out := header{"dcerpc.obj_id": h.Object.String(), "dcerpc.dg_if_id": h.Interface.String(), "dcerpc.dg_act_id": h.Activity.String()}
	for field, n := range map[string]int{
		"dcerpc.ver": 4, "dcerpc.pkt_type": int(h.Type), "dcerpc.dg_flags1": int(h.Flags), "dcerpc.dg_flags2": int(h.Flags2),
		"dcerpc.drep.byteorder": order, "dcerpc.dg_server_boot": int(h.Boot), "dcerpc.dg_if_ver": int(h.Version),
		"dcerpc.dg_seqnum": int(h.Sequence), "dcerpc.opnum": int(h.Operation), "dcerpc.dg_ihint": int(h.IfHint),
		"dcerpc.dg_ahint": int(h.ActHint), "dcerpc.dg_frag_len": int(h.Length), "dcerpc.dg_frag_num": int(h.Fragment),
		"dcerpc.dg_auth_proto": int(h.Auth), "dcerpc.dg_serial_hi": int(h.Serial >> 8), "dcerpc.dg_serial_lo": int(h.Serial & 0xff),
	} {
		out[field] = strconv.Itoa(n)
	}
	return out
}

// layers are the fields of one frame; a field that occurs twice has two values.
type layers map[string][]string

// tsharkReads gives tshark's opinion on each frame, from one call. The WireGuard heuristic would claim plain requests (WIRE.md 7).
func tsharkReads(t *testing.T, program, path string) []opinion {
	t.Helper()
	args := []string{"-n", "--disable-heuristic", "wg", "-r", path, "-T", "json"}
	more := []string{"messenger.server", "messenger.client", "messenger.message", "messenger.rc", "conv.status", "dcerpc.dg_status"}
	for _, field := range append(more, slices.Sorted(maps.Keys(fields(&dcerpc.Header{})))...) {
		args = append(args, "-e", field)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "TZ=UTC", "LC_ALL=C.UTF-8")
	var words strings.Builder
	cmd.Stderr = &words
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("run tshark: %v: %s", err, words.String())
	}
	var frames []struct {
		Source struct{ Layers layers } `json:"_source"`
	}
	if err := json.Unmarshal(output, &frames); err != nil {
		t.Fatalf("read what tshark says: %v", err)
	}
	out := make([]opinion, len(frames))
	for i := range frames {
		out[i] = frames[i].Source.Layers.opinion()
	}
	return out
}

// opinion is what the fields say. messenger.server is From and messenger.client is To, whatever the names say (WIRE.md 3).
func (l layers) opinion() opinion {
	var o opinion
	for i := range max(len(l["messenger.server"]), len(l["messenger.client"])) {
		o.popups = append(o.popups, popup{l.at("messenger.server", i), l.at("messenger.client", i), l.at("messenger.message", i)})
	}
	if l.at("dcerpc.ver", 0) != "4" {
		return o
	}
	o.header = l.header()
	for _, field := range []string{"dcerpc.dg_status", "messenger.rc", "conv.status"} {
		if status, err := strconv.ParseUint(l.at(field, 0), 0, 32); err == nil {
			o.status = fmt.Sprintf("0x%08x", status)
		}
	}
	return o
}

// at gives the value of a field at its i-th occurrence, "-" where it has none.
func (l layers) at(field string, i int) string {
	if i >= len(l[field]) {
		return "-"
	}
	return l[field][i]
}

func (l layers) header() header {
	out := header{}
	for field := range fields(&dcerpc.Header{}) {
		out[field] = decimal(l.at(field, 0))
	}
	return out
}

// decimal gives a number in decimal, a time (server_boot) as Unix seconds, and anything else as it is.
func decimal(value string) string {
	if n, err := strconv.ParseUint(value, 0, 64); err == nil {
		return strconv.FormatUint(n, 10)
	}
	if at, err := time.Parse("Jan _2, 2006 15:04:05.000000000 MST", value); err == nil {
		return strconv.FormatInt(at.Unix(), 10)
	}
	return value
}

// tsharkDifferences is every difference between tshark 4.0.17 and popupwatch over testdata, and why popupwatch does as it does.
var tsharkDifferences = []struct {
	capture string
	frames  []int
	what    string
	why     string
}{
	{"wireshark-wiki_aol", []int{2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38}, "popupwatch shows no popup: icmp_quote",
		"the victim's ICMP error quotes a popup: tshark counts the quote as a message that the victim sent"},
	{"wireshark-wiki_SkypeIRC", []int{2, 4}, "popupwatch shows no popup: icmp_quote", "quoted in an ICMP error, as in aol"},
	{"real_dce_noserver", []int{2}, "popupwatch shows no popup: icmp_quote", "quoted in an ICMP error, as in aol"},
	{"34_icmp_backscatter", []int{2}, "popupwatch shows no popup: icmp_quote", "quoted in an ICMP error, as in aol"},
	{"34_icmp_backscatter", []int{3}, "tshark reads no RPC",
		"the ICMP error quotes a Windows callback, flags2 04 (PF2_UNRELATED, [MS-RPCE] 2.2.3.3): tshark refuses any flags2 above 03"},
	{"05_way2_exchange", []int{2}, "tshark reads no RPC", "a Windows callback, flags2 04, as in 34"},
	{"12_malformed", []int{23}, "tshark reads no RPC", "a request with flags2 04: real servers run it"},
	{"12_malformed", []int{14, 15}, "tshark shows no text", "the count reaches beyond the stub: tshark gives up, though octets of the Text came (CONTRACT.md 2.0)"},
	{"12_malformed", []int{18}, "popupwatch shows no popup: stub_short", "the stub ends before the Text: two names are no popup (CONTRACT.md 2.0)"},
	{"21_encapsulations", []int{19}, "popupwatch shows no popup: stub_short", "the UDP length leaves out the end of the Text's counts, as in 12"},
	{"08_frags_missing_middle", []int{1}, "tshark shows no popup", "what came before the missing fragment comes out as partial when its time is over"},
	{"35_lookalikes", []int{5}, "popupwatch reads no RPC: not_rpc",
		"WireGuard data that begins 04 00 00 00 and has 10 at octet 4: tshark takes it for RPC of an unknown interface, malformed, as soon as its " +
			"own WireGuard guess is off; its length field contradicts the datagram"},
	{"36_codepages", []int{1, 2, 3, 4, 5, 6, 7}, "octets from 80 up are lost", "tshark reads the strings as ASCII and shows U+FFFD for each other octet"},
	{lostLast, []int{1}, "tshark shows no popup", "as with a missing fragment in the middle"},
	{cutWithin, []int{1}, "tshark shows no popup", "the snap length cuts the stub within the Text: tshark shows not even the names"},
	{highVersion, []int{1}, "tshark reads no RPC", "servers look at the low four bits of the version (WIRE.md 1.1): they run it"},
	{hiddenPorts, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "tshark reads no RPC", "the source port belongs to another protocol, which tshark believes before it looks"},
}
