package kibana

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"popupwatch/sensor/elastic/estest"
	"popupwatch/sensor/event"
)

func TestRulesAreSafeToImport(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules() {
		if seen[r.RuleID] || !strings.HasPrefix(r.RuleID, "popupwatch-") {
			t.Errorf("%s is not an id of its own", r.RuleID)
		}
		seen[r.RuleID] = true
		if r.Enabled {
			t.Errorf("%s comes turned on", r.RuleID)
		}
		if silent := r.Type == "esql"; silent == (r.TimestampOverride == "event.ingested") {
			t.Errorf("%s looks at %q", r.RuleID, r.TimestampOverride)
		}
		if !slices.Contains([]string{"low", "medium", "high", "critical"}, r.Severity) || r.RiskScore < 1 || r.RiskScore > 100 || r.Version < 1 {
			t.Errorf("%s: severity %s, risk %d, version %d", r.RuleID, r.Severity, r.RiskScore, r.Version)
		}
		if r.Name == "" || r.Description == "" || r.Note == "" || r.From == "" || r.Interval == "" {
			t.Errorf("%s says too little", r.RuleID)
		}
		for _, f := range r.fields(t) {
			if !slices.ContainsFunc(append(logSets(), event.SetSensor), func(s event.Set) bool { return typeIn(s, f) != "" }) {
				t.Errorf("%s: there is no field %s", r.RuleID, f)
			}
		}
	}
}

// fields are all fields that a rule names.
func (r rule) fields(t *testing.T) []string {
	all := append([]string{timeField}, r.NewTermsFields...)
	for _, m := range r.RiskScoreMapping {
		all = append(all, m.Field)
	}
	for _, m := range r.SeverityMapping {
		all = append(all, m.Field)
	}
	if r.Language == "esql" {
		return append(all, esqlFields.FindAllString(r.Query, -1)...)
	}
	q, err := parseKQL(r.Query)
	if err != nil {
		t.Fatal(err)
	}
	return append(all, q.fields()...)
}

var esqlFields = regexp.MustCompile(`@timestamp|observer\.name`)

// asked are the documents that a query finds on a real Elasticsearch among what came in of late.
func asked(t *testing.T, n *estest.Node, index string, dsl object) []object {
	t.Helper()
	filter := []object{dsl, {"range": object{"event.ingested": object{"gte": "2026-01-01T00:00:00Z"}}}}
	answer := n.Get(t, "/"+index+"/_search", packed(object{"size": 1000, "query": object{"bool": object{"filter": filter}}}))
	var hits []object
	for _, h := range list(sub(answer, "hits")["hits"]) {
		hits = append(hits, h.(object))
	}
	return hits
}

// Each rule finds, on a real Elasticsearch, what the events say that it must find, and nothing that blames.
func TestRulesFindWhatTheyAreFor(t *testing.T) {
	all := documents(t)
	n := filled(t, all)
	for _, r := range rules() {
		if r.Language != "kuery" {
			continue
		}
		t.Run(r.RuleID, func(t *testing.T) {
			q, err := parseKQL(r.Query)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]bool{}
			for _, d := range all {
				if strings.HasPrefix(d.stream, "logs-") && q.matches(d) {
					want[d.id] = true
				}
			}
			hits := asked(t, n, r.Index[0], q.dsl())
			if len(hits) != len(want) || len(want) == 0 {
				t.Errorf("finds %d, want %d", len(hits), len(want))
			}
			for _, h := range hits {
				d := readDocument(t, packed(h["_source"]))
				if !want[d.id] {
					t.Errorf("finds %s", d.line)
				}
				fitsExternalAlerts(t, d)
			}
		})
	}
}

// fitsExternalAlerts checks a document against what the stack's rule "External Alerts" makes of it: the name from message, risk and
// severity from the event, and nobody blamed.
func fitsExternalAlerts(t *testing.T, d document) {
	t.Helper()
	risk := parsed(d.one("event.risk_score"))
	if !slices.Contains([]string{"21", "47", "73", "99"}, d.one("event.severity")) || risk <= 0 || risk > 100 || d.one("message") == "" {
		t.Errorf("severity %s, risk %v, message %q: %s", d.one("event.severity"), risk, d.one("message"), d.line)
	}
	if slices.Contains([]string{"", "endgame", "endpoint", "cloud_defend"}, d.one("event.module")) {
		t.Errorf("module %q", d.one("event.module"))
	}
	if d.one("source.ip") != "" && !slices.Contains(d.values["tags"], "source-proven") {
		t.Errorf("an alert names a source that is not proven: %s", d.line)
	}
}

// The stack's rule raises every alert of ours: they fit it, and they are few.
func TestAlertsFitTheStacksOwnRule(t *testing.T) {
	all := documents(t)
	n := filled(t, all)
	q, err := parseKQL(`event.kind:alert and not event.module:(endgame or endpoint or cloud_defend)`)
	if err != nil {
		t.Fatal(err)
	}
	hits := asked(t, n, "logs-*", q.dsl())
	perCampaign, findingsTold := map[string]int{}, 0
	for _, h := range hits {
		d := readDocument(t, packed(h["_source"]))
		fitsExternalAlerts(t, d)
		if d.one("observer.name") != "home" {
			continue
		}
		if d.one("event.dataset") == "popupwatch.finding" {
			findingsTold++
		} else {
			perCampaign[d.one("popupwatch.campaign.id")]++
		}
	}
	if len(perCampaign) == 0 || findingsTold == 0 {
		t.Errorf("alerts of %d campaigns, %d findings", len(perCampaign), findingsTold)
	}
	for c, alerts := range perCampaign {
		if alerts > 2 {
			t.Errorf("%d alerts for %s: one as it opens and one as it gets worse are enough", alerts, c)
		}
	}
	if quotes := 21; findingsTold >= quotes {
		t.Errorf("%d alerts for %d ICMP errors", findingsTold, quotes)
	}
}

// The rule of silence is ES|QL, which the test's Elasticsearch has not: what it computes is asked of it as an aggregation.
func TestSilentSensorsAreThoseNotHeardOf(t *testing.T) {
	n := filled(t, documents(t))
	stream, _, _ := strings.Cut(strings.TrimPrefix(silentSensorRule().Query, "FROM "), " |")
	last := object{"last_seen": object{"max": object{"field": timeField}}}
	answer := n.Get(t, "/"+stream+"/_search", packed(object{"size": 0, "aggs": object{"by": object{"terms": object{"field": "observer.name"}, "aggs": last}}}))
	buckets := list(sub(answer, "aggregations", "by")["buckets"])
	if len(buckets) != 3 {
		t.Errorf("%d sensors, want replay, home and by-hand", len(buckets))
	}
	for _, b := range buckets {
		if v, ok := sub(b.(object), "last_seen")["value"].(float64); !ok || v <= 0 {
			t.Errorf("%v", b)
		}
	}
}

// The exception takes every document whose source is not proven, and no proven one.
func TestExceptionCoversAllThatIsUnproven(t *testing.T) {
	all := documents(t)
	n := filled(t, all)
	var entries []object
	for _, e := range unprovenItem().Entries {
		kind := map[string]string{"match": "term", "match_any": "terms"}[e.Type]
		if e.Operator != "included" || kind == "" || typeIn(event.SetMessage, e.Field) != "keyword" {
			t.Errorf("%+v", e)
		}
		entries = append(entries, object{kind: object{e.Field: e.Value}})
	}
	taken := map[string]bool{}
	for _, h := range asked(t, n, "logs-popupwatch.*-*", object{"bool": object{"filter": entries}}) {
		taken[text(h["_id"])] = true
	}
	proven := 0
	for _, d := range all {
		believed := slices.Contains(d.values["tags"], "source-proven")
		if d.one("source.ip") != "" && taken[d.id] == believed {
			t.Errorf("taken %v: %s", taken[d.id], d.line)
		}
		if believed {
			proven++
		}
	}
	if proven == 0 || len(taken) == 0 {
		t.Errorf("%d proven, %d taken: nothing was tried", proven, len(taken))
	}
}

// Kibana's "Import rules" takes a line with item_id or list_id for an exception and any other for a rule.
func TestRulesFileHasRulesAndThenExceptions(t *testing.T) {
	var kinds []string
	for line := range strings.Lines(string(Rules())) {
		o := object{}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		switch {
		case o["item_id"] != nil:
			kinds = append(kinds, "item of "+text(o["list_id"]))
		case o["list_id"] != nil:
			kinds = append(kinds, "list "+text(o["list_id"]))
		default:
			kinds = append(kinds, "rule")
		}
	}
	want := append(slices.Repeat([]string{"rule"}, 6), "list "+ExceptionListID, "item of "+ExceptionListID)
	if !slices.Equal(kinds, want) {
		t.Errorf("%q", kinds)
	}
}
