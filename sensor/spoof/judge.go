package spoof

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
)

// grace is how long after its hour a claim closes (CONTRACT.md 2.0).
const grace = time.Minute

// Config of a Judge. The zero value of each field is its default.
type Config struct {
	Allow     []netip.Prefix               // addresses that are never reportable
	Bindings  []Binding                    // of access interfaces
	Home      []netip.Prefix               // own address space; without it every packet counts as coming from outside
	Interface func(int) decoders.Interface // of a message's Iface; nil: every one is a span
	Memory    int64                        // octets of state; default 112 MiB
	Routes    *Routes                      // what was routed, and when; nil: not known
	Networks  Networks                     // origin AS of a source; nil: not known
}

// claimCost and populationCost are what a claim and its campaign's entry take, index included.
const (
	claimCost      = 280
	populationCost = 416
)

// Judge judges sources. It belongs to one goroutine. Claims and campaigns live in slots; when they take more than their memory a hand goes
// round and frees the first that was not used since it last passed. A claim that is still open then closes early: Due gives its document,
// and is to be asked after each Observe.
type Judge struct {
	Shed     uint64 // claims closed before their time because a bound was reached
	Unphased uint64 // looks of the phase test that its budget did not pay for

	memory      int
	home        []netip.Prefix
	iface       func(int) decoders.Interface
	special     *specialTable
	routes      *Routes
	networks    Networks
	phases      phaseBudget
	sentences   *packetSentences
	secret      inet.Secret // of fingerprints
	allow       []netip.Prefix
	trust       *trust
	claims      slots[claim]
	byKey       map[claimKey]uint32
	populations slots[population]
	held        int // octets of the populations
	byCampaign  map[string]uint32
	nextSeq     uint32
	hours       []hourBucket // ascending
	idle        []idleRef    // populations without open claims, longest first
	changed     []claimRef   // claims whose state changed besides the one observed
	now         time.Time
	out         Assessment
	call        dcerpc.Call // of the probe in hand
	names       classNames
	packets     []uint64 // frames that the evidence of out names
	keep        int      // places of claims to fall back to once all beyond are free, after a restart with less memory; 0: none
}

// hourBucket is the list of the open claims of one hour, in the order they opened: linked through the claims, so that it takes no room.
type hourBucket struct {
	hour       int32
	head, tail uint32
}

// maxHoursOpen is how many hours may have open claims: time runs forward in a capture, one that jumps about closes the oldest.
const maxHoursOpen = 1024

// idleRef names a population that had no open claim when it was written down.
type idleRef struct {
	at  uint32
	seq uint32
}

// claimRef names a claim whose slot may be another's by now.
type claimRef struct {
	slot uint32
	key  claimKey
}

// New makes a Judge with empty state.
func New(c Config) *Judge {
	if c.Memory == 0 {
		c.Memory = 112 << 20
	}
	j := &Judge{
		memory: int(c.Memory) - int(c.Memory)/trustShare, home: c.Home, allow: c.Allow, iface: c.Interface,
		routes: c.Routes, networks: c.Networks, special: newSpecialTable(), sentences: newPacketSentences(), secret: inet.NewSecret(),
		byKey: map[claimKey]uint32{}, byCampaign: map[string]uint32{},
	}
	j.trust = newTrust(&c, j.isHome)
	return j
}

// Observe notes a popup of a campaign, spam or not, and gives the claim as it stands now: a view, valid until the next call. Changed says
// that a document is due.
// The claim of an exploit attempt belongs to its class and hour, whatever campaign is named.
func (j *Judge) Observe(m *decoders.Message, campaign string, spam bool) *Assessment {
	s := sightingOf(m)
	if s.spam = spam; len(j.home) > 0 {
		s.message = m
	}
	return j.observe(&s, campaign)
}

// ObserveProbe notes a probe and gives the claim as it stands now, as Observe does. Signals that are no probes must not be given.
func (j *Judge) ObserveProbe(g *decoders.Signal) *Assessment {
	s := sighting{
		class: ClassProbe, time: g.Time, began: g.Time, src: g.Src, dst: g.Dst, marks: &g.Marks, iface: g.Iface, frame: g.Frame, first: true,
	}
	if calls(g) {
		j.call = dcerpc.Call{Header: g.PDU, Fragments: 1}
		s.call = &j.call
	}
	return j.observe(&s, "")
}

func (j *Judge) observe(m *sighting, campaign string) *Assessment {
	at := j.populationOf(m, campaign)
	p := j.populations.get(at)
	j.now = m.time
	if m.first {
		p.submissions++
	}
	c, fresh, previous := j.claim(m, p, at)
	shown := rowsOf(m, j.isHome(m.src.Addr()) && j.isHome(m.dst.Addr())) | j.structural(m, c) | j.own(m) | j.hopRows(m) | j.quotedRow(m) | c.jumped(m)
	if m.spam {
		c.rows |= rowSpam
	}
	if at, ok := j.trust.reached.get(c.key.source); ok && m.time.UnixNano()-at < int64(reachFor) {
		shown |= rowReached
	}
	grown := c.note(m, shown)
	if m.message != nil {
		j.await(m.message, c, j.byKey[c.key])
	}
	if j.meet(p, c, m, fresh, fresh && previous == nil) {
		j.reconsider(p, c)
	}
	if fresh || grown || c.version != p.version {
		j.judge(c, p)
	}
	a := j.assessment(c, p, m.time)
	a.NewSource = fresh && previous == nil
	if previous != nil {
		a.Previous = *previous
	}
	j.report(a, c)
	return a
}

// report marks an assessment as a document that is due where the state is not the one last told, and writes its evidence.
func (j *Judge) report(a *Assessment, c *claim) {
	if a.Changed = c.state != c.reported; a.Changed {
		c.reported = c.state
		j.argue(a, c)
	}
}

// structural applies the rules that decide alone: special-purpose sources (R1, R1b) and a source that is its own destination (E05).
func (j *Judge) structural(m *sighting, c *claim) rows {
	src, dst := m.src.Addr(), m.dst.Addr()
	if src == dst {
		return rowSelf
	}
	if !j.fromOutside(src, dst) {
		return 0
	}
	switch l := j.special.lookup(src, m.time); {
	case l == nil:
		return j.unrouted(m)
	case l.leaks:
		c.special = l.index
		return rowR1b
	default:
		c.special = l.index
		return rowR1
	}
}

// own is the row of a home address that comes in from outside. It decides nothing alone: own space may be announced elsewhere, and a hairpin
// may lie before the interface.
func (j *Judge) own(m *sighting) rows {
	if len(j.home) == 0 || j.iface == nil || j.iface(m.iface).Role != decoders.RoleExternal || !j.isHome(m.src.Addr()) {
		return 0
	}
	return rowE04
}

// fromOutside says whether a packet comes to home from elsewhere; without home every packet counts as such.
func (j *Judge) fromOutside(src, dst netip.Addr) bool {
	return len(j.home) == 0 || j.isHome(dst) && !j.isHome(src)
}

func (j *Judge) isHome(a netip.Addr) bool {
	return slices.ContainsFunc(j.home, func(p netip.Prefix) bool { return p.Contains(a) })
}

// populationOf gives the slot of the population that a packet belongs to, which it opens where it must: its campaign's, or for probes and
// exploit attempts that of their class and hour. What many who have nothing to do with each other send in a year must not be one mail-shot.
func (j *Judge) populationOf(m *sighting, campaign string) uint32 {
	if m.class != ClassPopup {
		campaign = j.names.of(m.class, hourOf(m.began))
	}
	at, ok := j.byCampaign[campaign]
	if !ok {
		at = j.openPopulation(campaign, m.class)
	}
	j.populations.touch(at)
	return at
}

// weigh counts what a population takes now.
func (j *Judge) weigh(p *population) {
	before := p.weighed
	p.weighed = p.octets()
	j.held += p.weighed - before
}

func (j *Judge) openPopulation(campaign, class string) uint32 {
	at := j.populations.free()
	j.nextSeq++
	*j.populations.get(at) = population{campaign: campaign, class: class, seq: j.nextSeq}
	j.byCampaign[campaign] = at
	j.weigh(j.populations.get(at))
	return at
}

// claim gives the open claim that m belongs to. fresh says that it is new; previous then is the state of the source's last claim in this
// campaign, nil where it had none.
func (j *Judge) claim(m *sighting, p *population, at uint32) (c *claim, fresh bool, previous *State) {
	k := claimKey{keyOf(m.src.Addr()), p.seq, hourOf(m.began)}
	slot, ok := j.byKey[k]
	if ok {
		c = j.claims.get(slot)
	}
	if ok && c.open {
		j.claims.touch(slot)
		return c, false, nil
	}
	previous = j.lastState(k, p, ok)
	if !ok {
		slot = j.openClaim(k, at)
		c = j.claims.get(slot)
		c.ttl = m.marks.TTL // of its first packet
		p.hour(k.hour)
	}
	c.reopen(m.time)
	p.refs++
	j.claims.touch(slot)
	j.enlist(slot, c)
	return c, true, previous
}

func (j *Judge) openClaim(k claimKey, population uint32) uint32 {
	slot := j.claims.free()
	*j.claims.get(slot) = claim{key: k, slot: population}
	j.byKey[k] = slot
	return slot
}

// lastState gives the state of the latest claim of a source in a campaign, this hour's earlier part included, which is there or was not found;
// nil where none is remembered.
func (j *Judge) lastState(k claimKey, p *population, there bool) *State {
	this := k.hour
	for i := len(p.hours) - 1; i >= 0; i-- {
		if k.hour = p.hours[i]; k.hour == this && !there {
			continue
		}
		if slot, ok := j.byKey[k]; ok {
			state := j.claims.get(slot).state
			return &state
		}
	}
	return nil
}

// enlist puts a claim that opened at the end of its hour's list.
func (j *Judge) enlist(slot uint32, c *claim) {
	i, ok := j.bucket(c.key.hour)
	if !ok {
		j.hours = slices.Insert(j.hours, i, hourBucket{c.key.hour, noSlot, noSlot})
	}
	b := &j.hours[i]
	c.before, c.after = b.tail, noSlot
	if b.tail == noSlot {
		b.head = slot
	} else {
		j.claims.get(b.tail).after = slot
	}
	b.tail = slot
}

// delist takes a claim that closes out of its hour's list, and the hour away with its last claim.
func (j *Judge) delist(c *claim) {
	i, _ := j.bucket(c.key.hour)
	b := &j.hours[i]
	if c.before == noSlot {
		b.head = c.after
	} else {
		j.claims.get(c.before).after = c.after
	}
	if c.after == noSlot {
		b.tail = c.before
	} else {
		j.claims.get(c.after).before = c.before
	}
	if b.head == noSlot {
		j.hours = slices.Delete(j.hours, i, i+1)
	}
}

func (j *Judge) bucket(hour int32) (int, bool) {
	return slices.BinarySearchFunc(j.hours, hour, func(b hourBucket, h int32) int { return cmp.Compare(b.hour, h) })
}

// full says whether claims and populations take more than their memory.
func (j *Judge) full() bool {
	return j.claims.used()*claimCost+j.held > j.memory
}

// makeRoom frees campaigns without open claims where they take more than half, else claims, until all is within memory. It stops at a claim
// that was open: that is closed, and its last document is given.
func (j *Judge) makeRoom() (*Assessment, bool) {
	if len(j.hours) > maxHoursOpen {
		j.Shed++
		return j.final(j.claims.get(j.hours[0].head), j.now), true
	}
	for j.full() {
		if j.held > j.memory/2 && j.evictPopulation() {
			continue
		}
		slot := j.claims.victim(func(c *claim) bool { return c.messages > 0 })
		if slot == noSlot {
			break
		}
		if j.evictClaim(slot) {
			return &j.out, true
		}
	}
	if j.keep > 0 {
		j.shrink()
	}
	return nil, false
}

// evictClaim forgets a claim, and says whether it was open: then j.out is its last document.
func (j *Judge) evictClaim(slot uint32) (open bool) {
	c := j.claims.get(slot)
	if open = c.open; open {
		j.Shed++
		j.final(c, j.now)
	}
	delete(j.byKey, c.key)
	delete(j.trust.dossiers, slot)
	j.claims.release(slot)
	return open
}

// rest notes that a population has no open claim any more.
func (j *Judge) rest(at uint32, p *population) {
	if !p.queued {
		p.queued = true
		j.idle = append(j.idle, idleRef{at, p.seq})
	}
}

// evictPopulation forgets the campaign that has had no open claim for longest; false where all have one.
func (j *Judge) evictPopulation() bool {
	for len(j.idle) > 0 {
		r := j.idle[0]
		j.idle = j.idle[1:]
		p := j.populations.get(r.at)
		if p.seq != r.seq {
			continue
		}
		p.queued = false
		if p.refs == 0 {
			delete(j.byCampaign, p.campaign)
			j.held -= p.weighed
			j.populations.release(r.at)
			return true
		}
	}
	return false
}
