package kibana

import "strconv"

// layerID names the one layer that each Lens panel has.
const layerID = "layer"

// lens is a Lens panel by value, with its reference to the data view.
func (p panel) lens() (object, []reference) {
	refs := []reference{p.view.reference("indexpattern-datasource-layer-" + layerID)}
	layer := p.layer()
	attributes := object{
		"title": "", "description": p.about, "type": "lens", "visualizationType": p.visualizationType(), "references": refs,
		"state": object{
			"datasourceStates":   object{"formBased": object{"layers": object{layerID: layer}}},
			"visualization":      p.visualization(),
			"query":              kuery(p.query),
			"filters":            []object{},
			"internalReferences": []object{},
			"adHocDataViews":     object{},
		},
	}
	return object{"attributes": attributes, "description": p.about, "enhancements": object{}}, refs
}

func (p panel) visualizationType() string {
	switch p.kind {
	case number:
		return "lnsMetric"
	case table:
		return "lnsDatatable"
	case donut:
		return "lnsPie"
	}
	return "lnsXY"
}

// bucketID and metricID name the columns of the layer.
func bucketID(i int) string { return "by" + strconv.Itoa(i) }
func metricID(i int) string { return "show" + strconv.Itoa(i) }

// layer is what the panel asks for: buckets first, from the outermost in, then metrics.
func (p panel) layer() object {
	columns, order := object{}, []string{}
	for _, i := range p.nesting() {
		columns[bucketID(i)] = p.by[i].column(p.ranking())
		order = append(order, bucketID(i))
	}
	for i, m := range p.show {
		columns[metricID(i)] = m.column()
		order = append(order, metricID(i))
	}
	return object{"columns": columns, "columnOrder": order, "incompleteColumns": object{}, "sampling": 1}
}

// nesting is the order in which the buckets stand within each other. Over time, what splits comes first: so its largest values are those
// of the whole range, and every interval shows the same ones.
func (p panel) nesting() []int {
	if len(p.by) == 2 && p.by[0].op == byTime {
		return []int{1, 0}
	}
	order := make([]int, len(p.by))
	for i := range order {
		order[i] = i
	}
	return order
}

// ranking is the id of the metric that orders values: the first that Kibana can order by; empty without one.
func (p panel) ranking() string {
	for i, m := range p.show {
		if m.op != last {
			return metricID(i)
		}
	}
	return ""
}

func (b bucket) column(ranking string) object {
	c := object{"label": b.label, "customLabel": true, "isBucketed": true}
	switch b.op {
	case byTime:
		c["operationType"], c["dataType"], c["scale"], c["sourceField"] = "date_histogram", "date", "interval", b.field
		c["params"] = object{"interval": "auto", "includeEmptyRows": true, "dropPartials": false}
	case byFilters:
		c["operationType"], c["dataType"], c["scale"] = "filters", "string", "ordinal"
		filters := make([]object, len(b.ranges))
		for i, r := range b.ranges {
			filters[i] = object{"label": r.label, "input": kuery(r.query)}
		}
		c["params"] = object{"filters": filters}
	case byTerms:
		c["operationType"], c["dataType"], c["scale"], c["sourceField"] = "terms", fieldKind(b.field), "ordinal", b.field
		c["params"] = b.terms(ranking)
	}
	return c
}

// terms are the parameters of a list of values. What does not fit in is left out, not gathered as "other": that would need a second
// request whose numbers nobody checks.
func (b bucket) terms(ranking string) object {
	order := object{"type": "alphabetical", "fallback": false}
	direction := "asc"
	if ranking != "" {
		order = object{"type": "column", "columnId": ranking}
		if !b.ascend {
			direction = "desc"
		}
	}
	return object{
		"size": b.size, "orderBy": order, "orderDirection": direction, "otherBucket": false, "missingBucket": false,
		"parentFormat": object{"id": "terms"}, "include": []string{}, "exclude": []string{}, "includeIsRegex": false, "excludeIsRegex": false,
	}
}

func (m metric) column() object {
	c := object{"label": m.label, "customLabel": true, "isBucketed": false, "sourceField": m.field, "dataType": "number", "scale": "ratio",
		"operationType": m.operation()}
	switch {
	case m.op == last:
		m.lastValue(c)
	case m.date:
		c["dataType"] = "date"
		c["params"] = object{}
	default:
		c["params"] = object{"emptyAsNull": false}
	}
	if m.filter != "" {
		c["filter"] = kuery(m.filter)
	}
	return c
}

func (m metric) operation() string {
	return [...]string{sum: "sum", distinct: "unique_count", least: "min", most: "max", last: "last_value"}[m.op]
}

// lastValue fills in the column of a newest value. Lists are shown whole: without that Kibana takes an aggregation that has no texts.
func (m metric) lastValue(c object) {
	if m.words {
		c["dataType"], c["scale"] = "string", "ordinal"
	}
	c["filter"] = kuery(m.field + ": *")
	c["params"] = object{"sortField": timeField, "showArrayValues": true}
}
