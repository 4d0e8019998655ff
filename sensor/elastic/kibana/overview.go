package kibana

import (
	"strconv"

	"popupwatch/sensor/event"
)

// Ids of the dashboards: they never change.
const (
	OverviewID = "popupwatch-overview"
	CampaignID = "popupwatch-campaign"
	SourcesID  = "popupwatch-sources"
	SensorID   = "popupwatch-sensor"
)

// overview answers what an analyst asks first, in that order; volume comes last.
func overview() board {
	return board{
		id: OverviewID, title: "popupwatch: Overview",
		about:    "Messenger popup spam: what reached my hosts, who is exposed, who inside sends, what is new, how much.",
		controls: []control{sensorControl(logsView()), namespaceControl(logsView())},
		rows: []row{
			{3, []panel{linksPanel()}},
			{7, reachedNumbers()},
			{12, hostTables()},
			{12, insideTables()},
			{12, []panel{newCampaigns()}},
			{12, []panel{verdictsOverTime(), campaignsOverTime()}},
			{12, []panel{sitesTable(), portsOverTime()}},
			{10, []panel{missedOverTime()}},
		},
	}
}

func sensorControl(v dataView) control { return control{"observer.name", "Sensor", v} }

func namespaceControl(v dataView) control { return control{"data_stream.namespace", "Namespace", v} }

// reachedNumbers answer: did anything reach my hosts, and was it answered?
func reachedNumbers() []panel {
	return []panel{
		{id: "reached", title: "Did popups reach my hosts?", width: 12, kind: number, view: logsView(), query: ofMessages,
			about: "Popups to home networks. Without home networks configured nobody can say: then this is 0 and the next panel tells how many were seen at all.",
			show:  []metric{popups("popups to home hosts").where(cameIn)}},
		{id: "seen", title: "How many were seen?", width: 12, kind: number, view: logsView(), query: ofMessages,
			show: []metric{popups("popups")}},
		{id: "answered", title: "Did one of my hosts answer?", width: 12, kind: number, view: logsView(), query: ofFindings,
			about: "Own hosts that were seen to answer calls of the Messenger service, or an exploit attempt.",
			show:  []metric{distinctOf("destination.ip", "hosts that answered").where(`event.outcome : "success"`)}},
		{id: "exploits", title: "Did anybody try an exploit?", width: 12, kind: number, view: logsView(),
			query: `event.action : "` + event.ActionExploit + `"`,
			about: "Popups and findings that have the shape of an attack on the Messenger service.",
			show:  []metric{distinctOf("destination.ip", "hosts attacked (CVE-2003-0717)")}},
	}
}

// hostTables answer: which of my hosts did it reach, which are exposed?
func hostTables() []panel {
	return []panel{
		{id: "hosts", title: "Which of my hosts did popups reach?", width: 24, kind: table, view: logsView(),
			query: ofMessages + " and " + cameIn,
			about: "Rolled-up documents name up to 64 of their destinations, so this says which and when, not how many popups each got.",
			by:    []bucket{top("popupwatch.message.destinations", "Home host", 20)},
			show:  []metric{lastSeen("popupwatch.message.last_seen"), firstSeen("popupwatch.message.first_seen"), distinctOf("popupwatch.campaign.id", "Campaigns")}},
		{id: "exposed", title: "Which of my hosts are exposed?", width: 24, kind: table, view: logsView(),
			query: findings(event.ActionExposedHost),
			about: "Own hosts that answer the Messenger service to the outside: close UDP 135 and 1025-1031 at the host, disable the service.",
			by:    []bucket{top("destination.ip", "Own host", 20)},
			show: []metric{mostOf("popupwatch.finding.count", "Times seen"), firstSeen("popupwatch.finding.first_seen"), lastSeen("popupwatch.finding.last_seen"),
				lastWords("event.outcome", "Outcome")}},
	}
}

// insideTables answer: who inside sends, and whose addresses of ours are abused elsewhere?
func insideTables() []panel {
	return []panel{
		{id: "inside", title: "Which own addresses stand as sender, and are they believed?", width: 28, kind: table, view: logsView(),
			query: ofMessages + " and " + wentOut,
			about: "Only genuine_bound is a proven sender. Any other state may be somebody else who writes our address into packets.",
			by:    []bucket{top("popupwatch.source.state", "State of the claim", 6), top("source.ip", "Claimed own address", 20)},
			show:  []metric{popups("Popups"), distinctOf("popupwatch.campaign.id", "Campaigns"), lastSeen("popupwatch.message.last_seen")}},
		{id: "backscatter", title: "Are my addresses forged elsewhere?", width: 20, kind: table, view: logsView(),
			query: findings(event.ActionBackscatter),
			about: "Errors came back for popups that carry these addresses as source. Who gets such an error need not have sent anything.",
			by:    []bucket{top("popupwatch.quote.source.ip", "Address that popups pretend to come from", 20)},
			show:  []metric{mostOf("popupwatch.finding.count", "Errors that came back"), lastSeen("popupwatch.finding.last_seen")}},
	}
}

func newCampaigns() panel {
	return panel{id: "new", title: "What is new?", width: 48, kind: table, view: logsView(), query: ofCampaigns,
		about: "Campaigns, those that began last first, as their last document tells.",
		by:    []bucket{top("popupwatch.campaign.id", "Campaign", 20)},
		show: []metric{firstSeen("popupwatch.campaign.first_seen"), lastSeen("popupwatch.campaign.last_seen"),
			lastWords("popupwatch.score.verdict", "Verdict"), lastWords("popupwatch.campaign.lure", "Lure"),
			lastNumber("popupwatch.campaign.messages", "Popups of its last part"), lastWords("popupwatch.campaign.sample.text", "A text of it")}}
}

func verdictsOverTime() panel {
	return panel{id: "verdicts", title: "How many popups, and what is thought of them?", width: 24, kind: bars, view: logsView(), query: ofMessages,
		by: []bucket{over(), top("popupwatch.score.verdict", "Verdict", 3)}, show: []metric{popups("Popups")}}
}

func campaignsOverTime() panel {
	return panel{id: "campaigns", title: "Which campaigns, and when?", width: 24, kind: bars, view: logsView(), query: ofMessages,
		by: []bucket{over(), top("popupwatch.campaign.id", "Campaign", 10)}, show: []metric{popups("Popups")}}
}

func sitesTable() panel {
	return panel{id: "sites", title: "What is advertised?", width: 20, kind: table, view: logsView(), query: ofMessages,
		about: "Who is advertised, not who sent it.",
		by:    []bucket{top("popupwatch.advertised.domains", "Site", 20)},
		show:  []metric{popups("Popups"), distinctOf("popupwatch.campaign.id", "Campaigns"), lastSeen("popupwatch.message.last_seen")}}
}

// portsOverTime is the graph that showed how the spammers moved from port 135 to 1026.
func portsOverTime() panel {
	p := panel{id: "ports", title: "Which ports do they try, over the years?", width: 28, kind: lines, view: metricsView(), query: ofSensor,
		about: "UDP datagrams that arrived at each port, popups or not.", by: []bucket{over()}}
	for _, port := range event.WatchedPorts() {
		n := strconv.Itoa(int(port))
		p.show = append(p.show, summed("popupwatch.sensor.ports."+n+".datagrams", n))
	}
	return p
}

func missedOverTime() panel {
	return panel{id: "missed", title: "Did the sensors miss anything?", width: 48, kind: lines, view: metricsView(), query: ofSensor,
		by: []bucket{over()}, show: []metric{
			summed("popupwatch.sensor.frames", "Frames read"), summed("popupwatch.sensor.kernel_dropped", "Dropped by the kernel"),
			summed("popupwatch.sensor.interface_dropped", "Dropped by the interface"),
		}}
}
