package elastic

import (
	"strings"

	"popupwatch/sensor/event"
)

// mappings is the mapping of one data set. It is closed: a field that the table does not know is kept in the document and not mapped, so that
// nobody can fill the cluster's memory with names.
func mappings(l Layout, s Server, set event.Set) Asset {
	dynamic := any(false)
	if l.Strict {
		dynamic = "strict"
	}
	properties := map[string]any{}
	for _, m := range append(event.Mapping(set), added(set)...) {
		place(properties, strings.Split(m.Path, "."), fieldMapping(m, s, set))
	}
	name := mappingsName + short(set)
	return componentTemplate(name, "mapping of "+set.String()+", from the table of its fields", map[string]any{
		"mappings": map[string]any{"dynamic": dynamic, "date_detection": false, "properties": properties},
	})
}

// place puts the mapping of one field where its path leads.
func place(properties map[string]any, path []string, mapping map[string]any) {
	for _, name := range path[:len(path)-1] {
		object, _ := properties[name].(map[string]any)
		if object == nil {
			object = map[string]any{"properties": map[string]any{}}
			properties[name] = object
		}
		properties, _ = object["properties"].(map[string]any)
	}
	properties[path[len(path)-1]] = mapping
}

// ignoreAbove is how many characters of a keyword are indexed; a longer one is kept in the document alone. Without a bound Elasticsearch
// refuses a document with a keyword of more than 32,766 octets.
const ignoreAbove = 1024

// fieldMapping is the mapping of one field. Types that the server lacks are replaced by those they are a better form of.
func fieldMapping(m event.MappingType, s Server, set event.Set) map[string]any {
	kind := s.fit(m.Type)
	out := map[string]any{"type": kind}
	switch kind {
	case "keyword":
		out["ignore_above"] = ignoreAbove
	case "constant_keyword":
		switch m.Path {
		case "data_stream.type":
			out["value"] = set.StreamType()
		case "data_stream.dataset":
			out["value"] = set.String()
		}
	}
	return out
}

// added are fields that need not stand in an event: the sender adds the first, the pipeline the others. Those of a place stand in the table as
// well, for the data sets that the sensor itself looks up.
func added(set event.Set) []event.MappingType {
	list := []event.MappingType{{Path: "event.ingested", Type: "date"}, {Path: "error.message", Type: "match_only_text"}}
	if set == event.SetSensor {
		return list
	}
	ends := []string{"source."}
	if set == event.SetMessage || set == event.SetFinding {
		ends = append(ends, "destination.")
	}
	for _, end := range ends {
		for _, m := range placed {
			list = append(list, event.MappingType{Path: end + m.Path, Type: m.Type})
		}
	}
	return list
}

// placed are the fields of an address that was looked up.
var placed = [...]event.MappingType{
	{Path: "geo.continent_name", Type: "keyword"}, {Path: "geo.country_iso_code", Type: "keyword"}, {Path: "geo.country_name", Type: "keyword"},
	{Path: "geo.region_iso_code", Type: "keyword"}, {Path: "geo.region_name", Type: "keyword"}, {Path: "geo.city_name", Type: "keyword"},
	{Path: "geo.location", Type: "geo_point"}, {Path: "as.number", Type: "long"}, {Path: "as.organization.name", Type: "keyword"},
}
