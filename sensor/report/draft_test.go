package report

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/spoof"
	"popupwatch/sensor/spoof/proof"
	"popupwatch/sensor/store"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 123456789, time.UTC)

// someFacts are those of a report that a proof would have made; nothing but the rendering can be done with them.
func someFacts() facts {
	return facts{
		id: "550e8400-e29b-41d4-a716-446655440000", at: noon, source: netip.MustParseAddrPort("192.0.2.7:1041"),
		destination: netip.MustParseAddrPort("198.51.100.9:1026"), campaign: "cmp1-66jh7cukqwny62dg", rule: proof.RuleCallback.String(),
		limit: limitOf(proof.RuleCallback, netip.MustParseAddr("198.51.100.9")), seen: "A popup came.", messages: 3,
		message: "From: A\nTo: B\n\nbuy \x1b[31m\x07 now", evidence: []string{"It answered."}, packets: []uint64{1, 2, 3},
	}
}

func TestWhatIsRenderedIsXARF(t *testing.T) {
	form, err := NewForm(Reporter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"192.0.2.7:1041", "[2001:db8::7]:65535"} {
		f := someFacts()
		f.source, f.seen = netip.MustParseAddrPort(source), strings.Repeat("ä", 3000)
		document, err := f.render(Reporter{"Example", "abuse@example.org", "example.org"})
		if err == nil {
			err = validate(form.schema, document)
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", source, err, document)
		}
	}
}

func TestAReportSaysWhatItsProofDoesNotShow(t *testing.T) {
	f := someFacts()
	document, err := f.render(nobody())
	if err != nil {
		t.Fatal(err)
	}
	var out xarf
	if err := json.Unmarshal(document, &out); err != nil {
		t.Fatal(err)
	}
	const want = "this address received and answered a challenge sent by 198.51.100.9; an on-path party could imitate this"
	if !strings.Contains(out.Description, want) || out.SourcePort != 1041 || out.Timestamp != "2026-11-25T12:00:00.123456789Z" {
		t.Errorf("%s", document)
	}
	for i, part := range []string{"buy \x1b[31m\x07 now", want} {
		text, err := base64.StdEncoding.DecodeString(out.Evidence[i].Payload)
		if err != nil || !strings.Contains(string(text), part) {
			t.Errorf("evidence %d: %q, %v", i, text, err)
		}
	}
	if strings.ContainsAny(string(document), "\x1b\x07") {
		t.Error("control characters of the popup stand in the report")
	}
}

func TestTheSchemaRefusesWhatIsNoReport(t *testing.T) {
	form, err := NewForm(Reporter{})
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*facts, *Reporter){
		"a contact that is no mailbox": func(_ *facts, r *Reporter) { r.Contact = "nobody" },
		"a domain that is none":        func(_ *facts, r *Reporter) { r.Domain = "a b" },
		"a reporter without a name": func(_ *facts, r *Reporter) {
			*r = Reporter{Org: strings.Repeat("x", 201), Contact: r.Contact, Domain: r.Domain}
		},
		"no source port":            func(f *facts, _ *Reporter) { f.source = netip.AddrPortFrom(f.source.Addr(), 0) },
		"no id":                     func(f *facts, _ *Reporter) { f.id = "7" },
		"a campaign that is no tag": func(f *facts, _ *Reporter) { f.campaign = "a b" },
	} {
		f, r := someFacts(), nobody()
		spoil(&f, &r)
		document, err := f.render(r)
		if err != nil {
			t.Fatal(err)
		}
		if validate(form.schema, document) == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := (nowhere{}).Load("https://xarf.org/x.json"); !errors.Is(err, errNoFetching) {
		t.Error(err)
	}
}

func TestAReporterIsNamedWholeOrNotAtAll(t *testing.T) {
	for want, reporters := range map[error][]Reporter{
		nil:         {{}, {"Example", "cert@example.org", "example.org"}},
		ErrReporter: {{Org: "Example"}, {"Example", "cert", "example.org"}, {"Example", "cert@example.org", "a b"}, {strings.Repeat("x", 201), "a@b.org", "b.org"}},
	} {
		for _, r := range reporters {
			if _, err := NewForm(r); !errors.Is(err, want) {
				t.Errorf("%+v: %v, want %v", r, err, want)
			}
		}
	}
}

func TestWithoutAProofThereIsNoDraft(t *testing.T) {
	form, err := NewForm(Reporter{})
	if err != nil {
		t.Fatal(err)
	}
	a := &spoof.Assessment{
		State: spoof.GenuineBound, Reportable: true,
		Key: spoof.ClaimKey{Source: netip.MustParseAddr("192.0.2.7"), Campaign: "cmp1-a", Class: spoof.ClassPopup, Hour: noon},
	}
	view := CampaignView{ID: "cmp1-a", Verdict: "spam"}
	for _, claim := range []*spoof.Assessment{a, nil} {
		if d, err := form.Build(proof.Genuine{}, claim, view); !errors.Is(err, ErrNoProof) || d.Valid() {
			t.Errorf("%v, %v", d, err)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Draft]()) {
		if field.IsExported() {
			t.Errorf("a decoder can set %s of a draft", field.Name)
		}
	}
	if (Draft{}).Valid() {
		t.Error("an empty draft is valid")
	}
}

func TestEachRuleHasItsLimit(t *testing.T) {
	for r, part := range map[proof.Rule]string{
		proof.RuleCallback: "on-path", proof.RuleTCP: "on-path", proof.RuleAccess: "our own network only", proof.RuleNone: "",
	} {
		if got := limitOf(r, netip.MustParseAddr("192.0.2.1")); !strings.Contains(got, part) || (got == "") != (part == "") {
			t.Errorf("%s: %q", r, got)
		}
	}
}

// stored is a draft as the store would have it.
func stored(t *testing.T, f facts) store.Draft {
	t.Helper()
	document, err := f.render(nobody())
	if err != nil {
		t.Fatal(err)
	}
	return store.Draft{ID: f.id, Source: f.source.Addr().String(), Campaign: f.campaign, At: f.at, Document: document, Hash: hashOf(document)}
}
