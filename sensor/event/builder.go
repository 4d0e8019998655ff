package event

import (
	"net/netip"
	"time"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// Privacy says what of popups that score clean is kept: who writes to whom in the house is nobody else's business.
type Privacy uint8

// The settings of privacy.clean.
const (
	PrivacyKeep Privacy = iota // as it was sent
	PrivacyHash                // a pseudonym in its place: equal texts stay equal; short ones can be guessed
	PrivacyDrop                // nothing
)

// Config is what the documents say besides what was seen.
type Config struct {
	Sensor    string // observer.name
	Hostname  string // observer.hostname; empty: absent
	Version   string // observer.version
	Namespace string // data_stream.namespace; empty: default
	Alerts    bool   // write event.kind alert; otherwise alerts are event
	Privacy   Privacy

	Home      func(netip.Addr) bool        // whether an address is in the home networks; nil: none are configured
	Interface func(int) decoders.Interface // where a frame came from; nil: not known

	// Place looks an address up for the documents of messages and claims; nil where nothing is known of it. It must give the same answer each
	// time, and what it gives must not change. nil: there is nothing to look in.
	Place func(netip.Addr) *Place
}

// Builder makes events. It is not safe for use by several goroutines.
type Builder struct {
	config   Config
	programs [setCount]program
	streams  [setCount]string
	event    Event

	stamps      stamper
	addresses   addresses
	places      places
	cards       cards
	flags       flagLists
	conclusions *conclusions
	identity    identity
	ordinals    [setCount]ordinals
	buckets     bucketOrdinals
	claims      claims
	interfaces  decoders.Interfaces
}

// NewBuilder compiles the table of fields for a configuration.
func NewBuilder(c Config) *Builder {
	if c.Namespace == "" {
		c.Namespace = "default"
	}
	b := &Builder{config: c, conclusions: new(conclusions), flags: newFlagLists(), places: newPlaces(c.Place)}
	b.claims = claims{sensor: c.Sensor, room: make([]claimPlace, claimRoom)}
	b.buckets.count = make(map[uint64]int)
	b.interfaces.Now = c.Interface
	table := Fields()
	for s := range setCount {
		b.streams[s] = s.Stream(c.Namespace)
		b.programs[s] = compile(table, &Event{Set: s, builder: b})
	}
	return b
}

// Message makes the document of one popup. The claim may be nil where none is known. The parts must not change while the event is
// used; Octets of the message must still be valid.
func (b *Builder) Message(m *decoders.Message, in campaign.Membership, v rules.Verdict, a *spoof.Assessment, dir decoders.Direction) *Event {
	e := b.begin(SetMessage, m.Time)
	b.popup(e, m, in, v, a, dir)
	e.identity = b.messageID(m)
	return e
}

// popup sets what a document of its own and a rolled-up one have in common.
func (b *Builder) popup(e *Event, m *decoders.Message, in campaign.Membership, v rules.Verdict, a *spoof.Assessment, dir decoders.Direction) {
	e.Message, e.Membership, e.Verdict, e.Source, e.Direction = m, in, v, a, dir
	e.start, e.end = m.Time, m.Time
	if !m.Began.IsZero() {
		e.start = m.Began
	}
	if !m.Due.IsZero() {
		e.Time, e.end = m.Due, m.Due
	}
	e.Kind, e.Outcome, e.Action = KindEvent, "unknown", popupAction(m, v, a)
	e.tag = sourceTag(a)
	e.Severity, e.Risk = popupGravity(e.Action, v, dir)
	e.threat = popupThreat(e.Action, v, dir)
	e.community, e.hasCommunity = communityID(m.Src, m.Dst, transportNumber(m.Route))
	if a != nil {
		e.claim, e.hasClaim = b.claims.id(&a.Key), true
	}
}

func transportNumber(r decoders.Route) uint8 {
	if r == decoders.RouteSMB {
		return protocolTCP
	}
	return protocolUDP
}

// messageID hashes what was seen of a popup, never what was concluded (CONTRACT.md 2.0).
func (b *Builder) messageID(m *decoders.Message) [idLength]byte {
	d := &b.identity
	d.start(SetMessage)
	d.time(m.Time)
	d.ends(m.Src, m.Dst)
	d.number(uint64(m.Route)<<32 | uint64(m.Marks.TTL)<<16 | uint64(m.Marks.ID))
	d.number(uint64(len(m.Octets)))
	d.octets = append(d.octets, m.Octets...)
	return d.sum(&b.ordinals[SetMessage], m.Time)
}

// Source makes the document of a claim that changed or closed.
func (b *Builder) Source(a *spoof.Assessment) *Event {
	e := b.begin(SetSource, a.Time)
	e.Source, e.Kind, e.Outcome, e.hasClaim = a, KindState, "unknown", true
	if a.Final {
		e.Action, e.claim = ActionSourceFinal, b.claims.final(&a.Key)
	} else {
		e.Action, e.claim = ActionSourceAssessed, b.claims.id(&a.Key)
	}
	e.start, e.end, e.tag = a.First, a.Last, sourceTag(a)
	e.Severity, e.Risk = b.claimGravity(a)
	b.claimOctets(a)
	e.identity = b.identity.sum(&b.ordinals[SetSource], a.Time)
	return e
}

// claimOctets gathers what the id of a claim's document hashes.
func (b *Builder) claimOctets(a *spoof.Assessment) {
	d := &b.identity
	d.start(SetSource)
	d.word(b.config.Sensor)
	d.addr(a.Key.Source)
	d.word(a.Key.Campaign)
	d.word(a.Key.Class)
	d.time(a.Key.Hour)
	d.time(a.Part)
	d.time(a.Time)
}

// Campaign makes the document of a campaign's update.
func (b *Builder) Campaign(u *campaign.Update) *Event {
	e := b.begin(SetCampaign, u.Time)
	e.Campaign, e.Kind, e.Outcome, e.Action = u, KindState, "unknown", campaignAction(u.Cause)
	if campaignAlerts(u) {
		e.Kind = b.alertKind()
	}
	e.start, e.end = u.First, u.Last
	e.Severity, e.Risk = b.campaignGravity(u)
	e.threat = lureThreat(u.Standing.Level > 0, u.Standing.Lure)
	d := &b.identity
	d.start(SetCampaign)
	d.word(b.config.Sensor)
	d.word(string(u.ID))
	d.time(u.Part)
	d.time(u.Time)
	e.identity = d.sum(&b.ordinals[SetCampaign], u.Time)
	return e
}

// Finding makes the document of a finding.
func (b *Builder) Finding(f *Finding) *Event {
	e := b.begin(SetFinding, f.Time)
	e.Finding, e.Source, e.Kind, e.Outcome, e.Action = f, f.Source, KindState, f.Outcome, f.Class
	if !f.Again {
		e.Kind = b.alertKind()
	}
	e.start, e.end = f.First, f.Last
	if f.Src.Addr().IsValid() || f.Dst.Addr().IsValid() {
		e.tag = sourceTag(f.Source)
	}
	e.Severity, e.Risk = b.findingGravity(f)
	e.threat = findingThreat(f, b.isHome(f.Src.Addr()))
	if f.oneDatagram() {
		e.community, e.hasCommunity = communityID(f.conversation())
	}
	b.findingOctets(f)
	e.identity = b.identity.sum(&b.ordinals[SetFinding], f.Time)
	return e
}

// findingOctets gathers what the id of a finding's document hashes.
func (b *Builder) findingOctets(f *Finding) {
	d := &b.identity
	d.start(SetFinding)
	d.word(b.config.Sensor)
	d.word(f.Class)
	d.word(f.Kind)
	d.addr(f.Subject.Addr())
	d.number(uint64(int64(f.Subject.Bits())))
	if f.Surplus {
		d.number(1)
	}
	d.time(f.Part)
	d.time(f.Time)
	d.number(f.nth)
}

// Stats makes the document of the sensor's counts.
func (b *Builder) Stats(s *Stats) *Event {
	e := b.begin(SetSensor, s.End)
	e.Stats, e.Kind, e.Action = s, KindMetric, ActionSensorStats
	e.start, e.end = s.Start, s.End
	d := &b.identity
	d.start(SetSensor)
	d.word(b.config.Sensor)
	d.word("interval")
	d.time(s.Start)
	d.time(s.End)
	e.identity = d.sum(&b.ordinals[SetSensor], s.End)
	return e
}

func (b *Builder) begin(s Set, t time.Time) *Event {
	e := &b.event
	line := e.line[:0]
	*e = Event{} // in place: a literal with values would be copied
	e.Set, e.Time, e.builder, e.line = s, t, b, line
	return e
}

func (b *Builder) alertKind() string {
	if b.config.Alerts {
		return KindAlert
	}
	return KindEvent
}

func (b *Builder) isHome(a netip.Addr) bool {
	return b.config.Home != nil && a.IsValid() && b.config.Home(a)
}

func campaignAction(c campaign.Cause) string {
	switch c {
	case campaign.CauseOpened:
		return ActionCampaignOpened
	case campaign.CauseClosed:
		return ActionCampaignClosed
	}
	return ActionCampaignUpdated
}

// campaignAlerts says whether an update is one that a person is told of: a campaign that opens as spam, or gets a verdict worse than any
// before.
func campaignAlerts(u *campaign.Update) bool {
	switch u.Cause {
	case campaign.CauseOpened:
		return u.Worse && u.Standing.Level >= int(rules.Spam)
	case campaign.CauseVerdict:
		return u.Worse && u.Standing.Level > int(rules.Clean)
	}
	return false
}
