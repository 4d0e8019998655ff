package decoders

import (
	"encoding/gob"
	"fmt"
	"slices"

	"popupwatch/decoders/inet"
)

// savedDecoder comes first in the state of a Decoder.
type savedDecoder struct {
	Copies, Submissions inet.Secret
	Names               []string // of the interfaces that marks of copies tell of, by their place here
}

// Save writes what is remembered of copies and submissions (CONTRACT.md 2.0). What is half received is not kept: ask Finish for it first.
// Nor is what was shed so far: that is told by the run in which it happened.
func (d *Decoder) Save(enc *gob.Encoder) error {
	names := d.copies.names()
	if err := enc.Encode(&savedDecoder{d.copies.secret, d.submissions.secret, names}); err != nil {
		return fmt.Errorf("save the decoder: %w", err)
	}
	place := func(m *copyMark) {
		at, _ := slices.BinarySearch(names, d.copies.from.Of(int(m.Iface)).Name)
		m.Iface = int32(at)
	}
	if err := d.copies.seen.save(enc, place); err != nil {
		return fmt.Errorf("save the window of copies: %w", err)
	}
	if err := d.submissions.calls.save(enc, func(*callMark) {}); err != nil {
		return fmt.Errorf("save the window of submissions: %w", err)
	}
	return nil
}

// Load reads what Save wrote into a new Decoder. What does not fit into its memory counts as shed. After an error the Decoder is of no use.
func (d *Decoder) Load(dec *gob.Decoder) error {
	var head savedDecoder
	if err := dec.Decode(&head); err != nil {
		return fmt.Errorf("load the decoder: %w", err)
	}
	d.copies.secret, d.submissions.secret, d.conversations.secret = head.Copies, head.Submissions, head.Submissions
	number := func(m *copyMark) {
		name := ""
		if m.Iface >= 0 && int(m.Iface) < len(head.Names) {
			name = head.Names[m.Iface]
		}
		m.Iface = int32(d.copies.from.Earlier(Interface{Name: name}))
	}
	if err := d.copies.seen.load(dec, number); err != nil {
		return fmt.Errorf("load the window of copies: %w", err)
	}
	if err := d.submissions.calls.load(dec, func(*callMark) {}); err != nil {
		return fmt.Errorf("load the window of submissions: %w", err)
	}
	return nil
}

// names gives the names of the interfaces that are remembered, ascending: in another run their numbers are others.
func (c *copies) names() []string {
	var names []string
	note := func(m copyMark) {
		name := c.from.Of(int(m.Iface)).Name
		if at, ok := slices.BinarySearch(names, name); !ok {
			names = slices.Insert(names, at, name)
		}
	}
	for _, m := range c.seen.current {
		note(m)
	}
	for _, m := range c.seen.before {
		note(m)
	}
	return names
}
