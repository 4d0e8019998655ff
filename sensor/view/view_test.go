package view

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"popupwatch/sensor/store"
)

func TestADifferenceGivesTheVariantAgain(t *testing.T) {
	for _, test := range [][2]string{
		{"a b c", "a x c"}, {"", "a"}, {"a", ""}, {"a  b\nc", "a  b\nc d"}, {strings.Repeat("x ", 1000), strings.Repeat("y ", 1000)}, {"Ihr PC 1", "Ihr PC 22"},
	} {
		var first, variant string
		for _, p := range Compare(test[0], test[1]) {
			if p.Op != "added" {
				first += p.Text
			}
			if p.Op != "removed" {
				variant += p.Text
			}
		}
		if first != test[0] || variant != test[1] {
			t.Errorf("%.20q to %.20q: %.20q to %.20q", test[0], test[1], first, variant)
		}
	}
	if got := fmt.Sprint(Compare("buy at a.com now", "buy at b.com now")); got != "[{same buy at } {removed a.com } {added b.com } {same now}]" {
		t.Error(got)
	}
}

// Of an address that is not proven nothing is said that blames it, and no draft is named.
func TestOnlyAProvenSourceHasADraft(t *testing.T) {
	claim := func(state string, reportable bool) json.RawMessage {
		return fmt.Appendf(nil, `{"popupwatch":{"source":{"state":%q,"reportable":%v,"claim_id":"c","evidence":[{"id":"E63","group":"G6","decibans":3,"text":"t","packets":[1]}]}}}`, state, reportable)
	}
	for _, test := range []struct {
		claim json.RawMessage
		draft string
	}{
		{claim("genuine_bound", true), "d1"}, {claim("genuine_bound", false), ""}, {claim("unknown", true), ""}, {claim("forged_probable", false), ""},
	} {
		v, err := OfSource(store.Source{Documents: []json.RawMessage{test.claim}, Drafts: []string{"d1"}})
		if err != nil || v.Draft != test.draft || v.Told[0].Says == "" || v.Reportable != (test.draft != "") {
			t.Errorf("%s: draft %q, %+v, %v", test.claim, v.Draft, v.Told, err)
		}
		if test.draft == "" && !strings.Contains(v.Summary, "must not be reported") {
			t.Errorf("%s: %s", test.claim, v.Summary)
		}
	}
}

// The report says the words of the console's page.
func TestThePageAndTheReportSayTheSameWords(t *testing.T) {
	page, err := os.ReadFile("../console/page/src/words.tsx")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range States() {
		if want := fmt.Sprintf("%s: { label: '%s', short: '%s' }", s.Word, s.Label, s.Short); !strings.Contains(string(page), want) || State(s.Word) != s.Label {
			t.Errorf("the page does not say %s", want)
		}
	}
	for _, word := range []string{"spam", "suspect", "clean", "exploit"} {
		if want := word + ": '" + Verdict(word) + "'"; !strings.Contains(string(page), want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	for _, word := range []string{"rpc_udp", "smb_tcp", "mailslot_udp"} {
		if want := word + ": '" + Route(word) + "'"; !strings.Contains(string(page), want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if State("new") != "new" || Verdict("new") != "new" || Route("new") != "new" || Verdict("") == "" {
		t.Error("a word that is not known is not shown as it is")
	}
}
