package campaign

import (
	"slices"
	"testing"
	"time"
)

// mailShots are the real texts that were decoded from captures or quoted by who received them, by their line in spam-texts.jsonl: what people take for one mail-shot, and why.
var mailShots = []struct {
	name  string
	texts []int
	why   string
}{
	{"registry update", []int{0, 3, 6}, "STOP! WINDOWS REQUIRES IMMEDIATE ATTENTION and the same four steps; 3 names another site, 6 says Repair for Update and ends in DATA LOSS"},
	{"messenger overflow", []int{1, 7}, "the same notice of MSOFT, octet for octet, under another From and To"},
	{"registry damaged", []int{2, 9}, "the same text; 9 is what a recipient quotes, without the last line ends"},
	{"thiefware", []int{4, 5}, "the same text, under SECURITY and under SYSTEM"},
	{"registry cleaner", []int{8, 10}, "the same four steps with the same misspelling (stabalize); another site"},
}

// strangers says of each two mail-shots why they are not one.
var strangers = map[[2]string]string{
	{"registry update", "messenger overflow"}:  "a list of errors and a notice of a patch share no sentence",
	{"registry update", "registry damaged"}:    "both sell a registry cleaner, in other words and another order",
	{"registry update", "thiefware"}:           "errors of the registry and spyware in the browser; only 'Windows has' is common",
	{"registry update", "registry cleaner"}:    "both begin with STOP! and count four steps, but no step reads the same",
	{"messenger overflow", "registry damaged"}: "a forged notice of Microsoft and a forged error message",
	{"messenger overflow", "thiefware"}:        "a patch for a service and a scan of the browser",
	{"messenger overflow", "registry cleaner"}: "a patch and a cleaner; only 'download' is common",
	{"registry damaged", "thiefware"}:          "the registry and the browser",
	{"registry damaged", "registry cleaner"}:   "both sell a registry cleaner, one by threat and one by advice: no sentence is common",
	{"thiefware", "registry cleaner"}:          "'please visit' is all that is common",
}

func shotOf(line int) (name, why string) {
	for _, shot := range mailShots {
		if slices.Contains(shot.texts, line) {
			return shot.name, shot.why
		}
	}
	return "", ""
}

// verdictOn says whether two real texts are one campaign, and why.
func verdictOn(a, b int) (same bool, why string) {
	first, one := shotOf(a)
	second, _ := shotOf(b)
	if first == second {
		return true, one
	}
	if why = strangers[[2]string{first, second}]; why == "" {
		why = strangers[[2]string{second, first}]
	}
	return false, why
}

func TestTrackerAgreesWithPeopleOnEveryPairOfRealTexts(t *testing.T) {
	const judged = 11 // lines of the kinds decoded-from-capture and quoted-by-recipient: they come first
	texts := realTexts(t)[:judged]
	orders := [][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, {6, 10, 5, 0, 9, 4, 1, 8, 3, 7, 2}}
	for _, order := range orders {
		p, tracker := newPopups(), New(Config{})
		ids := make(map[int]ID)
		for i, line := range order {
			ids[line] = tracker.Join(p.make(time.Duration(i)*time.Minute, i, i, texts[line])).ID
		}
		for b := range judged {
			for a := range b {
				same, why := verdictOn(a, b)
				if why == "" {
					t.Errorf("texts %d and %d: nobody has judged them", a, b)
				}
				if got := ids[a] == ids[b]; got != same {
					t.Errorf("texts %d and %d in order %v: one campaign %v, people say %v: %s", a, b, order, got, same, why)
				}
			}
		}
	}
}
