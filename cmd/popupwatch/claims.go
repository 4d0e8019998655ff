package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"popupwatch/sensor/event"
)

// The bounds of what is kept of events, however many they are. What is beyond is counted.
const (
	maxEventLine = 1 << 20 // octets; a popup of the greatest size, escaped, is half of that
	maxClaims    = 1000
	maxDamages   = 20
)

// claimKey is one part of one claim of one sensor.
type claimKey struct {
	sensor, claim string
	part          time.Time
}

// claims is what events say about one address: of each claim and part the last document.
type claims struct {
	source  netip.Addr
	needle  []byte
	last    map[claimKey]*event.ClaimDocument
	beyond  int // documents of claims beyond the bound
	lines   int
	popups  uint64   // with this source, by the documents of messages
	shared  uint64   // claims in documents that name no source: it may be among them
	damages []string // lines that are no events, named
	more    int      // damages beyond the bound
}

func newClaims(source netip.Addr) *claims {
	return &claims{source: source, needle: []byte(`"` + source.String() + `"`), last: map[claimKey]*event.ClaimDocument{}}
}

// read takes all events of an input. The error is the reader's; what came before it is kept.
func (c *claims) read(name string, r io.Reader) error {
	in := bufio.NewReaderSize(r, maxEventLine)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			c.damaged(name, n, "longer than any event")
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
		case len(bytes.TrimSpace(line)) > 0:
			c.line(name, n, line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: damage after line %d: %w", name, n-1, err)
		}
	}
}

func (c *claims) line(name string, n int, line []byte) {
	c.lines++
	if !json.Valid(line) {
		c.damaged(name, n, "no JSON, or cut short")
		return
	}
	if !bytes.Contains(line, c.needle) && !bytes.Contains(line, []byte(`"claims"`)) {
		return
	}
	d := &event.ClaimDocument{}
	if err := json.Unmarshal(line, d); err != nil {
		c.damaged(name, n, "no event of popupwatch: "+err.Error())
		return
	}
	c.take(d)
}

func (c *claims) damaged(name string, n int, why string) {
	if len(c.damages) == maxDamages {
		c.more++
		return
	}
	c.damages = append(c.damages, fmt.Sprintf("%s:%d: %s", name, n, why))
}

// take keeps a document if it is the last word on its claim.
func (c *claims) take(d *event.ClaimDocument) {
	s := &d.Popupwatch.Source
	named := d.Source.IP == c.source.String()
	switch {
	case d.Event.Dataset == "popupwatch.message" && named:
		c.popups += max(d.Popupwatch.Message.Count, 1)
		return
	case d.Event.Dataset != "popupwatch.source":
		return
	case !named:
		if d.Source.IP == "" {
			c.shared += s.Claims
		}
		return
	}
	key := claimKey{d.Observer.Name, cmp.Or(s.ClaimID, d.Popupwatch.Campaign.ID+s.Class+s.Hour.String()), s.Part}
	old := c.last[key]
	switch {
	case old == nil && len(c.last) == maxClaims:
		c.beyond++
	case old == nil || !before(d, old):
		c.last[key] = d
	}
}

// before says whether a document is older than another of the same claim: the final one is the last.
func before(d, other *event.ClaimDocument) bool {
	if d.Popupwatch.Source.Final != other.Popupwatch.Source.Final {
		return other.Popupwatch.Source.Final
	}
	return d.Time.Before(other.Time)
}

// list gives the claims by hour, campaign and part.
func (c *claims) list() []*event.ClaimDocument {
	out := make([]*event.ClaimDocument, 0, len(c.last))
	for _, d := range c.last {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *event.ClaimDocument) int {
		s, o := &a.Popupwatch.Source, &b.Popupwatch.Source
		return cmp.Or(s.Hour.Compare(o.Hour), strings.Compare(a.Popupwatch.Campaign.ID, b.Popupwatch.Campaign.ID), strings.Compare(s.Class, o.Class),
			s.Part.Compare(o.Part), strings.Compare(a.Observer.Name, b.Observer.Name))
	})
	return out
}

// damage tells lines that could not be read, and the status for them.
func (c *claims) damage(to io.Writer) error {
	for _, d := range c.damages {
		fmt.Fprintf(to, "popupwatch: %s\n", visible(d))
	}
	if c.more > 0 {
		fmt.Fprintf(to, "popupwatch: and %s more\n", plural(uint64(c.more), "damaged line"))
	}
	if len(c.damages) > 0 {
		return &exitError{exitDamaged, nil}
	}
	return nil
}
