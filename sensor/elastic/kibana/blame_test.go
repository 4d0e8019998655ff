package kibana

import (
	"slices"
	"strings"
	"testing"
)

// all panels with their dashboard.
func eachPanel(see func(where string, p panel)) {
	for _, b := range boards() {
		for _, r := range b.rows {
			for _, p := range r.panels {
				see(b.id+"/"+p.id, p)
			}
		}
	}
}

// An address that a packet claims stands nowhere without the state of its claim before it, unless it is proven (CONTRACT.md 2.1).
func TestNoClaimedAddressStandsWithoutItsState(t *testing.T) {
	seen := 0
	eachPanel(func(where string, p panel) {
		state := slices.IndexFunc(p.by, func(b bucket) bool { return b.field == "popupwatch.source.state" })
		for i, b := range p.by {
			if b.field == "popupwatch.claimed.ip" || b.field == "source.address" {
				t.Errorf("%s groups by %s", where, b.field)
			}
			if b.field != "source.ip" {
				continue
			}
			seen++
			if proven := strings.Contains(p.query, `popupwatch.source.state : "genuine_bound"`); !proven && (state < 0 || state > i) {
				t.Errorf("%s shows addresses without their state", where)
			}
		}
	})
	for _, s := range searches() {
		if at := slices.Index(s.columns, "source.ip"); at >= 0 {
			seen++
			if state := slices.Index(s.columns, "popupwatch.source.state"); state < 0 || state > at {
				t.Errorf("%s shows addresses without their state", s.id)
			}
		}
	}
	if seen == 0 {
		t.Error("no address was looked at")
	}
}

// Documents of claims, campaigns and findings tell again what earlier ones told: sums over them would count twice. Only final claims add up.
func TestSumsAddUpWhatIsToldOnce(t *testing.T) {
	eachPanel(func(where string, p panel) {
		if strings.Contains(p.query, ofSources) && !strings.Contains(p.query, "popupwatch.source.final : true") {
			t.Errorf("%s reads claims that are not final", where)
		}
		for _, m := range p.show {
			once := strings.HasPrefix(m.field, "popupwatch.sensor.") && m.field != "popupwatch.sensor.queue.queued" ||
				m.field == "popupwatch.message.count" || m.field == "popupwatch.source.messages"
			if m.op == sum && !once {
				t.Errorf("%s sums %s", where, m.field)
			}
		}
	})
}

// Every panel but those that say who they are asks a question, which its title is.
func TestTitlesAreQuestions(t *testing.T) {
	eachPanel(func(where string, p panel) {
		if p.kind != links && p.kind != listing && !strings.HasSuffix(p.title, "?") {
			t.Errorf("%s: %q is no question", where, p.title)
		}
	})
}
