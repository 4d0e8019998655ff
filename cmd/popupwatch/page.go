package main

import (
	"fmt"
	"strings"
)

// pageWidth is where lines of a page for people are broken.
const pageWidth = 120

// page is text for people that is made line by line. Everything on it is visible: control characters are shown, not obeyed.
type page struct{ strings.Builder }

// line writes a paragraph at a depth of indentation, broken where it is longer than the page is wide.
func (p *page) line(depth int, format string, a ...any) {
	p.paragraph(strings.Repeat("  ", depth), strings.Repeat("  ", depth+1), visible(fmt.Sprintf(format, a...)))
}

// list writes sentences, each with a dash.
func (p *page) list(depth int, sentences []string) {
	for _, s := range sentences {
		p.paragraph(strings.Repeat("  ", depth)+"- ", strings.Repeat("  ", depth+1), visible(s))
	}
}

func (p *page) paragraph(first, next, text string) {
	line, column := first, len(first)
	for i, word := range strings.Split(text, " ") {
		n := len([]rune(word))
		switch {
		case i == 0:
			line, column = line+word, column+n
		case column+1+n > pageWidth:
			p.WriteString(strings.TrimRight(line, " ") + "\n")
			line, column = next+word, len(next)+n
		default:
			line, column = line+" "+word, column+1+n
		}
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}

func (p *page) blank() { p.WriteString("\n") }

// head writes a heading.
func (p *page) head(title string) {
	p.blank()
	p.line(0, "%s", title)
}
