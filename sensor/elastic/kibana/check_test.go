package kibana

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"popupwatch/sensor/event"
)

// checker looks over saved objects as they would be imported, byte for byte, and gathers what is wrong with them. It knows nothing of how
// they are made.
type checker struct {
	known  map[string]string // type and id of every object of the file
	faults []string
}

// check gives what is wrong with a file of saved objects.
func check(file []byte) []string {
	c := &checker{known: map[string]string{}}
	var all []object
	for i, line := range strings.Split(strings.TrimSuffix(string(file), "\n"), "\n") {
		o := object{}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			c.fault("line %d: %v", i+1, err)
			continue
		}
		name := fmt.Sprint(o["type"], " ", o["id"])
		if c.known[name] != "" {
			c.fault("%s stands there twice", name)
		}
		c.known[name] = line
		all = append(all, o)
	}
	for _, o := range all {
		c.object(o)
	}
	return c.faults
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// closed checks the keys of an object: each of required is there, and no other than those and optional. Both are lists with spaces.
func (c *checker) closed(where string, o object, required, optional string) {
	for _, k := range strings.Fields(required) {
		if _, ok := o[k]; !ok {
			c.fault("%s has no %s", where, k)
		}
	}
	for k := range o {
		if !slices.Contains(strings.Fields(required+" "+optional), k) {
			c.fault("%s: key %s is not known", where, k)
		}
	}
}

// packed reads JSON that stands in a string.
func (c *checker) packed(where string, v any, into any) {
	s, ok := v.(string)
	if !ok {
		c.fault("%s is no string", where)
		return
	}
	if err := json.Unmarshal([]byte(s), into); err != nil {
		c.fault("%s: %v", where, err)
	}
}

func sub(o object, path ...string) object {
	for _, k := range path {
		o, _ = o[k].(object)
	}
	return o
}

func list(v any) []any { l, _ := v.([]any); return l }

func text(v any) string { s, _ := v.(string); return s }

// graph is what an object says that it refers to, and what it uses of that.
type graph struct {
	declared map[string]string // by name: type and id
	used     map[string]string // by name: type
}

func (c *checker) graphOf(where string, references any) *graph {
	g := &graph{map[string]string{}, map[string]string{}}
	for _, r := range list(references) {
		r, _ := r.(object)
		c.closed(where+": reference", r, "id name type", "")
		name := text(r["name"])
		if g.declared[name] != "" {
			c.fault("%s: reference %s stands there twice", where, name)
		}
		g.declared[name] = text(r["type"]) + " " + text(r["id"])
		if c.known[g.declared[name]] == "" {
			c.fault("%s: reference %s leads to %s, which is not in the file", where, name, g.declared[name])
		}
		if text(r["type"]) == typeTag {
			g.used[name] = typeTag
		}
	}
	return g
}

// compare checks the graph both ways.
func (c *checker) compare(where string, g *graph) {
	for name, kind := range g.used {
		if target := g.declared[name]; !strings.HasPrefix(target, kind+" ") {
			c.fault("%s uses reference %s to a %s, which it does not declare", where, name, kind)
		}
	}
	for name := range g.declared {
		if g.used[name] == "" {
			c.fault("%s declares reference %s and does not use it", where, name)
		}
	}
}

func (c *checker) object(o object) {
	where := fmt.Sprint(o["type"], " ", o["id"])
	c.closed(where, o, "attributes coreMigrationVersion id managed references type typeMigrationVersion", "")
	a, g := sub(o, "attributes"), c.graphOf(where, o["references"])
	forms := map[string]string{typeTag: "8.0.0", typeDataView: "8.0.0", typeSearch: "8.0.0", typeDashboard: "8.9.0"}
	if o["coreMigrationVersion"] != "8.8.0" || o["typeMigrationVersion"] != forms[text(o["type"])] {
		c.fault("%s: versions %v and %v are not those of the form", where, o["coreMigrationVersion"], o["typeMigrationVersion"])
	}
	switch o["type"] {
	case typeTag:
		c.closed(where, a, "name description color", "")
	case typeDataView:
		c.dataView(where, a)
	case typeSearch:
		c.search(where, a, g)
	case typeDashboard:
		c.dashboard(where, a, g)
	default:
		c.fault("%s is of no known type", where)
	}
	c.compare(where, g)
}

func (c *checker) dataView(where string, a object) {
	c.closed(where, a, "title name timeFieldName", "allowNoIndex")
}

func (c *checker) search(where string, a object, g *graph) {
	c.closed(where, a, "title description columns sort kibanaSavedObjectMeta", "grid hideChart isTextBasedQuery timeRestore")
	source := object{}
	c.packed(where+": searchSourceJSON", sub(a, "kibanaSavedObjectMeta")["searchSourceJSON"], &source)
	c.closed(where+": searchSourceJSON", source, "query filter indexRefName", "highlightAll version")
	g.used[text(source["indexRefName"])] = typeDataView
	sets := c.query(where, source["query"], logSets())
	for _, column := range list(a["columns"]) {
		c.field(where, text(column), sets, "any")
	}
	for _, by := range list(a["sort"]) {
		c.field(where, text(list(by)[0]), sets, "date")
	}
}

// query checks a query of Kibana's, and gives the data sets that are left of some: those that it names, or all.
func (c *checker) query(where string, said any, sets []event.Set) []event.Set {
	o, _ := said.(object)
	c.closed(where+": query", o, "language query", "")
	if o["language"] != "kuery" {
		c.fault("%s: language %v", where, o["language"])
	}
	q, err := parseKQL(text(o["query"]))
	if err != nil {
		c.fault("%s: %v", where, err)
	}
	named := sets[:0:0]
	for _, s := range sets {
		if strings.Contains(text(o["query"]), `data_stream.dataset : "`+s.String()+`"`) {
			named = append(named, s)
		}
	}
	if len(named) == 0 {
		named = sets
	}
	for _, f := range q.fields() {
		c.field(where, f, named, "any")
	}
	return named
}

// field checks that a field stands in some data sets (in one of them at least), with a type that fits a use; it gives the type.
func (c *checker) field(where, name string, sets []event.Set, use string) string {
	kind := ""
	for _, s := range sets {
		if kind = typeIn(s, name); kind != "" {
			break
		}
	}
	if kind == "" {
		c.fault("%s: there is no field %s in %v", where, name, setNames(sets))
		return ""
	}
	fits := map[string]string{
		"any": "keyword constant_keyword match_only_text text ip date boolean long float", "date": "date", "sum": "long float",
		"terms": "keyword constant_keyword ip boolean long float", "unique_count": "keyword constant_keyword ip boolean long float date",
		"range": "long float date",
	}
	if !slices.Contains(strings.Fields(fits[use]), kind) {
		c.fault("%s: field %s is a %s and does not fit %s", where, name, kind, use)
	}
	return kind
}

// mappings are the types of all fields, by data set.
var mappings = sync.OnceValue(func() [event.SetCount]map[string]string {
	var all [event.SetCount]map[string]string
	for s := range all {
		all[s] = map[string]string{"event.ingested": "date"} // the sender adds it
		for _, m := range event.Mapping(event.Set(s)) {
			all[s][m.Path] = m.Type
		}
	}
	return all
})

// typeIn is the type of a field in the mapping of a data set.
func typeIn(s event.Set, name string) string { return mappings()[s][name] }

func setNames(sets []event.Set) []string {
	names := make([]string, len(sets))
	for i, s := range sets {
		names[i] = s.String()
	}
	return names
}

func logSets() []event.Set {
	return []event.Set{event.SetMessage, event.SetSource, event.SetCampaign, event.SetFinding}
}
