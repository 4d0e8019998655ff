package kibana

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	scoring "popupwatch/rules"
	"popupwatch/sensor"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/event"
	"popupwatch/sensor/sink"
	"popupwatch/sensor/spoof"
)

// document is an event as tests compute with it.
type document struct {
	id, stream string
	line       string
	values     map[string][]string // by field; numbers as they were written
}

// one is the first value of a field.
func (d document) one(field string) string {
	if v := d.values[field]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// parsed is a value as a number: dates in milliseconds, true as 1, what is none as 0.
func parsed(v string) float64 {
	if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
		return float64(t.UnixMilli())
	}
	if v == "true" {
		return 1
	}
	f, _ := strconv.ParseFloat(v, 64)
	return f
}

// ingested stands in for the wall clock that the sender adds.
const ingested = "2026-01-02T03:04:05.000Z"

// readDocument reads a line of NDJSON.
func readDocument(t *testing.T, line string) document {
	t.Helper()
	o := object{}
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&o); err != nil {
		t.Fatal(err)
	}
	sub(o, "event")["ingested"] = ingested
	d := document{values: map[string][]string{}, line: string(compact(o))}
	d.flatten("", o)
	d.id = d.one("event.id")
	d.stream = d.one("data_stream.type") + "-" + d.one("data_stream.dataset") + "-" + d.one("data_stream.namespace")
	return d
}

// flatten gathers the distinct values of each field, also from lists of objects.
func (d document) flatten(path string, v any) {
	switch v := v.(type) {
	case object:
		for k, inner := range v {
			d.flatten(strings.TrimPrefix(path+"."+k, "."), inner)
		}
	case []any:
		for _, inner := range v {
			d.flatten(path, inner)
		}
	default:
		if s := fmt.Sprint(v); !slices.Contains(d.values[path], s) {
			d.values[path] = append(d.values[path], s)
		}
	}
}

// documents are the events of the real captures: as the golden files hold them, once more with home networks and rolled up, and what no
// capture has, made by hand. Each id stands there once, as in a data stream.
func documents(t *testing.T) []document {
	t.Helper()
	var lines []string
	for _, name := range []string{"real", "exchange", "shapes"} {
		b, err := os.ReadFile(filepath.FromSlash("../../testdata/" + name + ".ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Split(strings.TrimSpace(string(b)), "\n")...)
	}
	lines = append(append(lines, rolledUp(t)...), byHand()...)
	var all []document
	seen := map[string]bool{}
	for _, line := range lines {
		if d := readDocument(t, line); !seen[d.id] {
			seen[d.id] = true
			all = append(all, d)
		}
	}
	return all
}

// rolledUp carries the real captures along the road, with home networks and a rollup: one document may then stand for several popups.
func rolledUp(t *testing.T) []string {
	t.Helper()
	set, err := scoring.Default()
	if err != nil {
		t.Fatal(err)
	}
	files, err := capture.Open([]string{filepath.FromSlash("../../../testdata/captures")}, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	var b bytes.Buffer
	out := sink.NewNDJSON("test", &b)
	config := sensor.Config{Rules: set, Home: homes(), Rollup: time.Hour, Event: event.Config{Sensor: "home", Version: "test", Alerts: true}}
	if err := sensor.New(config, out).Run(files); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(b.String()), "\n")
}

// homes are addresses of the real captures: two networks that popups came to, and one address that some pretend to come from.
func homes() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("172.202.246.57/32"), netip.MustParsePrefix("193.11.84.0/24"), netip.MustParsePrefix("24.64.81.144/32")}
}

// byHand are documents of what no real capture has: findings of every class, a proven claim, one machine behind several addresses, and
// the counts of a live sensor in a flood.
func byHand() []string {
	at := time.Date(2006, 7, 8, 9, 10, 11, 0, time.UTC)
	b := event.NewBuilder(event.Config{Sensor: "by-hand", Version: "test", Alerts: true, Home: func(a netip.Addr) bool { return a.As4()[0] == 192 }})
	var lines []string
	add := func(e *event.Event) { lines = append(lines, string(e.JSON())) }
	for n, class := range []string{event.ActionExploit, event.ActionProbe, event.ActionExposedHost, event.ActionInsideSender, event.ActionBackscatter} {
		for again, outcome := range []string{"success", "unknown"} {
			f := &event.Finding{Class: class, Time: at.Add(time.Duration(again) * time.Hour), Again: again == 1, Outcome: outcome, Protocol: 17, Count: uint64(n + again + 1),
				Src: netip.MustParseAddrPort("198.51.100.7:1024"), Dst: netip.MustParseAddrPort("192.0.2.8:135"), First: at, Last: at}
			if class == event.ActionBackscatter {
				f.QuoteSrc, f.QuoteDst = netip.MustParseAddrPort("192.0.2.9:1026"), netip.MustParseAddrPort("198.51.100.9:1026")
			}
			add(b.Finding(f))
		}
	}
	for n, state := range []spoof.State{spoof.GenuineBound, spoof.ForgedProbable, spoof.ForgedProbable, spoof.ForgedCertain, spoof.ReachableUnbound} {
		a := &spoof.Assessment{Time: at.Add(time.Hour), Part: at, State: state, Final: true, Reportable: true, Messages: uint64(10 + n), Targets: 1, First: at, Last: at,
			Conflict: n == 3, Key: spoof.ClaimKey{Source: netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}), Campaign: "cmp1-aaaaaaaaaaaaaaaa", Class: "popup", Hour: at.Truncate(time.Hour)}}
		if state == spoof.ForgedProbable {
			a.Emitter, a.Decibans = "emt1-bbbbbbbbbbbbbbbb", 31.5
		}
		add(b.Source(a))
	}
	for i := range spoof.StateCount {
		u := &campaign.Update{ID: "cmp1-aaaaaaaaaaaaaaaa", Time: at.Add(time.Hour), Part: at, First: at, Last: at, Messages: 21, Cause: campaign.CauseOpened, Worse: true,
			Standing: campaign.Standing{Level: int(scoring.Spam), Verdict: "spam", Lure: "registry_cleaner"}}
		for s := range u.SourcesByState {
			u.SourcesByState[s] = uint64(i + s + 1)
		}
		u.Time = u.Time.Add(time.Duration(i) * time.Minute)
		add(b.Campaign(u))
	}
	shed := []event.Tally{{Name: "datagrams", N: 1}, {Name: "calls", N: 2}, {Name: "texts", N: 3}, {Name: "campaigns", N: 4}, {Name: "claims", N: 5}, {Name: "findings", N: 6}, {Name: "rollup", N: 7}}
	queue := []event.Tally{{Name: "produced", N: 20}, {Name: "indexed", N: 10}, {Name: "duplicate", N: 5}, {Name: "dead", N: 1}, {Name: "queued", N: 3}, {Name: "shed", N: 1}}
	stats := &event.Stats{Start: at, End: at.Add(time.Minute), Frames: 100, Bytes: 6000, Matched: 50, Messages: 2, ClockSteps: 1, Live: true,
		KernelReceived: 110, KernelDropped: 7, InterfaceDropped: 3, Shed: shed, Queue: queue}
	for i := range stats.Reasons {
		stats.Reasons[i] = uint64(i)
	}
	for i, port := range event.WatchedPorts() {
		stats.Ports[i] = event.PortStats{Port: port, Datagrams: uint64(i + 1), Bytes: uint64(100 * i), Addresses: uint64(i + 2)}
	}
	add(b.Stats(stats))
	return lines
}
