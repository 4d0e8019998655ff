package event

import (
	"popupwatch/decoders/text"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// strongest is the rule that weighs most; nil where none hit.
func (e *Event) strongest() *rules.Hit {
	if len(e.Verdict.Hits) == 0 {
		return nil
	}
	return &e.Verdict.Hits[0]
}

// ruleName is the strongest rule's name; of a finding its class, which is a built-in rule.
func ruleName(e *Event) string {
	switch {
	case e.Set == SetFinding:
		return e.Finding.Class
	case e.Set == SetCampaign && len(e.Campaign.Standing.Rules) > 0:
		return e.Campaign.Standing.Rules[0]
	case e.strongest() != nil:
		return e.strongest().Rule
	}
	return ""
}

func hit(get func(*rules.Hit) string) appender {
	return word(func(e *Event) string {
		if h := e.strongest(); h != nil {
			return get(h)
		}
		return ""
	})
}

func risk(get func(*threat) string) appender {
	return ours(func(e *Event) string {
		if e.threat == nil {
			return ""
		}
		return get(e.threat)
	})
}

// ruleFields tell of the strongest rule and of the technique.
func ruleFields() []Field {
	const in, judged = inMessage | inCampaign | inFinding, inMessage
	return []Field{
		{Path: "rule.id", Type: "keyword", In: in, append: word(ruleName), About: "The same as rule.name: names are never given again."},
		{Path: "rule.name", Type: "keyword", In: in, append: word(ruleName), About: "The strongest rule; of a finding its class."},
		{Path: "rule.category", Type: "keyword", In: judged, append: hit(func(h *rules.Hit) string { return h.Category }), About: "Its category."},
		{Path: "rule.ruleset", Type: "keyword", In: judged, append: hit(func(h *rules.Hit) string { return h.Ruleset }), About: "The rule file that it stands in."},
		{Path: "rule.version", Type: "keyword", In: judged, append: hit(func(h *rules.Hit) string { return h.Version }), About: "Version that the rule file states."},
		{Path: "rule.description", Type: "keyword", In: judged, append: hit(func(h *rules.Hit) string { return h.Description }), About: "What the rule says, in a sentence."},
		{Path: "threat.framework", Type: "keyword", In: in, append: risk(func(*threat) string { return "MITRE ATT&CK" }),
			About: "MITRE ATT&CK, where a technique is named: an unwanted text with a lure is T1566 unless the lure is a plain advert; exploits and probes have their own."},
		{Path: "threat.tactic.id", Type: "keyword", In: in, append: risk(func(t *threat) string { return t.tactic }), About: "Tactic."},
		{Path: "threat.tactic.name", Type: "keyword", In: in, append: risk(func(t *threat) string { return t.tacticName }), About: "Its name."},
		{Path: "threat.technique.id", Type: "keyword", In: in, append: risk(func(t *threat) string { return t.technique }), About: "Technique: T1566, T1190, T1210 or T1595."},
		{Path: "threat.technique.name", Type: "keyword", In: in, append: risk(func(t *threat) string { return t.name }), About: "Its name."},
		{Path: "threat.technique.subtechnique.id", Type: "keyword", In: in, append: risk(func(t *threat) string { return t.sub }), About: "Subtechnique: T1595.001 for probes."},
		{Path: "threat.technique.subtechnique.name", Type: "keyword", In: in, append: risk(func(t *threat) string { return t.subName }), About: "Its name."},
		{Path: "vulnerability.id", Type: "keyword", In: in, append: risk(func(t *threat) string { return t.vulnerability }), About: "CVE-2003-0717 for exploit attempts."},
		{Path: "vulnerability.description", Type: "keyword", In: in, append: risk(func(t *threat) string { return t.what }), About: "What it is."},
	}
}

// judgedFields are what the judges say of a popup or campaign.
func judgedFields() []Field {
	const in, both = inMessage, inMessage | inCampaign
	return []Field{
		{Path: "popupwatch.score.total", Type: "float", In: both, append: float(func(e *Event) float64 {
			if e.Set == SetCampaign {
				return e.Campaign.Standing.Score
			}
			return e.Verdict.Score
		}), About: "Sum of the weights of the rules that hit."},
		{Path: "popupwatch.score.verdict", Type: "keyword", In: both, append: word(func(e *Event) string {
			if e.Set == SetCampaign {
				return e.Campaign.Standing.Verdict
			}
			return e.Verdict.Class.String()
		}), About: "spam, suspect or clean."},
		{Path: "popupwatch.score.rules", Type: "keyword", In: both, append: appendRules, About: "Names of the rules that hit, the strongest first, at most 64."},
		{Path: "popupwatch.score.lure", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Verdict.Lure }),
			About: "What the text lures with, in the words of the rules; absent without a lure."},
		{Path: "popupwatch.campaign.id", Type: "keyword", In: inMessage | inSource | inCampaign, append: word(campaignID),
			About: "The campaign: one text template with all its variants. Never changes."},
		{Path: "popupwatch.campaign.aliases", Type: "keyword", In: both, append: list(func(e *Event) []string {
			if e.Set == SetCampaign {
				return e.Campaign.Aliases
			}
			return e.Membership.Aliases
		}), About: "Other names of the campaign, sorted, at most 64."},
		{Path: "popupwatch.advertised.domains", Type: "keyword", In: in, append: guardedList(advertised(func(f *text.Features) []string { return f.Domains })),
			About: "Registrable domains that the text advertises: who is advertised, not who sent it. At most 64, as the rest of advertised."},
		{Path: "popupwatch.advertised.urls", Type: "keyword", In: in, append: guardedList(advertised(func(f *text.Features) []string { return f.URLs })),
			About: "URLs or hosts that the text advertises."},
		{Path: "popupwatch.advertised.phones", Type: "keyword", In: in, append: guardedList(advertised(func(f *text.Features) []string { return f.Phones })),
			About: "Telephone numbers that the text advertises."},
		{Path: "popupwatch.advertised.emails", Type: "keyword", In: in, append: guardedList(advertised(func(f *text.Features) []string { return f.Emails })),
			About: "E-mail addresses that the text advertises."},
	}
}

func advertised(get func(*text.Features) []string) func(*Event) []string {
	return func(e *Event) []string {
		if e.Message.Features == nil {
			return nil
		}
		return get(e.Message.Features)
	}
}

func campaignID(e *Event) string {
	switch e.Set {
	case SetSource:
		return e.Source.Key.Campaign
	case SetCampaign:
		return string(e.Campaign.ID)
	}
	return string(e.Membership.ID)
}

func appendRules(b []byte, e *Event) []byte {
	if e.Set == SetCampaign {
		return appendWords(b, e.Campaign.Standing.Rules)
	}
	hits := e.Verdict.Hits
	if len(hits) == 0 {
		return b
	}
	b = append(b, '[')
	for i := range hits[:min(len(hits), listRoom)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, hits[i].Rule)
	}
	return append(b, ']')
}

// appendRelatedHosts appends the advertised domains, if privacy lets them be seen as they are.
func appendRelatedHosts(b []byte, e *Event) []byte {
	if e.private() != PrivacyKeep {
		return b
	}
	if e.Set == SetCampaign {
		return appendKeyValues(b, e.Campaign.Domains)
	}
	if e.Message.Features == nil {
		return b
	}
	return appendWords(b, e.Message.Features.Domains)
}

func appendKeyValues(b []byte, keys []campaign.Key) []byte {
	if len(keys) == 0 {
		return b
	}
	b = append(b, '[')
	for i := range keys[:min(len(keys), listRoom)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, keys[i].Value)
	}
	return append(b, ']')
}

// reportable holds the first gate once more: nothing but a proven source is ever reportable.
func reportable(a *spoof.Assessment) bool {
	return a.Reportable && a.State == spoof.GenuineBound
}
