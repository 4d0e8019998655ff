package report

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/store"
)

func openGates(t *testing.T) *Gates {
	t.Helper()
	c, err := ReadContacts(strings.NewReader("# ours\n192.0.2.0/24 abuse@example.net # provider\n192.0.2.128/25 other@example.net\n\n2001:db8::1 v6@example.net\n"))
	if err != nil {
		t.Fatal(err)
	}
	return &Gates{Now: noon.Add(time.Hour), Contacts: c, ClockSynced: true, Reporter: Reporter{"Example", "abuse@example.org", "example.org"}}
}

func TestOpenGatesFillInTheReporterAndNothingElse(t *testing.T) {
	d := stored(t, someFacts())
	v, err := openGates(t).Judge(d)
	if err != nil || len(v.Refusals) > 0 || v.Contact != "abuse@example.net" {
		t.Fatal(v.Refusals, err)
	}
	var before, after xarf
	if err := json.Unmarshal(d.Document, &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(v.Document, &after); err != nil {
		t.Fatal(err)
	}
	if after.Reporter.Org != "Example" || after.Sender != after.Reporter {
		t.Errorf("%+v", after.Reporter)
	}
	after.Reporter, after.Sender = before.Reporter, before.Sender
	x, _ := json.Marshal(before)
	y, _ := json.Marshal(after)
	if !bytes.Equal(x, y) {
		t.Errorf("%s\nbecame\n%s", x, y)
	}
}

func TestEachGateRefusesWithItsReason(t *testing.T) {
	for want, closeGate := range map[string]func(*Gates, *store.Draft){
		"older than 72 hours": func(g *Gates, _ *store.Draft) { g.Now = noon.Add(72*time.Hour + time.Second) },
		"in the future":       func(g *Gates, _ *store.Draft) { g.Now = noon.Add(-6 * time.Minute) },
		"--clock-synced":      func(g *Gates, _ *store.Draft) { g.ClockSynced = false },
		"--reporter-org":      func(g *Gates, _ *store.Draft) { g.Reporter.Domain = "" },
		"No contact":          func(g *Gates, _ *store.Draft) { g.Contacts = nil },
		"not what was written": func(_ *Gates, d *store.Draft) {
			d.Document = bytes.Replace(d.Document, []byte("192.0.2.7"), []byte("192.0.2.8"), 1)
		},
		"another address": func(_ *Gates, d *store.Draft) {
			d.Document = bytes.Replace(d.Document, []byte("192.0.2.7"), []byte("192.0.2.8"), 1)
			d.Hash = hashOf(d.Document)
		},
		"no draft any more": func(_ *Gates, d *store.Draft) { d.Document = []byte("x"); d.Hash = hashOf(d.Document) },
		"is no XARF":        func(g *Gates, _ *store.Draft) { g.Reporter.Contact = "nobody" },
	} {
		g, d := openGates(t), stored(t, someFacts())
		closeGate(g, &d)
		v, err := g.Judge(d)
		if err != nil || v.Document != nil || !strings.Contains(strings.Join(v.Refusals, " "), want) {
			t.Errorf("%s: %q, %v", want, v.Refusals, err)
		}
		if len(v.Refusals) == 0 {
			t.Errorf("%s: it went through", want)
		}
	}
}

func TestAContactGetsOneReportOfACampaignADay(t *testing.T) {
	g := openGates(t)
	refused := 0
	for i, f := range []func(*facts){
		func(*facts) {},
		func(f *facts) { f.source = netip.MustParseAddrPort("192.0.2.8:99") }, // the same contact
		func(f *facts) { f.source = netip.MustParseAddrPort("192.0.2.200:99") },
		func(f *facts) { f.campaign = "cmp1-other" },
		func(f *facts) { f.at = noon.Add(-24 * time.Hour) },
		func(f *facts) { f.campaign = "cmp1-other" },
	} {
		facts := someFacts()
		facts.id = facts.id[:35] + string(rune('0'+i))
		f(&facts)
		v, err := g.Judge(stored(t, facts))
		if err != nil {
			t.Fatal(err)
		}
		if again := i == 1 || i == 5; again != (len(v.Refusals) == 1) {
			t.Errorf("%d: %q", i, v.Refusals)
		}
		refused += len(v.Refusals)
	}
	if refused != 2 {
		t.Errorf("%d refused", refused)
	}
}

func TestAContactsFileIsReadStrictly(t *testing.T) {
	for _, line := range []string{"192.0.2.0/24", "x a@b.c", "192.0.2.0/24 nobody", "192.0.2.0/24 a@b.c d", "192.0.2.0/24 <a@b.c>"} {
		if _, err := ReadContacts(strings.NewReader("\n" + line)); err == nil || !strings.HasPrefix(err.Error(), "line 2") {
			t.Errorf("%q: %v", line, err)
		}
	}
	c := openGates(t).Contacts
	for address, want := range map[string]string{
		"192.0.2.1": "abuse@example.net", "::ffff:192.0.2.200": "other@example.net", "2001:db8::1": "v6@example.net", "203.0.113.1": "",
	} {
		if got := c.Of(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
