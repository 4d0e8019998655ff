package spoof

import (
	"net/netip"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
	"popupwatch/sensor/spoof/proof"
)

// Binding says that one MAC address may use one prefix of addresses at one access interface: what DHCP snooping or IP source guard enforces
// there.
type Binding struct {
	Interface string
	MAC       [6]byte
	Prefix    netip.Prefix
}

// trust is what the judge keeps to prove sources: the proofs under way, which messages they are about, and what it takes to believe an answer.
type trust struct {
	bench    *proof.Bench
	home     func(netip.Addr) bool
	iface    func(int) decoders.Interface
	bindings map[Binding]bool             // with prefixes of one address each
	networks []Binding                    // with longer ones
	waiting  recent[proof.Subject, bound] // calls that nobody answered for yet: anybody can send these
	held     map[proof.Subject]bound      // of answered calls and whole connections: no invented address pushes them out
	sides    map[int]side
	guesses  recent[netPair, uint16]
	dossiers map[uint32]*dossier // by slot of the claim
	records  recent[addrKey, record]
	hops     recent[netip.Prefix, verified]
	quoted   recent[uint64, bool]        // tools that forge our addresses, by print
	reached  recent[addrKey, int64]      // when a source was seen to receive what our hosts sent, nanoseconds
	room     int                         // dossiers
	shed     uint64                      // dossiers that found no room
	refused  recent[proof.Subject, bool] // calls whose callback an ICMP error refused
	loss     time.Time                   // when the capture last lost frames
}

// What each thing that trust keeps costs, in octets, about: it gets a sixth of the memory, of which calls that wait get a third, and proofs under
// way and what answers showed of claims a fifth each.
const (
	trustShare   = 6
	trialCost    = 800
	boundCost    = 2 * 220
	guessCost    = 2 * 80
	dossierCost  = 640
	recordCost   = 2 * 80
	verifiedCost = 2 * 96
	reachedCost  = 2 * 56
)

// How long things are remembered, packet time.
const (
	waitFor   = 40 * time.Second // a callback comes within 30 s, its answer within 10
	guessFor  = 10 * time.Minute
	recordFor = 24 * time.Hour
	reachFor  = time.Hour
	holdFor   = 10 * time.Minute // what no outcome came for by then makes room
)

func newTrust(c *Config, home func(netip.Addr) bool) *trust {
	part := int(c.Memory) / trustShare / 22
	t := &trust{
		home: home, iface: c.Interface, sides: map[int]side{}, dossiers: map[uint32]*dossier{}, room: max(4*part/dossierCost, 16), bindings: map[Binding]bool{},
		waiting: newRecent[proof.Subject, bound](waitFor, 8*part/boundCost), held: map[proof.Subject]bound{},
		guesses: newRecent[netPair, uint16](guessFor, part/guessCost),
		records: newRecent[addrKey, record](recordFor, part/recordCost),
		hops:    newRecent[netip.Prefix, verified](recordFor, part/verifiedCost),
		refused: newRecent[proof.Subject, bool](waitFor, part/boundCost),
		quoted:  newRecent[uint64, bool](recordFor, part/reachedCost),
		reached: newRecent[addrKey, int64](reachFor, part/reachedCost),
	}
	for _, b := range c.Bindings {
		if b.Prefix.IsSingleIP() {
			t.bindings[b] = true
		} else {
			t.networks = append(t.networks, b)
		}
	}
	t.bench = proof.New(proof.Config{Left: t.left, Bound: t.bound, Guesses: t.guessed, Room: max(4*part/trialCost, 16)})
	return t
}

// side is what MAC addresses showed of an interface: the last that brought something from outside, the last that something left from.
type side struct {
	from, to [6]byte
	apart    bool // they were seen to differ: MAC addresses tell directions here
}

// mostSides is how many interfaces are told apart. Of others MAC addresses are taken to tell directions.
const mostSides = 1 << 12

// direction learns whether MAC addresses tell what comes from what leaves.
func (t *trust) direction(iface int, src, dst netip.Addr, m *inet.Marks) {
	from, to := t.home(src), t.home(dst)
	s, known := t.sides[iface]
	if from == to || !m.HasMAC || m.Tunnels > 0 || s.apart || !known && len(t.sides) >= mostSides {
		return
	}
	if from {
		s.to = m.SrcMAC
	} else {
		s.from = m.SrcMAC
	}
	s.apart = s.from != s.to && s.from != [6]byte{} && s.to != [6]byte{}
	t.sides[iface] = s
}

// left says whether a packet was on its way out from a host of ours to one elsewhere: not in a tunnel, not where only what comes in is
// heard, and not with a MAC address that brings what comes in. A file in which no MAC address was seen to leave only, as one that a router made
// of its own traffic, is judged by addresses alone.
func (t *trust) left(s, theirs *decoders.Step) bool {
	if !t.home(s.Src.Addr()) || t.home(s.Dst.Addr()) || s.Tunnels > 0 {
		return false
	}
	file := false
	if t.iface != nil {
		i := t.iface(s.Iface)
		if i.Role == decoders.RoleExternal {
			return false
		}
		file = i.Path != ""
	}
	side, known := t.sides[s.Iface]
	if known && !side.apart && file {
		return true
	}
	return (s.SrcMAC != side.from || s.SrcMAC == [6]byte{}) && (theirs == nil || s.SrcMAC != theirs.SrcMAC || s.SrcMAC == [6]byte{})
}

// bound says whether a message came from an access interface where its MAC and address are bound.
func (t *trust) bound(m *decoders.Message) bool {
	if t.iface == nil || !t.home(m.Src.Addr()) {
		return false
	}
	i, a := t.iface(m.Iface), m.Src.Addr()
	if i.Role != decoders.RoleAccess {
		return false
	}
	if t.bindings[Binding{i.Name, m.Marks.SrcMAC, netip.PrefixFrom(a, a.BitLen())}] {
		return true
	}
	for _, b := range t.networks {
		if b.Interface == i.Name && b.MAC == m.Marks.SrcMAC && b.Prefix.Contains(a) {
			return true
		}
	}
	return false
}

// netPair is who sends answers to callbacks that never were, to whom.
type netPair struct{ from, to addrKey }

// guess counts such an answer.
func (t *trust) guess(s *decoders.Signal) {
	k := netPair{keyOf(s.Src.Addr()), keyOf(s.Dst.Addr())}
	n, _ := t.guesses.get(k)
	t.guesses.put(k, n+min(1, ^n), s.Time)
}

// guessed counts them from one address to another. Where a flood of them pushed others out within their time, everybody may be the one.
func (t *trust) guessed(from, to netip.Addr, at time.Time) int {
	n, _ := t.guesses.get(netPair{keyOf(from), keyOf(to)})
	if t.guesses.lost(at) {
		return 1 << 20
	}
	return int(n)
}
