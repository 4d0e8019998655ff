package kibana

// campaignBoard tells one campaign's story; the list above the panels chooses which.
func campaignBoard() board {
	return board{
		id: CampaignID, title: "popupwatch: Campaign",
		about: "One text template with all its variants: its life, its words, whom it reached, what it advertises. Choose the campaign above.",
		controls: []control{
			{"popupwatch.campaign.id", "Campaign", logsView()}, {"popupwatch.score.verdict", "Verdict", logsView()},
			sensorControl(logsView()), namespaceControl(logsView()),
		},
		rows: []row{
			{3, []panel{linksPanel()}},
			{7, campaignNumbers()},
			{12, []panel{lifeLine()}},
			{12, []panel{campaignTexts()}},
			{10, []panel{campaignStates()}},
			{12, []panel{campaignTargets(), campaignPorts(), campaignSites()}},
			{12, []panel{campaignTools(), campaignRules()}},
			{16, []panel{{id: "popups", title: "Every popup of it", width: 48, kind: listing, search: popupsSearch}}},
		},
	}
}

func campaignNumbers() []panel {
	return []panel{
		{id: "popups-count", title: "How many popups?", width: 12, kind: number, view: logsView(), query: ofMessages, show: []metric{popups("popups")}},
		{id: "targets-count", title: "To how many addresses?", width: 12, kind: number, view: logsView(), query: ofMessages,
			about: "Rolled-up documents name up to 64 of their destinations each: a lower bound there.",
			show:  []metric{distinctOf("popupwatch.message.destinations", "destinations")}},
		{id: "home-count", title: "How many came to my hosts?", width: 12, kind: number, view: logsView(), query: ofMessages,
			show: []metric{popups("popups to home hosts").where(cameIn)}},
		{id: "sensors-count", title: "How many sensors saw it?", width: 12, kind: number, view: logsView(), query: ofMessages,
			show: []metric{distinctOf("observer.name", "sensors")}},
	}
}

func lifeLine() panel {
	return panel{id: "life", title: "When did it live?", width: 48, kind: bars, view: logsView(), query: ofMessages,
		by: []bucket{over(), top("popupwatch.campaign.id", "Campaign", 10)}, show: []metric{popups("Popups")}}
}

func campaignTexts() panel {
	return panel{id: "texts", title: "What does it say?", width: 48, kind: table, view: logsView(), query: ofCampaigns,
		about: "A sample, and the template: what all variants have in common.",
		by:    []bucket{top("popupwatch.campaign.id", "Campaign", 10)},
		show: []metric{lastSeen("popupwatch.campaign.last_seen"), lastWords("popupwatch.campaign.sample.from", "From"),
			lastWords("popupwatch.campaign.sample.to", "To"), lastWords("popupwatch.campaign.sample.text", "A text of it"),
			lastWords("popupwatch.campaign.template", "Template"), lastWords("popupwatch.campaign.aliases", "Other names")}}
}

// campaignStates shows the newest document's counts: they cover the current part of the campaign, as the document does.
func campaignStates() panel {
	p := panel{id: "states", title: "Can its sources be believed?", width: 48, kind: table, view: logsView(), query: ofCampaigns,
		about: "Claimed sources of the campaign's last part, by the state of each one's last claim. Only genuine_bound is proven.",
		by:    []bucket{top("popupwatch.campaign.id", "Campaign", 10)},
		show:  []metric{lastSeen("popupwatch.campaign.last_seen")}}
	for _, s := range states() {
		p.show = append(p.show, lastNumber("popupwatch.campaign.sources_by_state."+s, s))
	}
	return p
}

func campaignTargets() panel {
	return panel{id: "targets", title: "Whom did it reach?", width: 18, kind: table, view: logsView(), query: ofMessages,
		by:   []bucket{top("popupwatch.message.destinations", "Destination", 50)},
		show: []metric{lastSeen("popupwatch.message.last_seen"), firstSeen("popupwatch.message.first_seen")}}
}

func campaignPorts() panel {
	return panel{id: "ports", title: "At which ports?", width: 12, kind: donut, view: logsView(), query: ofMessages,
		by: []bucket{top("destination.port", "Port", 10)}, show: []metric{popups("Popups")}}
}

func campaignSites() panel {
	return panel{id: "sites", title: "What does it advertise?", width: 18, kind: table, view: logsView(), query: ofMessages,
		about: "Who is advertised, not who sent it.",
		by:    []bucket{top("popupwatch.advertised.domains", "Site", 20)},
		show:  []metric{popups("Popups"), firstSeen("popupwatch.message.first_seen"), lastSeen("popupwatch.message.last_seen")}}
}

func campaignTools() panel {
	return panel{id: "anomalies", title: "What gives its tool away?", width: 24, kind: table, view: logsView(), query: ofMessages,
		by:   []bucket{top("popupwatch.message.anomalies", "Anomaly", 20)},
		show: []metric{popups("Popups"), distinctOf("popupwatch.campaign.id", "Campaigns")}}
}

func campaignRules() panel {
	return panel{id: "rules", title: "Why is it called spam?", width: 24, kind: table, view: logsView(), query: ofMessages,
		by:   []bucket{top("popupwatch.score.rules", "Rule that hit", 20)},
		show: []metric{popups("Popups"), distinctOf("popupwatch.campaign.id", "Campaigns")}}
}

// states are the words of popupwatch.source.state, from certainly forged to proven.
func states() []string {
	return []string{"forged_certain", "nonroutable_leak", "forged_probable", "unknown", "reachable_unbound", "genuine_bound"}
}
