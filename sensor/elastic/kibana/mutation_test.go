package kibana

import (
	"bytes"
	"strings"
	"testing"
)

// A checker that finds nothing is worth what it would have found: each fault below is put into the file and must be named.
func TestCheckerNamesEachFault(t *testing.T) {
	good := string(Objects())
	for _, m := range []struct{ name, old, new, fault string }{
		{"unknown attribute of a dashboard", `"timeRestore":false,"title":"popupwatch: Overview"`, `"timeRestore":false,"colour":1,"title":"popupwatch: Overview"`, "key colour is not known"},
		{"missing attribute of a dashboard", `"optionsJSON"`, `"optionJSON"`, "has no optionsJSON"},
		{"packed JSON that is cut", `"panelsJSON":"[`, `"panelsJSON":"`, "panelsJSON: invalid character"},
		{"no versions", `"typeMigrationVersion":"8.9.0"`, `"typeMigrationVersion":""`, "are not those of the form"},
		{"two objects of one id", `"id":"popupwatch-metrics","managed"`, `"id":"popupwatch-logs","managed"`, "stands there twice"},
		{"dangling reference", `"id":"popupwatch-popups","name":"popups:`, `"id":"popupwatch-pops","name":"popups:`, "which is not in the file"},
		{"reference that nothing uses", `"references":[{"id":"popupwatch-logs","name":"answered:`, `"references":[{"id":"popupwatch","name":"x","type":"index-pattern"},{"id":"popupwatch-logs","name":"answered:`, "declares reference x and does not use it"},
		{"reference that is not declared", `"name":"seen:indexpattern-datasource-layer-layer"`, `"name":"sen:indexpattern-datasource-layer-layer"`, "seen:indexpattern-datasource-layer-layer leads to"},
		{"reference of a control", `"name":"controlGroup_popupwatch-overview-control-observer.name:optionsListDataView"`, `"name":"controlGroup_x:optionsListDataView"`, "which it does not declare"},
		{"reference of the filter", `\"indexRefName\":\"kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index\"`, `\"indexRefName\":\"other\"`, "uses reference other"},
		{"no filter", `{\"filter\":[{`, `{\"filter\":[],\"x\":[{`, "has no filter"},
		{"panel beyond the grid", `\"h\":7,\"i\":\"exploits\",\"w\":12,\"x\":36`, `\"h\":7,\"i\":\"exploits\",\"w\":12,\"x\":37`, "does not fit the grid"},
		{"panel on another", `\"h\":7,\"i\":\"exploits\",\"w\":12,\"x\":36`, `\"h\":7,\"i\":\"exploits\",\"w\":12,\"x\":35`, "lies on"},
		{"panel of another name", `\"h\":7,\"i\":\"exploits\"`, `\"h\":7,\"i\":\"exploit\"`, "has the place of exploit"},
		{"field that is not in the data set", `\"sourceField\":\"popupwatch.message.count\"`, `\"sourceField\":\"popupwatch.message.counts\"`, "there is no field popupwatch.message.counts"},
		{"field of another data set", `\"sourceField\":\"popupwatch.message.count\"`, `\"sourceField\":\"popupwatch.finding.count\"`, "there is no field popupwatch.finding.count in [popupwatch.message]"},
		{"sum of words", `\"operationType\":\"sum\",\"params\":{\"emptyAsNull\":false},\"scale\":\"ratio\",\"sourceField\":\"popupwatch.message.count\"`,
			`\"operationType\":\"sum\",\"params\":{\"emptyAsNull\":false},\"scale\":\"ratio\",\"sourceField\":\"popupwatch.message.from\"`, "does not fit sum"},
		{"values of a text", `\"sourceField\":\"popupwatch.message.destinations\"`, `\"sourceField\":\"popupwatch.message.text\"`, "does not fit terms"},
		{"field of a query", `network.direction : (`, `network.directions : (`, "there is no field network.directions"},
		{"query that does not parse", `network.direction : (\\\"inbound\\\" or \\\"internal\\\")`, `network.direction : (\\\"inbound\\\" or \\\"internal\\\"`, "does not end"},
		{"field of a control", `\"fieldName\":\"observer.name\"`, `\"fieldName\":\"observer.nam\"`, "a control lists observer.nam"},
		{"time that is none", `\"operationType\":\"date_histogram\"`, `\"operationType\":\"terms\"`, "is no time"},
		{"operation that is not known", `\"operationType\":\"unique_count\"`, `\"operationType\":\"formula\"`, `operation \"formula\" is not known`},
		{"column that is not there", `\"metricAccessor\":\"show0\"`, `\"metricAccessor\":\"show9\"`, `draws column \"show9\"`},
		{"column that is not drawn", `\"columns\":[{\"columnId\":\"by0\",\"isMetric\":false,\"isTransposed\":false},`, `\"columns\":[`, "does not draw column by0"},
		{"order of columns", `\"columnOrder\":[\"show0\"]`, `\"columnOrder\":[\"show1\"]`, "is in order and not there"},
		{"columns without order", `\"columnOrder\":[\"show0\"]`, `\"columnOrder\":[]`, "1 columns, 0 in order"},
		{"order by a bucket", `\"orderBy\":{\"columnId\":\"show0\"`, `\"orderBy\":{\"columnId\":\"by0\"`, "is ordered by"},
		{"order by newest values", `\"operationType\":\"max\"`, `\"operationType\":\"last_value\"`, "is ordered by"},
		{"other layer drawn", `\"layerId\":\"layer\"`, `\"layerId\":\"layers\"`, "draws layer layers"},
		{"layer without a data view", `\"name\":\"indexpattern-datasource-layer-layer\"`, `\"name\":\"indexpattern-datasource-layer-other\"`, "has no data view"},
		{"kind of values", `\"dataType\":\"ip\"`, `\"dataType\":\"string\"`, "are called string and are of ip"},
		{"panel type", `\"type\":\"links\"`, `\"type\":\"map\"`, "is of type map"},
		{"empty text", `\"markdown\":\"A popup`, `\"markdown\":\" \",\"x\":\"A popup`, "key x is not known"},
		{"link without reference", `\"destinationRefName\":\"link_popupwatch-sources_dashboard\"`, `\"destinationRefName\":\"link_other_dashboard\"`, "link_other_dashboard"},
		{"attribute of a data view", `"allowNoIndex":true`, `"allowNoIndices":true`, "key allowNoIndices is not known"},
		{"column of a search", `"columns":["popupwatch.score.verdict"`, `"columns":["popupwatch.score.verdicts"`, "there is no field popupwatch.score.verdicts"},
		{"line that is no JSON", `{"attributes":{"color"`, `"attributes":{"color"`, "line 1"},
	} {
		t.Run(m.name, func(t *testing.T) {
			bad := strings.Replace(good, m.old, m.new, 1)
			if bad == good {
				t.Fatalf("the fault cannot be put in: %s is not there", m.old)
			}
			faults := strings.Join(check([]byte(bad)), "\n")
			if want := strings.ReplaceAll(m.fault, `\"`, `"`); faults == "" || !strings.Contains(faults, want) {
				t.Errorf("want %q, got\n%.2000s", want, faults)
			}
		})
	}
}

func TestNoPanelCountsDocumentsOrUsesFormulas(t *testing.T) {
	for _, word := range []string{`operationType\":\"count`, `___records___`, `formula`, `lnsChoropleth`, `"type":"map"`, `drilldown`, `timeseries`} {
		if bytes.Contains(Objects(), []byte(word)) {
			t.Errorf("%s is in the objects", word)
		}
	}
}
