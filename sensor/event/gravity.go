package event

import (
	"popupwatch/decoders"
	"popupwatch/decoders/msgsvc"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// The steps of event.severity, those of Elastic's rules. They say how much something matters to the network, not how spammy it is.
const (
	severityNone     = 0  // nothing to do
	severityLow      = 21 // spam that came
	severityMedium   = 47 // a person should look
	severityHigh     = 73 // a home host sends or answers popups
	severityCritical = 99 // an exploit attempt that was answered
)

// popupAction tells exploit attempts from popups: the shape says so, the claim's class, or a rule of category exploit.
func popupAction(m *decoders.Message, v rules.Verdict, a *spoof.Assessment) string {
	if m.Shape == msgsvc.ShapeExploit || a != nil && a.Key.Class == "exploit" {
		return ActionExploit
	}
	for i := range v.Hits {
		if v.Hits[i].Category == "exploit" {
			return ActionExploit
		}
	}
	return ActionPopup
}

// popupGravity is severity and risk of one popup: an exploit attempt or a suspect text is for a person (47), unwanted text from a home
// host says that it is abused (73), spam that came is 21 with its score as risk up to 21, clean is 0.
func popupGravity(action string, v rules.Verdict, dir decoders.Direction) (int, float64) {
	fromHome := dir == decoders.DirectionOutbound || dir == decoders.DirectionInternal
	switch {
	case action == ActionExploit && fromHome:
		return severityHigh, severityHigh
	case action == ActionExploit:
		return severityMedium, severityMedium
	case v.Class == rules.Clean:
		return severityNone, 0
	case fromHome:
		return severityHigh, severityHigh
	case v.Class == rules.Suspect:
		return severityMedium, severityMedium
	}
	return severityLow, min(max(v.Score, 0), severityLow)
}

// claimGravity is severity and risk of a claim: 73 for a home address that is proven to send, 47 for an exploit attempt, else 21.
func (b *Builder) claimGravity(a *spoof.Assessment) (int, float64) {
	switch {
	case a.State == spoof.GenuineBound && b.isHome(a.Key.Source):
		return severityHigh, severityHigh
	case a.Key.Class == "exploit":
		return severityMedium, severityMedium
	}
	return severityLow, severityLow
}

// campaignGravity is severity and risk of a campaign: 0 while it scores clean, 47 when it is suspect, 47 when it is new or worse than
// before and there are home networks that it may have reached, else 21. An update does not say where its messages went.
func (b *Builder) campaignGravity(u *campaign.Update) (int, float64) {
	news := u.Cause == campaign.CauseOpened || campaignAlerts(u)
	switch {
	case u.Standing.Level == int(rules.Clean):
		return severityNone, 0
	case u.Standing.Level == int(rules.Suspect), news && b.config.Home != nil:
		return severityMedium, severityMedium
	}
	return severityLow, min(max(u.Standing.Score, 0), severityLow)
}

// findingGravity is severity and risk of a finding. Backscatter matters (47) where a home address is abused as the false source, or
// where no home networks are known; otherwise our own hosts refuse spam, which is as it should be (21).
func (b *Builder) findingGravity(f *Finding) (int, float64) {
	s := severityMedium
	switch f.Class {
	case ActionExploit:
		if f.Outcome == "success" {
			s = severityCritical
		}
	case ActionExposedHost, ActionInsideSender:
		s = severityHigh
	case ActionProbe:
		s = severityLow
	case ActionBackscatter:
		if !b.abuses(f) {
			s = severityLow
		}
	}
	return s, float64(s)
}

// abuses says whether the address that popups claim to come from may be one of ours: it is, or nobody can tell.
func (b *Builder) abuses(f *Finding) bool {
	return b.config.Home == nil || !f.Subject.IsValid() || b.isHome(f.Subject.Addr())
}

// sourceTag says on every document with an address what is to be thought of it.
func sourceTag(a *spoof.Assessment) string {
	switch {
	case a == nil:
		return "source-unverified"
	case a.State == spoof.GenuineBound:
		return "source-proven"
	case a.State.Forged():
		return "source-forged"
	}
	return "source-unverified"
}

// threat is one technique of MITRE ATT&CK.
type threat struct {
	tactic, tacticName  string
	technique, name     string
	sub, subName        string
	vulnerability, what string
}

var (
	threatLure = threat{tactic: "TA0001", tacticName: "Initial Access", technique: "T1566", name: "Phishing"}

	threatExploit = threat{
		tactic: "TA0001", tacticName: "Initial Access", technique: "T1190", name: "Exploit Public-Facing Application",
		vulnerability: "CVE-2003-0717", what: "Buffer overrun in the Windows Messenger service (MS03-043)",
	}
	threatInside = threat{
		tactic: "TA0008", tacticName: "Lateral Movement", technique: "T1210", name: "Exploitation of Remote Services",
		vulnerability: "CVE-2003-0717", what: "Buffer overrun in the Windows Messenger service (MS03-043)",
	}
	threatProbe = threat{
		tactic: "TA0043", tacticName: "Reconnaissance", technique: "T1595", name: "Active Scanning",
		sub: "T1595.001", subName: "Scanning IP Blocks",
	}
)

// adverts are the lures that sell what they name: they deceive nobody about who speaks, so they are no phishing.
var adverts = map[string]bool{
	"advert": true, "advertisement": true, "pharmacy": true, "diploma": true, "loan": true, "mortgage": true,
	"casino": true, "gambling": true, "adult": true, "dating": true, "popup_blocker": true,
}

// popupThreat is the technique that a popup stands for; nil for plain adverts and clean texts.
func popupThreat(action string, v rules.Verdict, dir decoders.Direction) *threat {
	if action == ActionExploit {
		return exploitThreat(dir == decoders.DirectionInternal)
	}
	return lureThreat(v.Class != rules.Clean, v.Lure)
}

// lureThreat is T1566 for an unwanted text with a lure that is no plain advert.
func lureThreat(unwanted bool, lure string) *threat {
	if !unwanted || lure == "" || adverts[lure] {
		return nil
	}
	return &threatLure
}

func exploitThreat(inside bool) *threat {
	if inside {
		return &threatInside
	}
	return &threatExploit
}

func findingThreat(f *Finding, inside bool) *threat {
	switch f.Class {
	case ActionExploit:
		return exploitThreat(inside)
	case ActionProbe:
		return &threatProbe
	}
	return nil
}
