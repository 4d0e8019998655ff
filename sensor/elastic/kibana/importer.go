package kibana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Importer installs what this package makes in one space of a Kibana. It touches only objects, rules and lists of its own ids. Safe for use
// by several goroutines while its fields do not change, if the client is.
type Importer struct {
	Client Doer
	URL    string      // Kibana's address, with its base path if it has one, e.g. https://kibana.example:5601
	Header http.Header // for authentication, e.g. Authorization: ApiKey ...; goes with every request
	Space  string      // id of the space; empty is the default space
	DryRun bool        // reaches Kibana, looks, and changes nothing
}

// Change says what became of one object.
type Change string

// The words of Change.
const (
	Created  Change = "created"
	Replaced Change = "replaced"
	Would    Change = "would be written" // of a dry run, where it is not known what is there
)

// Item is one object that was installed, or would be.
type Item struct {
	Type, ID string // ID as this package knows it
	Title    string
	Actual   string // its id in Kibana: another one where the id is taken in another space
	Change   Change
}

// Report is what an import did.
type Report struct {
	Version string // Kibana's, e.g. "8.19.5"
	Items   []Item // in the order of the export
}

// ActualID gives the id that a dashboard has in Kibana; where the report does not tell, the one that it should have.
func (r *Report) ActualID(dashboard string) string {
	for _, i := range r.Items {
		if i.Type == typeDashboard && i.ID == dashboard && i.Actual != "" {
			return i.Actual
		}
	}
	return dashboard
}

// MinVersion is the oldest Kibana that the objects are written for: from there on the links panel is no preview (elastic/kibana 178999), and the
// rule of silence finds ES|QL.
const MinVersion = "8.14.0"

// Check reaches Kibana and gives its version. It fails where Kibana cannot be reached, refuses the credentials, is not ready, is older than
// MinVersion, or where something else answers.
func (i *Importer) Check(ctx context.Context) (version string, err error) {
	a, err := i.sendJSON(ctx, http.MethodGet, "/api/status", nil)
	if err != nil {
		return "", err
	}
	var status struct {
		Version struct{ Number string }
		Status  struct{ Overall struct{ Level string } }
	}
	if a.status == http.StatusServiceUnavailable && !a.isPage() {
		return "", fmt.Errorf("kibana: %s: 503, Kibana is not ready: %s", a.what, a.said())
	}
	if err := a.into(&status); err != nil {
		return "", err
	}
	version = visible(status.Version.Number)
	switch {
	case version == "":
		return "", fmt.Errorf("kibana: %s names no version: without credentials Kibana tells none, and other servers never do", a.what)
	case older(version, MinVersion):
		return version, fmt.Errorf("kibana: version %s is too old: the dashboards need %s or newer", version, MinVersion)
	case status.Status.Overall.Level == "critical" || status.Status.Overall.Level == "unavailable":
		return version, fmt.Errorf("kibana: version %s is not ready: its status is %s", version, status.Status.Overall.Level)
	}
	return version, nil
}

// older compares versions of three numbers; what stands after a - does not count, what is no number is 0.
func older(a, b string) bool {
	parse := func(s string) (v [3]int) {
		s, _, _ = strings.Cut(s, "-")
		fmt.Sscanf(s, "%d.%d.%d", &v[0], &v[1], &v[2])
		return v
	}
	x, y := parse(a), parse(b)
	return slices.Compare(x[:], y[:]) < 0
}

// Dashboards installs the data views, saved searches, dashboards and the tag, then reads each back and compares. The error, which may hold
// several, tells of each object that is not there as it should be; the report then tells what is.
func (i *Importer) Dashboards(ctx context.Context) (Report, error) {
	version, err := i.Check(ctx)
	r := Report{Version: version}
	if err != nil {
		return r, err
	}
	all := objects()
	if i.DryRun {
		for _, o := range all {
			r.Items = append(r.Items, Item{o.Type, o.ID, o.title(), o.ID, Would})
		}
		return r, nil
	}
	result, err := i.importObjects(ctx, all)
	if err != nil {
		return r, err
	}
	return r, errors.Join(result.faults(all), i.readBack(ctx, all, result, &r))
}

// title is what people call the object.
func (o *saved) title() string {
	for _, key := range []string{"name", "title"} {
		if s, ok := o.Attributes[key].(string); ok {
			return s
		}
	}
	return o.ID
}

// imported is Kibana's answer to an import, with which it may say 200 and still have failed.
type imported struct {
	Success        bool
	SuccessCount   int
	SuccessResults []struct {
		Type, ID, DestinationID string
		Overwrite               bool
	}
	Errors []importError
}

type importError struct {
	Type, ID string
	Error    struct {
		Type, Message string
		References    []reference
	}
}

func (i *Importer) importObjects(ctx context.Context, all []saved) (*imported, error) {
	a, err := i.sendFile(ctx, "/api/saved_objects/_import?overwrite=true", ndjson(all))
	if err != nil {
		return nil, err
	}
	result := &imported{}
	return result, a.into(result)
}

// faults are what Kibana says that went wrong, and what it says without saying it.
func (m *imported) faults(all []saved) error {
	var faults []error
	for _, e := range m.Errors {
		fault := fmt.Errorf("kibana: %s %s was not imported: %s %s", visible(e.Type), visible(e.ID), visible(e.Error.Type), visible(e.Error.Message))
		for _, r := range e.Error.References {
			fault = fmt.Errorf("%w; it needs %s %s", fault, visible(r.Type), visible(r.ID))
		}
		faults = append(faults, fault)
	}
	if len(faults) == 0 && (!m.Success || m.SuccessCount != len(all)) {
		faults = append(faults, fmt.Errorf("kibana: %d of %d objects were imported, success %v, and no error is named", m.SuccessCount, len(all), m.Success))
	}
	return errors.Join(faults...)
}

// actual is the id that an object got, and whether one was there before.
func (m *imported) actual(kind, id string) (actual string, replaced, told bool) {
	for _, r := range m.SuccessResults {
		if r.Type == kind && r.ID == id {
			if r.DestinationID != "" {
				id = r.DestinationID
			}
			return id, r.Overwrite, true
		}
	}
	return id, false, false
}

// readBack asks for every object that Kibana says it imported, and compares. It exports them: that is the one way to read saved objects
// that is not deprecated.
func (i *Importer) readBack(ctx context.Context, all []saved, m *imported, r *Report) error {
	var wanted []object
	var faults []error
	refused := map[string]bool{}
	for _, e := range m.Errors {
		refused[e.Type+" "+e.ID] = true
	}
	for _, o := range all {
		id, _, told := m.actual(o.Type, o.ID)
		switch {
		case told:
			wanted = append(wanted, object{"type": o.Type, "id": id})
		case !refused[o.Type+" "+o.ID]:
			faults = append(faults, fmt.Errorf("kibana: the answer to the import does not tell of %s %s", o.Type, o.ID))
		}
	}
	if len(wanted) == 0 {
		return errors.Join(faults...)
	}
	there, err := i.export(ctx, wanted)
	if err != nil {
		return errors.Join(append(faults, err)...)
	}
	for _, o := range all {
		id, replaced, told := m.actual(o.Type, o.ID)
		if !told {
			continue
		}
		if err := o.compare(there[o.Type+" "+id], m); err != nil {
			faults = append(faults, err)
			continue
		}
		change := Created
		if replaced {
			change = Replaced
		}
		r.Items = append(r.Items, Item{o.Type, o.ID, o.title(), id, change})
	}
	return errors.Join(faults...)
}

// export reads saved objects, by type and id.
func (i *Importer) export(ctx context.Context, wanted []object) (map[string]*saved, error) {
	a, err := i.sendJSON(ctx, http.MethodPost, "/api/saved_objects/_export", object{"objects": wanted, "includeReferencesDeep": false})
	if err != nil {
		return nil, err
	}
	if a.status/100 != 2 {
		return nil, fmt.Errorf("the imported objects cannot be read back: %w", a.refusal())
	}
	there := map[string]*saved{}
	for line := range bytes.Lines(a.body) {
		o := &saved{}
		if err := json.Unmarshal(line, o); err != nil {
			return nil, fmt.Errorf("kibana: %s: %s", a.what, a.nonsense())
		}
		there[o.Type+" "+o.ID] = o
	}
	return there, nil
}

// compare says what an object lost on its way. Kibana brings objects into newer forms as it imports them: so what must be alike is what
// people see (title, number of panels) and where the references lead.
func (o *saved) compare(there *saved, m *imported) error {
	if there == nil {
		return fmt.Errorf("kibana: %s %s was imported, says Kibana, and is not there", o.Type, o.ID)
	}
	if got := there.title(); got != o.title() {
		return fmt.Errorf("kibana: %s %s is called %q, not %q", o.Type, o.ID, visible(got), o.title())
	}
	for _, r := range o.References {
		id, _, _ := m.actual(r.Type, r.ID)
		if !slices.ContainsFunc(there.References, func(t reference) bool { return t.Type == r.Type && t.ID == id }) {
			return fmt.Errorf("kibana: %s %s lost its reference to %s %s", o.Type, o.ID, r.Type, id)
		}
	}
	if o.Type != typeDashboard {
		return nil
	}
	if got, want := there.panelCount(), o.panelCount(); got != want {
		return fmt.Errorf("kibana: dashboard %s has %d panels, not %d", o.ID, got, want)
	}
	return nil
}

func (o *saved) panelCount() int {
	var panels []json.RawMessage
	packed, _ := o.Attributes["panelsJSON"].(string)
	if json.Unmarshal([]byte(packed), &panels) != nil {
		return 0
	}
	return len(panels)
}
