package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/text"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/simulate/texts"
)

// sample is one message: which rules hold for it, what it is, and how much it counts.
type sample struct {
	holds  []int // numbers in the order of coefficients
	spam   bool
	group  string // real, ours or generated
	weight float64
}

// collector asks the rules about messages.
type collector struct {
	set      *rules.Set
	analyzer *text.Analyzer
	number   map[string]int // of each rule that adds
}

func newCollector(set *rules.Set) *collector {
	c := &collector{set: set, analyzer: text.NewAnalyzer(text.Config{}), number: map[string]int{}}
	for i, r := range coefficients(set, nil) {
		c.number[r.name] = i
	}
	return c
}

// labelled gives what the weights are fitted to, and what they are judged by: other seeds, and texts of ours that were held back. The real
// spam stands in both: each is too precious to leave out, and none of it may be missed.
func labelled(root string, set *rules.Set, seeds int) (fit, held []sample, err error) {
	c := newCollector(set)
	real, err := c.file(filepath.Join(root, "testdata/captures/spam-texts.jsonl"))
	if err != nil {
		return nil, nil, err
	}
	ours, err := c.file(filepath.Join(root, "rules/testdata/spam-ours.jsonl"))
	if err != nil {
		return nil, nil, err
	}
	notices, err := c.file(filepath.Join(root, "rules/testdata/legitimate.jsonl"))
	if err != nil {
		return nil, nil, err
	}
	for i, l := range append(append(real, ours...), notices...) {
		if l.Split == "held" || l.Label == "legitimate" && i%3 == 0 {
			held = append(held, c.samples(&l)...)
			continue
		}
		fit = append(fit, c.samples(&l)...)
		if l.group == "real" {
			held = append(held, c.samples(&l)...)
		}
	}
	for seed := range seeds {
		fit = append(fit, c.generated(uint64(seed+1))...)
		held = append(held, c.generated(uint64(seed+1001))...)
	}
	balance(fit)
	balance(held)
	return fit, held, nil
}

// line is one labelled text of a file.
type line struct {
	Kind, Label, Split, From, To, Text, Message string
	group                                       string
}

func (c *collector) file(name string) (all []line, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		l := line{group: "ours"}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if l.Message != "" { // a text of a capture or of a page; the partial quotations are no popups
			if l.Kind != "decoded-from-capture" && !strings.HasPrefix(l.Kind, "quoted-by-recipient") {
				continue
			}
			l.Text, l.Label, l.group = l.Message, "spam", "real"
		}
		all = append(all, l)
	}
	return all, lines.Err()
}

// samples are a text on the roads that its kind takes, home known and unknown.
func (c *collector) samples(l *line) []sample {
	roads := []texts.Road{texts.Session, texts.Mailslot, texts.Call, texts.Misrouted, texts.Datagram} // the last: as if spammers sent it
	if l.Label == "spam" {
		roads = []texts.Road{texts.Datagram}
	}
	var all []sample
	for _, road := range roads {
		for _, home := range []bool{false, true} {
			m := decoders.Message{From: text.String{Shown: l.From}, To: text.String{Shown: l.To}, Text: text.String{Shown: l.Text}, Features: c.analyzer.Analyze(l.Text)}
			direction := travel(&m, road, home)
			all = append(all, c.sample(&m, rules.Context{Direction: direction}, l.Label == "spam", l.group))
		}
	}
	return all
}

// travel lets a message come by a road.
func travel(m *decoders.Message, road texts.Road, home bool) decoders.Direction {
	m.RPC, m.Route = dcerpc.Call{Fragments: 1}, decoders.RouteRPC
	port, direction := uint16(1026), decoders.DirectionInternal
	switch road {
	case texts.Datagram:
		m.RPC.Flags, direction = dcerpc.FlagIdempotent|dcerpc.FlagNoFack, decoders.DirectionInbound
	case texts.Misrouted:
		direction = decoders.DirectionInbound
	case texts.Session:
		m.Route, port = decoders.RouteSMB, 139
	case texts.Mailslot:
		m.Route, port = decoders.RouteMailslot, 138
	}
	m.Dst = netip.AddrPortFrom(m.Dst.Addr(), port)
	if !home {
		return decoders.DirectionUnknown
	}
	return direction
}

// generated are the messages of one seed of the development split, beside what the tracker knows of their campaigns.
func (c *collector) generated(seed uint64) []sample {
	stream := texts.Stream(texts.Options{Split: texts.Dev, Seed: seed, Levels: []texts.Level{texts.L0, texts.L1, texts.L2, texts.L3}})
	stream = append(stream, texts.Legitimate(texts.Dev, seed, 600)...)
	tracker := campaign.New(campaign.Config{})
	var all []sample
	for i := range stream {
		t := &stream[i]
		m := decoders.Message{Time: time.Unix(1_078_000_000, 0).Add(t.At), First: true}
		m.From, m.To, m.Text, m.Page, m.PageMargin = c.analyzer.Decode(t.From, t.To, t.Text, false)
		m.Features = c.analyzer.Analyze(m.Text.Shown)
		m.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(t.Source >> 24), byte(t.Source >> 16), byte(t.Source >> 8), byte(t.Source)}), 1040)
		m.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(t.Target >> 8), byte(t.Target)}), 0)
		direction := travel(&m, t.Road, i%2 == 0)
		spread := tracker.Join(&m).Spread
		context := rules.Context{Direction: direction, Sources: spread.Sources, Targets: spread.Targets, PerMinute: spread.PerMinute}
		all = append(all, c.sample(&m, context, t.Legitimate == "", "generated"))
		if t.Legitimate != "" {
			all = append(all, c.sample(&m, rules.Context{Direction: travel(&m, texts.Datagram, i%2 == 0)}, false, "generated"))
		}
	}
	return all
}

func (c *collector) sample(m *decoders.Message, context rules.Context, spam bool, group string) sample {
	s := sample{spam: spam, group: group}
	for _, h := range c.set.Judge(m, context).Hits {
		s.holds = append(s.holds, c.number[h.Rule])
	}
	return s
}

// balance lets each group of each class count the same, whatever its size.
func balance(all []sample) {
	type part struct {
		spam  bool
		group string
	}
	count := map[part]int{}
	for i := range all {
		count[part{all[i].spam, all[i].group}]++
	}
	for i := range all {
		all[i].weight = 1000 / float64(count[part{all[i].spam, all[i].group}])
	}
}
