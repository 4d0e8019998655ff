package event

import "time"

// ecsVersion is the release of the Elastic Common Schema that the names are of.
const ecsVersion = "8.17.0"

// ecsFields are the fields that every document carries.
func ecsFields() []Field {
	return []Field{
		{Path: "@timestamp", Type: "date", In: inAll, append: date(func(e *Event) time.Time { return e.Time }),
			About: "Packet time of what the document tells of, in UTC with nanoseconds; what time released has the time it was due."},
		{Path: "event.id", Type: "keyword", In: inAll, append: appendID,
			About: "Id of the document, also its _id: 128 bits of SHA-256 over what was seen, so that a second replay adds nothing."},
		{Path: "event.kind", Type: "keyword", In: inAll, rests: onConclusion, append: ours(func(e *Event) string { return e.Kind }),
			About: "alert where a person is to be told (only with alerts on), event, state or metric."},
		{Path: "event.category", Type: "keyword", In: inLogs, rests: onConclusion, append: appendCategory,
			About: "network; with intrusion_detection for exploit attempts, campaigns and findings; vulnerability for an exposed host."},
		{Path: "event.type", Type: "keyword", In: inLogs, rests: onConfig,
			append: func(b []byte, _ *Event) []byte { return append(b, `["info"]`...) },
			About:  "Always info: nothing was allowed or denied here."},
		{Path: "event.action", Type: "keyword", In: inAll, rests: onConclusion, append: ours(func(e *Event) string { return e.Action }),
			About: "What happened, from a closed list of words."},
		{Path: "event.outcome", Type: "keyword", In: inLogs, rests: onConclusion, append: ours(func(e *Event) string { return e.Outcome }),
			About: "success where it was answered, failure where it was refused, else unknown."},
		{Path: "event.module", Type: "keyword", In: inAll, rests: onConfig, append: fixed("popupwatch"), About: "Always popupwatch."},
		{Path: "event.provider", Type: "keyword", In: inAll, rests: onConfig, append: fixed("popupwatch"), About: "Always popupwatch."},
		{Path: "event.dataset", Type: "keyword", In: inAll, rests: onConfig, append: word(func(e *Event) string { return e.Set.String() }),
			About: "The data set."},
		{Path: "event.severity", Type: "long", In: inLogs, rests: onConclusion, append: number(func(e *Event) uint64 { return uint64(e.Severity) }),
			About: "How much it matters to the network: 0 nothing; 21 spam that came; 47 a text a person should look at, or a campaign that is new or worse where home networks are configured (without them nobody can say that it reached home: 21); 73 a home host sends or answers; 99 an exploit attempt was answered."},
		{Path: "event.risk_score", Type: "float", In: inLogs, rests: onConclusion, append: float(func(e *Event) float64 { return e.Risk }),
			About: "The severity; for spam that came its score, up to 21."},
		{Path: "event.start", Type: "date", In: inAll, append: date(func(e *Event) time.Time { return e.start }),
			About: "Begin of what the document tells of."},
		{Path: "event.end", Type: "date", In: inAll, append: date(func(e *Event) time.Time { return e.end }),
			About: "End of what the document tells of."},
		{Path: "data_stream.type", Type: "constant_keyword", In: inAll, rests: onConfig,
			append: word(func(e *Event) string { return e.Set.StreamType() }), About: "logs; metrics for the sensor's counts."},
		{Path: "data_stream.dataset", Type: "constant_keyword", In: inAll, rests: onConfig,
			append: word(func(e *Event) string { return e.Set.String() }), About: "The data set."},
		{Path: "data_stream.namespace", Type: "constant_keyword", In: inAll, rests: onConfig,
			append: word(func(e *Event) string { return e.builder.config.Namespace }), About: "The configured namespace."},
		{Path: "ecs.version", Type: "keyword", In: inAll, rests: onConfig, append: fixed(ecsVersion),
			About: "Release of the Elastic Common Schema that the names are of."},
		{Path: "tags", Type: "keyword", In: inLogs, rests: onConclusion, append: appendTags,
			About: "source-proven, source-unverified or source-forged on every document with an address."},
		{Path: "message", Type: "match_only_text", In: inAll, append: appendLine,
			About: "One line for people. It never names an address that is not proven; addresses within a text are hidden there."},
		{Path: "observer.name", Type: "keyword", In: inAll, rests: onConfig,
			append: word(func(e *Event) string { return e.builder.config.Sensor }), About: "Name of the sensor."},
		{Path: "observer.hostname", Type: "keyword", In: inAll, rests: onConfig,
			append: word(func(e *Event) string { return e.builder.config.Hostname }), About: "Host name of the sensor's machine, if configured."},
		{Path: "observer.type", Type: "keyword", In: inAll, rests: onConfig, append: fixed("sensor"), About: "Always sensor."},
		{Path: "observer.vendor", Type: "keyword", In: inAll, rests: onConfig, append: fixed("popupwatch"), About: "Always popupwatch."},
		{Path: "observer.product", Type: "keyword", In: inAll, rests: onConfig, append: fixed("popupwatch"), About: "Always popupwatch."},
		{Path: "observer.version", Type: "keyword", In: inAll, rests: onConfig,
			append: word(func(e *Event) string { return e.builder.config.Version }), About: "Version of popupwatch."},
		{Path: "observer.ingress.interface.name", Type: "keyword", In: inMessage | inFinding, rests: onConclusion, append: appendInterface,
			About: "Interface that the packet was captured from, or that its capture file names."},
		{Path: "observer.ingress.zone", Type: "keyword", In: inMessage | inFinding, rests: onConclusion, append: appendZone,
			About: "external or access, where the interface has that role."},
	}
}

func appendID(b []byte, e *Event) []byte {
	b = append(b, '"')
	b = append(b, e.identity[:]...)
	return append(b, '"')
}

func appendCategory(b []byte, e *Event) []byte {
	switch {
	case e.Action == ActionExposedHost:
		return append(b, `["network","vulnerability"]`...)
	case e.Set == SetCampaign, e.Set == SetFinding, e.Action == ActionExploit:
		return append(b, `["network","intrusion_detection"]`...)
	}
	return append(b, `["network"]`...)
}

func appendTags(b []byte, e *Event) []byte {
	if e.tag == "" {
		return b
	}
	b = append(b, '[', '"')
	b = append(b, e.tag...)
	return append(b, '"', ']')
}
