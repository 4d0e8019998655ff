package kibana

import "slices"

// visualization is how the panel draws its columns.
func (p panel) visualization() object {
	switch p.kind {
	case number:
		return object{"layerId": layerID, "layerType": "data", "metricAccessor": metricID(0), "showBar": false}
	case table:
		return p.tableState()
	case donut:
		return p.donutState()
	}
	return p.seriesState()
}

func (p panel) tableState() object {
	var columns []object
	for i := range p.by {
		columns = append(columns, object{"columnId": bucketID(i), "isTransposed": false, "isMetric": false})
	}
	for i := range p.show {
		columns = append(columns, object{"columnId": metricID(i), "isTransposed": false, "isMetric": true})
	}
	state := object{"layerId": layerID, "layerType": "data", "columns": columns, "paging": object{"enabled": true, "size": 10}}
	if slices.ContainsFunc(p.show, func(m metric) bool { return m.words }) { // a text may be long
		state["rowHeight"], state["rowHeightLines"] = "custom", 3
	}
	return state
}

func (p panel) donutState() object {
	return object{"shape": "donut", "layers": []object{{
		"layerId": layerID, "layerType": "data", "primaryGroups": p.bucketIDs(), "metrics": p.metricIDs(),
		"numberDisplay": "value", "categoryDisplay": "default", "legendDisplay": "show", "legendPosition": "right", "nestedLegend": false,
		"allowMultipleMetrics": false,
	}}}
}

func (p panel) seriesState() object {
	series := "line"
	if p.kind == bars {
		series = "bar_stacked"
	}
	layer := object{"layerId": layerID, "layerType": "data", "seriesType": series, "xAccessor": bucketID(0), "accessors": p.metricIDs(),
		"position": "top", "showGridlines": false}
	if len(p.by) > 1 {
		layer["splitAccessor"] = bucketID(1)
	}
	axes := func(x, y bool) object { return object{"x": x, "yLeft": y, "yRight": y} }
	return object{
		"layers": []object{layer}, "preferredSeriesType": series, "valueLabels": "hide", "fittingFunction": "Zero", "yLeftExtent": object{"mode": "full"},
		"legend":                       object{"isVisible": true, "position": "right", "shouldTruncate": true, "maxLines": 1},
		"axisTitlesVisibilitySettings": axes(false, false), "tickLabelsVisibilitySettings": axes(true, true),
		"gridlinesVisibilitySettings": axes(false, true), "labelsOrientation": object{"x": 0, "yLeft": 0, "yRight": 0},
	}
}

func (p panel) bucketIDs() []string {
	ids := make([]string, len(p.by))
	for i := range ids {
		ids[i] = bucketID(i)
	}
	return ids
}

func (p panel) metricIDs() []string {
	ids := make([]string, len(p.show))
	for i := range ids {
		ids[i] = metricID(i)
	}
	return ids
}
