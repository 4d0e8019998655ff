package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// decoded is a line as encoding/json reads it, with exact numbers.
func decoded(t interface{ Fatalf(string, ...any) }, line []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("line is no JSON: %v\n%s", err, line)
	}
	return v
}

// at is the value at a dotted path of a decoded line; nil where there is none.
func at(v map[string]any, path string) any {
	var x any = v
	for _, name := range strings.Split(path, ".") {
		m, ok := x.(map[string]any)
		if !ok {
			return nil
		}
		x = m[name]
	}
	return x
}

// put sets a value at a dotted path.
func put(v map[string]any, path string, x any) {
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		if v[name] == nil {
			v[name] = map[string]any{}
		}
		v = v[name].(map[string]any)
	}
	v[names[len(names)-1]] = x
}

// reference is the document of a popup as encoding/json would write it: built from the contract, not from the table.
func reference(e *Event) map[string]any {
	m, v := e.Message, map[string]any{}
	stamp := m.Time.UTC().Format("2006-01-02T15:04:05.000000000Z")
	for path, x := range map[string]any{
		"@timestamp": stamp, "event.id": e.ID(), "event.kind": "event", "event.category": []string{"network"}, "event.type": []string{"info"},
		"event.action": "messenger_popup", "event.outcome": "unknown", "event.module": "popupwatch", "event.provider": "popupwatch",
		"event.dataset": "popupwatch.message", "event.severity": e.Severity, "event.risk_score": e.Risk, "event.start": stamp, "event.end": stamp,
		"data_stream.type": "logs", "data_stream.dataset": "popupwatch.message", "data_stream.namespace": "default", "ecs.version": "8.17.0",
		"tags": []string{"source-unverified"}, "observer.name": "replay", "observer.hostname": "span1", "observer.type": "sensor",
		"observer.vendor": "popupwatch", "observer.product": "popupwatch", "observer.version": "1.0.0",
		"source.ip": m.Src.Addr(), "source.address": m.Src.Addr(), "source.port": m.Src.Port(),
		"destination.ip": m.Dst.Addr(), "destination.address": m.Dst.Addr(), "destination.port": m.Dst.Port(),
		"related.ip": []any{m.Dst.Addr()}, "network.transport": "udp", "network.type": "ipv4", "network.protocol": "dcerpc",
		"network.application": "msgsvc", "network.direction": "inbound", "network.community_id": string(e.community[:]),
		"popupwatch.message.code_page": m.Page, "popupwatch.message.count": 1, "popupwatch.message.targets": 1,
		"popupwatch.message.destinations": []any{m.Dst.Addr()}, "popupwatch.message.first_seen": stamp, "popupwatch.message.last_seen": stamp,
		"popupwatch.message.packets": m.Frames, "popupwatch.route": "rpc_udp",
		"popupwatch.rpc.activity": "00000000-0000-0000-0000-000000000000", "popupwatch.rpc.sequence": m.RPC.Sequence, "popupwatch.rpc.serial": 0,
		"popupwatch.rpc.byte_order": "little", "popupwatch.rpc.fragments": 0, "popupwatch.rpc.server_boot": 0, "popupwatch.rpc.auth": 0,
		"popupwatch.marks.ttl": m.Marks.TTL, "popupwatch.marks.ip_id": m.Marks.ID,
		"popupwatch.score.total": e.Verdict.Score, "popupwatch.score.verdict": e.Verdict.Class.String(), "popupwatch.campaign.id": e.Membership.ID,
	} {
		put(v, path, x)
	}
	texts(v, m)
	return v
}

func texts(v map[string]any, m *decoders.Message) {
	for name, s := range map[string]string{"from": m.From.Shown, "to": m.To.Shown, "text": m.Text.Shown} {
		if s != "" {
			put(v, "popupwatch.message."+name, s)
		}
	}
	if m.Text.Raw != "" && !m.Text.Exact {
		put(v, "popupwatch.message.raw", base64.StdEncoding.EncodeToString([]byte(m.Text.Raw)))
	}
	if len(m.Anomalies) > 0 {
		put(v, "popupwatch.message.anomalies", m.Anomalies)
	}
}

func drawText(t *rapid.T, name string) string {
	if rapid.Bool().Draw(t, name+" is octets") {
		return string(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, name))
	}
	return rapid.String().Draw(t, name)
}

func drawTime(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(minSecond+86400, maxSecond).Draw(t, "second"), rapid.Int64Range(0, 999999999).Draw(t, "nanosecond")).UTC()
}

func drawAddr(t *rapid.T, name string) netip.Addr {
	o := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, name))
	return netip.AddrFrom4(o)
}

// drawMessage draws what differs between popups, with texts that are hostile.
func drawMessage(t *rapid.T) *decoders.Message {
	m := &decoders.Message{Time: drawTime(t), Page: "cp437", Frames: []uint64{rapid.Uint64().Draw(t, "frame")}}
	m.Src = netip.AddrPortFrom(drawAddr(t, "source"), rapid.Uint16Min(1).Draw(t, "source port"))
	m.Dst = netip.AddrPortFrom(drawAddr(t, "destination"), rapid.Uint16Min(1).Draw(t, "destination port"))
	m.From.Shown, m.To.Shown, m.Text.Shown = drawText(t, "from"), drawText(t, "to"), drawText(t, "text")
	m.From.Exact, m.To.Exact, m.Text.Exact = true, true, rapid.Bool().Draw(t, "exact")
	m.Text.Raw = drawText(t, "raw")
	m.Marks.TTL, m.Marks.ID = rapid.Byte().Draw(t, "ttl"), rapid.Uint16().Draw(t, "ip id")
	m.RPC.Sequence = rapid.Uint32().Draw(t, "sequence")
	if rapid.Bool().Draw(t, "anomalous") {
		m.Anomalies = []string{"no-nul", drawText(t, "anomaly")}
	}
	return m
}

func TestLineDecodesToTheSameValueAsEncodingJSON(t *testing.T) {
	b := sampleBuilder()
	rapid.Check(t, func(t *rapid.T) {
		v := rules.Verdict{Score: rapid.Float64().Draw(t, "score"), Class: rules.Spam}
		e := b.Message(drawMessage(t), campaign.Membership{ID: "cmp1-a"}, v, nil, decoders.DirectionInbound)
		line, err := json.Marshal(reference(e))
		if err != nil {
			t.Fatal(err)
		}
		want, got := decoded(t, line), decoded(t, e.JSON())
		delete(got, "message") // checked by its own test
		number := cmp.Comparer(func(a, b json.Number) bool { return a == b || toFloat(a) == toFloat(b) })
		if diff := cmp.Diff(want, got, number); diff != "" {
			t.Fatalf("document (-want +got):\n%s", diff)
		}
	})
}

func toFloat(n json.Number) float64 {
	f, err := n.Float64()
	if err != nil {
		return math.NaN()
	}
	return f
}

func TestStringDecodesAsEncodingJSONAndDrivesNoTerminal(t *testing.T) {
	for _, s := range []string{"", "a", "plain enough to be long", "\"\\", "\x00\x1f\x7f", "\xff\xfe", "é\xe9é", "\u2028\u2029\u0085\u009b", "a\u202eb\u2066c",
		"\U0001f4a9", "\xed\xa0\x80", "0123456\"", "01234567\"", "0123456789abcde\x1b", strings.Repeat("x", 63) + "\n", "\ufffd"} {
		checkString(t, s)
	}
	rapid.Check(t, func(t *rapid.T) { checkString(t, drawText(t, "s")) })
}

func FuzzString(f *testing.F) {
	for _, s := range []string{sampleText, "\x1b]0;title\x07", "a\u202eb", "\xff", "\u009b31m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkString(t, s)
		line := string(appendExcerpt([]byte{'"'}, s)) + `"`
		var shown string
		if err := json.Unmarshal([]byte(line), &shown); err != nil {
			t.Fatalf("excerpt of %q is %q: %v", s, line, err)
		}
		for _, r := range shown {
			if drivesTerminal(r) {
				t.Fatalf("excerpt of %q is %q with %U in it", s, shown, r)
			}
		}
	})
}

func checkString(t interface{ Fatalf(string, ...any) }, s string) {
	line := appendString(nil, s)
	want, _ := json.Marshal(s)
	var a, b string
	if err := json.Unmarshal(line, &a); err != nil {
		t.Fatalf("%q gives %q, which is no JSON: %v", s, line, err)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		t.Fatalf("oracle: %v", err)
	}
	if a != b {
		t.Fatalf("%q decodes to %q, want %q", s, a, b)
	}
	for i, r := range string(line) {
		if drivesTerminal(r) || r == utf8.RuneError && line[i] != 0xef {
			t.Fatalf("%q gives %q with %U in it", s, line, r)
		}
	}
}

func TestFloatIsThatOfEncodingJSON(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, f float64) {
		got := appendFloat(nil, f)
		var back float64
		if math.IsNaN(f) || math.IsInf(f, 0) {
			if len(got) != 0 {
				t.Fatalf("%v gives %q, want nothing", f, got)
			}
		} else if err := json.Unmarshal(got, &back); err != nil || back != f {
			t.Fatalf("%v gives %q: %v, %v", f, got, back, err)
		}
	}
	for _, f := range []float64{0, -0.1, 7.5, 0.3, 1e-9, 1e300, 123456.7, -31.5, 0.05, math.NaN(), math.Inf(-1), math.MaxFloat64} {
		check(t, f)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.Float64().Draw(t, "f")) })
}

func TestStampIsRFC3339WithNineDigits(t *testing.T) {
	var s stamper
	check := func(t interface{ Fatalf(string, ...any) }, at time.Time) {
		want := at.UTC().Format(`"2006-01-02T15:04:05.000000000Z"`)
		if got := string(s.append(nil, at)); got != want {
			t.Fatalf("%v gives %s, want %s", at, got, want)
		}
	}
	check(t, time.Unix(-1, 999999999))
	check(t, time.Unix(0, 0))
	check(t, time.Date(1999, 12, 31, 23, 59, 59, 1, time.UTC))
	rapid.Check(t, func(t *rapid.T) { check(t, drawTime(t)) })
	for sec, want := range map[int64]string{math.MaxInt32 * 10000: `"9999-12-31T23:59:59.999999999Z"`, minSecond - 1: `"0000-01-01T00:00:00.000000000Z"`} {
		if got := string(s.append(nil, time.Unix(sec, 5))); got != want {
			t.Errorf("second %d gives %s, want %s", sec, got, want)
		}
	}
	if got := s.append(nil, time.Time{}); len(got) != 0 {
		t.Errorf("the zero time gives %s, want nothing", got)
	}
}

func TestBuildingAndRenderingAllocateNothing(t *testing.T) {
	b, m, in, v, a, u := sampleBuilder(), sampleMessage(), sampleMembership(), sampleVerdict(), sampleClaim(), sampleUpdate()
	for name, f := range map[string]func() *Event{
		"message":  func() *Event { return b.Message(m, in, v, a, decoders.DirectionInbound) },
		"source":   func() *Event { return b.Source(a) },
		"campaign": func() *Event { return b.Campaign(u) },
	} {
		f().JSON()
		if got := testing.AllocsPerRun(100, func() { f().JSON() }); got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}

func TestDocumentsOfNothingAreJSON(t *testing.T) {
	b := sampleBuilder()
	r := NewRollup(b, RollupConfig{Period: time.Minute})
	r.take(&decoders.Message{}, "")
	r.Finish()
	for _, e := range []func() *Event{
		func() *Event { return b.Message(&decoders.Message{}, campaign.Membership{}, rules.Verdict{}, nil, 0) },
		func() *Event { return b.Source(&spoof.Assessment{}) }, func() *Event { return b.Campaign(&campaign.Update{}) },
		func() *Event { return b.Finding(&Finding{}) }, func() *Event { return b.Stats(&Stats{}) }, r.Next,
	} {
		decoded(t, e().JSON())
	}
}

func TestGatheringAMessageOfAnOpenBucketAllocatesNothing(t *testing.T) {
	r, m := NewRollup(sampleBuilder(), RollupConfig{Period: time.Hour}), flood(1, 1, 1)
	r.take(m, "cmp1-a")
	if got := testing.AllocsPerRun(100, func() { r.Advance(m.Time); r.take(m, "cmp1-a") }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}
