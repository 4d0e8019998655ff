package kibana

// board describes a dashboard.
type board struct {
	id, title, about string
	controls         []control
	rows             []row
}

// row is a row of panels of one height, in units of Kibana's grid (20 pixels).
type row struct {
	height int
	panels []panel
}

// gridColumns is the width of Kibana's grid. The panels of a row are together at most as wide.
const gridColumns = 48

// panel describes one panel. Its id is unique within the dashboard and never changes; its title is the question that it answers.
type panel struct {
	id, title, about string
	width            int // columns of the grid
	kind             kind
	view             dataView
	query            string   // in Kibana's query language; holds for the whole panel
	by               []bucket // bars and lines: the time, then what splits them; table: rows; donut: rings
	show             []metric
	text             string // markdown: what it says
	search           string // id of the saved search that it shows
}

type kind int

const (
	number   kind = iota // one metric, large
	table                // buckets as rows, metrics as columns
	bars                 // stacked bars over time
	lines                // lines over time
	donut                // shares
	markdown             // text of ours
	listing              // documents, by a saved search
	links                // ways to the other dashboards
)

// bucket says how documents are grouped.
type bucket struct {
	op     bucketOp
	field  string
	label  string
	size   int      // byTerms: how many values; ordered by the first metric that can order, largest first, else by value
	ascend bool     // byTerms: smallest first
	ranges []branch // byFilters
}

type bucketOp int

const (
	byTime bucketOp = iota
	byTerms
	byFilters
)

// branch is a named part of byFilters.
type branch struct{ label, query string }

// metric says what is computed for a group of documents.
type metric struct {
	op     metricOp
	field  string
	label  string
	filter string // in Kibana's query language; counts only what it matches
	date   bool   // the field is a date
	words  bool   // the field is text, for last
}

type metricOp int

const (
	sum      metricOp = iota
	distinct          // number of distinct values, estimated above 3,000
	least
	most
	last // value of the newest document that has one
)

// control is a list to choose from, above the panels.
type control struct {
	field, label string
	view         dataView
}

// dataView is a set of data streams under a fixed id.
type dataView struct{ id, title, name string }

func logsView() dataView {
	return dataView{id: "popupwatch-logs", title: "logs-popupwatch.*-*", name: "popupwatch: popups, sources, campaigns, findings"}
}

func metricsView() dataView {
	return dataView{id: "popupwatch-metrics", title: "metrics-popupwatch.*-*", name: "popupwatch: what the sensors counted"}
}

// over is the time axis.
func over() bucket { return bucket{op: byTime, field: timeField, label: "Time"} }

// top groups by the values of a field that weigh most.
func top(field, label string, size int) bucket {
	return bucket{op: byTerms, field: field, label: label, size: size}
}

// popups sums how many popups the message documents stand for.
func popups(label string) metric {
	return metric{op: sum, field: "popupwatch.message.count", label: label}
}

func (m metric) where(query string) metric { m.filter = query; return m }

func summed(field, label string) metric { return metric{op: sum, field: field, label: label} }

func distinctOf(field, label string) metric { return metric{op: distinct, field: field, label: label} }

func mostOf(field, label string) metric { return metric{op: most, field: field, label: label} }

func firstSeen(field string) metric {
	return metric{op: least, field: field, label: "First seen", date: true}
}

func lastSeen(field string) metric {
	return metric{op: most, field: field, label: "Last seen", date: true}
}

func lastNumber(field, label string) metric { return metric{op: last, field: field, label: label} }

func lastWords(field, label string) metric {
	return metric{op: last, field: field, label: label, words: true}
}

// Filters that several panels share.
const (
	ofMessages  = `data_stream.dataset : "popupwatch.message"`
	ofSources   = `data_stream.dataset : "popupwatch.source"`
	ofCampaigns = `data_stream.dataset : "popupwatch.campaign"`
	ofFindings  = `data_stream.dataset : "popupwatch.finding"`
	ofSensor    = `data_stream.dataset : "popupwatch.sensor"`

	finalClaims = ofSources + ` and popupwatch.source.final : true`
	cameIn      = `network.direction : ("inbound" or "internal")`
	wentOut     = `network.direction : ("outbound" or "internal")`

	timeField = "@timestamp"
)

// findings is the filter for one class of findings.
func findings(class string) string {
	return ofFindings + ` and popupwatch.finding.class : "` + class + `"`
}

// boards are the dashboards, in the order in which they are read.
func boards() []board {
	return []board{overview(), campaignBoard(), sourcesBoard(), healthBoard()}
}
