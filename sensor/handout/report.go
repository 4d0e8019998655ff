package handout

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"popupwatch/sensor/store"
	"popupwatch/sensor/view"
)

// The bounds of a report's lists. What is beyond is counted in it.
const (
	maxInputs       = 500
	maxCampaigns    = 25
	maxDetailed     = 100 // proven addresses that are shown with their evidence
	maxOfState      = 5   // addresses of a state that are shown with their evidence
	maxClaimsShown  = 3   // of one address
	maxWordings     = 12
	maxKeys         = 25 // advertised, of one kind
	maxNetworks     = 12
	maxTimes        = 60 // rows of a time line as a table
	maxFindingsRead = 500
)

// report is what the page shows.
type report struct {
	About
	store.Overview
	InputCount    uint64
	InputsLeft    int
	Chart         *picture
	Times         []timeRow
	TimesLeft     int
	ByVerdict     []share
	ByRoute       []share
	ByPort        []share
	ByState       []share
	Shown         []campaign
	CampaignsLeft uint64
	Proven        []source // the first with their claims, the others without
	ProvenBriefly []source // those without, again
	ProvenBeyond  bool     // there are more than could be remembered
	names         *redactor
	Others        []ofState
	Found         []finding
	Purged        uint64 // events that no room was left for
}

// gather asks the store for everything. Proven addresses come first: their names may stand in what follows.
func (c *Collector) gather(ctx context.Context, about *About) (r *report, err error) {
	r = &report{About: *about, InputCount: uint64(len(about.Inputs))}
	if n := len(r.Inputs); n > maxInputs {
		r.Inputs, r.InputsLeft = r.Inputs[:maxInputs], n-maxInputs
	}
	if r.Overview, err = c.store.Overview(ctx, store.Filter{}); err != nil {
		return nil, err
	}
	kept, err := c.store.Kept(ctx)
	if err != nil {
		return nil, err
	}
	r.Purged = kept.Purged
	r.pictures()
	for _, part := range []func(context.Context, *report) error{c.proven, c.others, c.campaigns, c.findings} {
		if err := part(ctx, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// pictures makes the pictures of the overview.
func (r *report) pictures() {
	r.Chart = overTime(&r.Timeline, "Popups over time", 190)
	r.Times, r.TimesLeft = timeRows(&r.Timeline)
	var verdicts []store.Named
	for _, v := range []string{"spam", "suspect", "clean"} {
		verdicts = append(verdicts, store.Named{Name: v, Count: r.Verdicts[v]})
	}
	r.ByVerdict, r.ByRoute, r.ByPort = shares(verdicts, view.Verdict), shares(r.Routes, view.Route), shares(r.Ports, func(p string) string { return "port " + p })
	r.ByState = byState(r.States)
}

// timeRow is one row of a time line as a table.
type timeRow struct {
	From                          string
	Spam, Suspect, Clean, Exploit uint64
}

// timeRows gives the buckets that hold something.
func timeRows(t *store.Timeline) (rows []timeRow, left int) {
	for i, at := range t.At {
		row := timeRow{moment(at, t.Step), t.Spam[i], t.Suspect[i], t.Clean[i], t.Exploit[i]}
		switch {
		case row.Spam+row.Suspect+row.Clean+row.Exploit == 0:
		case len(rows) == maxTimes:
			left++
		default:
			rows = append(rows, row)
		}
	}
	return rows, left
}

// finding is what was found of one class, and the newest of it in a sentence.
type finding struct {
	Class  string
	Count  uint64
	Says   string
	Advice string
}

// findings gathers findings by class, the most first.
func (c *Collector) findings(ctx context.Context, r *report) error {
	page, err := c.store.Findings(ctx, store.Filter{}, store.Page{Limit: maxFindingsRead})
	if err != nil {
		return err
	}
	newest := map[string]*finding{}
	for _, n := range r.Findings {
		newest[n.Name] = &finding{Class: n.Name, Count: n.Count}
	}
	for i := range page.Rows {
		row := &page.Rows[i]
		if f := newest[row.Class]; f != nil && f.Says == "" {
			f.Says, f.Advice = r.names.sentence(row.Says), r.names.sentence(adviceOf(row.Document))
		}
	}
	for _, f := range slices.SortedFunc(maps.Values(newest), func(a, b *finding) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class)) }) {
		r.Found = append(r.Found, *f)
	}
	return nil
}
