package event

import (
	"net/netip"
	"time"

	"popupwatch/decoders"
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

// guardedList appends a list that privacy.clean governs.
func guardedList(get func(*Event) []string) appender {
	return func(b []byte, e *Event) []byte {
		words := get(e)
		switch p := e.private(); {
		case len(words) == 0 || p == PrivacyDrop:
			return b
		case p == PrivacyKeep:
			return appendWords(b, words)
		}
		b = append(b, '[')
		for i, w := range words[:min(len(words), listRoom)] {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendPrivate(b, PrivacyHash, w)
		}
		return append(b, ']')
	}
}

// messageFields tell of the popup itself.
func messageFields() []Field {
	const in = inMessage
	return []Field{
		{Path: "popupwatch.message.from", Type: "keyword", In: in, append: guarded(func(e *Event) string { return e.Message.From.Shown }),
			About: "Who the popup says it is from, as Windows shows it; nobody checks that."},
		{Path: "popupwatch.message.to", Type: "keyword", In: in, append: guarded(func(e *Event) string { return e.Message.To.Shown }),
			About: "Whom the popup says it is to, as Windows shows it."},
		{Path: "popupwatch.message.text", Type: "text", In: in, append: guarded(func(e *Event) string { return e.Message.Text.Shown }),
			About: "The text, decoded, cut at the first NUL, as Windows shows it."},
		{Path: "popupwatch.message.code_page", Type: "keyword", In: in, append: word(func(e *Event) string { return string(e.Message.Page) }),
			About: "Code page that from, to and text are shown in."},
		{Path: "popupwatch.message.raw", Type: "binary", In: in, append: appendRaw(func(m *decoders.Message) (string, bool) { return m.Text.Raw, m.Text.Exact }),
			About: "Base64 of the text's octets as they arrived, where decoding was not exact."},
		{Path: "popupwatch.message.from_raw", Type: "binary", In: in, append: appendRaw(func(m *decoders.Message) (string, bool) { return m.From.Raw, m.From.Exact }),
			About: "The same of from."},
		{Path: "popupwatch.message.to_raw", Type: "binary", In: in, append: appendRaw(func(m *decoders.Message) (string, bool) { return m.To.Raw, m.To.Exact }),
			About: "The same of to."},
		{Path: "popupwatch.message.anomalies", Type: "keyword", In: in, append: list(func(e *Event) []string { return e.Message.Anomalies }),
			About: "What a strict receiver would refuse, or what gives a tool away."},
		{Path: "popupwatch.message.partial", Type: "boolean", In: in, append: mark(func(e *Event) bool { return e.Message.Partial }),
			About: "True where a fragment is missing: the text is what arrived. Else absent."},
		{Path: "popupwatch.message.retransmit", Type: "boolean", In: in, append: mark(func(e *Event) bool { return e.Message.Retransmit }),
			About: "True where the same whole call was seen less than 60 s before. Else absent."},
		{Path: "popupwatch.message.first", Type: "boolean", In: in, append: mark(func(e *Event) bool { return e.Message.First }),
			About: "True for the first message of a submission: count these to count what senders did. Else absent."},
		{Path: "popupwatch.message.count", Type: "long", In: in, append: number((*Event).Count),
			About: "How many messages the document stands for: 1 unless rolled up."},
		{Path: "popupwatch.message.targets", Type: "long", In: in, append: number(func(e *Event) uint64 { return e.rolledCount(true).N }),
			About: "How many addresses they went to; exact up to 1,024."},
		{Path: "popupwatch.message.targets_estimated", Type: "boolean", In: in, append: mark(func(e *Event) bool { return e.rolledCount(true).Estimated }),
			About: "True where targets is estimated. Else absent."},
		{Path: "popupwatch.message.sources", Type: "long", In: in, append: numberIf(func(e *Event) uint64 { return e.rolledCount(false).N }),
			About: "In the document that the surplus sources of a bucket share: how many; exact up to 1,024."},
		{Path: "popupwatch.message.sources_estimated", Type: "boolean", In: in, append: mark(func(e *Event) bool { return e.rolledCount(false).Estimated }),
			About: "True where sources is estimated. Else absent."},
		{Path: "popupwatch.message.destinations", Type: "ip", In: in, append: appendDestinations,
			About: "The addresses they went to, the first 64."},
		{Path: "popupwatch.message.first_seen", Type: "date", In: in, append: date(func(e *Event) time.Time { return e.span(false) }),
			About: "Packet time of the first message; of one with a missing fragment, of its first frame."},
		{Path: "popupwatch.message.last_seen", Type: "date", In: in, append: date(func(e *Event) time.Time { return e.span(true) }),
			About: "Packet time of the last message."},
		{Path: "popupwatch.message.packets", Type: "long", In: in,
			append: func(b []byte, e *Event) []byte { return appendNumbers(b, e.Message.Frames, 16) },
			About:  "Numbers of the frames that the message came in, over the run, the first 16; of a bucket, those of its first message."},
		{Path: "popupwatch.route", Type: "keyword", In: in, append: ours(func(e *Event) string { return e.Message.Route.String() }),
			About: "rpc_udp, smb_tcp or mailslot_udp."},
	}
}

// rolledCount is how many targets or sources a message document stands for.
func (e *Event) rolledCount(targets bool) campaign.Count {
	switch {
	case e.Rolled != nil && targets:
		return e.Rolled.TargetCount
	case e.Rolled != nil && e.Rolled.Rest:
		return e.Rolled.SourceCount
	case targets:
		return campaign.Count{N: 1}
	}
	return campaign.Count{}
}

func (e *Event) span(last bool) time.Time {
	if e.Rolled != nil && last {
		return e.Rolled.Last
	}
	if e.Rolled != nil {
		return e.Rolled.First
	}
	return e.Message.Time
}

func appendDestinations(b []byte, e *Event) []byte {
	if e.Rolled != nil {
		return e.builder.addresses.appendList(b, e.Rolled.Targets)
	}
	one := [1]netip.Addr{e.Message.Dst.Addr()}
	if !one[0].IsValid() {
		return b
	}
	return e.builder.addresses.appendList(b, one[:])
}

// appendRaw appends octets that decoding lost something of. A pseudonym beside its octets would be none: privacy drops them.
func appendRaw(get func(*decoders.Message) (string, bool)) appender {
	return func(b []byte, e *Event) []byte {
		raw, exact := get(e.Message)
		if exact || raw == "" || e.private() != PrivacyKeep {
			return b
		}
		return appendBase64(b, raw)
	}
}
