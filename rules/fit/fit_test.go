package main

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"popupwatch/rules"
)

var thresholds = rules.Thresholds{Suspect: 3, Spam: 5}

// One rule that holds for spam alone rises, one for legitimate texts alone falls, one that no text tells of stays, one that is held fast stays too.
func TestAFitMovesWhatTextsTellOf(t *testing.T) {
	c := []coefficient{{"spam", 2, 2, loose}, {"clean", -1, -1, loose}, {"unseen", 1.5, 1.5, loose}, {"road", 1, 1, fast}}
	all := []sample{{holds: []int{0, 3}, spam: true, weight: 100}, {holds: []int{1, 3}, weight: 100}}
	w := logistic(all, c, thresholds)
	if !(w[0] > 4 && w[1] < -1 && math.Abs(w[2]-1.5) < 1e-9 && math.Abs(w[3]-1) < 1e-3) {
		t.Errorf("fitted %v", w)
	}
}

// At the optimum the slope is nought: what a rule is pulled to by the texts is what the prior pulls back.
func TestTheFitEndsWhereTheSlopeIsNought(t *testing.T) {
	c := []coefficient{{"a", 1, 1, loose}, {"b", 2, 2, loose}}
	all := []sample{{holds: []int{0, 1}, spam: true, weight: 3}, {holds: []int{0}, weight: 2}, {holds: []int{1}, spam: true, weight: 1}}
	w := logistic(all, c, thresholds)
	for i := range c {
		slope := c[i].prior * (w[i] - c[i].hand)
		for _, s := range all {
			for _, k := range s.holds {
				if k == i {
					slope += s.weight * (likelihood(score(&s, w)-4) - float64(count(s.spam)))
				}
			}
		}
		if math.Abs(slope) > 1e-5 {
			t.Errorf("%s: slope %v at %v", c[i].name, slope, w)
		}
	}
}

func TestWeightsAreClippedAndRounded(t *testing.T) {
	c := []coefficient{{hand: 1}, {hand: 1}, {hand: -2}, {hand: -1}}
	got := rounded([]float64{9, -3, -8, -1.3}, c)
	for i, want := range []float64{4, 0.5, -3, -1.5} {
		if got[i] != want {
			t.Errorf("weight %d is %v, want %v", i, got[i], want)
		}
	}
}

func TestWeightsAreWrittenBesideTheirRule(t *testing.T) {
	file := "rules:\n  - name: a\n    weight: 1.5 \n    when: x\n  - name: b\n    weight: -2.0\n"
	got := withWeights(file, map[string]float64{"b": -3})
	if want := strings.Replace(file, "-2.0", "-3.0", 1); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The report that is kept is of the rules that are kept.
func TestTheReportShowsTheWeightsInForce(t *testing.T) {
	report, err := os.ReadFile("report.md")
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range coefficients(set, nil) {
		row := regexp.MustCompile("(?m)^\\| `" + r.name + "` .*$").FindString(string(report))
		if cells := strings.Split(row, " | "); len(cells) < 4 || cells[3] != fmt.Sprintf("%+.1f", r.inForce) {
			t.Errorf("rule %s adds %+.1f, the report says %q: make fit", r.name, r.inForce, row)
		}
	}
}

func TestRealAndOwnTextsAreRead(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	fit, held, err := labelled("../..", set, 0)
	if err != nil {
		t.Fatal(err)
	}
	real := 0
	for _, s := range fit {
		real += count(s.group == "real")
	}
	if real != 22 || len(held) == 0 { // eleven texts, home known and unknown
		t.Errorf("%d samples of real texts, %d held out", real, len(held))
	}
}
