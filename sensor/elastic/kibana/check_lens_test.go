package kibana

import (
	"fmt"
	"slices"
	"strings"

	"popupwatch/sensor/event"
)

// lens checks one Lens state: the layer that it asks for, and that what draws it draws that layer.
func (c *checker) lens(where string, a object) {
	c.closed(where, a, "title description type visualizationType references state", "")
	state := sub(a, "state")
	c.closed(where+": state", state, "datasourceStates visualization query filters internalReferences adHocDataViews", "")
	c.closed(where+": state", sub(state, "datasourceStates"), "formBased", "")
	layers := sub(state, "datasourceStates", "formBased", "layers")
	views := map[string]string{}
	for _, r := range list(a["references"]) {
		r, _ := r.(object)
		views[text(r["name"])] = text(r["type"]) + " " + text(r["id"])
	}
	if len(layers) != len(views) {
		c.fault("%s has %d layers and %d data views", where, len(layers), len(views))
	}
	for id := range layers {
		view := views["indexpattern-datasource-layer-"+id]
		sets := setsBehind(view)
		if sets == nil {
			c.fault("%s: layer %s has no data view", where, id)
			continue
		}
		layer := sub(layers, id)
		c.layer(where, layer, c.query(where, state["query"], sets))
		c.visual(where, text(a["visualizationType"]), id, layer, sub(state, "visualization"))
	}
}

func (c *checker) layer(where string, layer object, sets []event.Set) {
	c.closed(where+": layer", layer, "columns columnOrder incompleteColumns", "sampling")
	columns, order := sub(layer, "columns"), list(layer["columnOrder"])
	if len(columns) != len(order) {
		c.fault("%s: %d columns, %d in order", where, len(columns), len(order))
	}
	metrics := false
	for _, id := range order {
		column, ok := columns[text(id)].(object)
		if !ok {
			c.fault("%s: column %v is in order and not there", where, id)
			continue
		}
		if column["isBucketed"] == true && metrics {
			c.fault("%s: bucket %v stands after a metric", where, id)
		}
		metrics = metrics || column["isBucketed"] == false
		c.column(fmt.Sprint(where, ": column ", id), column, columns, sets)
	}
}

// column checks an operation: its parameters, its field and whether that fits.
func (c *checker) column(where string, column, columns object, sets []event.Set) {
	params, op := sub(column, "params"), text(column["operationType"])
	required := "label customLabel isBucketed operationType dataType scale params"
	if op != "filters" {
		required += " sourceField"
	}
	c.closed(where, column, required, "filter")
	if column["filter"] != nil {
		c.query(where, column["filter"], sets)
	}
	if buckets := op == "date_histogram" || op == "terms" || op == "filters"; buckets != column["isBucketed"] {
		c.fault("%s: %s is bucketed: %v", where, op, column["isBucketed"])
	}
	use, want := "", ""
	switch op {
	case "date_histogram":
		use, want = "date", "interval includeEmptyRows dropPartials"
	case "terms":
		use, want = "terms", "size orderBy orderDirection otherBucket missingBucket parentFormat include exclude includeIsRegex excludeIsRegex"
		c.order(where, params, columns)
	case "filters":
		c.closed(where, params, "filters", "")
		for _, f := range list(params["filters"]) {
			f, _ := f.(object)
			c.closed(where, f, "label input", "")
			c.query(where, f["input"], sets)
		}
		return
	case "sum", "unique_count":
		use, want = op, "emptyAsNull"
	case "min", "max":
		use = "range"
		if column["dataType"] != "date" {
			want = "emptyAsNull"
		}
	case "last_value":
		use, want = "any", "sortField showArrayValues"
		c.field(where, text(params["sortField"]), sets, "date")
	default:
		c.fault("%s: operation %q is not known", where, op)
		return
	}
	c.closed(where, params, want, "")
	c.kind(where, column, c.field(where, text(column["sourceField"]), sets, use))
}

// kind checks that a column says what its values are.
func (c *checker) kind(where string, column object, mapped string) {
	want := map[string]string{"ip": "ip", "date": "date", "boolean": "boolean", "long": "number", "float": "number"}[mapped]
	if want == "" {
		want = "string"
	}
	if column["operationType"] == "unique_count" {
		want = "number"
	}
	if mapped != "" && column["dataType"] != want {
		c.fault("%s: values are called %v and are of %s", where, column["dataType"], want)
	}
}

// order checks what a list of values is ordered by: a metric that Kibana can order by.
func (c *checker) order(where string, params, columns object) {
	by := sub(params, "orderBy")
	if by["type"] == "alphabetical" {
		return
	}
	metric := sub(columns, text(by["columnId"]))
	if by["type"] != "column" || metric == nil || metric["isBucketed"] != false || metric["operationType"] == "last_value" {
		c.fault("%s is ordered by %v", where, by)
	}
}

// visual checks the drawing: its keys, and that it draws the layer's columns, all of them, buckets as buckets and metrics as metrics.
func (c *checker) visual(where, kind, layerID string, layer, v object) {
	var buckets, metrics []string
	id := func(v any) string { return text(v) }
	ids := func(vs any) (out []string) {
		for _, v := range list(vs) {
			out = append(out, text(v))
		}
		return out
	}
	drawn := v
	switch kind {
	case "lnsMetric":
		c.closed(where+": metric", v, "layerId layerType metricAccessor", "showBar breakdownByAccessor color subtitle")
		metrics = []string{id(v["metricAccessor"])}
	case "lnsDatatable":
		c.closed(where+": table", v, "layerId layerType columns", "rowHeight rowHeightLines paging")
		buckets, metrics = c.tableColumns(where, v, sub(layer, "columns"))
	case "lnsPie":
		c.closed(where+": pie", v, "shape layers", "")
		drawn = c.onlyLayer(where, v)
		c.closed(where+": pie", drawn, "layerId layerType primaryGroups metrics numberDisplay categoryDisplay legendDisplay", "legendPosition nestedLegend allowMultipleMetrics")
		buckets, metrics = ids(drawn["primaryGroups"]), ids(drawn["metrics"])
	case "lnsXY":
		c.closed(where+": series", v, "layers preferredSeriesType valueLabels legend", "fittingFunction yLeftExtent axisTitlesVisibilitySettings "+
			"tickLabelsVisibilitySettings gridlinesVisibilitySettings labelsOrientation")
		drawn = c.onlyLayer(where, v)
		c.closed(where+": series", drawn, "layerId layerType seriesType xAccessor accessors", "splitAccessor position showGridlines yConfig palette")
		buckets, metrics = []string{id(drawn["xAccessor"])}, ids(drawn["accessors"])
		if drawn["splitAccessor"] != nil {
			buckets = append(buckets, id(drawn["splitAccessor"]))
		}
		if sub(layer, "columns", id(drawn["xAccessor"]))["operationType"] != "date_histogram" {
			c.fault("%s: what goes from left to right is no time", where)
		}
	default:
		c.fault("%s: visualization %q is not known", where, kind)
	}
	if drawn["layerId"] != layerID || drawn["layerType"] != "data" {
		c.fault("%s draws layer %v", where, drawn["layerId"])
	}
	c.draws(where, sub(layer, "columns"), buckets, metrics)
}

func (c *checker) onlyLayer(where string, v object) object {
	layers := list(v["layers"])
	if len(layers) != 1 {
		c.fault("%s draws %d layers", where, len(layers))
		return nil
	}
	o, _ := layers[0].(object)
	return o
}

func (c *checker) tableColumns(where string, v, columns object) (buckets, metrics []string) {
	for _, one := range list(v["columns"]) {
		one, _ := one.(object)
		c.closed(where+": table", one, "columnId", "isTransposed isMetric width alignment hidden")
		id := text(one["columnId"])
		if one["isMetric"] == true {
			metrics = append(metrics, id)
		} else {
			buckets = append(buckets, id)
		}
	}
	return buckets, metrics
}

func (c *checker) draws(where string, columns object, buckets, metrics []string) {
	if len(metrics) == 0 {
		c.fault("%s draws no metric", where)
	}
	for _, id := range append(slices.Clone(buckets), metrics...) {
		column := sub(columns, id)
		if column == nil {
			c.fault("%s draws column %q, which is not there", where, id)
		} else if column["isBucketed"] != slices.Contains(buckets, id) {
			c.fault("%s draws column %s as what it is not", where, id)
		}
	}
	for id := range columns {
		if !slices.Contains(buckets, id) && !slices.Contains(metrics, id) {
			c.fault("%s does not draw column %s", where, id)
		}
	}
	if strings.Count(strings.Join(append(buckets, metrics...), " ")+" ", " ") != len(columns) {
		c.fault("%s draws a column twice", where)
	}
}
