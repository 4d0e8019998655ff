package simulate

import (
	"slices"

	"popupwatch/decoders/dcerpc"
)

// callbackHabit is how one of our hosts chooses the activity of a callback.
type callbackHabit uint8

// The habits: a new random one each time, as Windows does; one for all callers, counted up, as the reference runtime of DCE does; one made
// of clock and MAC address; a new one that looks random, of 64 that can be told beforehand.
const (
	callbackFresh callbackHabit = iota
	callbackReused
	callbackClock
	callbackWeak
)

// server is one of our hosts: its RPC runtime calls back, its SMB server answers.
type server struct {
	address  address
	habit    callbackHabit
	stepISN  bool // initial sequence numbers of TCP go up by 64,000, as on NT 4
	boot     uint32
	port     uint16 // callbacks come from here
	counter  uint16
	activity uuid
	sequence uint32
	isn      uint32
	weak     int // which of the candidates it chose last
}

// farm is how many ordinary servers there are from the start.
const farm = 64

func (s *Stream) openServers() {
	for range farm {
		s.newServer(callbackFresh)
	}
}

// newServer opens one more of our hosts. The addresses lie in the upper half of home.
func (s *Stream) newServer(habit callbackHabit) *server {
	n := uint32(len(s.servers))
	v := &server{
		address: homeBase | address(0x8000|n%0x7f00+1), habit: habit, boot: uint32(s.from/second) - s.rng.Uint32N(1<<20), port: 1030 + uint16(s.rng.IntN(900)),
		counter: uint16(s.rng.Uint32()), activity: newUUID(s.rng), isn: s.rng.Uint32(),
	}
	s.servers = append(s.servers, v)
	return v
}

// ordinary is one of the servers that were there from the start.
func (s *Stream) ordinary() *server { return s.servers[s.rng.IntN(farm)] }

// next is the header of the server's next datagram.
func (v *server) next(to address, from, port uint16) header {
	v.counter++
	return header{src: v.address, dst: to, sport: from, dport: port, ttl: 128, id: v.counter}
}

// question chooses the activity and sequence number of the next callback.
func (v *server) question(s *Stream) (uuid, uint32) {
	switch v.habit {
	case callbackReused:
		v.sequence++
		return v.activity, v.sequence - 1
	case callbackClock:
		return clockUUID(s.now, hostMAC|uint64(v.address&0xffff)), 0
	case callbackWeak:
		v.sequence++
		v.weak = s.rng.IntN(len(v.candidates()))
		return v.candidates()[v.weak], 0
	}
	return newUUID(s.rng), 0
}

// candidates are the activities that a server with a weak generator chooses from next.
func (v *server) candidates() (all [64]uuid) {
	for i := range all {
		u := v.activity
		for j := range u {
			u[j] ^= byte(mixed(uint64(v.sequence)<<16|uint64(i)<<8|uint64(j)) >> 8)
		}
		all[i] = u.versioned(4)
	}
	return all
}

// handshake chooses the initial sequence number of the next connection.
func (v *server) handshake(s *Stream) uint32 {
	if v.stepISN {
		v.isn += 64000
		return v.isn
	}
	return s.rng.Uint32()
}

// conversation is one call to a server and what follows.
type conversation struct {
	s        *Stream
	m        *mailing
	server   *server
	claimed  address // the source address of the call
	ports    [2]uint16
	ttl      uint8         // of what arrives in its name
	id       func() uint16 // and its IP identification
	activity uuid
	sequence uint32
	space    uuid
	callback uuid
	round    uint32
	truth    Truth // of the call

	outside bool    // what the server says comes in from outside
	outer   *header // of the tunnel that all of it comes in; nil for none
	gre     bool
}

// open begins a conversation of a host with a server in its own name.
func (s *Stream) open(m *mailing, h *host, v *server) *conversation {
	c := &conversation{
		s: s, m: m, server: v, claimed: h.address, ports: [2]uint16{h.port(), m.tool.port}, ttl: h.arrival(s.now),
		id: func() uint16 { return h.nextID(s.rng, s.now) }, space: h.space, truth: m.genuine(h),
	}
	c.activity, c.sequence = m.tool.call(s.rng, h, s.now, 0)
	c.truth.Proof = v.habit == callbackFresh
	return c
}

// genuine is the truth of what a host sends in its own name.
func (m *mailing) genuine(h *host) Truth {
	t := Truth{Class: ClassGenuine, Family: m.family, Campaign: m.number, Host: h.number, Genuine: true, Legit: m.legit}
	if m.legit {
		t.Class = ClassLegit
	}
	return t
}

// forged is the truth of what a host sends in another's name.
func (m *mailing) forged(h *host) Truth {
	return Truth{Class: ClassForged, Family: m.family, Campaign: m.number, Host: h.number}
}

// arrives is the header of a datagram that comes in the name of the client.
func (c *conversation) arrives(port uint16) header {
	return header{src: c.claimed, dst: c.server.address, sport: c.ports[0], dport: port, ttl: c.ttl, id: c.id(), noSum: c.m.tool.noSum}
}

// call sends the popup.
func (c *conversation) call() {
	h := c.arrives(c.ports[1])
	t := c.truth
	t.Popup, t.step = true, stepCall
	p := pdu{flags: c.m.tool.flags, activity: c.activity, sequence: c.sequence}
	whole := appendCall(c.s.payload[:0], &p, c.m.from, c.m.to, c.m.text(c.s.rng))
	if c.m.tool.fragment > 0 {
		c.pieces(&h, &p, slices.Clone(whole[dcerpc.HeaderSize:]), t)
		return
	}
	c.send(&h, whole, t)
}

// pieces sends a call in several PDUs, of which the last completes the popup.
func (c *conversation) pieces(h *header, p *pdu, stub []byte, t Truth) {
	p.flags |= dcerpc.FlagFrag
	for ; len(stub) > 0; p.fragment++ {
		n := min(len(stub), c.m.tool.fragment)
		piece := t
		if n < len(stub) {
			piece.Popup, piece.Proof = false, false
		} else {
			p.flags |= dcerpc.FlagLastFrag
		}
		p.serial = p.fragment
		c.send(h, finish(append(p.begin(c.s.payload[:0]), stub[:n]...), 0), piece)
		stub = stub[n:]
		h.id = c.id()
	}
}

// says is the header of what the server says, or seems to say.
func (c *conversation) says(port uint16) header {
	h := c.server.next(c.claimed, port, c.ports[0])
	h.fromOutside = c.outside
	return h
}

// send puts a datagram on the wire, in its tunnel where there is one.
func (c *conversation) send(h *header, payload []byte, t Truth) {
	if c.outer == nil {
		c.s.sendUDP(h, payload, t)
		return
	}
	c.s.payload = payload[:0]
	c.outer.id++
	c.s.datagram = c.outer.appendTunnel(c.outer.appendEthernet(c.s.datagram[:0]), c.gre, h.appendUDP(nil, payload))
	c.s.emit(h, c.s.datagram, t)
}

// ours is the truth of what our hosts send.
func (c *conversation) ours() Truth {
	if c.outside {
		return c.truth
	}
	return Truth{Class: ClassOurs, Family: c.m.family, Campaign: c.m.number, Genuine: true}
}

// ask is the callback of the server.
func (c *conversation) ask() {
	c.callback, c.round = c.server.question(c.s)
	h := c.says(c.server.port)
	c.send(&h, appendCallback(c.s.payload[:0], c.callback, c.round, c.activity, c.server.boot), c.ours())
}

// answer answers the callback, or a guessed one, in the name of the client.
func (c *conversation) answer(callback uuid, round, status uint32, t Truth) {
	h := c.arrives(c.server.port)
	t.step = stepAnswer
	c.send(&h, appendAnswer(c.s.payload[:0], callback, round, c.sequence, c.space, status), t)
}

// respond is the return code of the call, which ran.
func (c *conversation) respond() {
	h := c.says(c.ports[1])
	c.send(&h, appendControl(c.s.payload[:0], dcerpc.TypeResponse, c.activity, c.sequence, c.server.boot), c.ours())
}

// acknowledge ends the call.
func (c *conversation) acknowledge(t Truth) {
	h := c.arrives(c.ports[1])
	c.send(&h, appendControl(c.s.payload[:0], dcerpc.TypeAck, c.activity, c.sequence, c.server.boot), t)
}

// roundTrip is a time to a host and back.
func (s *Stream) roundTrip() int64 { return 15*millisecond + gap(s.rng, 0.06) }

// converse is the whole conversation of an honest client; the frames of the server come from a sensor that stands next to it.
func (c *conversation) converse() {
	c.call()
	t := c.truth
	t.Proof = false
	c.s.after(400*microsecond, func() {
		c.ask()
		c.s.after(c.s.roundTrip(), func() {
			c.answer(c.callback, c.round, 0, t)
			c.s.after(300*microsecond, func() {
				c.respond()
				c.s.after(2*second+c.s.roundTrip(), func() { c.acknowledge(t) })
			})
		})
	})
}

// bystander is what the holder of a claimed address does when the callback reaches him, which he never asked for.
func (c *conversation) bystander() {
	t := Truth{Class: ClassInnocent, Family: c.m.family, Campaign: c.m.number, Host: 1<<31 | uint32(c.claimed)>>1, Genuine: true}
	where := c.s.world.holderOf(c.claimed)
	ttl := uint8(max(1, 128-c.s.world.hopsTo(c.claimed)))
	switch {
	case where == holderDenies:
		c.s.after(c.s.roundTrip(), func() { c.deny(ttl, t) })
	case where == holderAlive:
		c.s.unreachable(c.claimed, ttl, 3, c.lastCallback(), t)
	case where == holderDead && c.s.rng.IntN(3) == 0:
		c.s.unreachable(c.claimed&^0xff|1, ttl+1, 1, c.lastCallback(), t)
	}
}

// deny is the answer of an RPC runtime that knows nothing of the call.
func (c *conversation) deny(ttl uint8, t Truth) {
	d := *c
	d.ttl, d.id = ttl, func() uint16 { return uint16(c.s.rng.Uint32()) }
	d.answer(c.callback, c.round, dcerpc.StatusBadActivity, t)
}

// lastCallback is the datagram of the callback as it was sent.
func (c *conversation) lastCallback() []byte {
	h := header{src: c.server.address, dst: c.claimed, sport: c.server.port, dport: c.ports[0], ttl: 111, id: c.server.counter}
	return h.appendUDP(nil, appendCallback(nil, c.callback, c.round, c.activity, c.server.boot))
}

// unreachable is an ICMP error about a datagram that one of our hosts sent, some time later.
func (s *Stream) unreachable(from address, ttl, code uint8, quoted []byte, t Truth) {
	s.after(s.roundTrip(), func() {
		to := address(quoted[12])<<24 | address(quoted[13])<<16 | address(quoted[14])<<8 | address(quoted[15])
		h := header{src: from, dst: to, ttl: ttl, id: uint16(s.rng.Uint32())}
		s.datagram = h.appendICMP(h.appendEthernet(s.datagram[:0]), 3, code, quoted)
		s.emit(&h, s.datagram, t)
	})
}
