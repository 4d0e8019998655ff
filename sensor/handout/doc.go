// Package handout writes the report of a replay: one HTML file to hand on, which holds its pictures and needs no script and no network.
//
// # The road of a report
//
//	events -> Collector (a store of its own, for the time of the run) -> questions -> report (report.go) -> page.html
//
// It shows what the console shows, by the same words (sensor/view), but for what must not be handed on: an address that nothing proves is not
// named, and no address stands in a sentence of evidence unless it is proven. Frames and claims are named instead, by which whoever has the
// captures finds the rest.
//
// The file is the same to the octet whenever it is made from the same captures by the same version and settings. It holds nothing of the run:
// neither when it was made nor how long that took, nor where the files lie.
package handout
