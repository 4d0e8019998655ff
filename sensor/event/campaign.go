package event

import (
	"strconv"
	"time"

	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

func updateDate(get func(*campaign.Update) time.Time) appender {
	return date(func(e *Event) time.Time { return get(e.Campaign) })
}

func updateNumber(get func(*campaign.Update) uint64) appender {
	return number(func(e *Event) uint64 { return get(e.Campaign) })
}

// campaignFields tell of one text template with all its variants.
func campaignFields() []Field {
	const in = inCampaign
	t := []Field{
		{Path: "popupwatch.campaign.part", Type: "date", In: in, append: updateDate(func(u *campaign.Update) time.Time { return u.Part }),
			About: "Packet time of the first packet of this part of the campaign."},
		{Path: "popupwatch.campaign.first_seen", Type: "date", In: in, append: updateDate(func(u *campaign.Update) time.Time { return u.First }),
			About: "Packet time of the part's first message."},
		{Path: "popupwatch.campaign.last_seen", Type: "date", In: in, append: updateDate(func(u *campaign.Update) time.Time { return u.Last }),
			About: "Packet time of the part's last message."},
		{Path: "popupwatch.campaign.messages", Type: "long", In: in, append: updateNumber(func(u *campaign.Update) uint64 { return u.Messages }),
			About: "Messages of the part."},
		{Path: "popupwatch.campaign.submissions", Type: "long", In: in, append: updateNumber(func(u *campaign.Update) uint64 { return u.Submissions }),
			About: "What the senders did: a popup to several ports, or again, is one."},
		{Path: "popupwatch.campaign.sources", Type: "long", In: in, append: updateNumber(func(u *campaign.Update) uint64 { return u.Sources.N }),
			About: "Source addresses; exact up to 1,024."},
		{Path: "popupwatch.campaign.sources_estimated", Type: "boolean", In: in, append: mark(func(e *Event) bool { return e.Campaign.Sources.Estimated }),
			About: "True where sources is estimated. Else absent."},
		{Path: "popupwatch.campaign.targets", Type: "long", In: in, append: updateNumber(func(u *campaign.Update) uint64 { return u.Targets.N }),
			About: "Destination addresses; exact up to 1,024."},
		{Path: "popupwatch.campaign.targets_estimated", Type: "boolean", In: in, append: mark(func(e *Event) bool { return e.Campaign.Targets.Estimated }),
			About: "True where targets is estimated. Else absent."},
		{Path: "popupwatch.campaign.ports", Type: "object", In: in, append: appendPorts, About: "Destination ports, ascending, at most 64."},
		{Path: "popupwatch.campaign.ports.port", Type: "long", In: in, About: "Destination port."},
		{Path: "popupwatch.campaign.ports.count", Type: "long", In: in, About: "Messages that went to it."},
		{Path: "popupwatch.campaign.routes", Type: "keyword", In: in, append: list(func(e *Event) []string { return e.Campaign.Routes }),
			About: "Roads that the messages took."},
	}
	t = append(t, lifeFields()...)
	t = append(t, keyFields()...)
	t = append(t, sampleFields()...)
	t = append(t, stateFields()...)
	return append(t,
		Field{Path: "popupwatch.campaign.emitters", Type: "keyword", In: in, append: list(func(e *Event) []string { return e.Campaign.Emitters }),
			About: "Groups of sources that are one machine each, at most 64."},
		Field{Path: "popupwatch.campaign.reportable_sources", Type: "long", In: in, append: updateNumber(func(u *campaign.Update) uint64 { return u.ReportableSources }),
			About: "Sources whose last claim is reportable."},
		Field{Path: "popupwatch.campaign.related", Type: "object", In: in, append: appendRelations, About: "Other campaigns that have something in common, at most 8. None of it says that they are one."},
		Field{Path: "popupwatch.campaign.related.id", Type: "keyword", In: in, About: "The other campaign."},
		Field{Path: "popupwatch.campaign.related.by", Type: "keyword", In: in, About: "What is in common: site (or telephone, mail address), tool, template."},
		Field{Path: "popupwatch.campaign.atlas", Type: "keyword", In: in, append: list(func(e *Event) []string { return e.Campaign.Atlas }),
			About: "Names of campaigns and tools of history that it is a variant of, by the atlas. A name says what was seen before, not who sent it."},
		Field{Path: "popupwatch.campaign.final", Type: "boolean", In: in, append: truth(func(e *Event) bool { return e.Campaign.Final() }),
			About: "True in the last document of this part."},
	)
}

// lifeFields tell how a campaign went on, and what was used for it.
func lifeFields() []Field {
	const in = inCampaign
	return []Field{
		{Path: "popupwatch.campaign.hours", Type: "object", In: in, append: appendHours, About: "The part's rate: the latest 24 hours that had messages."},
		{Path: "popupwatch.campaign.hours.hour", Type: "date", In: in, About: "Beginning of the hour."},
		{Path: "popupwatch.campaign.hours.count", Type: "long", In: in, About: "Messages in it."},
		{Path: "popupwatch.campaign.sweep", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Campaign.Sweep }),
			About: "Order in which the part's targets came: up, down, strided (as far each time), random; absent where that does not show."},
		{Path: "popupwatch.campaign.tool", Type: "keyword", In: in, append: list(func(e *Event) []string { return e.Campaign.Tool }),
			About: "Habits of the program that made the calls, as nine of ten show them: flags_28, names_of_16 (From and To take so many octets), names_stale (octets of another text behind the NUL), udp_checksum_zero, ip_id_zero, ip_id_counts, object_set, uuid_tail_... (constant end of the activity UUIDs)."},
	}
}

// sampleFields show what the texts say.
func sampleFields() []Field {
	const in = inCampaign
	return []Field{
		{Path: "popupwatch.campaign.sample.from", Type: "keyword", In: in, append: guarded(func(e *Event) string { return e.Campaign.SampleFrom }),
			About: "From of one message; privacy.clean governs it while the campaign scores clean, as the texts below."},
		{Path: "popupwatch.campaign.sample.to", Type: "keyword", In: in, append: guarded(func(e *Event) string { return e.Campaign.SampleTo }),
			About: "To of the same message."},
		{Path: "popupwatch.campaign.sample.text", Type: "text", In: in, append: guarded(func(e *Event) string { return e.Campaign.SampleText }),
			About: "Text of the same message."},
		{Path: "popupwatch.campaign.template", Type: "text", In: in, append: guarded(func(e *Event) string { return e.Campaign.Template }),
			About: "What the variants have in common, as far as they were compared: {url}, {phone}, {ip}, {mail}, {money}, {code}, {number} stand for what the normal form replaces, ... for words that vary."},
		{Path: "popupwatch.campaign.language", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Campaign.Language }),
			About: "Language of the sample, as far as its script or its most common words tell: en, de, fr, es, nl, ru, ko, ja, zh."},
		{Path: "popupwatch.campaign.lure", Type: "keyword", In: in, append: word(func(e *Event) string { return e.Campaign.Standing.Lure }),
			About: "What the texts lure with; absent without a lure."},
	}
}

// stateFields count the campaign's sources by the state of each one's last claim.
func stateFields() []Field {
	var t []Field
	for s := range spoof.State(spoof.StateCount) {
		t = append(t, Field{Path: "popupwatch.campaign.sources_by_state." + s.String(), Type: "long", In: inCampaign,
			append: updateNumber(func(u *campaign.Update) uint64 { return u.SourcesByState[s] }),
			About:  "Sources whose last claim is " + s.String() + "."})
	}
	return t
}

// keyFields are what the texts advertise.
func keyFields() []Field {
	var t []Field
	for _, k := range []struct {
		name, about string
		get         func(*campaign.Update) []campaign.Key
	}{
		{"domains", "Registrable domains", func(u *campaign.Update) []campaign.Key { return u.Domains }},
		{"urls", "URLs", func(u *campaign.Update) []campaign.Key { return u.URLs }},
		{"phones", "Telephone numbers", func(u *campaign.Update) []campaign.Key { return u.Phones }},
		{"emails", "E-mail addresses", func(u *campaign.Update) []campaign.Key { return u.Emails }},
	} {
		path := "popupwatch.campaign.keys." + k.name
		t = append(t,
			Field{Path: path, Type: "object", In: inCampaign, append: keys(k.get), About: k.about + " that the campaign advertises, the most frequent first."},
			Field{Path: path + ".value", Type: "keyword", In: inCampaign, About: "What is advertised."},
			Field{Path: path + ".count", Type: "long", In: inCampaign, About: "Messages that advertise it."},
			Field{Path: path + ".first", Type: "date", In: inCampaign, About: "When it was first seen."},
			Field{Path: path + ".last", Type: "date", In: inCampaign, About: "When it was last seen."},
		)
	}
	return t
}

func keys(get func(*campaign.Update) []campaign.Key) appender {
	return func(b []byte, e *Event) []byte {
		p := e.private()
		if p == PrivacyDrop {
			return b
		}
		return appendEach(b, get(e.Campaign), func(b []byte, k *campaign.Key) []byte { return e.appendKey(b, p, k) })
	}
}

func (e *Event) appendKey(b []byte, p Privacy, k *campaign.Key) []byte {
	b = append(b, `{"value":`...)
	b = appendPrivate(b, p, k.Value)
	b = append(b, `,"count":`...)
	b = strconv.AppendUint(b, k.Count, 10)
	if !k.First.IsZero() {
		b = append(b, `,"first":`...)
		b = e.builder.stamps.append(b, k.First)
	}
	if !k.Last.IsZero() {
		b = append(b, `,"last":`...)
		b = e.builder.stamps.append(b, k.Last)
	}
	return append(b, '}')
}

func appendPorts(b []byte, e *Event) []byte {
	return appendEach(b, e.Campaign.Ports, func(b []byte, p *campaign.PortCount) []byte {
		b = append(b, `{"port":`...)
		b = strconv.AppendUint(b, uint64(p.Port), 10)
		b = append(b, `,"count":`...)
		b = strconv.AppendUint(b, p.Count, 10)
		return append(b, '}')
	})
}

func appendHours(b []byte, e *Event) []byte {
	return appendEach(b, e.Campaign.Hours, func(b []byte, h *campaign.HourCount) []byte {
		b = append(b, `{"hour":`...)
		b = e.builder.stamps.append(b, h.Hour)
		b = append(b, `,"count":`...)
		b = strconv.AppendUint(b, h.Count, 10)
		return append(b, '}')
	})
}

func appendRelations(b []byte, e *Event) []byte {
	return appendEach(b, e.Campaign.Related, func(b []byte, r *campaign.Relation) []byte {
		b = append(b, `{"id":`...)
		b = appendString(b, string(r.ID))
		b = append(b, `,"by":`...)
		b = appendString(b, r.By)
		return append(b, '}')
	})
}
