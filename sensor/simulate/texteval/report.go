package texteval

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"popupwatch/sensor/simulate/texts"
)

// target is what issue 8 asks for.
type target struct {
	says  string
	key   Key
	least float64
}

func targets() []target {
	return []target{
		{"B-cubed F, L0", Key{"L0", tracker, "F"}, 0.99},
		{"B-cubed F, L1", Key{"L1", tracker, "F"}, 0.99},
		{"B-cubed F, L2", Key{"L2", tracker, "F"}, 0.99},
		{"B-cubed F, mix of L0-L2", Key{"L0-L2", tracker, "F"}, 0.99},
		{"B-cubed F, mix of L0-L3", Key{"L0-L3", tracker, "F"}, 0.97},
		{"B-cubed F, pure L3", Key{"L3", tracker, "F"}, 0.93},
		{"a sealed name in common at 2 sensors, L0", Key{"L0", tracker, "a sealed name in common of 2 sensors"}, 0.98},
		{"a sealed name in common at 2 sensors, L1", Key{"L1", tracker, "a sealed name in common of 2 sensors"}, 0.98},
		{"a sealed name in common at 2 sensors, L2", Key{"L2", tracker, "a sealed name in common of 2 sensors"}, 0.92},
		{"alias join of 2 sensors, mix of L0-L2", Key{"L0-L2", tracker, "join F, 2 sensors"}, 0.995},
		{"recall of spam, mix of L0-L3", Key{"L0-L3", "", recallSpam}, 0.995},
	}
}

// page writes Markdown and keeps the first error.
type page struct {
	w   io.Writer
	f   *Figures
	err error
}

func (p *page) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// row is one row of a table.
func (p *page) row(cells ...string) { p.line("| %s |", strings.Join(cells, " | ")) }

func (p *page) head(cells ...string) {
	p.row(cells...)
	p.line("|%s", strings.Repeat("---|", len(cells)))
}

// cell is a figure with its interval; a dash where nothing was counted.
func (p *page) cell(k Key) string {
	i, ok := p.f.Get(k)
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.4f (%.4f-%.4f)", i.Value, i.Low, i.High)
}

// short is a figure without interval.
func (p *page) short(k Key) string {
	i, ok := p.f.Get(k)
	if !ok {
		return "-"
	}
	return strconv.FormatFloat(i.Value, 'f', 4, 64)
}

// Report writes the figures as Markdown, targets first.
func Report(w io.Writer, c Config, f *Figures) error {
	p := &page{w: w, f: f}
	p.line("# Campaigns and scores on generated texts\n")
	p.line("Split %s, seeds 1 to %d. Intervals: 95 %%, bootstrap over seeds.\n", c.Split, f.seeds)
	p.targets()
	p.grouping()
	p.languages()
	p.identity()
	p.poison(c.withDefaults().PoisonRate)
	p.stages(c.withDefaults())
	p.scores()
	p.alarms()
	return p.err
}

func (p *page) targets() {
	p.line("## Targets\n")
	p.head("measure", "target", "reached", "")
	for _, t := range targets() {
		i, ok := p.f.Get(t.key)
		verdict := "missed"
		if !ok {
			verdict = "not there yet"
		} else if i.Value >= t.least {
			verdict = "reached"
		}
		p.row(t.says, "≥ "+strconv.FormatFloat(t.least, 'f', -1, 64), p.cell(t.key), verdict)
	}
	p.precision()
	p.line("")
}

// precision is that of the class spam among the spam of the mix and all legitimate popups.
func (p *page) precision() {
	spam, _ := p.f.Get(Key{"L0-L3", "", recallSpam})
	alarms, ok := p.f.Get(Key{"legitimate", "", falseSpam})
	if !ok {
		return
	}
	precision := ratio(spam.Sum, spam.Sum+alarms.Sum)
	p.row("precision of spam", "≥ 0.9995", fmt.Sprintf("%.5f", precision), verdictOf(precision >= 0.9995))
	p.row("false alarms among legitimate popups", "0 in 10,000", fmt.Sprintf("%.0f in %.0f", alarms.Sum, alarms.Count), verdictOf(alarms.Sum == 0))
}

func verdictOf(reached bool) string {
	if reached {
		return "reached"
	}
	return "missed"
}

func (p *page) grouping() {
	p.line("## Campaigns\n")
	p.head("stream", "P", "R", "F", "P, R, F without self", "ARI", "merges", "splits", "F as written")
	for _, s := range scenarios() {
		at := func(m string) Key { return Key{s.name, tracker, m} }
		without := p.short(at("P without self")) + " " + p.short(at("R without self")) + " " + p.short(at("F without self"))
		p.row(s.name, p.cell(at("P")), p.cell(at("R")), p.cell(at("F")), without, p.cell(at("ARI")), p.short(at("merges")), p.short(at("splits")),
			p.short(Key{s.name, "as written", "F"}))
	}
	p.line("\nAs written: by the id in each document as it was emitted. Else aliases that are ids are followed. Merges and splits: classes too many in campaigns, campaigns too many in classes, a seed.\n")
}

func (p *page) languages() {
	p.line("## Campaigns by language: B-cubed F\n")
	p.head(append(append([]string{"stream"}, texts.Languages()...), "legitimate")...)
	for _, s := range scenarios() {
		cells := []string{s.name}
		for _, l := range texts.Languages() {
			cells = append(cells, p.short(Key{s.name, tracker, "F " + l}))
		}
		p.row(append(cells, p.short(Key{s.name, tracker, "F notices"}))...)
	}
	p.line("")
}

func (p *page) identity() {
	p.line("## Names at sensors that see a random half each\n")
	p.head("stream", "sensors", "same id", "same first sealed name", "a sealed name in common", "an alias in common", "alias join F")
	for _, s := range scenarios() {
		for n := 2; n <= mostSensors && !s.poison; n++ {
			of := " of " + strconv.Itoa(n) + " sensors"
			at := func(m string) Key { return Key{s.name, tracker, m} }
			p.row(s.name, strconv.Itoa(n), p.cell(at("same id"+of)), p.cell(at("same first sealed name"+of)), p.cell(at("a sealed name in common"+of)), p.cell(at("an alias in common"+of)),
				p.cell(at("join F, "+strconv.Itoa(n)+" sensors")))
		}
	}
	p.line("\nIds and aliases: families of %d messages or more at each sensor; sealed names: %d or more.\n", leastSeen, sealedAt)
}

func (p *page) poison(rate float64) {
	p.line("## Poison\n")
	p.line("%g %% of the spam of the poisoned stream are bridges between two families (which count for none), or hold a legitimate notice, microsoft.com, or another family's site.\n", 100*rate)
	for _, m := range []string{"P", "R", "F", "merges", "splits"} {
		p.line("%s %s, without poison %s  ", m, p.cell(Key{poisoned, tracker, m}), p.cell(Key{"L0-L3", tracker, m}))
	}
	for k := texts.Bridge; k <= texts.Borrowed; k++ {
		p.line("%s: scored spam %s  ", k, p.cell(Key{poisoned, k.String(), recallSpam}))
	}
	p.line("")
}

func (p *page) stages(c Config) {
	if _, ok := p.f.Get(Key{"L0", c.simpler()[0].name, "F"}); !ok {
		return
	}
	p.line("## Stages: B-cubed F\n")
	cells := []string{"engine"}
	for _, s := range scenarios() {
		cells = append(cells, s.name)
	}
	p.head(cells...)
	for _, e := range append(c.simpler(), named{name: tracker}) {
		cells := []string{e.name}
		for _, s := range scenarios() {
			cells = append(cells, p.short(Key{s.name, e.name, "F"}))
		}
		p.row(cells...)
	}
	p.line("")
}

func (p *page) scores() {
	p.line("## Scores: spam that is found\n")
	p.head("stream", "language or lure", "spam", "by text and road alone", "spam or suspect", "messages")
	row := func(stream, part string) {
		i, ok := p.f.Get(Key{stream, part, recallSpam})
		if ok {
			p.row(stream, part, p.cell(Key{stream, part, recallSpam}), p.cell(Key{stream, part, recallAlone}), p.cell(Key{stream, part, recallSuspect}), fmt.Sprintf("%.0f", i.Count))
		}
	}
	for _, s := range scenarios() {
		row(s.name, "")
		for _, l := range texts.Languages() {
			row(s.name, l)
		}
	}
	for _, lure := range texts.Lures() {
		row("L0-L3", lure)
	}
	p.line("")
}

// alarms lists false alarms by kind; where none was seen the bound is that of the rule of three.
func (p *page) alarms() {
	p.line("## Scores: legitimate popups\n")
	p.head("kind or language", "popups", "spam", "suspect", "bound of spam, 95 %", "spam as datagrams from outside", "suspect so")
	for _, of := range append(append([]string{""}, texts.Kinds()...), texts.Languages()...) {
		at := func(m string) Interval { i, _ := p.f.Get(Key{"legitimate", of, m}); return i }
		spam := at(falseSpam)
		if spam.Count == 0 {
			continue
		}
		bound := 3 / spam.Count
		if spam.Sum > 0 {
			bound = math.Max(spam.High, bound)
		}
		p.row(of, fmt.Sprintf("%.0f", spam.Count), fmt.Sprintf("%.0f", spam.Sum), fmt.Sprintf("%.0f", at(falseSuspect).Sum), fmt.Sprintf("%.5f", bound),
			fmt.Sprintf("%.0f", at(falseByWorst).Sum), fmt.Sprintf("%.0f", at(suspectByWorst).Sum))
	}
	p.line("")
}
