package kibana

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// lensPanel is a Lens panel as the saved object has it.
type lensPanel struct {
	where, index string // index: the data view's title
	query        kql
	columns      map[string]column
	order        []string
}

// column is one operation of a panel.
type column struct {
	OperationType, SourceField, DataType string
	IsBucketed                           bool
	Filter                               *struct{ Query string }
	Params                               struct {
		Size           int
		OrderBy        struct{ Type, ColumnID string }
		OrderDirection string
		SortField      string
		Filters        []struct {
			Label string
			Input struct{ Query string }
		}
	}
}

// lensPanels reads all Lens panels of all dashboards out of the file as it would be imported.
func lensPanels(t *testing.T, file []byte) []lensPanel {
	t.Helper()
	var all []lensPanel
	views := map[string]object{}
	for _, line := range strings.Split(strings.TrimSpace(string(file)), "\n") {
		o := object{}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		a := sub(o, "attributes")
		if o["type"] == typeDataView {
			views[text(o["id"])] = a
		}
		if o["type"] != typeDashboard {
			continue
		}
		var panels []object
		if err := json.Unmarshal([]byte(text(a["panelsJSON"])), &panels); err != nil {
			t.Fatal(err)
		}
		for _, p := range panels {
			if p["type"] == "lens" {
				all = append(all, readLens(t, fmt.Sprint(o["id"], "/", p["panelIndex"]), sub(p, "embeddableConfig", "attributes"), views))
			}
		}
	}
	return all
}

func readLens(t *testing.T, where string, a object, views map[string]object) lensPanel {
	t.Helper()
	view := views[text(list(a["references"])[0].(object)["id"])]
	q, err := parseKQL(text(sub(a, "state", "query")["query"]))
	if err != nil {
		t.Fatal(err)
	}
	p := lensPanel{where: where, index: text(view["title"]), query: q}
	var layer struct {
		Columns     map[string]column
		ColumnOrder []string
	}
	if err := json.Unmarshal(compact(sub(a, "state", "datasourceStates", "formBased", "layers", layerID)), &layer); err != nil {
		t.Fatal(err)
	}
	p.columns, p.order = layer.Columns, layer.ColumnOrder
	return p
}

// timeBucket is the interval that the tests ask for where Kibana chooses one by the time range: 30 days, as it does for a few years.
const timeBucket = 30 * 24 * 3600 * 1000

// request is what Kibana would send for the panel: its query and the dashboard's filter, buckets within each other, then metrics.
func (p lensPanel) request(t *testing.T) object {
	filter := []object{
		{"match_phrase": object{"event.module": "popupwatch"}},
		{"range": object{timeField: object{"gte": "2000-01-01T00:00:00Z", "lte": "2030-01-01T00:00:00Z", "format": "strict_date_optional_time"}}},
		p.query.dsl(),
	}
	return object{"size": 0, "track_total_hits": true, "query": object{"bool": object{"filter": filter}}, "aggs": p.aggs(t, p.order)}
}

// aggs are the aggregations of columns: the first bucket with the rest within, or the metrics. Kibana puts the metric that orders a bucket's
// values beside the buckets within it.
func (p lensPanel) aggs(t *testing.T, order []string) object {
	c := p.columns[order[0]]
	if !c.IsBucketed {
		all := object{}
		for _, id := range order {
			all[id] = p.metric(t, id)
		}
		return all
	}
	inner := p.aggs(t, order[1:])
	if by := c.Params.OrderBy.ColumnID; by != "" {
		inner[by] = p.metric(t, by)
	}
	return object{order[0]: object{c.OperationType: p.bucket(t, c), "aggs": inner}}
}

// metric is the aggregation of a metric, within a filter where the column has one.
func (p lensPanel) metric(t *testing.T, id string) object {
	c := p.columns[id]
	field := object{"field": c.SourceField}
	agg := object{map[string]string{"sum": "sum", "unique_count": "cardinality", "min": "min", "max": "max"}[c.OperationType]: field}
	if c.OperationType == "last_value" {
		newest := []object{{c.Params.SortField: object{"order": "desc"}}}
		agg = object{"top_hits": object{"size": 1, "sort": newest, "_source": []string{c.SourceField}}}
	}
	if c.Filter == nil {
		return agg
	}
	q, err := parseKQL(c.Filter.Query)
	if err != nil {
		t.Fatal(err)
	}
	return object{"filter": q.dsl(), "aggs": object{"metric": agg}}
}

func (p lensPanel) bucket(t *testing.T, c column) object {
	switch c.OperationType {
	case "date_histogram":
		return object{"field": c.SourceField, "fixed_interval": "30d", "time_zone": "UTC", "min_doc_count": 1}
	case "filters":
		named := object{}
		for _, f := range c.Params.Filters {
			q, err := parseKQL(f.Input.Query)
			if err != nil {
				t.Fatal(err)
			}
			named[f.Label] = q.dsl()
		}
		return object{"filters": named}
	}
	by := object{"_key": c.Params.OrderDirection}
	if id := c.Params.OrderBy.ColumnID; id != "" {
		if p.columns[id].Filter != nil {
			id += ">metric"
		}
		by = object{id: c.Params.OrderDirection}
	}
	return object{"field": c.SourceField, "size": c.Params.Size, "order": by}
}
