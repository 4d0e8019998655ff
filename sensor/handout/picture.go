package handout

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"popupwatch/sensor/store"
	"popupwatch/sensor/view"
)

// The room of a chart, in units of its picture: to the left stand counts, below times.
const (
	chartWidth = 960
	chartLeft  = 52
	chartFoot  = 20
	chartHead  = 8
)

// coordinate is a length in a picture, written with one decimal.
type coordinate float64

func (c coordinate) String() string { return strconv.FormatFloat(float64(c), 'f', 1, 64) }

// box is a rectangle of a picture; Class gives it its colour.
type box struct {
	X, Y, W, H coordinate
	Class      string
}

// label is a word in a picture. Anchor is start, middle or end.
type label struct {
	X, Y   coordinate
	Anchor string
	Text   string
}

// line is a straight line in a picture.
type line struct {
	X1, Y1, X2, Y2 coordinate
	Class          string
}

// picture is an SVG. Says is the same in words, for who does not see it.
type picture struct {
	Width, Height coordinate
	Boxes         []box
	Lines         []line
	Labels        []label
	Says          string
}

// series are the counts of one kind over time.
type series struct {
	Word   string
	Counts []uint64
}

// kinds gives the series of a time line that have counts.
func kinds(t *store.Timeline) (list []series) {
	for _, s := range []series{{"spam", t.Spam}, {"suspect", t.Suspect}, {"clean", t.Clean}, {"exploit", t.Exploit}} {
		if slices.ContainsFunc(s.Counts, func(n uint64) bool { return n > 0 }) {
			list = append(list, s)
		}
	}
	return list
}

// overTime draws a time line as bars that stand on each other.
func overTime(t *store.Timeline, what string, height float64) *picture {
	all := kinds(t)
	if len(all) == 0 {
		return nil
	}
	totals, sum := make([]uint64, len(t.At)), uint64(0)
	for _, s := range all {
		for i, n := range s.Counts {
			totals[i] += n
			sum += n
		}
	}
	most := max(1, slices.Max(totals))
	p := &picture{Width: chartWidth, Height: coordinate(height), Says: fmt.Sprintf("%s: %s from %s to %s, at most %s in %s", what, count(sum, "popup"),
		moment(t.At[0], t.Step), moment(t.At[len(t.At)-1], t.Step), number(most), span(time.Time{}, time.Time{}.Add(time.Duration(t.Step)*time.Second)))}
	p.axes(t, most)
	width := float64(chartWidth-chartLeft-8) / float64(len(t.At))
	room := height - chartHead - chartFoot
	for i := range t.At {
		base := height - chartFoot
		for _, s := range all {
			if s.Counts[i] == 0 {
				continue
			}
			tall := max(1, room*float64(s.Counts[i])/float64(most))
			base -= tall
			p.Boxes = append(p.Boxes, box{coordinate(chartLeft + width*float64(i)), coordinate(base), coordinate(max(1, width*0.9)), coordinate(tall), s.Word})
		}
	}
	return p
}

// axes draws the ground line, the greatest count, and some times.
func (p *picture) axes(t *store.Timeline, most uint64) {
	ground := p.Height - chartFoot
	p.Lines = append(p.Lines, line{chartLeft, ground, chartWidth - 8, ground, "axis"}, line{chartLeft, chartHead, chartWidth - 8, chartHead, "axis"})
	p.Labels = append(p.Labels, label{chartLeft - 6, chartHead + 8, "end", number(most)}, label{chartLeft - 6, ground, "end", "0"})
	width := float64(chartWidth-chartLeft-8) / float64(len(t.At))
	every := (len(t.At) + 5) / 6
	for i := 0; i < len(t.At); i += every {
		p.Labels = append(p.Labels, label{coordinate(chartLeft + width*float64(i)), p.Height - 5, "start", moment(t.At[i], t.Step)})
	}
}

// moment writes the beginning of a bucket as exactly as its length wants.
func moment(at, step int64) string {
	form := "2006-01-02 15:04:05"
	switch {
	case step >= 28*86400:
		form = "2006-01"
	case step >= 86400:
		form = time.DateOnly
	case step >= 60:
		form = "2006-01-02 15:04"
	}
	return time.Unix(at, 0).UTC().Format(form)
}

// share is one bar of a list: its count, and its length in hundredths of the longest.
type share struct {
	Name, Word string
	Count      uint64
	Percent    coordinate
}

// shares makes bars of counts, in their order.
func shares(list []store.Named, words func(string) string) []share {
	if len(list) == 0 {
		return nil
	}
	most := max(1, slices.MaxFunc(list, func(a, b store.Named) int { return cmp.Compare(a.Count, b.Count) }).Count)
	all := make([]share, 0, len(list))
	for _, n := range list {
		all = append(all, share{words(n.Name), n.Name, n.Count, coordinate(100 * float64(n.Count) / float64(most))})
	}
	return all
}

// byState makes bars of all six states.
func byState(counts map[string]uint64) []share {
	var list []store.Named
	for _, s := range view.States() {
		list = append(list, store.Named{Name: s.Word, Count: counts[s.Word]})
	}
	return shares(list, view.State)
}

// The waterfall's room. Weights reach from left to right; thresholdAt is where a claim becomes probably forged.
const (
	fallWidth   = 720
	fallStep    = 26
	thresholdAt = 20
)

// waterfall draws evidence: each bar begins where the one before ended, to the right is forged. It is nil where nothing has a weight.
func waterfall(rows []view.Evidence, sum float64) *picture {
	rows = slices.DeleteFunc(slices.Clone(rows), func(e view.Evidence) bool { return e.Group == "rule" })
	if len(rows) == 0 {
		return nil
	}
	low, high, at := -10.0, 30.0, 0.0
	said := make([]string, 0, len(rows))
	for _, e := range rows {
		at += e.Decibans
		low, high = min(low, at), max(high, at)
		said = append(said, e.Group+" "+decibans(e.Decibans))
	}
	x := func(v float64) float64 { return 40 + (v-low)/(high-low)*640 }
	p := &picture{Width: fallWidth, Height: coordinate(len(rows)*fallStep + 40),
		Says: fmt.Sprintf("Evidence adds up to %s decibans; %s", decibans(sum), strings.Join(said, ", "))}
	p.scale(low, high, x)
	at = 0
	for i, e := range rows {
		p.fall(e, i, at, (low+high)*0.7, x)
		at += e.Decibans
	}
	return p
}

// scale draws a line at each ten decibans.
func (p *picture) scale(low, high float64, x func(float64) float64) {
	for v := int(low) / 10 * 10; float64(v) <= high; v += 10 {
		class, text := "axis", strconv.Itoa(v)
		if v == thresholdAt {
			class, text = "threshold", text+" dB: probably forged"
		}
		p.Lines = append(p.Lines, line{coordinate(x(float64(v))), 4, coordinate(x(float64(v))), p.Height - 22, class})
		p.Labels = append(p.Labels, label{coordinate(x(float64(v))), p.Height - 6, "middle", text})
	}
}

// fall draws one row of a waterfall, from a weight on; its words stand to the left of it where it ends far to the right.
func (p *picture) fall(e view.Evidence, i int, from, right float64, x func(float64) float64) {
	to, class := from+e.Decibans, "against"
	if e.Decibans > 0 {
		class = "for"
	}
	left, end := x(min(from, to)), x(max(from, to))
	y := coordinate(8 + i*fallStep)
	p.Boxes = append(p.Boxes, box{coordinate(left), y, coordinate(max(1, end-left)), 18, class})
	words := label{coordinate(end + 6), y + 13, "start", fmt.Sprintf("%s %s %s", e.Group, e.ID, decibans(e.Decibans))}
	if to > right {
		words.X, words.Anchor = coordinate(left-6), "end"
	}
	p.Labels = append(p.Labels, words)
}
