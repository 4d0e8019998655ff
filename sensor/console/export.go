package console

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"popupwatch/sensor/event"
)

// exportWrite is how long a client may take nothing of an export, and exportTime how long the whole may last.
const (
	exportWrite = 30 * time.Second
	exportTime  = 30 * time.Minute
)

// export streams documents of one set: NDJSON as they were written, or CSV for a spreadsheet.
func (c *Console) export(w http.ResponseWriter, r *http.Request, q *request) {
	sets := []string{"messages", "sources", "campaigns", "findings", "sensor"}
	set, format := slices.Index(sets, q.values["set"]), q.values["format"]
	if set < 0 || format != "csv" && format != "ndjson" {
		failWith(w, &parameterError{"an export is of a set in a format", "set is one of " + strings.Join(sets, ", ") + "; format is csv or ndjson"})
		return
	}
	if set > 0 && len(q.filter.Terms) > 0 {
		failWith(w, &parameterError{"conditions are about popups: only messages can be exported under them", "leave q out; from and to are taken"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), exportTime)
	defer cancel()
	if !turn(ctx, c.exports) {
		busy(w)
		return
	}
	defer func() { <-c.exports }()
	out := &patient{w: w, control: http.NewResponseController(w)}
	to := newExport(out, set, format)
	w.Header().Set("Content-Type", to.kind())
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="popupwatch-%s.%s"`, sets[set], format))
	err := c.store.Each(ctx, event.Set(set), q.filter, to.write)
	if err == nil {
		err = to.end()
	}
	if err != nil && !out.begun {
		w.Header().Del("Content-Disposition")
		failWith(w, q.place(err))
	} else if err != nil {
		panic(http.ErrAbortHandler) // a download that ends early must not look whole
	}
}

// patient gives a client some time for each part of an answer.
type patient struct {
	w       io.Writer
	control *http.ResponseController
	begun   bool
}

func (p *patient) Write(b []byte) (int, error) {
	p.begun = true
	if err := until(p.control, time.Now().Add(exportWrite)); err != nil {
		return 0, err
	}
	return p.w.Write(b)
}

// export is a format.
type export interface {
	kind() string
	write(json.RawMessage) error
	end() error
}

func newExport(w io.Writer, set int, format string) export {
	if format == "ndjson" {
		return ndjson{w}
	}
	return &table{w: csv.NewWriter(w), columns: columns[set]}
}

// ndjson gives documents as they were written.
type ndjson struct{ w io.Writer }

func (n ndjson) kind() string { return "application/x-ndjson" }

func (n ndjson) write(line json.RawMessage) error {
	_, err := n.w.Write(append(line[:len(line):len(line)], '\n'))
	return err
}

func (n ndjson) end() error { return nil }

// table gives one row a document.
type table struct {
	w       *csv.Writer
	columns []column
	rows    int
}

// column is a column of a table, and the path of its value in the document. What senders wrote as their address is called so.
type column struct{ name, path string }

// columns are the tables' columns, by set.
var columns = [event.SetCount][]column{
	{{"time", "@timestamp"}, {"id", "event.id"}, {"verdict", "popupwatch.score.verdict"}, {"score", "popupwatch.score.total"}, {"campaign", "popupwatch.campaign.id"},
		{"from", "popupwatch.message.from"}, {"to", "popupwatch.message.to"}, {"text", "popupwatch.message.text"}, {"advertised_domains", "popupwatch.advertised.domains"},
		{"claimed_source", "source.ip"}, {"claimed_source_state", "popupwatch.source.state"}, {"destination", "destination.ip"}, {"destination_port", "destination.port"},
		{"route", "popupwatch.route"}, {"count", "popupwatch.message.count"}, {"sensor", "observer.name"}},
	{{"time", "@timestamp"}, {"id", "event.id"}, {"claimed_source", "source.ip"}, {"state", "popupwatch.source.state"}, {"reportable", "popupwatch.source.reportable"},
		{"decibans", "popupwatch.source.decibans"}, {"campaign", "popupwatch.campaign.id"}, {"hour", "popupwatch.source.hour"}, {"messages", "popupwatch.source.messages"},
		{"targets", "popupwatch.source.targets"}, {"final", "popupwatch.source.final"}, {"sensor", "observer.name"}},
	{{"time", "@timestamp"}, {"id", "event.id"}, {"campaign", "popupwatch.campaign.id"}, {"action", "event.action"}, {"verdict", "popupwatch.score.verdict"},
		{"score", "popupwatch.score.total"}, {"messages", "popupwatch.campaign.messages"}, {"claimed_sources", "popupwatch.campaign.sources"},
		{"targets", "popupwatch.campaign.targets"}, {"first_seen", "popupwatch.campaign.first_seen"}, {"last_seen", "popupwatch.campaign.last_seen"},
		{"template", "popupwatch.campaign.template"}, {"sensor", "observer.name"}},
	{{"time", "@timestamp"}, {"id", "event.id"}, {"class", "popupwatch.finding.class"}, {"severity", "event.severity"}, {"count", "popupwatch.finding.count"},
		{"says", "message"}, {"advice", "popupwatch.finding.advice"}, {"campaign", "popupwatch.campaign.id"}, {"sensor", "observer.name"}},
	{{"time", "@timestamp"}, {"id", "event.id"}, {"sensor", "observer.name"}, {"frames", "popupwatch.sensor.frames"}, {"bytes", "popupwatch.sensor.bytes"},
		{"messages", "popupwatch.sensor.messages"}, {"kernel_dropped", "popupwatch.sensor.kernel_dropped"}, {"interface_dropped", "popupwatch.sensor.interface_dropped"}},
}

func (t *table) kind() string { return "text/csv; charset=utf-8" }

func (t *table) write(line json.RawMessage) error {
	if t.rows == 0 {
		if err := t.head(); err != nil {
			return err
		}
	}
	var d map[string]any
	if err := json.Unmarshal(line, &d); err != nil {
		return err
	}
	cells := make([]string, 0, len(t.columns))
	for _, c := range t.columns {
		cells = append(cells, cell(valueAt(d, c.path)))
	}
	t.rows++
	return t.w.Write(cells)
}

func (t *table) head() error {
	names := make([]string, 0, len(t.columns))
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	return t.w.Write(names)
}

func (t *table) end() error {
	if t.rows == 0 {
		if err := t.head(); err != nil {
			return err
		}
	}
	t.w.Flush()
	return t.w.Error()
}

// valueAt walks down a document along a dotted path.
func valueAt(d any, path string) any {
	for _, name := range strings.Split(path, ".") {
		m, _ := d.(map[string]any)
		d = m[name]
	}
	return d
}

// cell is a value as a spreadsheet may have it: control characters and marks of direction visible, and nothing that it would compute.
func cell(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		parts := make([]string, 0, len(v))
		for _, p := range v {
			parts = append(parts, fmt.Sprint(p))
		}
		return harmless(strings.Join(parts, " "))
	}
	return harmless(fmt.Sprint(value))
}

// harmless shows what would be obeyed: control and invisible characters as \u001b, and a text that a spreadsheet would take for a formula, or
// cut off its beginning to find one, behind an apostrophe (OWASP, CSV injection).
func harmless(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	shown := b.String()
	first := strings.TrimLeftFunc(shown, unicode.IsSpace)
	if first != "" && strings.ContainsRune("=+-@|%＝＋－＠", []rune(first)[0]) || strings.HasPrefix(shown, `\u0009`) || strings.HasPrefix(shown, `\u000d`) || strings.HasPrefix(shown, "'") {
		return "'" + shown
	}
	return shown
}
