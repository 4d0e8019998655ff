package view

// The words for people, of the console's page (words.tsx) and of the report: a test keeps them alike.

// StateWord is one of the six states of a source in words. Word is that of events.
type StateWord struct{ Word, Label, Short string }

// States gives the six states, from what is proven to what cannot be.
func States() [6]StateWord {
	return [6]StateWord{
		{"genuine_bound", "Proven", "A computer at the address took part; shown by an answer nobody could guess"},
		{"reachable_unbound", "Answers, unbound", "A computer answers there; nothing ties it to the messages"},
		{"unknown", "Unknown", "Nothing proves or disproves the address"},
		{"forged_probable", "Probably forged", "The evidence speaks for an invented address"},
		{"nonroutable_leak", "Private address", "An address that belongs to nobody in particular"},
		{"forged_certain", "Forged", "No host can have sent this from there"},
	}
}

// State gives the label of a state; the word itself where it is not known.
func State(word string) string {
	for _, s := range States() {
		if s.Word == word {
			return s.Label
		}
	}
	return word
}

// Verdict gives the words for a verdict, or for what has none.
func Verdict(word string) string {
	switch word {
	case "spam":
		return "Spam"
	case "suspect":
		return "Suspect"
	case "clean":
		return "Clean"
	case "exploit":
		return "Exploit attempt"
	case "":
		return "No verdict"
	}
	return word
}

// Route gives the words for a road that a popup took.
func Route(word string) string {
	switch word {
	case "rpc_udp":
		return "RPC over UDP"
	case "smb_tcp":
		return "SMB"
	case "mailslot_udp":
		return "Mailslot"
	}
	return word
}
