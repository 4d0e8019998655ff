package kibana

// sourcesBoard tells how far source addresses can be believed, and keeps people from blaming the innocent.
func sourcesBoard() board {
	return board{
		id: SourcesID, title: "popupwatch: Sources and blame",
		about: "How far claimed source addresses can be believed. Read the text first.",
		controls: []control{
			{"popupwatch.campaign.id", "Campaign", logsView()}, {"popupwatch.source.state", "State of the claim", logsView()},
			sensorControl(logsView()), namespaceControl(logsView()),
		},
		rows: []row{
			{3, []panel{linksPanel()}},
			{14, []panel{{id: "why", title: "Why is nobody blamed here?", width: 26, kind: markdown, text: whyNobody}, statesShare()}},
			{12, []panel{provenOverTime()}},
			{12, []panel{evidenceTable(), conflictTable()}},
			{12, []panel{emittersTable(), provenTable()}},
			{12, []panel{claimsTable()}},
			{16, []panel{{id: "claims", title: "Every final claim, with its evidence in sentences", width: 48, kind: listing, search: claimsSearch}}},
		},
	}
}

const whyNobody = `A popup is one datagram that nobody answers, and its sender writes the source address. **Whoever acts on that address acts against whoever the sender wanted to be blamed.**

| state of a claim | what may be said |
|---|---|
| ` + "`forged_certain`" + ` | no host at that address can have sent it |
| ` + "`nonroutable_leak`" + ` | a private address that leaked: nobody's |
| ` + "`forged_probable`" + ` | the evidence speaks for forging, a hundred to one or more |
| ` + "`unknown`" + ` | not enough evidence either way; no suspicion |
| ` + "`reachable_unbound`" + ` | somebody answers there; a framed victim answers too |
| ` + "`genuine_bound`" + ` | it echoed something unpredictable: proven |

A claim is about one address in one campaign and one hour, never about an address for ever. Only ` + "`genuine_bound`" + ` may be reported, by ` + "`popupwatch report`" + ` and after its gates. What an address is *not* proven to have done stands in no alert: those carry ` + "`popupwatch.claimed.ip`" + `.`

func statesShare() panel {
	return panel{id: "states", title: "What is believed of the sources?", width: 22, kind: donut, view: logsView(), query: finalClaims,
		about: "Popups, by the final state of the claim that they belong to.",
		by:    []bucket{top("popupwatch.source.state", "State", 6)}, show: []metric{summed("popupwatch.source.messages", "Popups")}}
}

// provenOverTime groups the six states into what an analyst can do with them.
func provenOverTime() panel {
	split := bucket{op: byFilters, label: "Belief", ranges: []branch{
		{"proven", `popupwatch.source.state : "genuine_bound"`},
		{"nobody knows", `popupwatch.source.state : ("unknown" or "reachable_unbound")`},
		{"forged, or no address of a sender", `popupwatch.source.state : ("forged_certain" or "forged_probable" or "nonroutable_leak")`},
	}}
	return panel{id: "belief", title: "Forged or proven, over time?", width: 48, kind: bars, view: logsView(), query: finalClaims,
		by: []bucket{over(), split}, show: []metric{summed("popupwatch.source.messages", "Popups")}}
}

func evidenceTable() panel {
	return panel{id: "evidence", title: "What speaks for or against forging?", width: 28, kind: table, view: logsView(), query: finalClaims,
		about: "Rows of the ledger; help sources explains each. A claim has several.",
		by:    []bucket{top("popupwatch.source.evidence.id", "Evidence", 20)},
		show:  []metric{summed("popupwatch.source.messages", "Popups it bears on"), distinctOf("popupwatch.source.claim_id", "Claims")}}
}

func conflictTable() panel {
	return panel{id: "conflict", title: "Does the evidence contradict itself?", width: 20, kind: table, view: logsView(), query: finalClaims,
		by:   []bucket{top("popupwatch.source.conflict", "Contradiction", 2), top("popupwatch.source.state", "State", 6)},
		show: []metric{summed("popupwatch.source.messages", "Popups"), distinctOf("popupwatch.source.claim_id", "Claims")}}
}

func emittersTable() panel {
	return panel{id: "emitters", title: "Which claimed sources are one machine?", width: 24, kind: table, view: logsView(),
		query: finalClaims + ` and popupwatch.source.emitter : *`,
		about: "Groups of claimed addresses that one machine wrote. Where there are several addresses in a group, most of them are false.",
		by:    []bucket{top("popupwatch.source.emitter", "One machine", 20), top("popupwatch.source.state", "State", 6)},
		show: []metric{summed("popupwatch.source.messages", "Popups"), distinctOf("source.ip", "Claimed addresses"),
			lastSeen("popupwatch.source.last_seen")}}
}

func provenTable() panel {
	return panel{id: "proven", title: "Which addresses are proven senders?", width: 24, kind: table, view: logsView(),
		query: finalClaims + ` and popupwatch.source.state : "genuine_bound"`,
		about: "Empty is the usual answer: one datagram proves nothing.",
		by:    []bucket{top("source.ip", "Proven sender", 20), top("popupwatch.source.reportable", "Reportable", 2)},
		show:  []metric{summed("popupwatch.source.messages", "Popups"), lastSeen("popupwatch.source.last_seen")}}
}

func claimsTable() panel {
	return panel{id: "claimed", title: "What is held of each claimed address?", width: 48, kind: table, view: logsView(), query: finalClaims,
		about: "The state stands first: an address alone says nothing. Claims that share a document, in a flood, are not named.",
		by:    []bucket{top("popupwatch.source.state", "State of the claim", 6), top("source.ip", "Claimed address", 20)},
		show: []metric{summed("popupwatch.source.messages", "Popups"), distinctOf("popupwatch.campaign.id", "Campaigns"),
			mostOf("popupwatch.source.decibans", "Strongest sum of evidence, dB"), lastSeen("popupwatch.source.last_seen")}}
}
