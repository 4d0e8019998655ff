package main

import (
	"fmt"
	"math"
	"strings"

	"popupwatch/rules"
)

// quality is how well weights do on samples.
type quality struct {
	spam, found, noticed         int // of spam: all, called spam, called spam or suspect
	clean, falseSpam, falseNoted int
	loss                         float64 // mean negative log-likelihood
	realMissed                   int
}

func measure(all []sample, w []float64, t rules.Thresholds) (q quality) {
	total := 0.0
	for i := range all {
		s := &all[i]
		at := math.Round(score(s, w)*10) / 10
		odds := score(s, w) - (t.Suspect+t.Spam)/2
		class := t.Class(at)
		if s.spam {
			q.spam++
			q.found += count(class == rules.Spam)
			q.noticed += count(class >= rules.Suspect)
			q.realMissed += count(s.group == "real" && class != rules.Spam)
		} else {
			odds = -odds
			q.clean++
			q.falseSpam += count(class == rules.Spam)
			q.falseNoted += count(class >= rules.Suspect)
		}
		q.loss += s.weight * -math.Log(max(likelihood(odds), 1e-12))
		total += s.weight
	}
	q.loss /= total
	return q
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (q quality) row(name string) string {
	recall, precision := float64(q.found)/float64(q.spam), float64(q.found)/float64(max(q.found+q.falseSpam, 1))
	return fmt.Sprintf("| %s | %.5f | %.5f | %.5f | %d of %d | %d | %.4f |\n", name, precision, recall, float64(q.noticed)/float64(q.spam), q.falseSpam, q.clean, q.falseNoted, q.loss)
}

// better says whether weights may replace others: no more is missed and no more is blamed, and the odds fit better.
func (q quality) better(than quality) bool {
	return q.found >= than.found && q.falseSpam <= than.falseSpam && q.falseNoted <= than.falseNoted && q.realMissed == 0 && q.loss < than.loss
}

// comparison is all that a report says.
type comparison struct {
	all        []coefficient
	fitted     []float64
	fit, held  []sample
	thresholds rules.Thresholds
}

func (c *comparison) better() bool {
	return measure(c.held, c.fitted, c.thresholds).better(measure(c.held, byHand(c.all), c.thresholds))
}

func (c *comparison) report() string {
	t, hand := c.thresholds, byHand(c.all)
	var b strings.Builder
	b.WriteString("# Weights of the rules, fitted\n\nWritten by `make fit`. Labelled texts: real ones, ours, and generated ones of the split dev; the split test is never read.\n\n")
	b.WriteString("| weights, texts | precision | recall | recall of suspect | false alarms | legitimate suspect or spam | log loss |\n|---|---|---|---|---|---|---|\n")
	b.WriteString(measure(c.fit, hand, t).row("by hand, fitted texts") + measure(c.fit, c.fitted, t).row("fitted, fitted texts"))
	b.WriteString(measure(c.held, hand, t).row("by hand, held out") + measure(c.held, c.fitted, t).row("fitted, held out"))
	verdict := "The fitted weights are no better on texts held out: those by hand stay."
	if c.better() {
		verdict = "The fitted weights miss no more, blame no more and fit better on texts held out: they may be taken."
	}
	fmt.Fprintf(&b, "\n%s Legitimate texts count on every road, also as if a spammer had sent them.\n", verdict)
	b.WriteString("\n| rule | by hand | fitted | in force | holds for spam | for legitimate |\n|---|---|---|---|---|---|\n")
	spam, clean := make([]int, len(c.all)), make([]int, len(c.all))
	for _, s := range c.fit {
		for _, i := range s.holds {
			spam[i] += count(s.spam)
			clean[i] += count(!s.spam)
		}
	}
	for i, r := range c.all {
		mark := ""
		if c.fitted[i] != r.hand {
			mark = " *"
		}
		fmt.Fprintf(&b, "| `%s` | %+.1f | %+.1f%s | %+.1f | %d | %d |\n", r.name, r.hand, c.fitted[i], mark, r.inForce, spam[i], clean[i])
	}
	return b.String()
}
