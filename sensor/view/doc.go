// Package view is what the console and the report of a replay show alike: what can be said of an address, how a variant of a campaign differs
// from the first, and the look of both. It makes no pages.
package view

import _ "embed" // for the look

//go:embed style.css
var style string

// Style is the style sheet of both: colours in light and dark, tables, the message box, the waterfall. It names no other file.
func Style() string { return style }
