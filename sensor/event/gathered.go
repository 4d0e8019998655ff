package event

import (
	"hash/fnv"
	"net/netip"
	"slices"
	"time"

	"popupwatch/decoders"
)

// gatheredOctets is what a finding that is gathered takes, its lists full.
const gatheredOctets = 2560

// listed is how many ports, packets and words of a finding are kept.
const listed = 16

// sighting is one packet that shows a finding, as a finding of its own; and what besides its document says it needs.
type sighting struct {
	Finding
	frames []uint64
	port   uint16
	words  []string // for what was seen, at most listed different ones in a finding
	bears  bool     // it bears on a finding without being one more of what that counts
}

func (s *sighting) at() time.Time { return s.Time }

func (s *sighting) key() findingKey {
	k := findingKey{kind: s.Kind, subject: s.Subject}
	if s.Class == ActionExposedHost {
		k.day = s.Time.Unix() / secondsOfDay
	}
	return k
}

const secondsOfDay = 24 * 60 * 60

// gathered is a finding and what its documents will say of the packets that show it.
type gathered struct {
	key     findingKey
	finding Finding
	told    uint64    // documents so far
	stale   bool      // something came that no document tells
	latest  time.Time // of all that came, packets that only bear on it included
	sources fewAddresses
	targets fewAddresses
	ttls    []uint8 // different ones, at most fewMarks, as they came
	macs    [][6]byte
	words   []Tally
}

// fewMarks is how many different TTLs and MAC addresses of an inside sender are kept: more say no more.
const fewMarks = 8

func newGathered(s *sighting) *gathered {
	g := &gathered{key: s.key(), finding: s.Finding}
	f := &g.finding
	f.Part, f.First, f.Last, g.latest = s.Time, s.Time, s.Time, s.Time
	return g
}

// share makes a finding one of those that found no place.
func (g *gathered) share() {
	f := &g.finding
	f.Surplus, f.Subject, f.Kind, f.Campaign, f.Source = true, netip.Prefix{}, "", "", nil
	f.Src, f.Dst, f.QuoteSrc, f.QuoteDst, f.Protocol = netip.AddrPort{}, netip.AddrPort{}, netip.AddrPort{}, netip.AddrPort{}, 0
	g.key = findingKey{}
}

// count counts one packet.
func (g *gathered) count(s *sighting) {
	f := &g.finding
	for _, w := range s.words {
		g.word(w)
	}
	g.cite(s.frames)
	g.latest = later(g.latest, s.Time)
	if g.stale = true; s.bears {
		return
	}
	f.Count++
	f.First, f.Last = earlier(f.First, s.Time), later(f.Last, s.Time)
	if at, has := slices.BinarySearch(f.Ports, s.port); !has && len(f.Ports) < listed && s.port != 0 {
		f.Ports = slices.Insert(f.Ports, at, s.port)
	}
	g.sources.add(s.Src.Addr())
	g.targets.add(s.Dst.Addr())
	g.mark(s)
	if f.Campaign == "" && !f.Surplus {
		f.Campaign = s.Campaign
	}
	if s.Source != nil && !f.Surplus {
		f.Source = s.Source
	}
}

// cite keeps frame numbers, the first ones.
func (g *gathered) cite(frames []uint64) {
	for _, n := range frames {
		if len(g.finding.Packets) < listed && !slices.Contains(g.finding.Packets, n) {
			g.finding.Packets = append(g.finding.Packets, n)
		}
	}
}

// mark keeps what the headers of a packet carried.
func (g *gathered) mark(s *sighting) {
	if len(g.ttls) < fewMarks && !slices.Contains(g.ttls, s.Marks.TTL) {
		g.ttls = append(g.ttls, s.Marks.TTL)
	}
	if s.Marks.HasMAC && len(g.macs) < fewMarks && !slices.Contains(g.macs, s.Marks.SrcMAC) {
		g.macs = append(g.macs, s.Marks.SrcMAC)
	}
}

func (g *gathered) word(w string) {
	for i := range g.words {
		if g.words[i].Name == w {
			g.words[i].N++
			return
		}
	}
	if len(g.words) < listed {
		g.words = append(g.words, Tally{w, 1})
	}
}

// of is how many packets showed a word.
func (g *gathered) of(word string) uint64 {
	for i := range g.words {
		if g.words[i].Name == word {
			return g.words[i].N
		}
	}
	return 0
}

// news says whether something is untold since the first document.
func (g *gathered) news() bool { return g.told > 0 && g.stale }

// sweep is to how many addresses an inside host must have sent, within an hour, for that alone to be a finding.
const sweep = 16

// hushed says whether what was seen is no finding yet: single probes, or popups that score clean, may be a host's own business.
func (g *gathered) hushed() bool {
	return g.finding.Class == ActionInsideSender && g.of(wordUnwanted) == 0 && g.of(wordExploit) == 0 && len(g.targets.hashes) < sweep
}

// tells says whether a document is written at the end of an hour: of exposed hosts only with their day.
func (g *gathered) tells(hour time.Time) bool {
	return g.finding.Class != ActionExposedHost || g.finding.Surplus || !hour.Before(g.dayEnd())
}

// over says whether a finding has ended.
func (g *gathered) over(now time.Time) bool {
	return g.told == 0 || g.finding.Class == ActionExposedHost && !now.Before(g.dayEnd())
}

func (g *gathered) dayEnd() time.Time { return time.Unix((g.key.day+1)*secondsOfDay, 0).UTC() }

// document is the finding with what its packets have in common. Where they differ it names no ends: one of many would be blamed.
func (g *gathered) document(f *Findings) Finding {
	d := g.finding
	for i := range g.words {
		d.Traits = append(d.Traits, g.words[i].Name)
	}
	slices.Sort(d.Traits)
	d.Evidence, d.Advice = g.says(f)
	if d.Class == ActionBackscatter || d.Class == ActionExposedHost {
		return d
	}
	d.Sources, d.Targets = uint64(len(g.sources.hashes)), uint64(len(g.targets.hashes))
	if d.Sources > 1 {
		d.Src, d.Source = netip.AddrPort{}, nil
	}
	if d.Targets > 1 {
		d.Dst = netip.AddrPort{}
	}
	return d
}

// says gives the evidence and the advice.
func (g *gathered) says(f *Findings) (evidence []string, advice string) {
	switch g.finding.Class {
	case ActionExposedHost:
		return g.exposure()
	case ActionInsideSender:
		return g.inside(f.shelves[shelfInside].order)
	case ActionExploit:
		return g.exploit()
	case ActionProbe:
		return g.probing()
	}
	return g.backscatter()
}

// fewAddresses counts different addresses up to most; then it stops. Octets: 8 for each.
type fewAddresses struct{ hashes []uint64 } // ascending

const mostAddresses = 64

func (c *fewAddresses) add(a netip.Addr) {
	if len(c.hashes) >= mostAddresses || !a.IsValid() {
		return
	}
	h := fnv.New64a()
	octets := a.As16()
	h.Write(octets[:])
	if at, has := slices.BinarySearch(c.hashes, h.Sum64()); !has {
		c.hashes = slices.Insert(c.hashes, at, h.Sum64())
	}
}

// count is the number in words.
func (c *fewAddresses) count(noun string) string {
	n := uint64(len(c.hashes))
	s := string(appendCount(nil, n, noun, ""))
	if n >= mostAddresses {
		return "at least " + s
	}
	return s
}

// outcomeOf is event.outcome for a finding that is no answer.
const outcomeUnknown = "unknown"

// seen begins a sighting with what a signal says of its datagram.
func seen(class string, s *decoders.Signal, dir decoders.Direction) *sighting {
	return &sighting{
		Finding: Finding{
			Class: class, Time: s.Time, Outcome: outcomeUnknown, Direction: dir, Src: s.Src, Dst: s.Dst, Protocol: protocolUDP, Marks: s.Marks, Iface: s.Iface,
		},
		frames: []uint64{s.Frame}, port: s.Dst.Port(),
	}
}
