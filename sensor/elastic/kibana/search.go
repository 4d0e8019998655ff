package kibana

// Ids of the saved searches.
const (
	popupsSearch   = "popupwatch-popups"
	claimsSearch   = "popupwatch-claims"
	findingsSearch = "popupwatch-findings"
	alertsSearch   = "popupwatch-alerts"
)

// search is a list of documents, newest first.
type search struct {
	id, title, about, query string
	columns                 []string
}

// searches never show an address without the state of its claim, unless it is a destination or one of our own.
func searches() []search {
	return []search{
		{popupsSearch, "popupwatch: popups", "Every popup document, newest first. A document may stand for many popups: see count.", ofMessages, []string{
			"popupwatch.score.verdict", "popupwatch.message.count", "popupwatch.message.from", "popupwatch.message.text", "destination.ip", "destination.port",
			"popupwatch.campaign.id", "popupwatch.source.state", "source.ip"}},
		{claimsSearch, "popupwatch: final claims", "The last word on each claimed source. The state first: an address alone says nothing.", finalClaims, []string{
			"popupwatch.source.state", "source.ip", "popupwatch.source.messages", "popupwatch.source.decibans", "popupwatch.source.evidence.text",
			"popupwatch.campaign.id", "popupwatch.source.emitter"}},
		{findingsSearch, "popupwatch: findings", "What is about popups without being one: exploits, exposed hosts, inside senders, forged own addresses.", ofFindings, []string{
			"event.severity", "message", "popupwatch.finding.class", "event.outcome", "destination.ip", "popupwatch.finding.count", "popupwatch.finding.advice"}},
		{alertsSearch, "popupwatch: alerts", "What a person should look at: campaigns as they open or get worse, findings the first time.", `event.kind : "alert"`, []string{
			"event.severity", "message", "event.action", "event.risk_score", "popupwatch.campaign.id", "observer.name"}},
	}
}

const searchReference = "kibanaSavedObjectMeta.searchSourceJSON.index"

func (s search) saved() saved {
	source := object{"query": kuery(s.query), "filter": []object{}, "highlightAll": true, "version": true, "indexRefName": searchReference}
	return saved{Type: typeSearch, ID: s.id, CoreMigrationVersion: coreForm, TypeMigrationVersion: searchForm,
		References: []reference{logsView().reference(searchReference), tagReference()},
		Attributes: object{
			"title": s.title, "description": s.about, "columns": s.columns, "sort": [][]string{{timeField, "desc"}}, "grid": object{},
			"hideChart": false, "isTextBasedQuery": false, "timeRestore": false,
			"kibanaSavedObjectMeta": object{"searchSourceJSON": packed(source)},
		}}
}
