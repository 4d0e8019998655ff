package kibana

// placedPanel is a panel with its place on the grid.
type placedPanel struct {
	panel
	x, y, height int
}

// placed puts the rows below each other and the panels of a row beside each other.
func (b board) placed() []placedPanel {
	var all []placedPanel
	y := 0
	for _, r := range b.rows {
		x := 0
		for _, p := range r.panels {
			all = append(all, placedPanel{p, x, y, r.height})
			x += p.width
		}
		y += r.height
	}
	return all
}

// state is the panel as the dashboard keeps it, with the references of its own.
func (p placedPanel) state() (object, []reference) {
	s := object{
		"panelIndex": p.id, "title": p.title, "version": dashboardForm,
		"gridData": object{"i": p.id, "x": p.x, "y": p.y, "w": p.width, "h": p.height},
	}
	var refs []reference
	switch p.kind {
	case markdown:
		s["type"], s["embeddableConfig"] = "visualization", p.markdown()
	case links:
		s["type"] = "links"
		s["embeddableConfig"], refs = p.links()
	case listing:
		name := "panel_" + p.id
		s["type"], s["panelRefName"], s["embeddableConfig"] = "search", name, object{"enhancements": object{}}
		refs = []reference{{ID: p.search, Name: name, Type: typeSearch}}
	default:
		s["type"] = "lens"
		s["embeddableConfig"], refs = p.lens()
	}
	return s, refs
}

func (p panel) markdown() object {
	return object{
		"enhancements": object{},
		"savedVis": object{
			"type": "markdown", "title": "", "description": "", "uiState": object{},
			"params": object{"fontSize": 12, "openLinksInNewTab": false, "markdown": p.text},
			"data":   object{"aggs": []object{}, "searchSource": object{"query": kuery(""), "filter": []object{}}},
		},
	}
}

// linksPanel leads to every dashboard; the time range and the filters go along.
func linksPanel() panel {
	return panel{id: "links", title: "Dashboards", width: gridColumns, kind: links}
}

func (p panel) links() (object, []reference) {
	var items []object
	var refs []reference
	for i, l := range []struct{ id, label string }{
		{OverviewID, "Overview"}, {CampaignID, "Campaign"}, {SourcesID, "Sources and blame"}, {SensorID, "Sensor health"},
	} {
		name := "link_" + l.id + "_dashboard"
		items = append(items, object{
			"id": l.id, "type": "dashboardLink", "order": i, "label": l.label, "destinationRefName": name,
			"options": object{"openInNewTab": false, "useCurrentDateRange": true, "useCurrentFilters": false},
		})
		refs = append(refs, reference{ID: l.id, Name: name, Type: typeDashboard})
	}
	return object{
		"enhancements": object{}, "hidePanelTitles": true,
		"attributes": object{"layout": "horizontal", "links": items},
	}, refs
}
