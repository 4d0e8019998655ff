package rules

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// sample is one line of the labelled texts: the fields of testdata/README.md, and those of testdata/captures/spam-texts.jsonl.
type sample struct {
	Kind     string
	Label    string
	Split    string
	Lure     string
	Language string
	From     string
	To       string
	Text     string
	Message  string
}

func readSamples(tb testing.TB, path string) []sample {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var all []sample
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		s.Text += s.Message
		all = append(all, s)
	}
	if len(all) == 0 {
		tb.Fatalf("%s holds no samples", path)
	}
	return all
}

func realSpam(tb testing.TB) []sample {
	var all []sample
	for _, s := range readSamples(tb, "../testdata/captures/spam-texts.jsonl") {
		if s.Kind == "decoded-from-capture" || strings.HasPrefix(s.Kind, "quoted-by-recipient") {
			all = append(all, s)
		}
	}
	return all
}

func legitimate(tb testing.TB) []sample { return readSamples(tb, "testdata/legitimate.jsonl") }

func ourSpam(tb testing.TB, split string) []sample {
	var all []sample
	for _, s := range readSamples(tb, "testdata/spam-ours.jsonl") {
		if s.Split == split {
			all = append(all, s)
		}
	}
	return all
}

// setting is how a popup came.
type setting struct {
	name      string
	route     decoders.Route
	flags     uint8
	port      uint16
	direction decoders.Direction
	spread    Context // of its campaign
}

// How spam comes, seen with and without knowing home; and how net send comes.
var (
	spamSettings = []setting{
		{"idempotent from unknown", decoders.RouteRPC, flagIdempotent, 1026, decoders.DirectionUnknown, Context{}},
		{"idempotent from outside", decoders.RouteRPC, flagIdempotent, 1027, decoders.DirectionInbound, Context{}},
	}
	ownSettings = []setting{
		{"session within home", decoders.RouteSMB, 0, 139, decoders.DirectionInternal, Context{}},
		{"session, home unknown", decoders.RouteSMB, 0, 139, decoders.DirectionUnknown, Context{}},
		{"mailslot, home unknown", decoders.RouteMailslot, 0, 138, decoders.DirectionUnknown, Context{}},
		{"plain call, home unknown", decoders.RouteRPC, 0, 1026, decoders.DirectionUnknown, Context{}},
	}
)

// popup builds the message of a sample with the real analyzer.
func (s sample) popup(a *text.Analyzer, how setting) (*decoders.Message, Context) {
	m := message(s.From, s.To, a.Analyze(s.Text))
	m.Text.Shown = s.Text
	m.Route = how.route
	setFlags(&m.RPC.Flags, how.flags)
	m.RPC.Fragments = 1
	m.Dst = netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), how.port)
	c := how.spread
	c.Direction = how.direction
	return m, c
}

// setFlags lets a test set flags by value without the import of dcerpc, which this package may not have.
func setFlags[F ~uint8](flags *F, value uint8) { *flags = F(value) }

func message(from, to string, f *text.Features) *decoders.Message {
	m := &decoders.Message{Features: f}
	m.From.Shown, m.To.Shown = from, to
	return m
}

// features is a normal form and its stats made by hand, for tests that are not about reading texts.
func features(norm string, stats text.Stats) *text.Features {
	return &text.Features{Form: &text.Form{Norm: norm, Hash: sha256.Sum256([]byte(norm))}, Stats: stats}
}
