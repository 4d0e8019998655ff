package sensor

import (
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
)

// standing is a verdict in the words that campaigns keep.
func (s *Sensor) standing(v *rules.Verdict) campaign.Standing {
	return campaign.Standing{Score: v.Score, Level: int(v.Class), Verdict: v.Class.String(), Rules: s.ruleNames(v.Hits), Lure: v.Lure}
}

// maxNames bounds the lists of rule names that are kept; when it is full all are forgotten.
const maxNames = 4096

// ruleNames gives the names of the rules that hit: one list for all verdicts that share their hits.
func (s *Sensor) ruleNames(hits []rules.Hit) []string {
	if len(hits) == 0 {
		return nil
	}
	names, ok := s.names[&hits[0]]
	if ok && len(names) == len(hits) {
		return names
	}
	if len(s.names) >= maxNames {
		clear(s.names)
	}
	names = make([]string, len(hits))
	for i := range hits {
		names[i] = hits[i].Rule
	}
	s.names[&hits[0]] = names
	return names
}
