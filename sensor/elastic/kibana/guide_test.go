package kibana

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sketch draws a dashboard with letters: two for each column of the grid.
func sketch(b board) string {
	var out strings.Builder
	for _, r := range b.rows {
		out.WriteString(border(r))
		cells := make([][]string, len(r.panels))
		most := 0
		for i, p := range r.panels {
			cells[i] = append(wrapped(p.title, 2*p.width-3), wrapped(p.drawn(), 2*p.width-3)...)
			most = max(most, len(cells[i]))
		}
		for line := range most {
			for i, p := range r.panels {
				words := ""
				if line < len(cells[i]) {
					words = cells[i][line]
				}
				fmt.Fprintf(&out, "| %-*s", 2*p.width-2, words)
			}
			out.WriteString("|\n")
		}
	}
	return out.String() + border(b.rows[len(b.rows)-1])
}

func border(r row) string {
	line := ""
	for _, p := range r.panels {
		line += "+" + strings.Repeat("-", 2*p.width-1)
	}
	return line + "+\n"
}

// drawn says how a panel draws and what.
func (p panel) drawn() string {
	var what []string
	for _, m := range p.show {
		what = append(what, m.label)
	}
	switch p.kind {
	case number:
		return "123 " + what[0]
	case links:
		return "Overview, Campaign, Sources and blame, Sensor health"
	case markdown:
		return "text"
	case listing:
		return "documents, newest first"
	}
	kind := map[kind]string{table: "table", bars: "bars over time", lines: "lines over time", donut: "ring"}[p.kind]
	if last := len(p.by) - 1; last >= 0 && p.by[last].op != byTime {
		kind += " by " + strings.ToLower(p.by[last].label)
	}
	return kind
}

func wrapped(s string, width int) []string {
	var all []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && len(line)+1+len(word) > width {
			all, line = append(all, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(all, line)
}

// The topic page has a picture of each dashboard, between its heading and the next.
func TestTopicPagePicturesTheDashboards(t *testing.T) {
	path := filepath.FromSlash("../../../cmd/popupwatch/topics/dashboards.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, b := range boards() {
		begin, end := "<!-- "+b.id+" -->\n```\n", "```\n"
		before, rest, found := strings.Cut(page, begin)
		old, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Fatalf("%s has no picture of %s", path, b.id)
		}
		if *update {
			page = before + begin + sketch(b) + end + after
		} else if diff := cmp.Diff(old, sketch(b)); diff != "" {
			t.Errorf("the picture of %s is stale; run with -update (-page +description):\n%s", b.id, diff)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range rules() {
		if !strings.Contains(page, r.RuleID) {
			t.Errorf("%s does not tell of rule %s", path, r.RuleID)
		}
	}
}
