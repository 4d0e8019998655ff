package event

import (
	"strconv"
)

// appendLine appends the line for people. It names no address that is not proven, and none that a text names.
func appendLine(b []byte, e *Event) []byte {
	b = append(b, '"')
	switch e.Set {
	case SetMessage:
		b = appendPopupLine(b, e)
	case SetSource:
		b = appendSourceLine(b, e)
	case SetCampaign:
		b = appendCampaignLine(b, e)
	case SetFinding:
		b = appendFindingLine(b, e)
	case SetSensor:
		b = appendStatsLine(b, e)
	}
	return append(b, '"')
}

func appendPopupLine(b []byte, e *Event) []byte {
	b = e.recall(b, appendPopupLead)
	return appendQuoted(b, e, e.Message.Text.Shown)
}

// appendPopupLead appends what popups that concluded the same say alike.
func appendPopupLead(b []byte, e *Event) []byte {
	what := "Messenger popup"
	if e.Action == ActionExploit {
		what = "Messenger exploit attempt"
	}
	if n := e.Count(); n != 1 {
		b = append(strconv.AppendUint(b, n, 10), ' ')
		b = append(append(b, what...), 's')
	} else {
		b = append(b, what...)
	}
	b = append(b, ", "...)
	b = append(b, e.Verdict.Class.String()...)
	b = append(b, ' ')
	b = appendFloat(b, e.Verdict.Score)
	if h := e.strongest(); h != nil {
		b = append(b, " ("...)
		b = append(appendEscaped(b, h.Rule), ')')
	}
	return appendOf(b, string(e.Membership.ID))
}

func appendOf(b []byte, id string) []byte {
	if id == "" {
		return b
	}
	b = append(b, ", campaign "...)
	return appendEscaped(b, id)
}

// appendQuoted appends an excerpt of a text, if privacy lets it be seen as it is.
func appendQuoted(b []byte, e *Event, s string) []byte {
	if s == "" || e.private() != PrivacyKeep {
		return b
	}
	b = append(b, `: \"`...)
	b = appendExcerpt(b, s)
	return append(b, `\"`...)
}

func appendSourceLine(b []byte, e *Event) []byte {
	a := e.Source
	switch {
	case e.Claims != nil:
		b = strconv.AppendUint(b, e.Claims.Claims, 10)
		b = append(b, " claimed sources are "...)
	case e.proven():
		b = append(b, "Source "...)
		b = a.Key.Source.WithZone("").AppendTo(b)
		b = append(b, " is "...)
	default:
		b = append(b, "A claimed source is "...)
	}
	b = append(b, a.State.String()...)
	b = append(b, " ("...)
	b = appendCount(b, a.Messages, "message", ")")
	return appendOf(b, a.Key.Campaign)
}

// appendCount appends a number with its noun, in the plural where due.
func appendCount(b []byte, n uint64, noun, after string) []byte {
	b = strconv.AppendUint(b, n, 10)
	b = append(b, ' ')
	b = append(b, noun...)
	if n != 1 {
		if noun[len(noun)-1] == 's' {
			b = append(b, 'e')
		}
		b = append(b, 's')
	}
	return append(b, after...)
}

func appendCampaignLine(b []byte, e *Event) []byte {
	u := e.Campaign
	b = append(b, "Messenger campaign "...)
	b = appendEscaped(b, string(u.ID))
	b = append(b, ' ')
	b = append(b, e.Action[len("campaign_"):]...)
	b = append(b, ", "...)
	b = appendEscaped(b, u.Standing.Verdict)
	b = append(b, ", "...)
	b = appendCount(b, u.Messages, "message", " from ")
	b = appendCount(b, u.Sources.N, "claimed source", " to ")
	b = appendCount(b, u.Targets.N, "address", "")
	return appendQuoted(b, e, u.SampleText)
}

func appendFindingLine(b []byte, e *Event) []byte {
	what := e.Finding.Class
	switch what {
	case ActionBackscatter:
		what = "A popup was refused by ICMP: who is told of it need not have sent it"
	case ActionExploit:
		what = "Messenger exploit attempt"
	case ActionProbe:
		what = "Probe for the Messenger service"
	case ActionExposedHost:
		what = "A home host answers Messenger calls from outside"
	case ActionInsideSender:
		what = "A home host sends popups"
	}
	b = appendEscaped(b, what)
	b = append(b, ", seen "...)
	return appendCount(b, e.Finding.Count, "time", "")
}

func appendStatsLine(b []byte, e *Event) []byte {
	b = appendCount(b, e.Stats.Frames, "frame", ", ")
	b = appendCount(b, e.Stats.Messages, "popup", ", ")
	return appendCount(b, e.Stats.KernelDropped+e.Stats.InterfaceDropped, "frame", " dropped")
}
