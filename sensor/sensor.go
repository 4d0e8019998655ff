package sensor

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/event"
	"popupwatch/sensor/spoof"
)

// Source gives frames in the order in which they are to be read, until io.EOF. A frame's Data is borrowed until the next Next.
type Source interface {
	Next() (decoders.Frame, error)
	Interface(i int) decoders.Interface
}

// Sink takes events in order. It must not keep an event, nor the line that Event.JSON gives. An error ends the run.
type Sink interface {
	Emit(e *event.Event) error
}

// Config of a Sensor. The zero value of each field but Rules is its default.
type Config struct {
	Rules          *rules.Set
	Home           []netip.Prefix  // own address space
	Allow          []netip.Prefix  // addresses that are never reportable
	Bindings       []spoof.Binding // of access interfaces
	Routes         *spoof.Routes   // what was routed, and when; nil: not known
	Networks       spoof.Networks  // origin AS of a source; nil: not known
	Ports          []uint16        // watched ports besides the Messenger's
	Memory         int64           // limits.memory, octets; default DefaultMemory
	Rollup         time.Duration   // 0: every message and claim is its own document
	RollupSources  int             // rollup.sources; default 100
	RollupClaims   int             // rollup.claims; default 1,000
	StatsInterval  time.Duration   // stats.interval; default 60 s
	CampaignUpdate time.Duration   // campaign.update; default 5 min
	CampaignIdle   time.Duration   // campaign.idle; default 24 h
	Atlas          *campaign.Atlas // campaigns of history; nil: none
	Event          event.Config    // Home and Interface are set by New and Run

	// Queue gives what became of the documents for an output since the start, in a fixed order, for the sensor's documents: live only, since it
	// depends on the clock. May be nil.
	Queue func() []event.Tally

	Witness Witness // nil: nobody
}

// Sensor carries frames along the road. It belongs to one goroutine and serves one Run.
type Sensor struct {
	config   Config
	src      Source
	sink     Sink
	decoder  *decoders.Decoder
	rules    *rules.Set
	tracker  *campaign.Tracker
	judge    *spoof.Judge
	build    *event.Builder
	rollup   *event.Rollup
	claims   *event.ClaimRollup // nil without rollup
	findings *event.Findings
	ties     ties
	stats    stats
	summary  summary
	names    map[*rules.Hit][]string // of verdicts, by their shared hits
	result   decoders.Result
	now      time.Time // packet time of the last frame or tick
	pulse    int64     // its beat
	changed  bool      // it changed what time may release
	err      error     // first error of the sink
}

// New makes a Sensor that emits to sink.
func New(c Config, sink Sink) *Sensor {
	if c.Memory == 0 {
		c.Memory = DefaultMemory
	}
	if c.StatsInterval == 0 {
		c.StatsInterval = time.Minute
	}
	budget := Divide(c.Memory)
	return &Sensor{
		config: c, sink: sink, rules: c.Rules,
		tracker: campaign.New(campaign.Config{Update: c.CampaignUpdate, Idle: c.CampaignIdle, Memory: budget.Campaigns, Atlas: c.Atlas}),
		stats:   stats{interval: c.StatsInterval},
		names:   map[*rules.Hit][]string{},
		summary: newSummary(budget.Rollup/4, len(c.Home) > 0),
	}
}

// Run is the whole road: Open, Carry, Finish. It returns the first error of the sink, or the source's; damaged files are no errors here, the
// source reports them.
func (s *Sensor) Run(src Source) error {
	s.Open(src)
	s.Carry()
	return s.Finish()
}

// Carry takes frames from the source to its end, or to the first error, which it returns.
func (s *Sensor) Carry() error {
	for s.err == nil {
		f, err := s.src.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.err = fmt.Errorf("read frames: %w", err)
			break
		}
		s.step(&f)
	}
	return s.err
}

// UseRules judges what comes from now on by another set. It is for the goroutine that carries, between two frames.
func (s *Sensor) UseRules(set *rules.Set) {
	s.rules = set
	clear(s.names)
}

// UseAtlas names campaigns by another atlas from now on: one that is open bears its new names from its next document on. It is for the goroutine that carries,
// between two frames.
func (s *Sensor) UseAtlas(a *campaign.Atlas) { s.tracker.UseAtlas(a) }

// Open makes the parts that need to know where frames come from; it is called once, before Carry.
func (s *Sensor) Open(src Source) {
	s.src = src
	s.stats.kernel, _ = src.(Kernel)
	c := s.config.Event
	c.Interface = src.Interface
	if len(s.config.Home) > 0 {
		c.Home = s.home
	}
	budget := Divide(s.config.Memory)
	s.build = event.NewBuilder(c)
	s.findings = event.NewFindings(s.build, budget.Findings/4*3)
	s.ties = newTies(budget.Findings / 4)
	s.rollup = event.NewRollup(s.build, event.RollupConfig{Period: s.config.Rollup, Sources: s.config.RollupSources, Memory: budget.Rollup / 2})
	if s.config.Rollup > 0 {
		s.claims = event.NewClaimRollup(s.build, s.config.RollupClaims, budget.Rollup/4)
	}
	s.judge = spoof.New(spoof.Config{
		Home: s.config.Home, Allow: s.config.Allow, Bindings: s.config.Bindings, Interface: src.Interface, Memory: budget.Spoof,
		Routes: s.config.Routes, Networks: s.config.Networks,
	})
	s.decoder = decoders.NewDecoder(decoders.Config{Ports: s.config.Ports, Interface: src.Interface, Memory: budget.Decoder})
}

// beat is how often packet time is looked at for what it releases, besides after each frame that changed something: asking eight tables at
// every frame of background would cost more than decoding it. A document that is due comes out that much after its time at most.
const beat = 100 * time.Millisecond

// step is the road of one frame.
func (s *Sensor) step(f *decoders.Frame) {
	s.stats.clock(s.now, f.Time)
	if pulse := f.Time.UnixNano() / int64(beat); pulse != s.pulse || s.changed || f.Tick {
		s.pulse, s.changed = pulse, false
		s.advance(f.Time)
	}
	s.now = f.Time
	if f.Tick {
		return
	}
	reason := wire.Filtered
	if !f.Filtered {
		reason = s.decoder.Decode(*f, &s.result)
		s.stats.arrive(&s.result.Arrival)
		s.showFrame(f, reason)
		s.deliver()
		s.changed = reason <= wire.ICMPQuote
	}
	s.stats.count(reason, len(f.Data))
}

// advance brings everything to packet time now and emits what that releases: unfinished popups, claims and campaigns whose time is over,
// buckets, findings, the sensor's counts.
func (s *Sensor) advance(now time.Time) {
	s.now = now
	s.decoder.Advance(now, &s.result)
	s.deliver()
	for a, ok := s.judge.Due(now); ok; a, ok = s.judge.Due(now) {
		s.assessed(a)
	}
	for _, u := range s.tracker.Advance(now) {
		s.emit(s.build.Campaign(&u))
	}
	s.rollup.Advance(now)
	s.rolled()
	if s.claims != nil {
		s.claims.Advance(now)
		s.shared()
	}
	s.findings.Advance(now)
	s.found()
	if s.stats.due(now) {
		s.report()
	}
}

// Finish closes all that is open, in the order of advance. It returns the first error of the run.
func (s *Sensor) Finish() error {
	s.decoder.Finish(s.now, &s.result)
	s.deliver()
	for a, ok := s.judge.Finish(s.now); ok; a, ok = s.judge.Finish(s.now) {
		s.assessed(a)
	}
	for _, u := range s.tracker.Finish(s.now) {
		s.emit(s.build.Campaign(&u))
	}
	s.rollup.Finish()
	s.rolled()
	if s.claims != nil {
		s.claims.Finish()
		s.shared()
	}
	s.findings.Finish()
	s.found()
	s.stats.at = s.now
	s.report()
	return s.err
}

// deliver takes the messages and signals of one step of the decoder on.
func (s *Sensor) deliver() {
	for i := range s.result.Messages {
		s.popup(&s.result.Messages[i])
	}
	for i := range s.result.Signals {
		s.signal(&s.result.Signals[i])
	}
}

// signal takes a signal to what gathers findings, and a probe to the judge of sources first.
func (s *Sensor) signal(g *decoders.Signal) {
	c := event.Context{Direction: s.direction(g.Src.Addr(), g.Dst.Addr()), Tie: s.tie(g)}
	if event.Probes(g) {
		c.Claim = s.judge.ObserveProbe(g)
	}
	s.judge.Signal(g)
	s.findings.Signal(g, &c)
	s.found()
	if c.Claim != nil {
		s.claimed(c.Claim)
	}
}

// popup joins the three judges over one message and emits it, then what it changed.
func (s *Sensor) popup(m *decoders.Message) {
	direction := s.direction(m.Src.Addr(), m.Dst.Addr())
	in := s.join(m)
	verdict := s.rules.Judge(m, context(direction, &in))
	claim := s.judge.Observe(m, string(in.ID), verdict.Class == rules.Spam)
	s.showPopup(m, claim)
	s.stats.messages++
	s.summary.popup(m)
	if !s.rollup.Add(m, in, verdict, claim, direction) {
		s.emit(s.build.Message(m, in, verdict, claim, direction))
	}
	s.rolled()
	s.findings.Popup(m, verdict, claim, direction)
	s.found()
	s.tell(claim)
	if in.ID != "" {
		s.note(m.Time, in.ID, &campaign.Facts{HasStanding: true, Standing: s.standing(&verdict)})
	}
	s.claimed(claim)
}

// context is what the road knows of a popup besides its text.
func context(direction decoders.Direction, in *campaign.Membership) rules.Context {
	c := rules.Context{Direction: direction, Sources: in.Spread.Sources, Targets: in.Spread.Targets, PerMinute: in.Spread.PerMinute}
	if states := in.Spread.States; states != nil {
		c.Forged = states[spoof.ForgedCertain]+states[spoof.ForgedProbable] > 0
	}
	return c
}

// join finds the campaign of a popup. An exploit attempt has none: its text advertises nothing, and who sends it is judged by its class.
func (s *Sensor) join(m *decoders.Message) campaign.Membership {
	if spoof.ClassOf(m) == spoof.ClassExploit {
		return campaign.Membership{}
	}
	in := s.tracker.Join(m)
	s.ties.note(m, in.ID)
	return in
}

// claimed takes a claim that was observed on, and those that it changed.
func (s *Sensor) claimed(a *spoof.Assessment) {
	if a.Changed {
		s.assess(a)
	}
	for a, ok := s.judge.Due(s.now); ok; a, ok = s.judge.Due(s.now) {
		s.assessed(a)
	}
}

// assessed takes a claim that changed or closed on.
func (s *Sensor) assessed(a *spoof.Assessment) {
	s.tell(a)
	s.assess(a)
}

// tell lets a campaign know of a source that is new to it, or whose state is another than that of its last claim.
func (s *Sensor) tell(a *spoof.Assessment) {
	if a.Key.Campaign != "" && (a.NewSource || a.Previous != a.State) {
		s.note(a.Time, campaign.ID(a.Key.Campaign), &campaign.Facts{
			HasSource: true, NewSource: a.NewSource, Previous: int(a.Previous), State: int(a.State), Emitter: a.Emitter, Reportable: a.Reportable,
		})
	}
}

// assess emits the document of a claim that changed or closed.
func (s *Sensor) assess(a *spoof.Assessment) {
	s.showClaim(a)
	if a.Final && a.Key.Class != spoof.ClassProbe {
		s.summary.claim(a)
	}
	if s.claims == nil || !s.claims.Add(a.Clone()) {
		s.emit(s.build.Source(a))
	}
	s.shared()
}

// note tells a campaign what the other judges found, and emits its document where that makes one due.
func (s *Sensor) note(at time.Time, id campaign.ID, f *campaign.Facts) {
	if u := s.tracker.Note(at, id, f); u != nil {
		s.emit(s.build.Campaign(u))
	}
}

func (s *Sensor) rolled() {
	for e := s.rollup.Next(); e != nil; e = s.rollup.Next() {
		s.emit(e)
	}
}

func (s *Sensor) shared() {
	if s.claims == nil {
		return
	}
	for e := s.claims.Next(); e != nil; e = s.claims.Next() {
		s.emit(e)
	}
}

func (s *Sensor) found() {
	for e := s.findings.Next(); e != nil; e = s.findings.Next() {
		s.emit(e)
	}
}

// emit hands an event on. After an error of the sink nothing more is emitted: the ledger would have a hole.
func (s *Sensor) emit(e *event.Event) {
	if s.err == nil {
		s.err = s.sink.Emit(e)
	}
}

// direction says where a packet goes, seen from the home networks.
func (s *Sensor) direction(src, dst netip.Addr) decoders.Direction {
	if len(s.config.Home) == 0 {
		return decoders.DirectionUnknown
	}
	switch from, to := s.home(src), s.home(dst); {
	case from && to:
		return decoders.DirectionInternal
	case from:
		return decoders.DirectionOutbound
	case to:
		return decoders.DirectionInbound
	}
	return decoders.DirectionExternal
}

func (s *Sensor) home(a netip.Addr) bool {
	return slices.ContainsFunc(s.config.Home, func(p netip.Prefix) bool { return p.Contains(a) })
}
