package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// plain is the line of a caller that has nothing to hide.
func plain(s string, n int) string { return cut(strings.TrimRight(s, "\n"), n) }

// sourceLine is the last document of a claim.
func sourceLine(ip, state, more string) string {
	return fmt.Sprintf(`{"event":{"dataset":"popupwatch.source"},"source":{"ip":%q},"popupwatch":{"campaign":{"id":"cmp1-a"},"source":{"state":%q,`+
		`"claim_id":"clm1-%s","class":"popup","hour":"2026-11-25T12:00:00Z","messages":2,"first_seen":"2026-11-25T12:00:00Z","last_seen":"2026-11-25T12:00:30Z",`+
		`"evidence":[{"id":"E10","decibans":13,"text":"The TTL was invented."}]%s,"final":true}}}`+"\n", ip, state, ip, more)
}

// messageLine is a popup.
func messageLine(ip, text, vlan string, minute int) string {
	at := fmt.Sprintf("2026-11-25T12:%02d:00Z", minute)
	return fmt.Sprintf(`{"@timestamp":%q,"event":{"dataset":"popupwatch.message"},"observer":{"name":"s","ingress":{"interface":{"name":"eth1"}}},`+
		`"source":{"ip":%q},"destination":{"ip":"198.51.100.1","port":1026},"network":{"vlan":{"id":%q}},"popupwatch":{"campaign":{"id":"cmp1-a"},`+
		`"message":{"text":%q,"count":1,"first_seen":%q,"last_seen":%q,"packets":[%d]},"marks":{"ttl":64,"source_mac":"00-11-22-33-44-55"},`+
		`"source":{"state":"unknown","claim_id":"clm1-%s"}}}`+"\n", at, ip, vlan, text, at, at, minute, ip)
}

func TestEverySourceIsRefusedInWords(t *testing.T) {
	var events strings.Builder
	states := []string{"forged_certain", "nonroutable_leak", "forged_probable", "unknown", "reachable_unbound", "genuine_bound"}
	for i, state := range states {
		events.WriteString(sourceLine(fmt.Sprintf("192.0.2.%d", i), "unknown", ""))
		events.WriteString(sourceLine(fmt.Sprintf("192.0.2.%d", i), state, `,"refused_by":["single_proof","new_gate"]`)) // the last word
	}
	events.WriteString(sourceLine("192.0.2.8", "genuine_bound", `,"reportable":true`))
	var all Refusals
	if err := all.Read(strings.NewReader(events.String())); err != nil {
		t.Fatal(err)
	}
	rows := all.Rows("")
	if len(rows) != len(states)+1 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, state := range states {
		text := rows[i].String()
		for _, part := range []string{state, wordsOf(state).meaning, wordsOf(state).harm, "no two proofs at least a minute apart", "gate: new_gate", "The TTL was invented."} {
			if !strings.Contains(text, part) {
				t.Errorf("%q is not said of %s: %s", part, state, text)
			}
		}
		if rows[i].Messages != 4 || rows[i].Allowed {
			t.Errorf("%+v", rows[i])
		}
	}
	if last := rows[len(states)]; !last.Allowed || strings.Contains(last.String(), "No report") {
		t.Errorf("%s", last.String())
	}
	if one := all.Rows("192.0.2.3"); len(one) != 1 || one[0].State != "unknown" {
		t.Errorf("%+v", one)
	}
}

func TestEventsAreReadCompressedAndDamageIsNamed(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, sourceLine("192.0.2.1", "unknown", ""))
	z.Close()
	var all Refusals
	if err := all.Read(&packed); err != nil || len(all.Rows("")) != 1 {
		t.Error(err, all.Rows(""))
	}
	for _, bad := range []string{"{}\n{", "{}\nx\n", "{}\n" + strings.Repeat("x", maxLine+1)} {
		if err := all.Read(strings.NewReader(bad)); err == nil || !strings.HasPrefix(err.Error(), "line 2") {
			t.Errorf("%.10q: %v", bad, err)
		}
	}
}

func TestATracebackTellsOfPathsAndNeverOfCulprits(t *testing.T) {
	events := sourceLine("192.0.2.1", "forged_probable", "") + sourceLine("192.0.2.2", "unknown", "") +
		messageLine("192.0.2.1", "buy | `x`", "7", 1) + messageLine("192.0.2.1", "buy | `x`", "7", 3) + messageLine("192.0.2.1", "other", "8", 3) +
		messageLine("192.0.2.2", "buy", "7", 4)
	var tb Traceback
	if err := errors.Join(tb.Sources(strings.NewReader(events)), tb.Messages(strings.NewReader(events))); err != nil {
		t.Fatal(err)
	}
	all := tb.Packages()
	if len(all) != 1 || all[0].Messages != 3 || all[0].Others != 1 || len(all[0].Paths) != 2 {
		t.Fatalf("%+v", all)
	}
	p := all[0].Paths[0]
	if p.VLAN != "7" || p.Messages != 2 || p.Rate != 1 || p.Peak != 1 || p.TTLs[64] != 2 || p.LastHop != "00-11-22-33-44-55" || !slices.Equal(p.Packets, []uint64{1, 3}) {
		t.Errorf("%+v", p)
	}
	text := all[0].Markdown(plain)
	for _, part := range []string{"not who sent it", "please do not contact or block them", "`eth1`", p.Digests[0].SHA256} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not said:\n%s", part, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.Contains(line, "192.0.2.") && !strings.Contains(line, "not who sent it") {
			t.Errorf("an address stands where it could be blamed: %s", line)
		}
	}
	if document, err := json.Marshal(all[0]); err != nil || !strings.Contains(string(document), `"addresses_written_on_it_not_who_sent_it":["192.0.2.1"]`) {
		t.Errorf("%s, %v", document, err)
	}
}

func TestATracebackIsBounded(t *testing.T) {
	var events strings.Builder
	events.WriteString(sourceLine("192.0.2.1", "forged_certain", ""))
	for i := range maxPaths + 5 {
		events.WriteString(messageLine("192.0.2.1", fmt.Sprint("text ", i), fmt.Sprint(i), i%60))
	}
	var tb Traceback
	if err := errors.Join(tb.Sources(strings.NewReader(events.String())), tb.Messages(strings.NewReader(events.String()))); err != nil {
		t.Fatal(err)
	}
	if p := tb.Packages()[0]; len(p.Paths) != maxPaths || p.Unplaced != 5 || p.Messages != maxPaths+5 {
		t.Errorf("%d paths, %d unplaced, %d messages", len(p.Paths), p.Unplaced, p.Messages)
	}
}

func TestANoticeIsForForgedAddressesAlone(t *testing.T) {
	forged := sourceLine("24.64.81.144", "forged_probable", "")
	for name, c := range map[string]struct {
		ip, events string
		want       error
	}{
		"forged":                     {"24.64.81.144", forged + sourceLine("24.64.81.144", "unknown", ""), nil},
		"not forged":                 {"24.64.81.144", sourceLine("24.64.81.144", "unknown", "") + sourceLine("24.64.81.145", "forged_certain", ""), ErrNotForged},
		"forged and proven":          {"24.64.81.144", forged + sourceLine("24.64.81.144", "genuine_bound", ""), ErrMixed},
		"forged and answering":       {"24.64.81.144", forged + sourceLine("24.64.81.144", "reachable_unbound", ""), ErrMixed},
		"contradicted":               {"24.64.81.144", forged + sourceLine("24.64.81.144", "unknown", `,"conflict":true`), ErrMixed},
		"private":                    {"10.0.0.1", sourceLine("10.0.0.1", "forged_probable", ""), ErrNotRoutable},
		"of no host by its registry": {"240.0.0.1", strings.Replace(sourceLine("240.0.0.1", "forged_certain", ""), "E10", "R1", 1), ErrNotRoutable},
	} {
		n := NewImpersonation(netip.MustParseAddr(c.ip))
		if err := n.Read(strings.NewReader(c.events)); err != nil {
			t.Fatal(err)
		}
		text, err := n.Notice(plain)
		if !errors.Is(err, c.want) || (text == "") != (c.want != nil) {
			t.Errorf("%s: %v, %q", name, err, text)
		}
		if c.want == nil && !strings.HasPrefix(text, "Your address appears as a forged source, no action implied\n") {
			t.Errorf("%q", text)
		}
	}
}
