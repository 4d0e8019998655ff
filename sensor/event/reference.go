package event

import (
	"fmt"
	"strings"
)

// MappingType is one leaf of an Elasticsearch mapping: a path and its type. Objects are left out, their leaves stand for them.
type MappingType struct{ Path, Type string }

// Mapping is the mapping data of one data set, in the order of the table. The caller owns the slice.
func Mapping(s Set) []MappingType {
	var m []MappingType
	for _, f := range Fields() {
		if f.In.has(s) && f.Type != "object" {
			m = append(m, MappingType{f.Path, f.Type})
		}
	}
	return m
}

// Reference is the page that explains every field, in Markdown.
func Reference() string {
	var p strings.Builder
	p.WriteString("# The fields of the events\n\n" +
		"Written from the table of fields in sensor/event by `go test ./sensor/event -run Reference -update`: do not edit.\n" +
		"Names are of ECS " + ecsVersion + "; popupwatch's own stand under `popupwatch.`. A field without a value is absent.\n" +
		"The data sets are message (m), source (s), campaign (c), finding (f) and sensor (n).\n\n" +
		"| field | type | sets | meaning |\n|---|---|---|---|\n")
	for _, f := range Fields() {
		fmt.Fprintf(&p, "| `%s` | %s | %s | %s |\n", f.Path, f.Type, f.In.letters(), strings.ReplaceAll(f.About, "|", `\|`))
	}
	return p.String()
}

func (s Sets) letters() string {
	var l []byte
	for set := range setCount {
		if s.has(set) {
			l = append(l, "mscfn"[set])
		}
	}
	return string(l)
}
