// Package texteval counts how well popups are grouped into campaigns and scored, on texts whose truth is known (package texts).
//
// Run takes seeds one by one and gives Figures: for each measure what each seed came to, so that a confidence interval is one over seeds and not over
// messages. Report writes them beside the targets.
package texteval
