package kibana

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"popupwatch/sensor/elastic"
	"popupwatch/sensor/elastic/estest"
	"popupwatch/sensor/event"
)

var nodes estest.Pool

func TestMain(m *testing.M) { os.Exit(nodes.Main(m)) }

// filled is a real Elasticsearch with documents.
func filled(t *testing.T, all []document) *estest.Node {
	t.Helper()
	return fill(t, nodes.Node(t, estest.Options{}), all)
}

func fill(t *testing.T, n *estest.Node, all []document) *estest.Node {
	t.Helper()
	installed(t, n)
	var bulk strings.Builder
	for _, d := range all {
		fmt.Fprintf(&bulk, `{"create":{"_index":%q,"_id":%q}}`+"\n%s\n", d.stream, d.id, d.line)
	}
	_, answer := n.Do(t, http.MethodPost, "/_bulk?refresh=true", bulk.String())
	var said struct {
		Items []struct {
			Create struct {
				Status int
				Error  any
			}
		}
	}
	if err := json.Unmarshal(answer, &said); err != nil || len(said.Items) != len(all) {
		t.Fatalf("%v, %d of %d: %.500s", err, len(said.Items), len(all), answer)
	}
	for i, item := range said.Items {
		if s := item.Create.Status; s != http.StatusCreated && s != http.StatusConflict { // another test has put it there
			t.Fatalf("%d %v\n%s", s, item.Create.Error, all[i].line)
		}
	}
	return n
}

// installed makes the node take documents as setup does, but refuse fields that are not in the table of fields.
func installed(t *testing.T, n *estest.Node) {
	t.Helper()
	c, err := elastic.NewClient(elastic.Config{Hosts: []string{n.URL}})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := c.Plan(t.Context(), elastic.Layout{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(t.Context(), plan, func(elastic.Step) {}); err != nil {
		t.Fatal(err)
	}
}

// Every panel of every dashboard, asked of a real Elasticsearch as Kibana would ask, shows what the events say.
func TestPanelsShowWhatTheEventsSay(t *testing.T) {
	all := documents(t)
	t.Run("8", func(t *testing.T) { panelsShow(t, filled(t, all), all) })
	t.Run("9", func(t *testing.T) {
		panelsShow(t, fill(t, estest.Start(t, estest.Options{Distribution: estest.Elasticsearch9}), all), all)
	})
}

func panelsShow(t *testing.T, n *estest.Node, all []document) {
	for _, p := range lensPanels(t, Objects()) {
		t.Run(p.where, func(t *testing.T) {
			answer := n.Get(t, "/"+p.index+"/_search", packed(p.request(t)))
			if failed := sub(answer, "_shards")["failed"]; failed != 0.0 || answer["timed_out"] != false {
				t.Fatalf("%v shards failed: %v", failed, answer["_shards"])
			}
			got := p.answered(t, sub(answer, "aggregations"))
			compareNumbers(t, got, p.evaluate(t, all))
			p.shows(t, got)
		})
	}
}

func compareNumbers(t *testing.T, got, want numbers) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if len(got[name]) != len(want[name]) {
			t.Errorf("%q: %v, want %v", name, got[name], want[name])
			continue
		}
		for i, may := range want[name] {
			if !slices.Contains(may, got[name][i][0]) {
				t.Errorf("%q, column %d: %v, want %v", name, i, got[name][i], may)
			}
		}
	}
	for name := range got {
		if want[name] == nil && !slices.ContainsFunc(got[name], func(c []string) bool { return c[0] != "" && c[0] != "0" }) {
			continue // an interval without documents
		}
		if want[name] == nil {
			t.Errorf("%q: %v, want nothing", name, got[name])
		}
	}
}

// shows checks that every metric has something to show: a panel that is always empty proves nothing.
func (p lensPanel) shows(t *testing.T, n numbers) {
	t.Helper()
	first := slices.IndexFunc(p.order, func(id string) bool { return !p.columns[id].IsBucketed })
	for i, id := range p.order[first:] {
		filled := false
		for _, cells := range n {
			filled = filled || cells[i][0] != "" && cells[i][0] != "0"
		}
		if !filled {
			t.Errorf("column %s (%s) is empty everywhere", id, p.columns[id].SourceField)
		}
	}
}

// Numbers that are known without reading any panel: sums over the events, and what an expert counted in the captures.
func TestPanelsAgainstWhatIsKnown(t *testing.T) {
	all := documents(t)
	n := filled(t, all)
	any := func(document) bool { return true }
	popups := total(all, event.SetMessage, "popupwatch.message.count", any)
	rolled := func(d document) bool { return d.one("observer.name") == "home" }
	if got := total(all, event.SetMessage, "popupwatch.message.count", rolled); got != 34 {
		t.Errorf("the six captures hold 34 popups, rolled up %v", got)
	}
	if !slices.ContainsFunc(all, func(d document) bool { return parsed(d.one("popupwatch.message.count")) > 1 }) {
		t.Error("no document stands for several popups: the tests would not see a panel that counts documents")
	}
	reached := func(d document) bool { return strings.Contains("inbound internal", d.one("network.direction")) }
	known := map[string]float64{
		OverviewID + "/seen":          popups,
		CampaignID + "/popups-count":  popups,
		OverviewID + "/exploits":      1,
		OverviewID + "/answered":      1,
		CampaignID + "/sensors-count": 2,
		OverviewID + "/reached":       total(all, event.SetMessage, "popupwatch.message.count", reached),
	}
	for _, p := range lensPanels(t, Objects()) {
		want, ok := known[p.where]
		if !ok {
			continue
		}
		delete(known, p.where)
		answer := n.Get(t, "/"+p.index+"/_search", packed(p.request(t)))
		if got := p.answered(t, sub(answer, "aggregations"))[""][0][0]; got != numeral(want) {
			t.Errorf("%s shows %s, want %v", p.where, got, want)
		}
	}
	if len(known) > 0 {
		t.Errorf("there are no panels %v", known)
	}
}

// The saved searches list what they say.
func TestSavedSearchesFindTheirDocuments(t *testing.T) {
	all := documents(t)
	n := filled(t, all)
	for _, s := range searches() {
		q, err := parseKQL(s.query)
		if err != nil {
			t.Fatal(err)
		}
		answer := n.Get(t, "/"+logsView().title+"/_count", packed(object{"query": q.dsl()}))
		want := 0
		for _, d := range all {
			if strings.HasPrefix(d.stream, "logs-") && q.matches(d) {
				want++
			}
		}
		if got := answer["count"]; got != float64(want) || want == 0 {
			t.Errorf("%s finds %v, want %d", s.id, got, want)
		}
	}
}
