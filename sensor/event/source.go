package event

import (
	"strconv"

	"popupwatch/sensor/spoof"
)

// sourceFields tell how far a source address can be believed. Message documents carry what was known at that moment.
func sourceFields() []Field {
	const all, in = inMessage | inSource | inFinding, inSource
	return object("popupwatch.source", all, appendSource, "How far the source address can be believed; absent where several sources share the document of a bucket.",
		Field{Path: "state", Type: "keyword",
			About: "How far the source address can be believed: forged_certain, nonroutable_leak, forged_probable, unknown, reachable_unbound or genuine_bound. In messages as known at that moment; the last word is in the source set."},
		Field{Path: "reportable", Type: "boolean", About: "True only for genuine_bound that passes every gate but those of popupwatch report."},
		Field{Path: "claim_id", Type: "keyword", In: inMessage | in,
			About: "The claim: clm1- and 80 bits of SHA-256, in base32, over source, campaign, class, hour and the sensor's name."},
		Field{Path: "class", Type: "keyword", In: in, About: "popup, probe or exploit."},
		Field{Path: "hour", Type: "date", In: in, About: "Begin of the hour that the claim is about."},
		Field{Path: "part", Type: "date", In: in, About: "Packet time of the first packet of this part of the claim."},
		Field{Path: "previous", Type: "keyword", In: in, About: "The state before, where it changed."},
		Field{Path: "decibans", Type: "float", In: in, About: "Sum of the evidence in decibans: positive speaks for a forged address."},
		Field{Path: "posterior.p10", Type: "float", In: in, About: "Probability that the address is forged, for who thought 10 % of them are."},
		Field{Path: "posterior.p50", Type: "float", In: in, About: "The same for 50 %."},
		Field{Path: "posterior.p90", Type: "float", In: in, About: "The same for 90 %."},
		Field{Path: "evidence", Type: "object", In: in, About: "The evidence, row by row, at most 64."},
		Field{Path: "evidence.id", Type: "keyword", In: in, About: "Name of the evidence in the catalogue."},
		Field{Path: "evidence.group", Type: "keyword", In: in, About: "Its group: within one the strongest counts alone."},
		Field{Path: "evidence.decibans", Type: "float", In: in, About: "Its weight."},
		Field{Path: "evidence.text", Type: "text", In: in, About: "A sentence that an analyst can sign."},
		Field{Path: "evidence.packets", Type: "long", In: in, About: "Numbers of the frames that show it, over the run, at most 16."},
		Field{Path: "conflict", Type: "boolean", In: in, About: "True where the evidence contradicts itself."},
		Field{Path: "refused_by", Type: "keyword", In: in, About: "Of a proven source that is not reportable, the gates that refuse: proof_not_held, own_address, allow_listed, not_spam, few_messages, single_proof, conflict, capture_loss, watch_cut_short. Else absent."},
		Field{Path: "emitter", Type: "keyword", In: in, About: "The group of sources that is one machine, if shown."},
		Field{Path: "messages", Type: "long", In: in, About: "Messages of this part of the claim."},
		Field{Path: "targets", Type: "long", In: in, About: "Addresses they went to; exact up to 1,024."},
		Field{Path: "targets_estimated", Type: "boolean", In: in, About: "True where targets is estimated. Else absent."},
		Field{Path: "claims", Type: "long", In: in,
			About: "How many claims share this document, where a campaign's hour had too many to tell apart. Else absent."},
		Field{Path: "first_seen", Type: "date", In: in, About: "Packet time of the first message."},
		Field{Path: "last_seen", Type: "date", In: in, About: "Packet time of the last message."},
		Field{Path: "final", Type: "boolean", In: in, About: "True in the last document of this part of the claim."},
	)
}

func appendSource(b []byte, e *Event) []byte {
	if e.Source == nil || e.Rolled != nil && e.Rolled.Rest {
		return b
	}
	b = e.recall(b, appendState)
	if e.hasClaim {
		b = append(b, `"claim_id":"`...)
		b = append(b, e.claim[:]...)
		b = append(b, '"', ',')
	}
	if e.Set == SetSource {
		b = e.appendClaim(b)
	}
	b[len(b)-1] = '}'
	return b
}

// appendState appends what claims of one conclusion say alike.
func appendState(b []byte, e *Event) []byte {
	b = append(b, '{')
	b = appendNamed(b, `"state":`, e.Source.State.String())
	b = append(b, `"reportable":`...)
	return append(strconv.AppendBool(b, reportable(e.Source)), ',')
}

// appendClaim appends what only the documents of claims carry.
func (e *Event) appendClaim(b []byte) []byte {
	a, at := e.Source, &e.builder.stamps
	b = appendNamed(b, `"class":`, a.Key.Class)
	b = at.appendNamed(b, `"hour":`, a.Key.Hour)
	b = at.appendNamed(b, `"part":`, a.Part)
	if e.Claims == nil {
		b = e.appendWeight(b)
	}
	b = appendSaid(b, `"emitter":`, a.Emitter)
	b = appendCounted(b, `"messages":`, a.Messages)
	if e.Claims == nil {
		b = appendCounted(b, `"targets":`, a.Targets)
		b = appendTrue(b, `"targets_estimated":true,`, a.TargetsEstimated)
	} else {
		b = appendCounted(b, `"claims":`, e.Claims.Claims)
	}
	b = at.appendNamed(b, `"first_seen":`, a.First)
	b = at.appendNamed(b, `"last_seen":`, a.Last)
	b = append(b, `"final":`...)
	return append(strconv.AppendBool(b, a.Final), ',')
}

// appendWeight appends what was thought before, and what speaks for and against a claim of its own.
func (e *Event) appendWeight(b []byte) []byte {
	a := e.Source
	if a.Previous != a.State {
		b = appendNamed(b, `"previous":`, a.Previous.String())
	}
	b = appendWeighed(b, `"decibans":`, a.Decibans)
	start := len(b)
	b = append(b, `"posterior":{`...)
	open := len(b)
	b = appendWeighed(b, `"p10":`, a.Posterior.P10)
	b = appendWeighed(b, `"p50":`, a.Posterior.P50)
	b = appendWeighed(b, `"p90":`, a.Posterior.P90)
	if len(b) == open {
		b = b[:start]
	} else {
		b[len(b)-1] = '}'
		b = append(b, ',')
	}
	b = appendEvidence(b, a.Evidence)
	if a.State == spoof.GenuineBound && len(a.Refusals) > 0 {
		b = append(appendWords(append(b, `"refused_by":`...), a.Refusals), ',')
	}
	b = append(b, `"conflict":`...)
	return append(strconv.AppendBool(b, a.Conflict), ',')
}

// appendWeighed appends a name and a number, unless JSON cannot say it.
func appendWeighed(b []byte, name string, f float64) []byte {
	start := len(b)
	b = append(b, name...)
	named := len(b)
	if b = appendFloat(b, f); len(b) == named {
		return b[:start]
	}
	return append(b, ',')
}

func appendEvidence(b []byte, rows []spoof.Evidence) []byte {
	if len(rows) == 0 {
		return b
	}
	b = append(b, `"evidence":[`...)
	for i := range rows[:min(len(rows), listRoom)] {
		b = append(appendEvidenceRow(b, &rows[i]), ',')
	}
	b[len(b)-1] = ']'
	return append(b, ',')
}

func appendEvidenceRow(b []byte, v *spoof.Evidence) []byte {
	b = append(b, `{"id":`...)
	b = appendWord(b, v.ID)
	b = append(b, `,"group":`...)
	b = append(appendWord(b, v.Group), ',')
	b = appendWeighed(b, `"decibans":`, v.Decibans)
	b = append(b, `"text":`...)
	b = appendString(b, v.Text)
	if len(v.Packets) > 0 {
		b = append(b, `,"packets":`...)
		b = appendNumbers(b, v.Packets, 16)
	}
	return append(b, '}')
}
