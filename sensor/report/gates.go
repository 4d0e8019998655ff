package report

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"popupwatch/sensor/store"
)

// maxAge is how old a report may be: later nobody can tell who had the address.
const maxAge = 72 * time.Hour

// early is by how much a draft may lie ahead of the clock: more means that one of the two clocks is wrong.
const early = 5 * time.Minute

// Gates are what stands between a stored draft and a person: they need a clock, a contact, an identity. They can only refuse. Pass drafts
// through one Gates in the order of the store: the first of a contact, campaign and day goes through, the others do not.
type Gates struct {
	Now         time.Time
	Contacts    *Contacts
	Reporter    Reporter
	ClockSynced bool // the operator says that the sensor's clock was right

	form *Form
	used map[slot]string // by whom
}

// slot is what there may be one report for.
type slot struct{ contact, campaign, day string }

// Verdict is what became of one draft.
type Verdict struct {
	Draft    store.Draft
	Contact  string   // empty where none is known
	Refusals []string // sentences; a draft without any may be shown
	Document []byte   // what may be shown: the draft with the reporter filled in; nil where it is refused
}

// Judge asks all gates about one draft.
func (g *Gates) Judge(d store.Draft) (Verdict, error) {
	if g.form == nil {
		f, err := NewForm(Reporter{}) // who reports is asked about when a draft is filled
		if err != nil {
			return Verdict{}, err
		}
		g.form, g.used = f, map[slot]string{}
	}
	v := Verdict{Draft: d}
	if a, err := netip.ParseAddr(d.Source); err == nil {
		v.Contact = g.Contacts.Of(a)
	}
	v.Refusals = g.refusals(&v)
	if len(v.Refusals) > 0 {
		return v, nil
	}
	s := slot{v.Contact, d.Campaign, d.At.UTC().Format(time.DateOnly)}
	if first, taken := g.used[s]; taken {
		v.Refusals = []string{fmt.Sprintf("Report %s goes to %s for this campaign and day already: one is enough.", first, v.Contact)}
		return v, nil
	}
	document, err := g.fill(d)
	if err != nil {
		v.Refusals = []string{"What stands in the store is no draft any more: " + err.Error()}
		return v, nil
	}
	g.used[s], v.Document = d.ID, document
	return v, nil
}

// refusals gives the sentences of the gates that are closed.
func (g *Gates) refusals(v *Verdict) []string {
	var out []string
	refuse := func(closed bool, format string, args ...any) {
		if closed {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	d, age := v.Draft, g.Now.Sub(v.Draft.At)
	refuse(hashOf(d.Document) != d.Hash, "The draft in the store is not what was written there.")
	refuse(age > maxAge, "It is older than 72 hours (%s): nobody can tell any more who had the address then.", d.At.UTC().Format(time.DateTime))
	refuse(age < -early, "It lies in the future (%s): the sensor's clock was wrong, or this one is.", d.At.UTC().Format(time.DateTime))
	refuse(!g.ClockSynced, "Nobody says that the sensor's clock was right (--clock-synced): behind a shared address, a wrong time blames a neighbour.")
	refuse(!g.Reporter.Named(), "Nobody says who reports (--reporter-org, --reporter-contact, --reporter-domain).")
	refuse(v.Contact == "", "No contact is known for %s (--contacts FILE): a report to somebody else blames in public.", d.Source)
	return out
}

// fill puts the reporter into a draft and looks whether it still is a report. Whom it is about stays as it was drafted.
func (g *Gates) fill(d store.Draft) ([]byte, error) {
	var report xarf
	if err := json.Unmarshal(d.Document, &report); err != nil {
		return nil, err
	}
	if report.Source != d.Source || report.ID != d.ID {
		return nil, fmt.Errorf("it is about another address, or has another id, than the store says")
	}
	report.Reporter, report.Sender = g.Reporter, g.Reporter
	document, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return nil, err
	}
	return document, validate(g.form.schema, document)
}
