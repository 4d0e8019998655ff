package event

import (
	"math"
	"time"

	"popupwatch/sensor/spoof"
)

// known is a field of the claim: absent where none is known, and in the document that several sources share.
func known(value appender) appender {
	return func(b []byte, e *Event) []byte {
		if e.Source == nil || e.Rolled != nil && e.Rolled.Rest {
			return b
		}
		return value(b, e)
	}
}

func claimDate(get func(*spoof.Assessment) time.Time) appender {
	return date(func(e *Event) time.Time { return get(e.Source) })
}

func claimFloat(get func(*spoof.Assessment) float64) appender {
	return individual(float(func(e *Event) float64 { return get(e.Source) }))
}

// individual is a field that only a claim of its own has.
func individual(value appender) appender {
	return func(b []byte, e *Event) []byte {
		if e.Claims != nil {
			return b
		}
		return value(b, e)
	}
}

// sourceFields tell how far a source address can be believed. Message documents carry what was known at that moment.
func sourceFields() []Field {
	const in = inSource
	return []Field{
		{Path: "popupwatch.source.state", Type: "keyword", In: inMessage | in | inFinding, append: known(ours(func(e *Event) string { return e.Source.State.String() })),
			About: "How far the source address can be believed: forged_certain, nonroutable_leak, forged_probable, unknown, reachable_unbound or genuine_bound. In messages as known at that moment; the last word is in the source set."},
		{Path: "popupwatch.source.reportable", Type: "boolean", In: inMessage | in | inFinding, append: known(truth(func(e *Event) bool { return reportable(e.Source) })),
			About: "True only for genuine_bound that passes every gate but those of popupwatch report."},
		{Path: "popupwatch.source.claim_id", Type: "keyword", In: inMessage | in, append: known(appendClaimID),
			About: "The claim: clm1- and 80 bits of SHA-256, in base32, over source, campaign, class, hour and the sensor's name."},
		{Path: "popupwatch.source.class", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Source.Key.Class }),
			About: "popup, probe or exploit."},
		{Path: "popupwatch.source.hour", Type: "date", In: in, append: claimDate(func(a *spoof.Assessment) time.Time { return a.Key.Hour }),
			About: "Begin of the hour that the claim is about."},
		{Path: "popupwatch.source.part", Type: "date", In: in, append: claimDate(func(a *spoof.Assessment) time.Time { return a.Part }),
			About: "Packet time of the first packet of this part of the claim."},
		{Path: "popupwatch.source.previous", Type: "keyword", In: in, append: individual(ours(previousState)),
			About: "The state before, where it changed."},
		{Path: "popupwatch.source.decibans", Type: "float", In: in, append: claimFloat(func(a *spoof.Assessment) float64 { return a.Decibans }),
			About: "Sum of the evidence in decibans: positive speaks for a forged address."},
		{Path: "popupwatch.source.posterior.p10", Type: "float", In: in, append: claimFloat(func(a *spoof.Assessment) float64 { return a.Posterior.P10 }),
			About: "Probability that the address is forged, for who thought 10 % of them are."},
		{Path: "popupwatch.source.posterior.p50", Type: "float", In: in, append: claimFloat(func(a *spoof.Assessment) float64 { return a.Posterior.P50 }),
			About: "The same for 50 %."},
		{Path: "popupwatch.source.posterior.p90", Type: "float", In: in, append: claimFloat(func(a *spoof.Assessment) float64 { return a.Posterior.P90 }),
			About: "The same for 90 %."},
		{Path: "popupwatch.source.evidence", Type: "object", In: in, append: individual(appendEvidence),
			About: "The evidence, row by row, at most 64."},
		{Path: "popupwatch.source.evidence.id", Type: "keyword", In: in, About: "Name of the evidence in the catalogue."},
		{Path: "popupwatch.source.evidence.group", Type: "keyword", In: in, About: "Its group: within one the strongest counts alone."},
		{Path: "popupwatch.source.evidence.decibans", Type: "float", In: in, About: "Its weight."},
		{Path: "popupwatch.source.evidence.text", Type: "text", In: in, About: "A sentence that an analyst can sign."},
		{Path: "popupwatch.source.evidence.packets", Type: "long", In: in, About: "Numbers of the frames that show it, over the run, at most 16."},
		{Path: "popupwatch.source.conflict", Type: "boolean", In: in, append: individual(truth(func(e *Event) bool { return e.Source.Conflict })),
			About: "True where the evidence contradicts itself."},
		{Path: "popupwatch.source.emitter", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Source.Emitter }),
			About: "The group of sources that is one machine, if shown."},
		{Path: "popupwatch.source.messages", Type: "long", In: in, append: number(func(e *Event) uint64 { return e.Source.Messages }),
			About: "Messages of this part of the claim."},
		{Path: "popupwatch.source.targets", Type: "long", In: in, append: individual(number(func(e *Event) uint64 { return e.Source.Targets })),
			About: "Addresses they went to; exact up to 1,024."},
		{Path: "popupwatch.source.targets_estimated", Type: "boolean", In: in, append: individual(mark(func(e *Event) bool { return e.Source.TargetsEstimated })),
			About: "True where targets is estimated. Else absent."},
		{Path: "popupwatch.source.claims", Type: "long", In: in, append: numberIf(sharedClaims),
			About: "How many claims share this document, where a campaign's hour had too many to tell apart. Else absent."},
		{Path: "popupwatch.source.first_seen", Type: "date", In: in, append: claimDate(func(a *spoof.Assessment) time.Time { return a.First }),
			About: "Packet time of the first message."},
		{Path: "popupwatch.source.last_seen", Type: "date", In: in, append: claimDate(func(a *spoof.Assessment) time.Time { return a.Last }),
			About: "Packet time of the last message."},
		{Path: "popupwatch.source.final", Type: "boolean", In: in, append: truth(func(e *Event) bool { return e.Source.Final }),
			About: "True in the last document of this part of the claim."},
	}
}

func appendClaimID(b []byte, e *Event) []byte {
	if !e.hasClaim {
		return b
	}
	b = append(b, '"')
	b = append(b, e.claim[:]...)
	return append(b, '"')
}

func previousState(e *Event) string {
	if e.Source.Previous == e.Source.State {
		return ""
	}
	return e.Source.Previous.String()
}

func sharedClaims(e *Event) uint64 {
	if e.Claims == nil {
		return 0
	}
	return e.Claims.Claims
}

func appendEvidence(b []byte, e *Event) []byte {
	rows := e.Source.Evidence
	if len(rows) == 0 {
		return b
	}
	b = append(b, '[')
	for i := range rows[:min(len(rows), listRoom)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEvidenceRow(b, &rows[i])
	}
	return append(b, ']')
}

func appendEvidenceRow(b []byte, v *spoof.Evidence) []byte {
	b = append(b, `{"id":`...)
	b = appendString(b, v.ID)
	b = append(b, `,"group":`...)
	b = appendString(b, v.Group)
	if !math.IsNaN(v.Decibans) && !math.IsInf(v.Decibans, 0) {
		b = append(b, `,"decibans":`...)
		b = appendFloat(b, v.Decibans)
	}
	b = append(b, `,"text":`...)
	b = appendString(b, v.Text)
	if len(v.Packets) > 0 {
		b = append(b, `,"packets":`...)
		b = appendNumbers(b, v.Packets, 16)
	}
	return append(b, '}')
}
