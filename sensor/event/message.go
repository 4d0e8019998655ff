package event

import (
	"net/netip"

	"popupwatch/decoders/text"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
)

// private says what of the document's texts is kept: all of unwanted ones, and of clean ones what privacy.clean says.
func (e *Event) private() Privacy {
	switch {
	case e.Set == SetMessage && e.Verdict.Class == rules.Clean, e.Set == SetCampaign && e.Campaign.Standing.Level == int(rules.Clean):
		return e.builder.config.Privacy
	}
	return PrivacyKeep
}

// guarded appends a string that privacy.clean governs.
func guarded(get func(*Event) string) appender {
	return func(b []byte, e *Event) []byte {
		s := get(e)
		if s == "" {
			return b
		}
		return appendPrivate(b, e.private(), s)
	}
}

// appendGuardedList appends a name and a list that privacy governs, unless that is empty.
func appendGuardedList(b []byte, p Privacy, name string, words []string) []byte {
	if len(words) == 0 {
		return b
	}
	b = append(append(b, name...), '[')
	for _, w := range words[:min(len(words), listRoom)] {
		b = append(appendPrivate(b, p, w), ',')
	}
	b[len(b)-1] = ']'
	return append(b, ',')
}

// messageFields tell of the popup itself.
func messageFields() []Field {
	t := object("popupwatch.message", inMessage, appendMessage, "The popup.",
		Field{Path: "from", Type: "keyword", About: "Who the popup says it is from, as Windows shows it; nobody checks that."},
		Field{Path: "to", Type: "keyword", About: "Whom the popup says it is to, as Windows shows it."},
		Field{Path: "text", Type: "text", About: "The text, decoded, cut at the first NUL, as Windows shows it."},
		Field{Path: "code_page", Type: "keyword", About: "Code page that from, to and text are shown in."},
		Field{Path: "raw", Type: "binary", About: "Base64 of the text's octets as they arrived, where decoding was not exact."},
		Field{Path: "from_raw", Type: "binary", About: "The same of from."},
		Field{Path: "to_raw", Type: "binary", About: "The same of to."},
		Field{Path: "anomalies", Type: "keyword", About: "What a strict receiver would refuse, or what gives a tool away."},
		Field{Path: "shape", Type: "keyword", About: "exploit: an attempt at the buffer of the service (MS03-043); malformed: counts that a receiver refuses; long: above 1,024 octets. Else absent."},
		Field{Path: "traits", Type: "keyword", About: "What made the shape, in words: text-above-2200, line-break-run-64, name-above-256, ..."},
		Field{Path: "partial", Type: "boolean", About: "True where a fragment is missing: the text is what arrived. Else absent."},
		Field{Path: "retransmit", Type: "boolean", About: "True where the same whole call was seen less than 60 s before. Else absent."},
		Field{Path: "first", Type: "boolean", About: "True for the first message of a submission: count these to count what senders did. Else absent."},
		Field{Path: "count", Type: "long", About: "How many messages the document stands for: 1 unless rolled up."},
		Field{Path: "targets", Type: "long", About: "How many addresses they went to; exact up to 1,024."},
		Field{Path: "targets_estimated", Type: "boolean", About: "True where targets is estimated. Else absent."},
		Field{Path: "sources", Type: "long", About: "In the document that the surplus sources of a bucket share: how many; exact up to 1,024."},
		Field{Path: "sources_estimated", Type: "boolean", About: "True where sources is estimated. Else absent."},
		Field{Path: "destinations", Type: "ip", About: "The addresses they went to, the first 64."},
		Field{Path: "first_seen", Type: "date", About: "Packet time of the first message; of one with a missing fragment, of its first frame."},
		Field{Path: "last_seen", Type: "date", About: "Packet time of the last message."},
		Field{Path: "packets", Type: "long", About: "Numbers of the frames that the message came in, over the run, the first 16; of a bucket, those of its first message."},
	)
	return append(t, Field{Path: "popupwatch.route", Type: "keyword", In: inMessage, rests: onConclusion, append: ours(func(e *Event) string { return e.Message.Route.String() }),
		About: "rpc_udp, smb_tcp or mailslot_udp."})
}

func appendMessage(b []byte, e *Event) []byte {
	b = append(b, '{')
	b = e.appendTexts(b)
	m := e.Message
	if len(m.Anomalies) > 0 {
		b = append(b, `"anomalies":`...)
		b = append(appendWords(b, m.Anomalies), ',')
	}
	b = appendNamed(b, `"shape":`, m.Shape.String())
	if len(m.Traits) > 0 {
		b = append(b, `"traits":`...)
		b = append(appendWords(b, m.Traits), ',')
	}
	b = appendTrue(b, `"partial":true,`, m.Partial)
	b = appendTrue(b, `"retransmit":true,`, m.Retransmit)
	b = appendTrue(b, `"first":true,`, m.First)
	b = e.appendCounts(b)
	if len(m.Frames) > 0 {
		b = append(b, `"packets":`...)
		b = append(appendNumbers(b, m.Frames, 16), ',')
	}
	b[len(b)-1] = '}'
	return b
}

// appendTexts appends what was said. A pseudonym beside the octets it stands for would be none: privacy drops them.
func (e *Event) appendTexts(b []byte) []byte {
	m, p := e.Message, e.private()
	b = appendGuarded(b, p, `"from":`, m.From.Shown)
	b = appendGuarded(b, p, `"to":`, m.To.Shown)
	b = appendGuarded(b, p, `"text":`, m.Text.Shown)
	b = appendSaid(b, `"code_page":`, string(m.Page))
	if p != PrivacyKeep || m.Text.Exact && m.From.Exact && m.To.Exact {
		return b
	}
	b = appendRaw(b, `"raw":`, &m.Text)
	b = appendRaw(b, `"from_raw":`, &m.From)
	return appendRaw(b, `"to_raw":`, &m.To)
}

// appendGuarded appends a name and a text that privacy governs.
func appendGuarded(b []byte, p Privacy, name, s string) []byte {
	if s == "" || p == PrivacyDrop {
		return b
	}
	b = append(b, name...)
	b = appendPrivate(b, p, s)
	return append(b, ',')
}

// appendRaw appends a name and octets that decoding lost something of.
func appendRaw(b []byte, name string, s *text.String) []byte {
	if s.Exact || s.Raw == "" {
		return b
	}
	b = append(b, name...)
	b = appendBase64(b, s.Raw)
	return append(b, ',')
}

func appendTrue(b []byte, text string, is bool) []byte {
	if is {
		b = append(b, text...)
	}
	return b
}

// appendCounts appends what a rolled-up document counts; a message of its own is one.
func (e *Event) appendCounts(b []byte) []byte {
	r, w, one := e.Rolled, e.builder, Rolled{}
	if r == nil {
		to := [1]netip.Addr{e.Message.Dst.Addr()}
		one = Rolled{Count: 1, TargetCount: campaign.Count{N: 1}, First: e.Message.Time, Last: e.Message.Time, Targets: to[:]}
		r = &one
	}
	b = appendCounted(b, `"count":`, r.Count)
	b = appendCounted(b, `"targets":`, r.TargetCount.N)
	b = appendTrue(b, `"targets_estimated":true,`, r.TargetCount.Estimated)
	if r.Rest {
		b = appendCounted(b, `"sources":`, r.SourceCount.N)
		b = appendTrue(b, `"sources_estimated":true,`, r.SourceCount.Estimated)
	}
	b = append(b, `"destinations":`...)
	b = append(w.addresses.appendList(b, r.Targets), ',')
	b = w.stamps.appendNamed(b, `"first_seen":`, r.First)
	return w.stamps.appendNamed(b, `"last_seen":`, r.Last)
}
