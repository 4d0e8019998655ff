package kibana

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// numbers are what a panel shows: by the names of its buckets, one cell for each metric. A cell lists what may stand there: one value,
// but for newest values where several documents are equally new.
type numbers map[string][][]string

// separator stands between the names of buckets.
const separator = " | "

// answered reads what Elasticsearch said.
func (p lensPanel) answered(t *testing.T, aggs object) numbers {
	t.Helper()
	n := numbers{}
	p.read(t, n, nil, p.order, aggs)
	return n
}

func (p lensPanel) read(t *testing.T, n numbers, names, order []string, aggs object) {
	c := p.columns[order[0]]
	if !c.IsBucketed {
		var cells [][]string
		for _, id := range order {
			cells = append(cells, []string{p.cell(t, id, sub(aggs, id))})
		}
		n[strings.Join(names, separator)] = cells
		return
	}
	buckets := sub(aggs, order[0])["buckets"]
	if named, ok := buckets.(object); ok {
		for name := range named {
			p.read(t, n, append(slices.Clone(names), name), order[1:], sub(named, name))
		}
	}
	for _, b := range list(buckets) {
		b := b.(object)
		name := fmt.Sprint(b["key"])
		if number, ok := b["key"].(float64); ok {
			name = fmt.Sprintf("%.0f", number)
		}
		if b["key_as_string"] == "true" || b["key_as_string"] == "false" {
			name = b["key_as_string"].(string)
		}
		p.read(t, n, append(slices.Clone(names), name), order[1:], b)
	}
}

// cell is one number or text; empty where there is none.
func (p lensPanel) cell(t *testing.T, id string, agg object) string {
	t.Helper()
	c := p.columns[id]
	if c.Filter != nil {
		agg = sub(agg, "metric")
	}
	if c.OperationType != "last_value" {
		if agg["value"] == nil {
			return ""
		}
		return numeral(agg["value"].(float64))
	}
	hits := list(sub(agg, "hits")["hits"])
	if len(hits) == 0 {
		return ""
	}
	d := document{values: map[string][]string{}}
	d.flatten("", hits[0].(object)["_source"])
	return newest(c, d.values[c.SourceField])
}

// newest writes the values of a document, numbers as numbers.
func newest(c column, values []string) string {
	if len(values) == 1 && c.DataType == "number" {
		return numeral(parsed(values[0]))
	}
	return strings.Join(values, ", ")
}

// numeral writes a number: whole ones as they are, others so that what Elasticsearch holds in 32 bits reads like what was sent in 64.
func numeral(f float64) string {
	if f == math.Trunc(f) {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 7, 64)
}
