package console

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"popupwatch/decoders/text"
	"popupwatch/sensor/store"
	"popupwatch/sensor/view"
)

// status is who answers.
type status struct {
	Version string     `json:"version"`
	Store   store.Kept `json:"store"`
	Live    bool       `json:"live"` // a capture runs in the same process
	Process *Process   `json:"process,omitempty"`
}

func (c *Console) status(ctx context.Context, _ *request) (any, error) {
	kept, err := c.store.Kept(ctx)
	s := status{Version: c.config.Version, Store: kept}
	if c.config.Process != nil {
		s.Live, s.Process = true, c.config.Process()
	}
	return s, err
}

func (c *Console) overview(ctx context.Context, q *request) (any, error) {
	return c.store.Overview(ctx, q.filter)
}

func (c *Console) campaigns(ctx context.Context, q *request) (any, error) {
	return c.store.Campaigns(ctx, q.filter, q.page)
}

// campaignView is a campaign, its variants with what differs from the first.
type campaignView struct {
	store.Campaign
	Variants []variantView `json:"variants"`
}

type variantView struct {
	store.Variant
	Diff []view.Piece `json:"diff"`
}

func (c *Console) campaign(ctx context.Context, q *request) (any, error) {
	found, err := c.store.Campaign(ctx, q.path("id"), q.filter)
	v := campaignView{Campaign: found, Variants: make([]variantView, 0, len(found.Variants))}
	for _, variant := range found.Variants {
		v.Variants = append(v.Variants, variantView{variant, view.Compare(found.Variants[0].Text, variant.Text)})
	}
	return v, err
}

func (c *Console) sources(ctx context.Context, q *request) (any, error) {
	return c.store.Sources(ctx, q.filter, q.page)
}

func (c *Console) source(ctx context.Context, q *request) (any, error) {
	found, err := c.store.Source(ctx, q.path("ip"))
	if err != nil {
		return nil, err
	}
	return view.OfSource(found)
}

func (c *Console) messages(ctx context.Context, q *request) (any, error) {
	return c.store.Messages(ctx, q.filter, q.page)
}

// eventView is one document, and the octets of its texts.
type eventView struct {
	Document json.RawMessage `json:"document"`
	Octets   []octets        `json:"octets"`
}

// octets are those of a text as they stood in the call up to the first NUL: as they were kept where decoding lost something, else as the code
// page gives them back.
type octets struct {
	Field    string `json:"field"`
	Base64   string `json:"base64"`
	CodePage string `json:"code_page"`
	Kept     bool   `json:"kept"` // they are those of the wire, not encoded again
}

func (c *Console) event(ctx context.Context, q *request) (any, error) {
	line, err := c.store.Event(ctx, q.path("id"))
	if err != nil {
		return nil, err
	}
	return eventView{line, octetsOf(line)}, nil
}

// octetsOf gives the octets of a popup's three texts; none of other documents.
func octetsOf(line []byte) []octets {
	var d struct {
		Popupwatch struct {
			Message struct {
				From, To, Text string
				CodePage       string `json:"code_page"`
				Raw            string `json:"raw"`
				FromRaw        string `json:"from_raw"`
				ToRaw          string `json:"to_raw"`
			}
		}
	}
	list := []octets{}
	if json.Unmarshal(line, &d) != nil {
		return list
	}
	m := &d.Popupwatch.Message
	for _, t := range [...]struct{ field, shown, raw string }{{"from", m.From, m.FromRaw}, {"to", m.To, m.ToRaw}, {"text", m.Text, m.Raw}} {
		encoded, ok := text.Encode(text.Page(m.CodePage), t.shown)
		switch {
		case t.raw != "":
			list = append(list, octets{t.field, t.raw, m.CodePage, true})
		case t.shown != "" && ok:
			list = append(list, octets{t.field, base64.StdEncoding.EncodeToString(encoded), m.CodePage, false})
		}
	}
	return list
}

func (c *Console) findings(ctx context.Context, q *request) (any, error) {
	return c.store.Findings(ctx, q.filter, q.page)
}

func (c *Console) sensor(ctx context.Context, q *request) (any, error) {
	return c.store.Sensor(ctx, q.filter)
}

// draftView is the draft of a report.
type draftView struct {
	ID       string          `json:"id"`
	Source   string          `json:"source"`
	Campaign string          `json:"campaign"`
	At       string          `json:"at"`
	Hash     string          `json:"hash"`
	Document json.RawMessage `json:"document"`
}

func (c *Console) draft(ctx context.Context, q *request) (any, error) {
	d, err := c.store.Draft(ctx, q.path("id"))
	if err != nil {
		return nil, err
	}
	return draftView{d.ID, d.Source, d.Campaign, d.At.Format("2006-01-02T15:04:05.000000000Z"), d.Hash, d.Document}, nil
}
