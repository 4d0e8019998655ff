package kibana

import (
	"bytes"
	"encoding/json"
	"slices"
)

// object is a JSON object. Its keys are written in byte order, so the same description always gives the same bytes.
type object = map[string]any

// Types of saved objects.
const (
	typeTag       = "tag"
	typeDataView  = "index-pattern"
	typeSearch    = "search"
	typeDashboard = "dashboard"
)

// saved is a saved object as Kibana exports and imports it.
type saved struct {
	Attributes           object      `json:"attributes"`
	CoreMigrationVersion string      `json:"coreMigrationVersion"`
	ID                   string      `json:"id"`
	Managed              bool        `json:"managed"`
	References           []reference `json:"references"`
	Type                 string      `json:"type"`
	TypeMigrationVersion string      `json:"typeMigrationVersion"`
}

// reference names another saved object that one needs.
type reference struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

const tagID = "popupwatch"

// The forms that the objects are written in: those of the oldest Kibana that is served (MinVersion). A newer one migrates them as it
// imports them; without a form named it would take them for very old.
const (
	coreForm      = "8.8.0"
	tagForm       = "8.0.0"
	dataViewForm  = "8.0.0"
	searchForm    = "8.0.0"
	dashboardForm = "8.9.0"
)

// Objects are the saved objects in the form that Kibana imports, one JSON object a line: tag, data views, saved searches, dashboards, in
// that order, so that each stands after what it needs. The same program always gives the same bytes.
func Objects() []byte { return ndjson(objects()) }

func objects() []saved {
	all := []saved{tag()}
	for _, v := range []dataView{logsView(), metricsView()} {
		all = append(all, v.saved())
	}
	for _, s := range searches() {
		all = append(all, s.saved())
	}
	for _, b := range boards() {
		all = append(all, b.saved())
	}
	return all
}

// ndjson writes values as JSON, one a line.
func ndjson[T any](values []T) []byte {
	var b bytes.Buffer
	for _, v := range values {
		b.Write(compact(v))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// compact writes a value of this package's own making as JSON in one line; it holds nothing that JSON cannot say.
func compact(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("kibana: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// packed is JSON within JSON, which Kibana has in several places.
func packed(v any) string { return string(compact(v)) }

func tag() saved {
	return saved{Type: typeTag, ID: tagID, CoreMigrationVersion: coreForm, TypeMigrationVersion: tagForm, References: []reference{},
		Attributes: object{"name": "popupwatch", "description": "Messenger popup spam, as popupwatch saw it", "color": "#B44F8E"}}
}

func tagReference() reference { return reference{ID: tagID, Name: "tag-ref-" + tagID, Type: typeTag} }

func (v dataView) saved() saved {
	return saved{Type: typeDataView, ID: v.id, CoreMigrationVersion: coreForm, TypeMigrationVersion: dataViewForm, References: []reference{},
		Attributes: object{"title": v.title, "name": v.name, "timeFieldName": timeField, "allowNoIndex": true}}
}

func (v dataView) reference(name string) reference {
	return reference{ID: v.id, Name: name, Type: typeDataView}
}

// saved is the dashboard as a saved object.
func (b board) saved() saved {
	refs := []reference{tagReference(), logsView().reference(filterReference)}
	var panels []object
	for _, p := range b.placed() {
		state, own := p.state()
		panels = append(panels, state)
		for _, r := range own {
			r.Name = p.id + ":" + r.Name
			refs = append(refs, r)
		}
	}
	controls, own := b.controlPanels()
	refs = append(refs, own...)
	slices.SortFunc(refs, func(a, b reference) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return saved{Type: typeDashboard, ID: b.id, CoreMigrationVersion: coreForm, TypeMigrationVersion: dashboardForm, References: refs,
		Attributes: object{
			"title": b.title, "description": b.about, "timeRestore": false, "version": 1,
			"panelsJSON":            packed(panels),
			"optionsJSON":           packed(object{"useMargins": true, "syncColors": true, "syncCursor": true, "syncTooltips": false, "hidePanelTitles": false}),
			"controlGroupInput":     controls,
			"kibanaSavedObjectMeta": object{"searchSourceJSON": packed(onlyOurs())},
		}}
}

const filterReference = "kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index"

// onlyOurs is the dashboard's own filter: documents of popupwatch.
func onlyOurs() object {
	return object{
		"query": kuery(""),
		"filter": []object{{
			"$state": object{"store": "appState"},
			"meta": object{"alias": nil, "disabled": false, "negate": false, "type": "phrase", "key": "event.module", "field": "event.module",
				"params": object{"query": "popupwatch"}, "indexRefName": filterReference},
			"query": object{"match_phrase": object{"event.module": "popupwatch"}},
		}},
	}
}

// kuery is a query in Kibana's query language.
func kuery(query string) object { return object{"language": "kuery", "query": query} }

// controlPanels are the lists above the panels, with what they refer to.
func (b board) controlPanels() (object, []reference) {
	panels, refs := object{}, []reference(nil)
	for i, c := range b.controls {
		id := b.id + "-control-" + c.field
		panels[id] = object{
			"order": i, "width": "medium", "grow": true, "type": "optionsListControl",
			"explicitInput": object{"id": id, "fieldName": c.field, "title": c.label, "selectedOptions": []string{}, "enhancements": object{}},
		}
		refs = append(refs, c.view.reference("controlGroup_"+id+":optionsListDataView"))
	}
	return object{
		"panelsJSON": packed(panels), "controlStyle": "oneLine", "chainingSystem": "HIERARCHICAL",
		"ignoreParentSettingsJSON": packed(object{"ignoreFilters": false, "ignoreQuery": false, "ignoreTimerange": false, "ignoreValidations": false}),
	}, refs
}
