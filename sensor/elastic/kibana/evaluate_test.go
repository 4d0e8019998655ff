package kibana

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"popupwatch/sensor/event"
)

// evaluate computes what a panel shows from the events themselves: no Elasticsearch, no request.
func (p lensPanel) evaluate(t *testing.T, all []document) numbers {
	t.Helper()
	prefix, _, _ := strings.Cut(p.index, "*")
	var mine []document
	for _, d := range all {
		if strings.HasPrefix(d.stream, prefix) && p.query.matches(d) {
			mine = append(mine, d)
		}
	}
	n := numbers{}
	p.group(t, n, nil, p.order, mine)
	return n
}

func (p lensPanel) group(t *testing.T, n numbers, names, order []string, docs []document) {
	c := p.columns[order[0]]
	if !c.IsBucketed {
		var cells [][]string
		for _, id := range order {
			cells = append(cells, p.columns[id].compute(t, docs))
		}
		n[strings.Join(names, separator)] = cells
		return
	}
	for name, inner := range p.split(t, c, docs) {
		p.group(t, n, append(slices.Clone(names), name), order[1:], inner)
	}
}

// split puts documents into the buckets of a column.
func (p lensPanel) split(t *testing.T, c column, docs []document) map[string][]document {
	buckets := map[string][]document{}
	if c.OperationType == "filters" {
		for _, f := range c.Params.Filters {
			buckets[f.Label] = matching(t, f.Input.Query, docs)
		}
		return buckets
	}
	for _, d := range docs {
		for _, v := range d.values[c.SourceField] {
			if c.OperationType == "date_histogram" {
				at := int64(parsed(v))
				v = fmt.Sprint(at - at%timeBucket)
			}
			buckets[v] = append(buckets[v], d)
		}
	}
	if c.OperationType == "terms" {
		p.keepTop(t, c, buckets)
	}
	return buckets
}

// keepTop leaves the values that weigh most; among equals the smaller stays.
func (p lensPanel) keepTop(t *testing.T, c column, buckets map[string][]document) {
	var values []string
	weight := map[string]float64{}
	for v, docs := range buckets {
		values = append(values, v)
		if by := c.Params.OrderBy.ColumnID; by != "" {
			weight[v] = parsed(p.columns[by].compute(t, docs)[0])
		}
	}
	slices.SortFunc(values, func(a, b string) int {
		order := cmp.Compare(weight[a], weight[b])
		if c.Params.OrderDirection == "desc" {
			order = -order
		}
		return cmp.Or(order, compareValues(c, a, b))
	})
	for _, v := range values[min(c.Params.Size, len(values)):] {
		delete(buckets, v)
	}
}

// compareValues compares values of a field as Elasticsearch orders them.
func compareValues(c column, a, b string) int {
	x, errA := netip.ParseAddr(a)
	y, errB := netip.ParseAddr(b)
	switch {
	case c.DataType == "ip" && errA == nil && errB == nil:
		return x.Compare(y)
	case c.DataType == "number":
		return cmp.Compare(parsed(a), parsed(b))
	}
	return strings.Compare(a, b)
}

func matching(t *testing.T, query string, docs []document) (out []document) {
	q, err := parseKQL(query)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if q.matches(d) {
			out = append(out, d)
		}
	}
	return out
}

// compute is a metric over documents; several values where it may be any of them.
func (c column) compute(t *testing.T, docs []document) []string {
	if c.Filter != nil {
		docs = matching(t, c.Filter.Query, docs)
	}
	if c.OperationType == "last_value" {
		return c.newestOf(docs)
	}
	var all []float64
	distinct := map[string]bool{}
	for _, d := range docs {
		for _, v := range d.values[c.SourceField] {
			all = append(all, parsed(v))
			distinct[v] = true
		}
	}
	switch {
	case c.OperationType == "unique_count":
		return []string{numeral(float64(len(distinct)))}
	case c.OperationType == "sum":
		total := 0.0
		for _, f := range all {
			total += f
		}
		return []string{numeral(total)}
	case len(all) == 0:
		return []string{""}
	case c.OperationType == "min":
		return []string{numeral(slices.Min(all))}
	}
	return []string{numeral(slices.Max(all))}
}

// newestOf are the values of the newest documents that have one.
func (c column) newestOf(docs []document) []string {
	at, out := 0.0, []string{}
	for _, d := range docs {
		when := parsed(d.one(c.Params.SortField))
		if len(d.values[c.SourceField]) == 0 || when < at {
			continue
		}
		if when > at {
			at, out = when, nil
		}
		out = append(out, newest(c, d.values[c.SourceField]))
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// total sums a field by hand: for what the tests know without reading any panel.
func total(all []document, set event.Set, field string, counts func(document) bool) float64 {
	sum := 0.0
	for _, d := range all {
		if d.one("event.dataset") == set.String() && counts(d) {
			sum += parsed(d.one(field))
		}
	}
	return sum
}
