// Package spoof says how far the source address of a popup can be believed, with evidence that an analyst can sign.
//
// A verdict is about a claim: one source in one campaign (probes and exploit attempts: one class) and one hour, never about an address for ever. It comes from a ladder: a structural
// rule (R1, R1b) decides alone; else a ledger of evidence in decibans, grouped and capped, moves the claim between unknown and
// forged_probable. Nothing here makes an address genuine: that takes a proof (package proof).
//
// To add a row of evidence: 1 a constant and its line in rowTable (rows.go): group, weight, sentence; 2 set it where it is seen: one packet
// in marks.go, a campaign in population.go, the sources of one tool that share something in
// emitter.go (a sign); 3 a test with the packets that show it and with those that must not; 4 what would
// change it, and what must not be concluded from it, in rowAdvice (advice_rows.go).
package spoof
