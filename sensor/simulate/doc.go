// Package simulate makes labelled traffic and scores what the road says of it: every packet has a known sender, so that false blame, recall
// and calibration are counted and not guessed (SPOOF-AND-CAMPAIGNS 10).
//
// A Stream is a source of frames, as a capture is one: a small world of networks, hosts with their habits, our own hosts that call back, senders,
// forgers, innocents and adversaries, in packet time. Nothing is held but what is open. Truth says of the last frame who really sent it. A Scorer
// is a sink: it joins the documents of the road with the truth, and Result is what came of one scenario.
//
// The package does not know the road: who evaluates hands one over (Road). Seeds of development and of tests are different spaces: Split.
//
// Goals: the same name, split, seed and size give the same octets for ever; adversaries are as strong as the specification lets them be. Anti-goals:
// no IPv6, no model of congestion, no text quality (sensor/campaign is evaluated elsewhere).
package simulate
