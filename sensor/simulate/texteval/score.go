package texteval

import (
	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/simulate/texts"
)

// context is what the road knows of a message besides its text. Where home is unknown no message has a direction.
func context(m *texts.Message, home bool, spread campaign.Spread) rules.Context {
	c := rules.Context{Sources: spread.Sources, Targets: spread.Targets, PerMinute: spread.PerMinute}
	switch {
	case !home:
	case m.Road == texts.Datagram || m.Road == texts.Misrouted:
		c.Direction = decoders.DirectionInbound
	default:
		c.Direction = decoders.DirectionInternal
	}
	return c
}

// The measures of scores.
const (
	recallSpam     = "spam is spam"
	recallAlone    = "spam is spam by its text and road alone"
	recallSuspect  = "spam is spam or suspect"
	falseSpam      = "legitimate is spam"
	falseSuspect   = "legitimate is suspect"
	falseByWorst   = "legitimate is spam, as datagrams from outside"
	suspectByWorst = "legitimate is suspect, as datagrams from outside"
)

// spam counts what is found of the spam of a stream: home unknown, the harder case.
func (r *run) spam(stream string, items []item, spreads []campaign.Spread) {
	for i := range items {
		m := items[i].Message
		if m.Legitimate != "" {
			continue
		}
		class := r.rules.Judge(&items[i].read, context(m, false, spreads[i])).Class
		alone := r.rules.Judge(&items[i].read, context(m, false, campaign.Spread{})).Class
		for _, k := range parts(stream, m) {
			k.Measure = recallSpam
			r.f.add(k, truth(class == rules.Spam), 1)
			k.Measure = recallAlone
			r.f.add(k, truth(alone == rules.Spam), 1)
			k.Measure = recallSuspect
			r.f.add(k, truth(class >= rules.Suspect), 1)
		}
	}
}

// parts are what a message of spam counts for: all, its language, its lure, its poison.
func parts(stream string, m *texts.Message) []Key {
	keys := []Key{{Stream: stream}, {Stream: stream, Engine: m.Language}}
	if stream == "L0-L3" {
		keys = append(keys, Key{Stream: stream, Engine: m.Lure})
	}
	if m.Poison != texts.Clean {
		keys = append(keys, Key{Stream: stream, Engine: m.Poison.String()})
	}
	return keys
}

// legitimate counts false alarms: as popups come, home known and unknown by turns, and as if each were a one-way datagram from outside, on its own.
func (r *run) legitimate() {
	items := r.reader.read(texts.Legitimate(r.config.Split, r.seed, r.config.Notices))
	spreads := group(r.config.Engine(), items, everything).spreads
	for i := range items {
		m := items[i].Message
		r.falseAlarm(m, r.rules.Judge(&items[i].read, context(m, i%2 == 0, spreads[i])).Class, falseSpam, falseSuspect)
		m.Road = texts.Datagram
		var worst decoders.Message
		r.reader.one(m, &worst)
		r.falseAlarm(m, r.rules.Judge(&worst, context(m, true, campaign.Spread{})).Class, falseByWorst, suspectByWorst)
	}
}

func (r *run) falseAlarm(m *texts.Message, class rules.Class, spam, suspect string) {
	for _, of := range []string{"", m.Legitimate, m.Language} {
		r.f.add(Key{"legitimate", of, spam}, truth(class == rules.Spam), 1)
		r.f.add(Key{"legitimate", of, suspect}, truth(class == rules.Suspect), 1)
	}
}
