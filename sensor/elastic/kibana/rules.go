package kibana

import "popupwatch/sensor/event"

// rule is a detection rule in the form that Kibana's detection engine imports (POST /api/detection_engine/rules/_import).
type rule struct {
	Author             []string         `json:"author"`
	Description        string           `json:"description"`
	Enabled            bool             `json:"enabled"`
	FalsePositives     []string         `json:"false_positives"`
	From               string           `json:"from"`
	HistoryWindowStart string           `json:"history_window_start,omitempty"` // new_terms
	Index              []string         `json:"index,omitempty"`                // none for ES|QL
	Interval           string           `json:"interval"`
	Language           string           `json:"language"`
	License            string           `json:"license"`
	MaxSignals         int              `json:"max_signals"`
	Name               string           `json:"name"`
	NewTermsFields     []string         `json:"new_terms_fields,omitempty"`
	Note               string           `json:"note"`
	Query              string           `json:"query"`
	References         []string         `json:"references"`
	RiskScore          int              `json:"risk_score"`
	RiskScoreMapping   []mappedScore    `json:"risk_score_mapping"`
	RuleID             string           `json:"rule_id"`
	RuleNameOverride   string           `json:"rule_name_override,omitempty"`
	Severity           string           `json:"severity"`
	SeverityMapping    []mappedSeverity `json:"severity_mapping"`
	Setup              string           `json:"setup"`
	Tags               []string         `json:"tags"`
	Threat             []threat         `json:"threat"`
	TimestampOverride  string           `json:"timestamp_override,omitempty"`
	To                 string           `json:"to"`
	Type               string           `json:"type"`
	Version            int              `json:"version"`
}

type mappedScore struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

type mappedSeverity struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Severity string `json:"severity"`
	Value    string `json:"value"`
}

// threat names what of MITRE ATT&CK a rule is about.
type threat struct {
	Framework string      `json:"framework"`
	Tactic    attack      `json:"tactic"`
	Technique []technique `json:"technique"`
}

type attack struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Reference string `json:"reference"`
}

type technique struct {
	attack
	Subtechnique []attack `json:"subtechnique"`
}

// Rules are the detection rules and, after them, the exception list with its item, in the form that Kibana's "Import rules" takes, one
// JSON object a line. All rules are off until somebody turns them on. The same program always gives the same bytes.
func Rules() []byte {
	b := ndjson(rules())
	b = append(b, ndjson([]exceptionList{unprovenSources()})...)
	return append(b, ndjson([]exceptionItem{unprovenItem()})...)
}

func rules() []rule {
	return []rule{newCampaignRule(), exploitRule(), insideSenderRule(), exposedHostRule(), forgedElsewhereRule(), silentSensorRule()}
}

// baseRule is what all rules have in common. They look at what came in (event.ingested), not at packet time: what a sensor or a replay
// delivers late is not missed.
func baseRule(id, name, description, query string) rule {
	return rule{
		RuleID: id, Name: name, Description: description, Query: query, Type: "query", Language: "kuery", Index: []string{logsView().title},
		Author: []string{"popupwatch"}, License: "Apache-2.0", Version: 1, MaxSignals: 100, From: "now-10m", To: "now", Interval: "5m",
		TimestampOverride: "event.ingested", RuleNameOverride: "message", Tags: []string{"popupwatch", "Messenger popup spam", "Data Source: popupwatch"},
		FalsePositives: []string{}, References: []string{}, Threat: []threat{},
		RiskScoreMapping: []mappedScore{{"event.risk_score", "equals", ""}}, SeverityMapping: severities(),
	}
}

// severities map event.severity to the words of the detection engine.
func severities() []mappedSeverity {
	return []mappedSeverity{
		{"event.severity", "equals", "low", "21"}, {"event.severity", "equals", "medium", "47"},
		{"event.severity", "equals", "high", "73"}, {"event.severity", "equals", "critical", "99"},
	}
}

// weighing sets what counts where a document says nothing of it.
func (r rule) weighing(severity string, risk int) rule {
	r.Severity, r.RiskScore = severity, risk
	return r
}

// firstOf is the query for the first document of each finding of a class: later ones are no alerts (event.kind: state).
func firstOf(class string) string { return findings(class) + ` and event.kind : "alert"` }

const doubled = "The stack's own rule \"External Alerts\" raises the same document: turn on one of the two."

// newCampaignRule reads the campaign documents: a rule over message documents would copy source.ip into its alerts, where tools group by it
// and blame. event.severity tells whether there are home networks that the campaign may have reached.
func newCampaignRule() rule {
	r := baseRule("popupwatch-new-campaign", "popupwatch: new campaign at home hosts",
		"A campaign of Messenger popups that no sensor told of in the last 30 days opened where home networks are watched, or got worse.",
		ofCampaigns+` and event.kind : "alert" and event.severity >= 47`).weighing("medium", 47)
	r.Type, r.NewTermsFields, r.HistoryWindowStart = "new_terms", []string{"popupwatch.campaign.id"}, "now-30d"
	r.Note = "Look at the text and at what it advertises on the dashboard \"popupwatch: Campaign\". The source address of a popup is what its sender " +
		"wrote into it: popupwatch.source.state says how far to believe it.\n\nNeeds home networks (--home). Several sensors that see one campaign " +
		"raise one alert.\n\n" + doubled
	r.Threat = []threat{initialAccess(technique{attack{"T1566", "Phishing", "https://attack.mitre.org/techniques/T1566/"}, []attack{}})}
	return r
}

func exploitRule() rule {
	r := baseRule("popupwatch-exploit-attempt", "popupwatch: exploit attempt against the Messenger service",
		"A call has the shape of an attack on the Messenger service (CVE-2003-0717). Critical where the host answered.",
		firstOf(event.ActionExploit)).weighing("medium", 47)
	r.Note = "Is the host patched (MS03-043), is the service off? event.outcome success means that it answered. The sender's address is unproven.\n\n" + doubled
	r.References = []string{"https://learn.microsoft.com/en-us/security-updates/securitybulletins/2003/ms03-043"}
	r.Threat = []threat{initialAccess(technique{attack{"T1190", "Exploit Public-Facing Application", "https://attack.mitre.org/techniques/T1190/"}, []attack{}})}
	return r
}

func insideSenderRule() rule {
	r := baseRule("popupwatch-inside-sender", "popupwatch: home host sends popups",
		"Popups leave from an address of the home networks. The host may be abused; or somebody inside forges its address.",
		firstOf(event.ActionInsideSender)).weighing("high", 73)
	r.FalsePositives = []string{"Administrators who use net send. Popups that score clean raise no finding, unless they go to 16 outside addresses within an hour."}
	r.Note = "Find the port that the MAC address is behind before anybody is asked: popupwatch.marks.source_mac is the last hop before the sensor.\n\n" + doubled
	return r
}

func exposedHostRule() rule {
	r := baseRule("popupwatch-exposed-host", "popupwatch: exposed host answers the Messenger service",
		"A home host answers calls of the Messenger service from outside.", firstOf(event.ActionExposedHost)).weighing("high", 73)
	r.Note = "Close UDP 135 and 1025-1031 inbound at the host and disable the service: popupwatch help findings. Do not block 1026 blindly at the border, where replies to ordinary requests use the same port.\n\n" + doubled
	return r
}

func forgedElsewhereRule() rule {
	r := baseRule("popupwatch-own-address-forged", "popupwatch: own address forged elsewhere",
		"ICMP errors come back for popups that carry one of our addresses as source: somebody sends in our name.",
		firstOf(event.ActionBackscatter)+" and event.severity >= 47").weighing("medium", 47)
	r.Note = "Who gets these errors need not have sent anything. Expect complaints; answer them with the documents that popupwatch holds. Only " +
		"the upstream provider can follow forged packets back, while they flow.\n\n" + doubled
	return r
}

// silentSensorRule asks for what is absent, which only ES|QL can: sensors heard of one to two hours ago and not since, so that each
// silence raises one alert, or two where the rule runs late: the range has ten minutes to spare. It looks at packet time, so that replays of old captures are no sensors that fell silent.
func silentSensorRule() rule {
	r := baseRule("popupwatch-sensor-silent", "popupwatch: sensor silent",
		"A sensor that counted frames one to two hours ago has not been heard of since.",
		"FROM metrics-popupwatch.sensor-* | STATS last_seen = MAX(@timestamp) BY observer.name | WHERE last_seen < NOW() - 1 hour").weighing("medium", 47)
	r.Type, r.Language, r.Index = "esql", "esql", nil
	r.From, r.Interval, r.TimestampOverride, r.RuleNameOverride = "now-130m", "1h", "", ""
	r.RiskScoreMapping, r.SeverityMapping = []mappedScore{}, []mappedSeverity{}
	r.FalsePositives = []string{"A wire without a single frame in an hour: a sensor that reads nothing writes nothing."}
	r.Note = "Look at the sensor's /readyz, its queue, and whether the span port still delivers."
	r.Setup = "Needs Elasticsearch with ES|QL: 8.14 or newer."
	return r
}

func initialAccess(t technique) threat {
	return threat{"MITRE ATT&CK", attack{"TA0001", "Initial Access", "https://attack.mitre.org/tactics/TA0001/"}, []technique{t}}
}
