package view

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"popupwatch/sensor/event"
	"popupwatch/sensor/spoof"
	"popupwatch/sensor/store"
)

// Source is all that can be said of one address. Summary is what a person should read first.
type Source struct {
	store.SourceRow
	Summary string  `json:"summary"`
	Told    []Claim `json:"told"` // claims, the newest first
	Left    uint64  `json:"left"` // claims that are not told
	Draft   string  `json:"draft,omitempty"`
}

// Claim is one claim: what was seen of the address in one campaign and hour.
type Claim struct {
	ClaimID    string                `json:"claim_id"`
	Campaign   string                `json:"campaign"`
	Class      string                `json:"class"`
	Sensor     string                `json:"sensor"`
	Hour       time.Time             `json:"hour"`
	First      time.Time             `json:"first_seen"`
	Last       time.Time             `json:"last_seen"`
	State      string                `json:"state"`
	Says       string                `json:"says"` // the state in plain words
	Decibans   float64               `json:"decibans"`
	Posterior  *event.ClaimPosterior `json:"posterior,omitempty"`
	Counted    []Evidence            `json:"counted"` // what the sum counts: of each group the strongest
	Left       []Evidence            `json:"left"`    // what it leaves out
	Conflict   bool                  `json:"conflict"`
	Reportable bool                  `json:"reportable"`
	Refused    []string              `json:"refused"` // why a proven claim is not reportable, in sentences
	Emitter    string                `json:"emitter,omitempty"`
	Messages   uint64                `json:"messages"`
	Targets    uint64                `json:"targets"`
	Final      bool                  `json:"final"`
	Change     []string              `json:"change"` // what would change the state
	Never      []string              `json:"never"`  // what must not be concluded
	Harm       string                `json:"harm,omitempty"`
	Document   json.RawMessage       `json:"document"`
}

// Evidence is one row of evidence: a sentence, its weight for forging, and the frames it was seen in.
type Evidence struct {
	ID       string   `json:"id"`
	Group    string   `json:"group"`
	Decibans float64  `json:"decibans"`
	Text     string   `json:"text"`
	Packets  []uint64 `json:"packets"`
}

// OfSource puts the claims of an address and the counsel for them together. A draft is named only where a claim is proven and reportable:
// other drafts are text of an earlier time, which nothing stands behind any more.
func OfSource(s store.Source) (*Source, error) {
	v := &Source{SourceRow: s.SourceRow, Told: make([]Claim, 0, len(s.Documents)), Left: s.Left}
	proven := 0
	for _, document := range s.Documents {
		c, err := OfClaim(document)
		if err != nil {
			return nil, err
		}
		if c.Reportable {
			proven++
		}
		v.Told = append(v.Told, c)
	}
	if v.Reportable = proven > 0; v.Reportable && len(s.Drafts) > 0 {
		v.Draft = s.Drafts[0]
	}
	v.Summary = summary(len(v.Told), proven, v.Draft != "")
	return v, nil
}

// summary says whether somebody can be reported.
func summary(claims, proven int, draft bool) string {
	switch {
	case proven == 0:
		return "This address is written on messages; nothing proves that it sent any. It must not be reported."
	case !draft:
		return fmt.Sprintf("%d of %d claims are proven, but the store holds no draft of a report: it was made by a run that kept none.", proven, claims)
	}
	return fmt.Sprintf("%d of %d claims are proven. A draft was written while the proof was held; popupwatch report checks it against the gates of time and contact before anybody sends it.", proven, claims)
}

// OfClaim puts a document of the source set and the counsel for it together. The error is store.ErrDamaged.
func OfClaim(document json.RawMessage) (c Claim, err error) {
	var d event.ClaimDocument
	if err := json.Unmarshal(document, &d); err != nil {
		return c, errors.Join(store.ErrDamaged, err)
	}
	s := &d.Popupwatch.Source
	ids := make([]string, 0, len(s.Evidence))
	for _, e := range s.Evidence {
		ids = append(ids, e.ID)
	}
	counsel := spoof.Advice(s.State, ids)
	counted, left := spoof.Weigh(s.Evidence)
	c = Claim{
		ClaimID: s.ClaimID, Campaign: d.Popupwatch.Campaign.ID, Class: s.Class, Sensor: d.Observer.Name, Hour: s.Hour, First: s.First, Last: s.Last,
		State: s.State, Says: counsel.Says, Decibans: s.Decibans, Posterior: s.Posterior, Counted: ofEvidence(counted), Left: ofEvidence(left),
		Conflict: s.Conflict, Reportable: s.CallsProven(), Refused: refusals(s.RefusedBy), Emitter: s.Emitter,
		Messages: s.Messages, Targets: s.Targets, Final: s.Final, Change: counsel.Change, Never: counsel.Never, Harm: counsel.Harm, Document: document,
	}
	return c, nil
}

func ofEvidence(rows []spoof.Evidence) []Evidence {
	list := make([]Evidence, 0, len(rows))
	for _, e := range rows {
		list = append(list, Evidence{e.ID, e.Group, e.Decibans, e.Text, append([]uint64{}, e.Packets...)})
	}
	return list
}

// refusals turns the words of gates into sentences.
func refusals(words []string) []string {
	list := make([]string, 0, len(words))
	for _, w := range words {
		says := spoof.Refusal(w)
		if says == "" {
			says = "A gate that this version does not know: " + w
		}
		list = append(list, says)
	}
	return list
}
