package simulate

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// bar is one bar of a plot: a label, how long it is, and what is written beside it.
type bar struct {
	label, text string
	value       float64
	colour      string
}

// The measures of a plot, in pixels.
const (
	rowHeight  = 18
	labelWidth = 230
	barWidth   = 420
	textWidth  = 190
)

// plotBars writes bars as SVG: full is the value of the longest possible. The same bars give the same octets.
func plotBars(w io.Writer, title string, bars []bar, full float64) error {
	var b strings.Builder
	height := (len(bars) + 2) * rowHeight
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", labelWidth+barWidth+textWidth, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="8" y="14" font-weight="bold">%s</text>`+"\n", escaped(title))
	for i, r := range bars {
		y := (i + 1) * rowHeight
		length := 0.0
		if full > 0 {
			length = max(0, min(1, r.value/full)) * barWidth
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, labelWidth-6, y+13, escaped(r.label))
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="12" fill="%s"/>`, labelWidth, y+3, length, r.colour)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%s</text>`+"\n", labelWidth+length+6, y+13, escaped(r.text))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func escaped(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}

// The colours of plots: of what is well, of what is not, of what is neither.
const (
	colourGood = "#2b7a4b"
	colourBad  = "#b3261e"
	colourElse = "#5b6b7b"
)

// Plot is one picture of a report: its name, and what writes it.
type Plot struct {
	Name  string
	Title string
	bars  []bar
	full  float64
}

// Write writes the picture as SVG.
func (p *Plot) Write(w io.Writer) error { return plotBars(w, p.Title, p.bars, p.full) }

// Plots are the pictures of a report.
func Plots(all []Result) []Plot {
	total := Total(all)
	return []Plot{baselinePlot(&total), recallPlot(all), calibrationPlot(&total), ablationPlot(&total)}
}

// baselinePlot shows how many innocents each judge names.
func baselinePlot(total *Result) Plot {
	p := Plot{Name: "blame", Title: "Innocent claims that each judge would report", full: float64(total.Innocent)}
	for i := range baselines {
		n := total.Baselines[i].Innocent
		p.bars = append(p.bars, bar{baselines[i].Name + " " + baselines[i].About, share(n, total.Innocent), float64(n), colourBad})
	}
	p.bars = append(p.bars, bar{"popupwatch", share(total.Blamed, total.Innocent), float64(total.Blamed), colourBad})
	for i := range p.bars {
		p.bars[i].label = clipped(p.bars[i].label)
	}
	return p
}

// clipped shortens a label to what its column holds.
func clipped(s string) string {
	if r := []rune(s); len(r) > 36 {
		return string(r[:35]) + "…"
	}
	return s
}

// recallPlot shows which share of forged claims was called forged, by scenario.
func recallPlot(all []Result) Plot {
	p := Plot{Name: "forged", Title: "Forged claims that are called forged", full: 1}
	for i := range all {
		r := &all[i]
		if r.Forged.Of == 0 {
			continue
		}
		colour := colourElse
		if r.Scenario.Bar != BarNone {
			colour = colourGood
		}
		p.bars = append(p.bars, bar{r.Scenario.Name, share(r.Forged.Are, r.Forged.Of), float64(r.Forged.Are) / float64(r.Forged.Of), colour})
	}
	return p
}

// calibrationPlot shows, for each bin of the sum, which share of claims was forged where as many were forged as not.
func calibrationPlot(total *Result) Plot {
	p := Plot{Name: "calibration", Title: "Share of forged claims by sum of evidence, at even odds", full: 1}
	for _, c := range Calibrations(total) {
		if c.Forged+c.Genuine > 0 {
			p.bars = append(p.bars, bar{c.Label, fmt.Sprintf("%.4f of %d", c.Share, c.Forged+c.Genuine), c.Share, colourElse})
		}
	}
	return p
}

// ablationPlot shows what each group of evidence is good for.
func ablationPlot(total *Result) Plot {
	p := Plot{Name: "ablations", Title: "Forged claims called forged, with a group of evidence left out", full: float64(total.Forged.Of)}
	for i, b := range total.Ablations {
		p.bars = append(p.bars, bar{ablationName(i), share(b.Innocent, total.Forged.Of), float64(b.Innocent), colourGood})
	}
	return p
}

func ablationName(i int) string {
	if i == 0 {
		return "all groups"
	}
	return fmt.Sprintf("without G%d", i)
}

// share is a part of a whole for people.
func share(n, of uint64) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f %% (%d)", 100*float64(n)/float64(of), n)
}
