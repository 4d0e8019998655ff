package sensor_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/wire"
)

// The second opinion: tshark reads every capture and vector too, and each difference must stand in tsharkDifferences with its reason.
// Compared is what goes over connectionless RPC: tshark's messenger fields know no other road.

// popup is one popup as it is compared: octets before the first NUL. Where one has no text at all, text is "-".
type popup struct{ from, to, text string }

// header is the header of a connectionless PDU as it is compared, in the words of C706.
type header struct {
	ptype, flags1, flags2, order          uint64
	object, ifID, actID                   string
	boot, ifVers, seqnum, opnum           uint64
	ihint, ahint, length, fragnum, serial uint64
	auth                                  uint64
}

// opinion is what a program says of one frame.
type opinion struct {
	popups []popup
	header *header // nil where it reads no connectionless RPC
	status string  // of a fault, reject or response; empty where there is none
	reason decoders.Reason
}

func TestTsharkAgreesOnEveryFrameOrTheReasonIsKnown(t *testing.T) {
	program := findTshark(t)
	known := map[string]bool{}
	for _, d := range tsharkDifferences {
		for _, frame := range d.frames {
			known[fmt.Sprintf("%s frame %d: %s", d.capture, frame, d.what)] = true
		}
	}
	for _, path := range everyCapture(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			theirs, ours := tsharkReads(t, program, path), weRead(t, path)
			if len(theirs) != len(ours) {
				t.Fatalf("tshark reads %d frames, popupwatch %d", len(theirs), len(ours))
			}
			found := map[string]bool{}
			for i := range theirs {
				for _, what := range differences(&theirs[i], &ours[i]) {
					found[fmt.Sprintf("%s frame %d: %s", name, i+1, what)] = true
				}
			}
			compareDifferences(t, name, known, found)
		})
	}
}

// compareDifferences holds that what was found is what is known.
func compareDifferences(t *testing.T, name string, known, found map[string]bool) {
	t.Helper()
	var unknown, gone []string
	for d := range found {
		if !known[d] {
			unknown = append(unknown, d)
		}
	}
	for d := range known {
		if strings.HasPrefix(d, name+" frame ") && !found[d] {
			gone = append(gone, d)
		}
	}
	slices.Sort(unknown)
	slices.Sort(gone)
	if len(unknown) > 0 {
		t.Errorf("differences without a row in tsharkDifferences:\n%s", strings.Join(unknown, "\n"))
	}
	if len(gone) > 0 {
		t.Errorf("rows of tsharkDifferences that differ no more:\n%s", strings.Join(gone, "\n"))
	}
}

// A row for a capture that is not there would never be missed.
func TestTsharkDifferencesNameCapturesThatExist(t *testing.T) {
	var names []string
	for _, path := range everyCapture(t) {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".pcap"))
	}
	for _, d := range tsharkDifferences {
		if !slices.Contains(names, d.capture) || len(d.frames) == 0 || d.why == "" {
			t.Errorf("row %+v names no capture, no frame or no reason", d)
		}
	}
}

// findTshark gives the program's path. Where the test must not be left out (CI), its absence is a fault.
func findTshark(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("tshark is missing (apt-get install tshark)")
	}
	if err != nil {
		t.Skip("tshark is missing (apt-get install tshark): no second opinion")
	}
	return program
}

// everyCapture lists the real captures, the background and the vectors.
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
	return all
}

// differences names where two opinions on one frame differ.
func differences(theirs, ours *opinion) []string {
	var out []string
	switch {
	case theirs.header == nil && ours.header != nil:
		out = append(out, "tshark reads no RPC")
	case theirs.header != nil && ours.header == nil:
		out = append(out, "popupwatch reads no RPC: "+ours.reason.String())
	case theirs.header != nil && *theirs.header != *ours.header:
		out = append(out, fmt.Sprintf("headers %+v, %+v", *theirs.header, *ours.header))
	}
	if theirs.header != nil && ours.header != nil && theirs.status != ours.status {
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
	var b strings.Builder
	for i := range len(octets) {
		if octets[i] < 0x80 {
			b.WriteByte(octets[i])
		} else {
			b.WriteRune('\uFFFD')
		}
	}
	return b.String()
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
		o.header = comparable(&m.RPC.Header)
	}
}

func beforeNUL(s string) string {
	before, _, _ := strings.Cut(s, "\x00")
	return before
}

func (o *opinion) signal(s *decoders.Signal) {
	o.header = comparable(&s.PDU)
	if s.HasStatus {
		o.status = fmt.Sprintf("0x%08x", s.Status)
	}
}

// readsRPC says whether a frame of that reason was read as connectionless RPC.
func readsRPC(r decoders.Reason) bool {
	switch r {
	case wire.Fragment, wire.Duplicate, wire.Message, wire.RPCInterface, wire.RPCVersion, wire.RPCOperation, wire.RPCFragment,
		wire.StubShort, wire.StubMalformed, wire.StubNoText, wire.StubEncrypted:
		return true
	}
	return false
}

// headerOf reads the header of a frame that became neither popup nor signal; nil where an IP fragment hides it.
func headerOf(f *decoders.Frame) *header {
	var p inet.Packet
	if p.Parse(f.Link, f.Data) != wire.None || p.Proto != inet.ProtoUDP {
		return nil
	}
	u, reason := inet.ParseUDP(p.Payload)
	if reason != wire.None {
		return nil
	}
	h, _, reason := dcerpc.Parse(u.Payload)
	if reason != wire.None {
		return nil
	}
	return comparable(&h)
}

func comparable(h *dcerpc.Header) *header {
	order := uint64(1)
	if h.BigEndian {
		order = 0
	}
	return &header{
		ptype: uint64(h.Type), flags1: uint64(h.Flags), flags2: uint64(h.Flags2), order: order,
		object: h.Object.String(), ifID: h.Interface.String(), actID: h.Activity.String(),
		boot: uint64(h.Boot), ifVers: uint64(h.Version), seqnum: uint64(h.Sequence), opnum: uint64(h.Operation),
		ihint: uint64(h.IfHint), ahint: uint64(h.ActHint), length: uint64(h.Length), fragnum: uint64(h.Fragment), serial: uint64(h.Serial),
		auth: uint64(h.Auth),
	}
}

// tsharkFields are what tshark is asked for. messenger.server is From and messenger.client is To, whatever the names say (WIRE.md 3).
var tsharkFields = []string{
	"frame.number", "messenger.server", "messenger.client", "messenger.message", "messenger.rc", "conv.status", "dcerpc.dg_status",
	"dcerpc.ver", "dcerpc.pkt_type", "dcerpc.dg_flags1", "dcerpc.dg_flags2", "dcerpc.drep.byteorder", "dcerpc.obj_id", "dcerpc.dg_if_id",
	"dcerpc.dg_act_id", "dcerpc.dg_server_boot", "dcerpc.dg_if_ver", "dcerpc.dg_seqnum", "dcerpc.opnum", "dcerpc.dg_ihint",
	"dcerpc.dg_ahint", "dcerpc.dg_frag_len", "dcerpc.dg_frag_num", "dcerpc.dg_auth_proto", "dcerpc.dg_serial_hi", "dcerpc.dg_serial_lo",
}

// layers are the fields of one frame; a field that occurs twice has two values.
type layers map[string][]string

// tsharkReads gives tshark's opinion on each frame, from one call. The WireGuard heuristic would claim plain requests (WIRE.md 7).
func tsharkReads(t *testing.T, program, path string) []opinion {
	t.Helper()
	args := []string{"-n", "--disable-heuristic", "wg", "-r", path, "-T", "json"}
	for _, field := range tsharkFields {
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
		out[i] = frames[i].Source.Layers.opinion(t)
	}
	return out
}

func (l layers) opinion(t *testing.T) opinion {
	t.Helper()
	var o opinion
	for i := range max(len(l["messenger.server"]), len(l["messenger.client"])) {
		o.popups = append(o.popups, popup{l.at("messenger.server", i), l.at("messenger.client", i), l.at("messenger.message", i)})
	}
	if l.at("dcerpc.ver", 0) != "4" {
		return o
	}
	o.header = l.header(t)
	for _, field := range []string{"dcerpc.dg_status", "messenger.rc", "conv.status"} {
		if value := l.at(field, 0); value != "-" {
			o.status = value
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

func (l layers) header(t *testing.T) *header {
	t.Helper()
	number := func(field string) uint64 {
		n, err := strconv.ParseUint(l.at(field, 0), 0, 64)
		if err != nil {
			t.Errorf("frame %v: %s: %v", l["frame.number"], field, err)
		}
		return n
	}
	return &header{
		ptype: number("dcerpc.pkt_type"), flags1: number("dcerpc.dg_flags1"), flags2: number("dcerpc.dg_flags2"),
		order: number("dcerpc.drep.byteorder"), object: l.at("dcerpc.obj_id", 0), ifID: l.at("dcerpc.dg_if_id", 0),
		actID: l.at("dcerpc.dg_act_id", 0), boot: l.bootTime(t), ifVers: number("dcerpc.dg_if_ver"), seqnum: number("dcerpc.dg_seqnum"),
		opnum: number("dcerpc.opnum"), ihint: number("dcerpc.dg_ihint"), ahint: number("dcerpc.dg_ahint"),
		length: number("dcerpc.dg_frag_len"), fragnum: number("dcerpc.dg_frag_num"), auth: number("dcerpc.dg_auth_proto"),
		serial: number("dcerpc.dg_serial_hi")<<8 | number("dcerpc.dg_serial_lo"),
	}
}

// bootTime reads server_boot, which tshark shows as a time.
func (l layers) bootTime(t *testing.T) uint64 {
	t.Helper()
	at, err := time.Parse("Jan _2, 2006 15:04:05.000000000 MST", cmp.Or(l.at("dcerpc.dg_server_boot", 0), "-"))
	if err != nil {
		t.Errorf("frame %v: server_boot: %v", l["frame.number"], err)
		return 0
	}
	return uint64(at.Unix())
}

// tsharkDifferences is every difference between tshark 4.0.17 and popupwatch over testdata, and why popupwatch is right all the same.
var tsharkDifferences = []struct {
	capture string
	frames  []int
	what    string
	why     string
}{
}
