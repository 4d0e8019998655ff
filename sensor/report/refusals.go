package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"popupwatch/sensor/spoof"
)

// Refusal says of one source in one campaign why there is no report on it.
type Refusal struct {
	Source   string // empty for claims that share a document
	Campaign string
	Class    string
	Hour     time.Time
	State    string
	Messages uint64
	Claims   uint64
	Meaning  string   // of the state
	Why      []string // there is no report, in sentences without their end
	Evidence string   // the strongest sentence
	Allowed  bool     // the last document says that it is reportable: a draft was made while the proof was held
}

// maxRefusals bounds the list; what comes later is counted.
const maxRefusals = 200_000

// refusalKey is what there is one row for.
type refusalKey struct{ source, campaign, class, state string }

// Refusals gathers the last word on each source. The zero value is empty.
type Refusals struct {
	rows map[refusalKey]*Refusal
	More uint64 // documents of sources that there was no room to list
}

// Read takes events. It may be called for several streams.
func (r *Refusals) Read(from io.Reader) error {
	return read(from, func(d *document) error {
		if d.Event.Dataset == sourceSet && d.Our.Source.Final {
			r.add(d)
		}
		return nil
	})
}

func (r *Refusals) add(d *document) {
	s := &d.Our.Source
	key := refusalKey{source: d.Source.IP, campaign: d.Our.Campaign.ID, class: s.Class}
	if key.source == "" {
		key.state = s.State // claims that share a document have one for each state
	}
	if r.rows == nil {
		r.rows = map[refusalKey]*Refusal{}
	}
	row := r.rows[key]
	switch {
	case row == nil && len(r.rows) == maxRefusals:
		r.More++
		return
	case row == nil:
		row = &Refusal{Source: key.source, Campaign: key.campaign, Class: key.class}
		r.rows[key] = row
	}
	row.Messages += s.Messages
	row.Claims += max(s.Claims, 1)
	row.Hour, row.State, row.Allowed = s.Hour, s.State, s.Reportable && s.State == "genuine_bound"
	row.Meaning, row.Why = wordsOf(s.State).meaning, whyNot(s)
	row.Evidence = ""
	if len(s.Evidence) > 0 {
		row.Evidence = s.Evidence[0].Text
	}
}

// whyNot says why a claim is not reported.
func whyNot(s *sourceDocument) []string {
	if s.State == "genuine_bound" && s.Reportable && !s.Conflict {
		return nil
	}
	why := []string{wordsOf(s.State).harm}
	if s.Conflict {
		why = append(why, "the evidence contradicts itself")
	}
	for _, gate := range s.RefusedBy {
		why = append(why, strings.TrimSuffix(cmp.Or(spoof.Refusal(gate), "gate: "+gate), "."))
	}
	return why
}

// Rows gives the list, by source, campaign and class; of one source alone if one is named.
func (r *Refusals) Rows(source string) []Refusal {
	var out []Refusal
	for _, row := range r.rows {
		if source == "" || row.Source == source {
			out = append(out, *row)
		}
	}
	slices.SortFunc(out, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Campaign, b.Campaign), cmp.Compare(a.Class, b.Class), cmp.Compare(a.State, b.State))
	})
	return out
}

// String is the row for people.
func (r *Refusal) String() string {
	who := r.Source
	if who == "" {
		who = fmt.Sprintf("%d claims that share a document", r.Claims)
	}
	in := "campaign " + r.Campaign
	if r.Campaign == "" {
		in = r.Class + "s"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, last in the hour of %s: %s\n", who, in, r.Hour.UTC().Format(time.DateTime), r.State)
	fmt.Fprintf(&b, "  What this means: %s.\n", r.Meaning)
	if r.Allowed {
		b.WriteString("  It may be drafted; what the gates of time and contact say of the draft stands in popupwatch report --list.\n")
	} else {
		fmt.Fprintf(&b, "  No report: %s.\n", strings.Join(r.Why, "; "))
	}
	if r.Evidence != "" {
		fmt.Fprintf(&b, "  Strongest evidence: %s\n", r.Evidence)
	}
	return b.String()
}
