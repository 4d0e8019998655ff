package report

import "fmt"

// Words for the states of a source (SPOOF-AND-CAMPAIGNS 1), for the refusal list and for packet comments.

// many writes a count with its word.
func many(n uint64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// stateWords says what a state means, and why a report would hurt.
type stateWords struct{ meaning, harm string }

// wordsOf gives the words for a state by its name in documents.
func wordsOf(state string) stateWords {
	switch state {
	case "forged_certain":
		return stateWords{"this address cannot be the sender",
			"a report would accuse somebody who cannot have sent it, or nobody at all"}
	case "nonroutable_leak":
		return stateWords{"this address is private, and nobody outside can say whose network it leaked from",
			"a report would reach nobody who could find the sender, or a stranger who uses the same private address"}
	case "forged_probable":
		return stateWords{"the evidence favours that somebody else wrote this address on the packets",
			"a report would most likely hit whoever's address was used, who is hurt by it already"}
	case "reachable_unbound":
		return stateWords{"this address answers, but nothing ties it to this message",
			"a report would blame a host for being there: whoever is framed is a live host too"}
	case "genuine_bound":
		return stateWords{"this address received something unpredictable because of this message and echoed it",
			"the proof stands, but a gate is closed that protects against reports that cannot be used or are wrong"}
	}
	return stateWords{"nothing shows who sent it: anybody can write any address on a datagram",
		"a report would rest on a header field that its sender chose"}
}
