package event

import "popupwatch/rules"

// strongest is the rule that weighs most; nil where none hit.
func (e *Event) strongest() *rules.Hit {
	if len(e.Verdict.Hits) == 0 {
		return nil
	}
	return &e.Verdict.Hits[0]
}

// ruleFields tell of the strongest rule and of the technique.
func ruleFields() []Field {
	const in = inMessage | inCampaign | inFinding
	t := concluded("rule", in, appendRule, "The strongest rule; of a finding its class.",
		Field{Path: "id", Type: "keyword", About: "The same as rule.name: names are never given again."},
		Field{Path: "name", Type: "keyword", About: "The strongest rule; of a finding its class."},
		Field{Path: "category", Type: "keyword", About: "Its category; in messages only, as the rest of rule."},
		Field{Path: "ruleset", Type: "keyword", About: "The rule file that it stands in."},
		Field{Path: "version", Type: "keyword", About: "Version that the rule file states."},
		Field{Path: "description", Type: "keyword", About: "What the rule says, in a sentence."},
	)
	t = append(t, concluded("threat", in, appendThreat, "MITRE ATT&CK: an unwanted text with a lure is T1566 unless the lure is a plain advert; exploits and probes have their own.",
		Field{Path: "framework", Type: "keyword", About: "MITRE ATT&CK, where a technique is named."},
		Field{Path: "tactic.id", Type: "keyword", About: "Tactic."},
		Field{Path: "tactic.name", Type: "keyword", About: "Its name."},
		Field{Path: "technique.id", Type: "keyword", About: "Technique: T1566, T1190, T1210 or T1595."},
		Field{Path: "technique.name", Type: "keyword", About: "Its name."},
		Field{Path: "technique.subtechnique.id", Type: "keyword", About: "Subtechnique: T1595.001 for probes."},
		Field{Path: "technique.subtechnique.name", Type: "keyword", About: "Its name."},
	)...)
	return append(t, concluded("vulnerability", inMessage|inFinding, appendVulnerability, "The hole that an exploit attempt aims at.",
		Field{Path: "id", Type: "keyword", About: "CVE-2003-0717 for exploit attempts."},
		Field{Path: "description", Type: "keyword", About: "What it is."},
	)...)
}

func appendRule(b []byte, e *Event) []byte {
	name, h := "", e.strongest()
	switch {
	case e.Set == SetFinding:
		name = e.Finding.Class
	case e.Set == SetCampaign && len(e.Campaign.Standing.Rules) > 0:
		name = e.Campaign.Standing.Rules[0]
	case h != nil:
		name = h.Rule
	}
	start := len(b)
	b = append(b, '{')
	b = appendSaid(b, `"id":`, name)
	b = appendSaid(b, `"name":`, name)
	if h != nil {
		b = appendSaid(b, `"category":`, h.Category)
		b = appendSaid(b, `"ruleset":`, h.Ruleset)
		b = appendSaid(b, `"version":`, h.Version)
		b = appendSaid(b, `"description":`, h.Description)
	}
	return closeObject(b, start)
}

func appendThreat(b []byte, e *Event) []byte {
	t := e.threat
	if t == nil {
		return b
	}
	b = append(b, `{"framework":"MITRE ATT&CK","tactic":{`...)
	b = appendNamed(b, `"id":`, t.tactic)
	b = appendNamed(b, `"name":`, t.tacticName)
	b[len(b)-1] = '}'
	b = append(b, `,"technique":{`...)
	b = appendNamed(b, `"id":`, t.technique)
	b = appendNamed(b, `"name":`, t.name)
	if t.sub != "" {
		b = append(b, `"subtechnique":{`...)
		b = appendNamed(b, `"id":`, t.sub)
		b = appendNamed(b, `"name":`, t.subName)
		b[len(b)-1] = '}'
		b = append(b, ',')
	}
	b[len(b)-1] = '}'
	return append(b, '}')
}

func appendVulnerability(b []byte, e *Event) []byte {
	if e.threat == nil {
		return b
	}
	start := len(b)
	b = append(b, '{')
	b = appendNamed(b, `"id":`, e.threat.vulnerability)
	b = appendNamed(b, `"description":`, e.threat.what)
	return closeObject(b, start)
}
