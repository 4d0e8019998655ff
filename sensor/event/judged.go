package event

import (
	"popupwatch/decoders/text"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

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
