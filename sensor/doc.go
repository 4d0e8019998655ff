// Package sensor is the road: frames come from a Source, are decoded, grouped, scored and judged in one function, and leave as events.
//
// Goals: every frame counted once, every document the same in every run, memory that no traffic can grow, and no address blamed for what
// only a header says. Anti-goals: no general packet analysis, no flow records, no blocking of anything, no report sent by itself.
//
// # The road of one frame
//
//	Source -> step: 1 advance (what packet time releases)  2 decode (one Reason)
//	                for each message:  3 Join (campaign)  4 Judge (rules)  5 Observe (spoof)  6 emit, findings
//	                for each signal:   findings, after Observe (spoof) for a probe
//	       -> Sink
//
// Time is data: advance takes the frame's time, and no clock is read, so that a capture of 2004 replays as in 2004. One goroutine carries
// a frame from the Source to the Sink. A Witness, if there is one, is shown frames, popups and claims on their way: so the packets behind a
// verdict can be kept until it is known. The three judges do not know each other; step joins them. A live source that waits sends ticks, and
// differs from a file in nothing else.
//
// # Who can be believed
//
// Three things say something of a source, and they never mix. Package spoof keeps a ledger of likelihoods: rows of single packets (marks.go),
// of all first packets of a campaign (population.go: emitters, one machine behind many addresses) and of answers (answers.go). The ledger moves
// a claim between unknown and forged_probable only. Structural rules decide alone that an address cannot be the sender. Package spoof/proof
// watches calls, callbacks and connections to our own hosts and mints a Genuine when all conditions of a rule held and nothing contradicted
// for ten seconds; spoof binds it to the claim of that very message, or to conflict where the ledger speaks against it.
//
// A Genuine rides in the Assessment, thus in the event of the source. Sinks on the road are the only ones that see it: package report drafts
// there, and what it stores is text, from which nothing can be made again. Gates that need a clock or a contact come when a person prints a draft.
// Who is accused by others can be helped without the road: package complaint reads what is sent to an abuse desk, and says of each line what it
// cannot prove.
//
// The simulator (sensor/simulate) is a Source whose frames have known senders; the evaluator compares what the road said with that.
//
// # Restarts
//
// Run is Open, Carry and Finish. A service that goes on later ends with Suspend and WriteState instead, and begins with Open and ReadState: no
// part is closed, and the events of both runs are those of one; only exchanges of packets that the stop cuts are not put together again. Each
// package saves and loads its own state, item by item, in its state.go. Caches are not saved, nor are TCP connections and half received
// popups: these come out at Suspend as far as they went.
//
// # Bounds
//
// Budget shows who gets what of limits.memory. Each table states its order of eviction; what is given up is counted by kind in the
// sensor's documents (shed.*), and an unfinished popup or an open claim that must go comes out first.
//
// # What scares us, and what we do
//
// The source of a popup is written by its sender: only package spoof/proof can make an address genuine, and documents that raise alerts carry
// no source address but a proven one. Popups are hostile bytes: only wire, inet and reassembly index them, every parser is
// fuzzed. Floods of invented addresses and texts: tables in slots and generations, documents by campaign (rollup).
//
// # Design limits
//
// One core: tens of thousands of popups a second, a million frames of other traffic (see the README for the figures). IP fragments wait 30 s,
// RPC fragments 15 s, a hole in a TCP connection 10 s, and its next segment 60 s of packet time. What time releases comes out within a tenth of a second of packet time. Copies are told from repetitions within a second, submissions within a minute. Of TCP, ports 139 and 445 are read; an SMB2 client is followed no further than its first command.
package sensor
