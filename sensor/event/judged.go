package event

import (
	"slices"
	"strings"

	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// judgedFields are what the judges say of a popup or campaign.
func judgedFields() []Field {
	const in, both = inMessage, inMessage | inCampaign
	t := []Field{
		{Path: "popupwatch.score.total", Type: "float", In: both, rests: onConclusion, append: float(func(e *Event) float64 {
			if e.Set == SetCampaign {
				return e.Campaign.Standing.Score
			}
			return e.Verdict.Score
		}), About: "Sum of the weights of the rules that hit."},
		{Path: "popupwatch.score.verdict", Type: "keyword", In: both, rests: onConclusion, append: word(func(e *Event) string {
			if e.Set == SetCampaign {
				return e.Campaign.Standing.Verdict
			}
			return e.Verdict.Class.String()
		}), About: "spam, suspect or clean."},
		{Path: "popupwatch.score.rules", Type: "keyword", In: both, rests: onConclusion, append: appendRules, About: "Names of the rules that hit, the strongest first, at most 64."},
		{Path: "popupwatch.score.lure", Type: "keyword", In: in, rests: onConclusion, append: word(func(e *Event) string { return e.Verdict.Lure }),
			About: "What the text lures with, in the words of the rules; absent without a lure."},
		{Path: "popupwatch.campaign.id", Type: "keyword", In: inLogs, rests: onConclusion, append: word(campaignID),
			About: "The campaign: one text template with all its variants. Never changes. In findings: whose popup an ICMP error quotes, where that is known."},
		{Path: "popupwatch.campaign.aliases", Type: "keyword", In: both, rests: onConclusion, append: list(func(e *Event) []string {
			if e.Set == SetCampaign {
				return publicNames(e)
			}
			return e.Membership.Aliases
		}), About: "Other names of the campaign, sorted, at most 64: tpl1- one template, cmp1- a campaign found to be the same, fam1- to fam3- the sealed names; in campaigns also key1- what it advertises, anc1- what its texts have in common."},
	}
	return append(t, object("popupwatch.advertised", in, appendAdvertised, "What the text advertises: who is advertised, not who sent it.",
		Field{Path: "domains", Type: "keyword", About: "Registrable domains that the text advertises: who is advertised, not who sent it. At most 64, as the rest of advertised."},
		Field{Path: "urls", Type: "keyword", About: "URLs or hosts that the text advertises."},
		Field{Path: "phones", Type: "keyword", About: "Telephone numbers that the text advertises."},
		Field{Path: "emails", Type: "keyword", About: "E-mail addresses that the text advertises."},
	)...)
}

func appendAdvertised(b []byte, e *Event) []byte {
	f, p, start := e.Message.Features, e.private(), len(b)
	if f == nil || p == PrivacyDrop {
		return b
	}
	b = append(b, '{')
	b = appendGuardedList(b, p, `"domains":`, f.Domains)
	b = appendGuardedList(b, p, `"urls":`, f.URLs)
	b = appendGuardedList(b, p, `"phones":`, f.Phones)
	b = appendGuardedList(b, p, `"emails":`, f.Emails)
	return closeObject(b, start)
}

func campaignID(e *Event) string {
	switch e.Set {
	case SetSource:
		return e.Source.Key.Campaign
	case SetCampaign:
		return string(e.Campaign.ID)
	case SetFinding:
		return string(e.Finding.Campaign)
	}
	return string(e.Membership.ID)
}

func appendRules(b []byte, e *Event) []byte {
	if e.Set == SetCampaign {
		return appendWords(b, e.Campaign.Standing.Rules)
	}
	return appendEach(b, e.Verdict.Hits, func(b []byte, h *rules.Hit) []byte { return appendString(b, h.Rule) })
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
	return appendEach(b, keys, func(b []byte, k *campaign.Key) []byte { return appendString(b, k.Value) })
}

// reportable holds the first gate once more: nothing but a proven source is ever reportable.
func reportable(a *spoof.Assessment) bool {
	return a.Reportable && a.State == spoof.GenuineBound
}

// publicNames are the aliases of a campaign. Those that tell of its words, and not only whether one knows them, are left out where privacy.clean governs it.
func publicNames(e *Event) []string {
	if e.private() == PrivacyKeep {
		return e.Campaign.Aliases
	}
	return slices.DeleteFunc(slices.Clone(e.Campaign.Aliases), func(alias string) bool {
		return strings.HasPrefix(alias, "anc1-") || strings.HasPrefix(alias, "key1-")
	})
}
