package report

import (
	"strings"
	"sync/atomic"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/sensor/event"
	"popupwatch/sensor/spoof"
	"popupwatch/sensor/store"
)

// Keeper keeps the text of drafts; store.Writer is one.
type Keeper interface {
	KeepDraft(store.Draft)
	WithdrawDraft(id string)
	WithdrawSource(source string, since time.Time)
}

// The bounds of what Drafts remembers. What came first is forgotten first: a forgotten campaign or message makes a draft refused or poorer,
// never wrong.
const (
	maxCampaigns = 4096
	maxMessages  = 4096
	maxShownText = 8 << 10 // octets of a message that are remembered
	maxKept      = 10_000  // ids of drafts, as many as a store keeps
)

// quarrel is how long before a contradiction drafts on the same source are withdrawn.
const quarrel = 24 * time.Hour

// Drafts is a sink on the road that drafts reports. It sees claims while their proof is held. It belongs to the road's goroutine, but for the
// counts.
type Drafts struct {
	form *Form
	keep Keeper // nil: drafts are counted and not kept

	campaigns *recent[string, CampaignView]
	messages  *recent[string, words] // by claim id
	kept      *recent[string, string]
	sources   map[string]int // how many of kept are on a source

	made, refused atomic.Uint64
	reason        atomic.Pointer[error] // of the last refusal
}

// words are a message's, as shown.
type words struct{ from, to, text string }

// NewDrafts makes the sink. known are drafts that are kept already: those of an earlier run can be withdrawn, too.
func NewDrafts(f *Form, keep Keeper, known []store.Draft) *Drafts {
	d := &Drafts{
		form: f, keep: keep, sources: map[string]int{}, campaigns: newRecent[string, CampaignView](maxCampaigns),
		messages: newRecent[string, words](maxMessages), kept: newRecent[string, string](maxKept),
	}
	for _, k := range known {
		d.remember(k.ID, k.Source)
	}
	return d
}

// Made is how many drafts were built, later ones of the same claim included; Refused how many could not be built though the claim is
// reportable. Any goroutine may ask.
func (d *Drafts) Made() uint64 { return d.made.Load() }

// Refused is how many drafts were refused when they were to be built.
func (d *Drafts) Refused() uint64 { return d.refused.Load() }

// Reason is why the last one was refused; nil where none was.
func (d *Drafts) Reason() error {
	if p := d.reason.Load(); p != nil {
		return *p
	}
	return nil
}

// Keeps says whether drafts go anywhere.
func (d *Drafts) Keeps() bool { return d.keep != nil }

// Emit looks at an event. The error is always nil: no draft is a reason to stop the road.
func (d *Drafts) Emit(e *event.Event) error {
	switch e.Set {
	case event.SetMessage:
		d.message(e)
	case event.SetCampaign:
		d.campaign(e)
	case event.SetSource:
		d.source(e)
	}
	return nil
}

// Close does nothing: what was drafted is with the keeper.
func (d *Drafts) Close() error { return nil }

func (d *Drafts) message(e *event.Event) {
	m := e.Message
	if !provable(m) || e.Membership.ID == "" {
		return
	}
	if id := e.ClaimID(); id != "" {
		d.messages.put(id, words{clip(m.From.Shown), clip(m.To.Shown), clip(m.Text.Shown)})
	}
}

// provable says whether a popup can become part of a report: most of a flood cannot, and is not remembered.
func provable(m *decoders.Message) bool {
	const once = dcerpc.FlagIdempotent | dcerpc.FlagMaybe | dcerpc.FlagBroadcast
	return m.Route == decoders.RouteSMB || m.Route == decoders.RouteRPC && m.RPC.Header.Flags&once == 0
}

// clip bounds what is remembered of a text. What is cut is copied, so that it keeps no longer one alive.
func clip(s string) string {
	if len(s) <= maxShownText {
		return s
	}
	return strings.Clone(s[:maxShownText])
}

func (d *Drafts) campaign(e *event.Event) {
	u := e.Campaign
	d.campaigns.put(string(u.ID), CampaignView{
		ID: string(u.ID), Verdict: u.Standing.Verdict, Messages: u.Messages, Submissions: u.Submissions,
		From: clip(u.SampleFrom), To: clip(u.SampleTo), Text: clip(u.SampleText), Sample: true,
	})
}

// source drafts a report where the claim is reportable, and withdraws one where it is so no longer.
func (d *Drafts) source(e *event.Event) {
	a := e.Source
	if a == nil || e.Claims != nil {
		return
	}
	switch proven := a.Proof().Valid(); {
	case a.State == spoof.GenuineBound && !proven && !a.Conflict: // of before a restart: its draft was made while the proof was held
		return
	case !e.Reportable() || !proven:
		d.withdraw(a)
		return
	}
	view, _ := d.campaigns.get(a.Key.Campaign)
	if m, ok := d.messages.get(e.ClaimID()); ok {
		view.From, view.To, view.Text, view.Sample = m.from, m.to, m.text, false
	}
	draft, err := d.form.Build(a.Proof(), a, view)
	if err != nil {
		d.refused.Add(1)
		d.reason.Store(&err)
		d.withdraw(a)
		return
	}
	d.made.Add(1)
	if d.keep != nil {
		text := draft.Text()
		d.remember(text.ID, text.Source)
		d.keep.KeepDraft(text)
	}
}

// withdraw deletes the draft of a claim that is reportable no longer, and where it is contradicted those of its source of a day, too.
func (d *Drafts) withdraw(a *spoof.Assessment) {
	source := a.Key.Source.Unmap().String()
	if d.keep == nil || d.sources[source] == 0 && !d.kept.forgot {
		return
	}
	if a.Conflict || a.State.Forged() {
		d.keep.WithdrawSource(source, a.First.Add(-quarrel))
		return
	}
	if id := reportID(a); d.kept.has(id) {
		d.keep.WithdrawDraft(id)
	}
}

// remember notes that a draft is kept.
func (d *Drafts) remember(id, source string) {
	if d.kept.has(id) {
		return
	}
	if _, old, full := d.kept.put(id, source); full {
		if d.sources[old]--; d.sources[old] == 0 {
			delete(d.sources, old)
		}
	}
	d.sources[source]++
}
