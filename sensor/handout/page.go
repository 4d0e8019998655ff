package handout

import (
	"bufio"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io"

	"popupwatch/sensor/view"
)

//go:embed page
var files embed.FS

// Write writes the report of what was collected; Close comes before it.
func (c *Collector) Write(ctx context.Context, to io.Writer, about *About) error {
	r, err := c.gather(ctx, about)
	if err != nil {
		return fmt.Errorf("gather the report: %w", err)
	}
	page, err := parse()
	if err != nil {
		return err
	}
	w := bufio.NewWriter(to)
	if err := page.ExecuteTemplate(w, "page.html", r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return w.Flush()
}

// text is text from the network, for the templates.
type text struct {
	Runs         []run
	Left         int // characters that are not shown
	Brief, Lines bool
}

// parse reads the templates, which know the words of words.go.
func parse() (*template.Template, error) {
	own, err := files.ReadFile("page/report.css")
	if err != nil {
		return nil, err
	}
	texts := func(n int, lines, brief bool) func(string) text {
		return func(s string) text {
			runs, left := plain(s, n, lines)
			return text{runs, left, brief, lines}
		}
	}
	return template.New("report").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(view.Style() + string(own)) }, // our own files
		"number": number, "count": count, "octets": octets, "clock": clock, "day": day, "span": span, "stamp": stamp, "decibans": decibans, "spaced": spaced,
		"state": view.State, "verdict": view.Verdict,
		"field": texts(maxField, false, true), "lines": texts(maxText, true, false), "title": texts(maxTitle, false, true),
	}).ParseFS(files, "page/*.html")
}
