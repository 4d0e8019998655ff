package kibana

import (
	"fmt"
	"strings"

	"popupwatch/sensor/event"
)

// dashboard checks the attributes, which Kibana holds to a closed set, the controls, the grid and every panel.
func (c *checker) dashboard(where string, a object, g *graph) {
	c.closed(where, a, "title description timeRestore kibanaSavedObjectMeta controlGroupInput panelsJSON optionsJSON",
		"timeFrom timeTo refreshInterval hits version")
	options, source := object{}, object{}
	c.packed(where+": optionsJSON", a["optionsJSON"], &options)
	c.closed(where+": optionsJSON", options, "useMargins hidePanelTitles", "syncColors syncCursor syncTooltips")
	c.closed(where+": kibanaSavedObjectMeta", sub(a, "kibanaSavedObjectMeta"), "searchSourceJSON", "")
	c.packed(where+": searchSourceJSON", sub(a, "kibanaSavedObjectMeta")["searchSourceJSON"], &source)
	c.filters(where, source, g)
	c.controls(where, sub(a, "controlGroupInput"), g)
	var panels []object
	c.packed(where+": panelsJSON", a["panelsJSON"], &panels)
	c.grid(where, panels)
	for _, p := range panels {
		c.panel(fmt.Sprint(where, ": panel ", p["panelIndex"]), p, g)
	}
}

// filters checks the dashboard's own filter, which holds for all its panels.
func (c *checker) filters(where string, source object, g *graph) {
	c.closed(where+": searchSourceJSON", source, "query filter", "")
	if len(list(source["filter"])) == 0 {
		c.fault("%s has no filter", where)
	}
	for _, f := range list(source["filter"]) {
		f, _ := f.(object)
		meta := sub(f, "meta")
		c.closed(where+": filter", f, "$state meta query", "")
		c.closed(where+": filter", meta, "alias disabled negate type key params indexRefName", "field")
		g.used[text(meta["indexRefName"])] = typeDataView
		for _, s := range append(logSets(), event.SetSensor) {
			c.field(where, text(meta["key"]), []event.Set{s}, "terms")
		}
	}
}

func (c *checker) controls(where string, o object, g *graph) {
	c.closed(where+": controlGroupInput", o, "panelsJSON controlStyle chainingSystem ignoreParentSettingsJSON", "")
	panels, ignore := object{}, object{}
	c.packed(where+": controls", o["panelsJSON"], &panels)
	c.packed(where+": controls", o["ignoreParentSettingsJSON"], &ignore)
	c.closed(where+": controls", ignore, "ignoreFilters ignoreQuery ignoreTimerange ignoreValidations", "")
	for id := range panels {
		control := sub(panels, id)
		input, name := sub(control, "explicitInput"), "controlGroup_"+id+":optionsListDataView"
		c.closed(where+": control "+id, control, "order width grow type explicitInput", "")
		c.closed(where+": control "+id, input, "id fieldName title selectedOptions enhancements", "")
		if input["id"] != id || control["type"] != "optionsListControl" {
			c.fault("%s: control %s is %v of type %v", where, id, input["id"], control["type"])
		}
		g.used[name] = typeDataView
		c.controlField(where, text(input["fieldName"]), g.declared[name])
	}
}

// controlField checks that some data set behind the control's data view has the field: the list of values comes from there.
func (c *checker) controlField(where, field, view string) {
	for _, s := range setsBehind(view) {
		if kind := typeIn(s, field); kind != "" && kind != "text" && kind != "match_only_text" {
			return
		}
	}
	c.fault("%s: a control lists %s, which nothing in %s has", where, field, view)
}

// setsBehind are the data sets of a data view, given as type and id.
func setsBehind(view string) []event.Set {
	switch view {
	case typeDataView + " popupwatch-logs":
		return logSets()
	case typeDataView + " popupwatch-metrics":
		return []event.Set{event.SetSensor}
	}
	return nil
}

// grid checks places: within 48 columns, no two on one place, names alike.
func (c *checker) grid(where string, panels []object) {
	taken := map[[2]int]any{}
	for _, p := range panels {
		at := sub(p, "gridData")
		c.closed(fmt.Sprint(where, ": place of ", p["panelIndex"]), at, "i x y w h", "")
		if p["panelIndex"] != at["i"] {
			c.fault("%s: panel %v has the place of %v", where, p["panelIndex"], at["i"])
		}
		n := func(k string) int { f, _ := at[k].(float64); return int(f) }
		if n("x") < 0 || n("y") < 0 || n("w") < 1 || n("h") < 1 || n("x")+n("w") > 48 {
			c.fault("%s: panel %v does not fit the grid: %v", where, p["panelIndex"], at)
			continue
		}
		for x := n("x"); x < n("x")+n("w"); x++ {
			for y := n("y"); y < n("y")+n("h"); y++ {
				if other := taken[[2]int{x, y}]; other != nil {
					c.fault("%s: panel %v lies on %v", where, p["panelIndex"], other)
					return
				}
				taken[[2]int{x, y}] = p["panelIndex"]
			}
		}
	}
}

func (c *checker) panel(where string, p object, g *graph) {
	config, index := sub(p, "embeddableConfig"), text(p["panelIndex"])
	c.closed(where, p, "panelIndex title version gridData type embeddableConfig", "panelRefName")
	switch p["type"] {
	case "search":
		g.used[index+":"+text(p["panelRefName"])] = typeSearch
	case "visualization":
		c.markdown(where, sub(config, "savedVis"))
	case "links":
		c.links(where, index, sub(config, "attributes"), g)
	case "lens":
		c.closed(where, config, "attributes enhancements", "description hidePanelTitles")
		a := sub(config, "attributes")
		for _, r := range list(a["references"]) {
			r, _ := r.(object)
			name := index + ":" + text(r["name"])
			g.used[name] = text(r["type"])
			if g.declared[name] != text(r["type"])+" "+text(r["id"]) {
				c.fault("%s: reference %s leads to %q here and to %q there", where, name, r["id"], g.declared[name])
			}
		}
		c.lens(where, a)
	default:
		c.fault("%s is of type %v", where, p["type"])
	}
}

func (c *checker) markdown(where string, vis object) {
	c.closed(where, vis, "type title description uiState params data", "")
	c.closed(where, sub(vis, "params"), "fontSize openLinksInNewTab markdown", "")
	if vis["type"] != "markdown" || strings.TrimSpace(text(sub(vis, "params")["markdown"])) == "" {
		c.fault("%s: a text of type %v says nothing", where, vis["type"])
	}
}

func (c *checker) links(where, index string, a object, g *graph) {
	c.closed(where, a, "layout links", "")
	for i, l := range list(a["links"]) {
		l, _ := l.(object)
		c.closed(where, l, "id type order label destinationRefName options", "")
		c.closed(where, sub(l, "options"), "openInNewTab useCurrentDateRange useCurrentFilters", "")
		if l["type"] != "dashboardLink" || l["order"] != float64(i) {
			c.fault("%s: link %d is a %v at place %v", where, i, l["type"], l["order"])
		}
		g.used[index+":"+text(l["destinationRefName"])] = typeDashboard
	}
}
