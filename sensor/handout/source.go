package handout

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/netip"
	"slices"

	"popupwatch/sensor/store"
	"popupwatch/sensor/view"
)

// source is one address as the report shows it. Name is the address where it is proven, and a number where it is not.
type source struct {
	store.SourceRow
	Name   string
	Claims []claim
	Left   uint64 // claims that are not shown
}

// claim is one claim, with its evidence as a picture.
type claim struct {
	view.Claim
	Fall *picture
}

// ofState are the addresses of one state.
type ofState struct {
	view.StateWord
	Count uint64
	Shown []source // those of most popups
}

// proven finds the addresses of which a claim is proven and reportable at its last word.
func (c *Collector) proven(ctx context.Context, r *report) error {
	r.ProvenBeyond = c.beyond > 0
	for _, ip := range slices.SortedFunc(maps.Keys(c.called), netip.Addr.Compare) {
		found, err := c.store.Source(ctx, ip.String())
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		v, err := view.OfSource(found)
		if err != nil {
			return err
		}
		if v.Reportable {
			r.Proven = append(r.Proven, source{SourceRow: v.SourceRow, Name: v.IP})
		}
	}
	slices.SortStableFunc(r.Proven, func(a, b source) int { return cmp.Compare(b.Messages, a.Messages) })
	r.names = c.redactor(ctx, r.Proven)
	detailed := min(len(r.Proven), maxDetailed)
	for i := range r.Proven[:detailed] {
		if err := c.tell(ctx, &r.Proven[i], r.names); err != nil {
			return err
		}
	}
	r.ProvenBriefly = r.Proven[detailed:]
	return nil
}

// provenIn is how many of the addresses that are named are in a state: a proof stands while a newer claim has none.
func (r *report) provenIn(state string) (n uint64) {
	for _, s := range r.Proven {
		if s.State == state {
			n++
		}
	}
	return n
}

// others finds of each state the addresses of most popups, and takes their names away.
func (c *Collector) others(ctx context.Context, r *report) error {
	n := 0
	for _, w := range view.States() {
		of := ofState{StateWord: w, Count: r.States[w.Word] - min(r.States[w.Word], r.provenIn(w.Word))}
		page, err := c.store.Sources(ctx, store.Filter{Terms: []store.Term{{Field: store.FieldState, Values: []string{w.Word}}}}, store.Page{Limit: maxOfState})
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if r.names.proven[row.IP] {
				continue
			}
			n++
			s := source{SourceRow: row, Name: "Address " + number(uint64(n)) + ", name withheld"}
			if err := c.tell(ctx, &s, r.names); err != nil {
				return err
			}
			of.Shown = append(of.Shown, s)
		}
		of.Count = max(of.Count, uint64(len(of.Shown))) // what is no popup has claims, too, and is not among the sources of popups
		r.Others = append(r.Others, of)
	}
	return nil
}

// tell fills in the newest claims of an address. Sentences name no address that is not proven.
func (c *Collector) tell(ctx context.Context, s *source, names *redactor) error {
	found, err := c.store.Source(ctx, s.IP)
	if err != nil {
		return err
	}
	v, err := view.OfSource(found)
	if err != nil {
		return err
	}
	if !names.proven[s.IP] {
		s.IP = ""
	}
	s.Left = v.Left + uint64(len(v.Told)) - uint64(min(len(v.Told), maxClaimsShown))
	for _, told := range v.Told[:min(len(v.Told), maxClaimsShown)] {
		told.Document = nil
		told.Counted, told.Left = names.rows(told.Counted), names.rows(told.Left)
		s.Claims = append(s.Claims, claim{told, waterfall(told.Counted, told.Decibans)})
	}
	return nil
}

// adviceOf is what a finding's document says should be done; empty where it says nothing.
func adviceOf(document json.RawMessage) string {
	var d struct {
		Popupwatch struct {
			Finding struct {
				Advice string `json:"advice"`
			} `json:"finding"`
		} `json:"popupwatch"`
	}
	if json.Unmarshal(document, &d) != nil {
		return ""
	}
	return d.Popupwatch.Finding.Advice
}
