package simulate

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Report writes what came of an evaluation as Markdown. picture gives where a plot was put.
func Report(w io.Writer, all []Result, scale Scale, picture func(p *Plot) string) error {
	var b strings.Builder
	total := Total(all)
	scaleName := "small"
	if scale.Full {
		scaleName = "full"
	}
	fmt.Fprintf(&b, "# What the evaluator found\n\nScale %s, split %s, seeds 1 to %d of each scenario", scaleName, scale.Split, scale.Seeds)
	if scale.Loss > 0 {
		fmt.Fprintf(&b, ", at least %.1f %% of the frames lost", 100*scale.Loss)
	}
	if scale.Shuffle {
		b.WriteString(", **arrival order shuffled**: the null hypothesis of every test of order")
	}
	b.WriteString(". `popupwatch help simulate` says what the words mean.\n\n")
	headline(&b, &total)
	for _, p := range Plots(all) {
		fmt.Fprintf(&b, "![%s](%s)\n\n", p.Title, picture(&p))
	}
	blameTable(&b, all)
	genuineTable(&b, all)
	forgedTable(&b, all)
	calibrationTable(&b, &total)
	baselineTable(&b, all, &total)
	ablationTable(&b, &total)
	costTable(&b, all)
	cases(&b, all)
	_, err := io.WriteString(w, b.String())
	return err
}

func headline(b *strings.Builder, total *Result) {
	fmt.Fprintf(b, "**False blame: %d of %d innocent claims; 95 %% upper bound %.2g.** ", total.Blamed, total.Innocent, UpperBound(total.Blamed, total.Innocent))
	fmt.Fprintf(b, "Genuine senders proven where the exchange was complete: %d of %d. ", total.Proofs.Are, total.Proofs.Of)
	fmt.Fprintf(b, "Popups sent and captured: %d, came back as messages: %d, messages that nobody sent: %d.\n\n", total.Popups, total.Messages, total.Strays)
}

func table(b *strings.Builder, title, about string, columns ...string) {
	fmt.Fprintf(b, "## %s\n\n", title)
	if about != "" {
		fmt.Fprintf(b, "%s\n\n", about)
	}
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
}

func row(b *strings.Builder, cells ...any) {
	for _, c := range cells {
		fmt.Fprintf(b, "| %v ", c)
	}
	b.WriteString("|\n")
}

func blameTable(b *strings.Builder, all []Result) {
	table(b, "False blame", "Claims whose source sent none of their popups, and how many of them any document called reportable or genuine.",
		"scenario", "", "adversary", "innocent claims", "addresses", "blamed", "95 % upper bound", "counts")
	for i := range all {
		r := &all[i]
		if r.Innocent == 0 && r.Blamed == 0 {
			continue
		}
		counts := "yes"
		if r.Scenario.Excluded != "" {
			counts = "no: " + r.Scenario.Excluded
		}
		row(b, r.Scenario.Name, r.Scenario.About, r.Scenario.Adversary, r.Innocent, r.Owners, r.Blamed, fmt.Sprintf("%.2g", UpperBound(r.Blamed, r.Innocent)), counts)
	}
	b.WriteString("\n")
}

func genuineTable(b *strings.Builder, all []Result) {
	table(b, "Genuine senders", "Claims whose source sent what they say: proven, and wrongly called forged.",
		"scenario", "", "claims", "provable", "proven of these", "recall", "forged_certain", "forged_probable", "reportable")
	for i := range all {
		r := &all[i]
		if r.Genuine == 0 {
			continue
		}
		row(b, r.Scenario.Name, r.Scenario.About, r.Genuine, r.Proofs.Of, r.Proofs.Are, percent(r.Proofs), r.Certain, share(r.Probable, r.Genuine), r.Reportable)
	}
	b.WriteString("\n")
}

func percent(s Share) string {
	if s.Of == 0 {
		return "-"
	}
	text := fmt.Sprintf("%.2f %%", 100*float64(s.Are)/float64(s.Of))
	if low, high, ok := s.Interval(); ok {
		text += fmt.Sprintf(" (%.2f to %.2f)", 100*low, 100*high)
	}
	return text
}

// Required is the recall that a bar asks for.
func (b Bar) Required() float64 {
	return [...]float64{BarNone: 0, BarUniform: 0.999, BarCounter: 0.99, BarTTL: 0.95}[b]
}

func forgedTable(b *strings.Builder, all []Result) {
	table(b, "Forged sources", "Claims of innocents that the last document calls forged_certain, forged_probable or nonroutable_leak (an invented address may be a private one). The bar is that of issue 7; without one, unknown is right.",
		"scenario", "", "claims", "called forged", "recall", "bar", "popups until the first was: median, nine of ten")
	for i := range all {
		r := &all[i]
		if r.Forged.Of == 0 {
			continue
		}
		bar := ""
		if r.Scenario.Bar != BarNone {
			bar = fmt.Sprintf("%.1f %%", 100*r.Scenario.Bar.Required())
		}
		row(b, r.Scenario.Name, r.Scenario.About, r.Forged.Of, r.Forged.Are, percent(r.Forged), bar, untilFlagged(r))
	}
	b.WriteString("\n")
}

// untilFlagged is after how many popups of a mailing a source was first called forged.
func untilFlagged(r *Result) string {
	n := len(r.Flagged)
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d, %d", r.Flagged[n/2], r.Flagged[n*9/10])
}

func calibrationTable(b *strings.Builder, total *Result) {
	table(b, "Calibration", "All claims that no rule decides, by the sum of their evidence; what a bin is worth, in decibans, if as many claims were forged as not.",
		"sum", "forged", "genuine", "share forged", "worth", "outside the bin by")
	for _, c := range Calibrations(total) {
		row(b, c.Label, c.Forged, c.Genuine, fmt.Sprintf("%.4f", c.Share), decibans(c.Decibans), decibans(c.Off))
	}
	b.WriteString("\n")
}

func decibans(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.1f dB", x)
}

func baselineTable(b *strings.Builder, all []Result, total *Result) {
	columns := []string{"scenario"}
	for i := range baselines {
		columns = append(columns, baselines[i].Name)
	}
	var words []string
	for i := range baselines {
		words = append(words, baselines[i].Name+" "+baselines[i].About)
	}
	table(b, "Baselines", "Simple judges on the same frames: innocent claims that they would report / genuine ones. "+strings.Join(words, "; ")+".", append(columns, "popupwatch")...)
	line := func(name string, r *Result) {
		cells := []any{name}
		for i := range r.Baselines {
			cells = append(cells, fmt.Sprintf("%d / %d", r.Baselines[i].Innocent, r.Baselines[i].Genuine))
		}
		row(b, append(cells, fmt.Sprintf("%d / %d", r.Blamed, r.Bound))...)
	}
	for i := range all {
		line(all[i].Scenario.Name, &all[i])
	}
	line("**all that count**", total)
	b.WriteString("\n")
}

func ablationTable(b *strings.Builder, total *Result) {
	table(b, "Ablations", fmt.Sprintf("Claims called forged when a group of evidence is left out, computed from the rows of the last documents (%d claims disagree with the road when none is).", total.Disagree),
		"groups", "innocents' claims called forged", "genuine claims called forged")
	for i, n := range total.Ablations {
		row(b, ablationName(i), share(n.Innocent, total.Forged.Of), share(n.Genuine, total.Genuine))
	}
	b.WriteString("\n")
}

func costTable(b *strings.Builder, all []Result) {
	table(b, "Cost", "Simulation, road and scoring together, in one goroutine.", "scenario", "frames", "popups", "mailings", "campaigns found", "seconds", "popups/s")
	for i := range all {
		r := &all[i]
		seconds := r.Elapsed.Seconds()
		row(b, r.Scenario.Name, r.Frames, r.Popups, r.Mailings, r.Campaigns, fmt.Sprintf("%.2f", seconds), fmt.Sprintf("%.0f", float64(r.Popups)/max(seconds, 1e-9)))
	}
	b.WriteString("\n")
}

// cases names the first claims that went wrong.
func cases(b *strings.Builder, all []Result) {
	b.WriteString("## Cases\n\nThe first claims that were blamed falsely, genuine ones called forged, and provable ones not proven.\n\n")
	for i := range all {
		r := &all[i]
		for _, c := range r.Blames {
			fmt.Fprintf(b, "* blamed, %s: %s\n", r.Scenario.Name, c)
		}
		for _, c := range r.Wrongs {
			fmt.Fprintf(b, "* called forged, %s: %s\n", r.Scenario.Name, c)
		}
		for _, c := range r.Misses {
			fmt.Fprintf(b, "* not proven, %s: %s\n", r.Scenario.Name, c)
		}
	}
}
