package sensor

import (
	"cmp"
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

// sourceCost is what a row of the summary takes, index included.
const sourceCost = 320

// maxNetworks is how many destination networks are counted to find out which look like home.
const maxNetworks = 1024

// Summary is what a run found, for people and programs (CONTRACT.md 3). Owned.
type Summary struct {
	Frames    uint64
	Messages  uint64
	Reasons   [wire.ReasonCount]uint64
	Campaigns []campaign.Total // most messages first, ties by id
	Forgotten uint64           // campaigns that no room was left to list
	Sources   []SourceRow      // most messages first, ties by address and campaign
	Shed      []event.Tally    // kinds of which nothing was shed are left out
	LooksHome []netip.Prefix   // without home networks: where popups went, most first
}

// SourceRow is one source in one campaign, over all parts, with its last state.
type SourceRow struct {
	IP         netip.Addr
	Campaign   campaign.ID
	State      spoof.State
	Decibans   float64
	Reportable bool
	Messages   uint64
	Evidence   string // the strongest sentence of its last document
}

type sourceKey struct {
	ip       netip.Addr
	campaign campaign.ID
}

// summary gathers rows as claims close. When it is full newcomers are not listed, but counted: the first are as good as the last, and a
// flood of invented addresses must not push out what came before it.
type summary struct {
	rows     map[sourceKey]*SourceRow
	most     int
	shed     uint64
	networks map[netip.Prefix]uint64
	atHome   bool // home networks are configured: nobody asks which look like it
}

func newSummary(memory int64, atHome bool) summary {
	return summary{atHome: atHome, rows: map[sourceKey]*SourceRow{}, most: int(memory / sourceCost), networks: map[netip.Prefix]uint64{}}
}

// claim adds a claim that closed.
func (s *summary) claim(a *spoof.Assessment) {
	k := sourceKey{a.Key.Source, campaign.ID(a.Key.Campaign)}
	r := s.rows[k]
	if r == nil {
		if len(s.rows) >= s.most {
			s.shed++
			return
		}
		r = &SourceRow{IP: k.ip, Campaign: k.campaign}
		s.rows[k] = r
	}
	r.Messages += a.Messages
	r.State, r.Decibans, r.Reportable = a.State, a.Decibans, a.Reportable
	if len(a.Evidence) > 0 {
		r.Evidence = a.Evidence[0].Text
	}
}

// popup counts the network that a popup went to.
func (s *summary) popup(m *decoders.Message) {
	if s.atHome {
		return
	}
	a := m.Dst.Addr()
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return
	}
	if n, ok := s.networks[p]; ok || len(s.networks) < maxNetworks {
		s.networks[p] = n + 1
	}
}

// Summary gives what was found so far; after Run, everything.
func (s *Sensor) Summary() Summary {
	out := Summary{Frames: s.stats.frames, Messages: s.stats.messages, Reasons: s.stats.reasons}
	out.Campaigns, out.Forgotten, _ = s.tracker.Totals()
	if s.config.Event.Privacy != event.PrivacyKeep {
		withhold(out.Campaigns)
	}
	for _, t := range s.shed() {
		if t.N > 0 {
			out.Shed = append(out.Shed, t)
		}
	}
	for _, r := range s.summary.rows {
		out.Sources = append(out.Sources, *r)
	}
	slices.SortFunc(out.Sources, func(a, b SourceRow) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), a.IP.Compare(b.IP), cmp.Compare(a.Campaign, b.Campaign))
	})
	if len(s.config.Home) == 0 {
		out.LooksHome = s.summary.looksHome()
	}
	return out
}

// withhold takes out what campaigns that score clean say: who writes to whom in the house is nobody's business (privacy.clean).
func withhold(campaigns []campaign.Total) {
	for i := range campaigns {
		if c := &campaigns[i]; c.Standing.Level == int(rules.Clean) {
			c.Sample, c.Domains = "", nil
		}
	}
}

// looksHome gives the networks that at least a tenth of the popups went to, most first, at most five.
func (s *summary) looksHome() []netip.Prefix {
	all := uint64(0)
	for _, n := range s.networks {
		all += n
	}
	var out []netip.Prefix
	for p, n := range s.networks {
		if n*10 >= all {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b netip.Prefix) int {
		return cmp.Or(cmp.Compare(s.networks[b], s.networks[a]), a.Compare(b))
	})
	return out[:min(len(out), 5)]
}

// Counts is what was counted since the start, for those who watch the sensor. Owned.
type Counts struct {
	Frames, Bytes, Messages, ClockSteps uint64
	Reasons                             [wire.ReasonCount]uint64
	Shed                                []event.Tally
	Last                                time.Time      // packet time of the last frame or tick
	LooksHome                           []netip.Prefix // as in Summary
}

// Counts gives what was counted so far. It is for the goroutine that carries.
func (s *Sensor) Counts() *Counts {
	c := &Counts{
		Frames: s.stats.frames, Bytes: s.stats.bytes, Messages: s.stats.messages, ClockSteps: s.stats.stepsBack,
		Reasons: s.stats.reasons, Shed: s.shed(), Last: s.now,
	}
	if len(s.config.Home) == 0 {
		c.LooksHome = s.summary.looksHome()
	}
	return c
}

// Messages is how many popups were found so far.
func (s *Sensor) Messages() uint64 { return s.stats.messages }
