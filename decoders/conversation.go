package decoders

import (
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
)

// How long calls and callbacks are remembered, and activities of callbacks: as long as a caller could still use what it learned there.
const (
	exchangeWindow = time.Minute
	soleWindow     = 15 * time.Minute
)

// entry sizes: what a call, a callback and a callback's activity cost in their two generations.
const (
	callCost     = 2 * 96
	callbackCost = 2 * 320
	soleCost     = 2 * 40
)

// conversations remembers who called whom and who was asked whether it did (C706 12.5). It has three tables: calls, of which a flood of
// invented addresses can push each other out; callbacks, which only a called host sends, with a copy of their call; and the activities that
// callbacks carried. Each forgets its older half when it is full. Times are packet time; nothing is saved, so that no proof rests on a file.
type conversations struct {
	secret    inet.Secret
	calls     generations[call]
	callbacks generations[*callback]
	soles     generations[sole]
}

// sole is what is known of an activity of the conversation manager.
type sole struct {
	pair  uint64 // of addresses that it went between; severalPairs
	next  uint32 // sequence number that is to follow
	whole bool   // all before it were seen
}

// severalPairs marks an activity that more than one pair of addresses used.
const severalPairs = 0

// step is a Step without its addresses: whoever looks it up has them.
type step struct {
	frame    uint64
	at       int64
	src, dst uint16
	iface    int32
	mac      [6]byte
	ttl      uint8
	tunnels  uint8
}

// call is the last call of an activity between two addresses: an activity has one call at a time (C706 12.5.1).
type call struct {
	step
	sequence uint32
	flags    dcerpc.Flags // of all PDUs of the call
	popup    bool
	callback uint64 // key of the last callback about it; 0 for none
}

// callback is a question of the called host to the caller, and what came back.
type callback struct {
	step
	call      call
	header    dcerpc.Header
	asked     dcerpc.UUID
	answer    step
	said      said
	answers   uint16
	different bool
}

// said is what an answer to a callback says.
type said struct {
	kind             dcerpc.Type
	status, sequence uint32
}

func newConversations(secret inet.Secret, memory int64) conversations {
	return conversations{
		secret:    secret,
		calls:     newGenerations[call](exchangeWindow, int(memory/2/callCost)),
		callbacks: newGenerations[*callback](exchangeWindow, int(memory/4/callbackCost)),
		soles:     newGenerations[sole](soleWindow, int(memory/4/soleCost)),
	}
}

// shed counts what was forgotten within its time.
func (s *conversations) shed() uint64 { return s.calls.shed + s.callbacks.shed + s.soles.shed }

// between hashes two addresses, in their order, and an activity.
func between(secret inet.Secret, src, dst netip.Addr, activity dcerpc.UUID) uint64 {
	var b [48]byte
	a16, b16 := src.As16(), dst.As16()
	copy(b[:], a16[:])
	copy(b[16:], b16[:])
	copy(b[32:], activity[:])
	return secret.Sum(b[:])
}

// called notes a request of the Messenger's interface. k is the hash of its addresses and activity. The first datagram of a call stays; one
// flag that makes it one-way makes all of it so.
func (s *conversations) called(k uint64, at step, h *dcerpc.Header, popup bool) {
	now := time.Unix(0, at.at)
	c, known := s.calls.get(k)
	if known && c.sequence == h.Sequence && near(at.at, c.at, exchangeWindow) {
		if flags := c.flags | h.Flags; flags != c.flags || popup && !c.popup {
			if popup && !c.popup {
				c.frame = at.frame
			}
			c.flags, c.popup = flags, c.popup || popup
			s.calls.put(k, c, now)
		}
		return
	}
	s.calls.put(k, call{step: at, sequence: h.Sequence, flags: h.Flags, popup: popup}, now)
}

// asks notes a callback from server to client and gives its exchange.
func (s *conversations) asks(at step, server, client netip.Addr, h *dcerpc.Header, asked dcerpc.UUID) *callback {
	now := time.Unix(0, at.at)
	b := &callback{step: at, header: *h, asked: asked}
	k := s.callbackKey(server, client, h)
	callKey := between(s.secret, client, server, asked)
	if c, ok := s.calls.get(callKey); ok && near(at.at, c.at, exchangeWindow) {
		c.callback = k
		s.calls.put(callKey, c, now)
		b.call = c
	}
	if before, ok := s.callbacks.get(k); ok && near(at.at, before.at, exchangeWindow) && before.asked == asked {
		if before.call.frame == 0 {
			before.call = b.call
		}
		return before // it asks again, for want of an answer
	}
	s.callbacks.put(k, b, now)
	return b
}

func (s *conversations) callbackKey(server, client netip.Addr, h *dcerpc.Header) uint64 {
	return mix(between(s.secret, server, client, h.Activity), uint64(h.Sequence)<<1|1)
}

// asked gives the callback of that header from server to client; nil where none was seen within its time.
func (s *conversations) asked(at int64, server, client netip.Addr, h *dcerpc.Header) *callback {
	b, ok := s.callbacks.get(s.callbackKey(server, client, h))
	if !ok || !near(at, b.at, exchangeWindow) {
		return nil
	}
	return b
}

// answered notes an answer to a callback.
func (b *callback) answered(at step, what said) {
	if b.answers == 0 {
		b.answer, b.said = at, what
	}
	b.answers += min(1, ^b.answers)
	b.different = b.different || what != b.said
}

// carry notes that an activity of the conversation manager went between two addresses. Their order does not matter.
func (s *conversations) carry(at int64, a, b netip.Addr, h *dcerpc.Header) {
	if b.Less(a) {
		a, b = b, a
	}
	k, pair := s.soleKey(h.Activity), between(s.secret, a, b, dcerpc.UUID{})|1
	known, ok := s.soles.get(k)
	if !ok {
		known = sole{pair: pair, whole: true}
	}
	if known.pair != pair {
		known.pair = severalPairs
	}
	known.whole = known.whole && h.Sequence <= known.next
	known.next = max(known.next, h.Sequence+min(1, ^h.Sequence))
	s.soles.put(k, known, time.Unix(0, at))
}

func (s *conversations) soleKey(activity dcerpc.UUID) uint64 { return s.secret.Sum(activity[:]) }

// sole says whether an activity went between one pair of addresses alone, as far as is known.
func (s *conversations) sole(activity dcerpc.UUID) Known {
	switch known, ok := s.soles.get(s.soleKey(activity)); {
	case ok && known.pair == severalPairs:
		return No
	case !ok || !known.whole:
		return Unknown
	}
	return Yes
}

// exchange tells what is known of the call that a PDU belongs to which a client's datagrams carry to server, and the server's to client.
func (s *conversations) exchange(at int64, client, server netip.Addr, h *dcerpc.Header) (e Exchange) {
	c, ok := s.calls.get(between(s.secret, client, server, h.Activity))
	if !ok || c.sequence != h.Sequence || !near(at, c.at, exchangeWindow) {
		return Exchange{}
	}
	if c.callback != 0 {
		if b, ok := s.callbacks.get(c.callback); ok && near(at, b.at, exchangeWindow) {
			e = s.around(b, client, server)
		}
	}
	e.Activity = h.Activity
	e.calls(&c, client, server)
	return e
}

// around tells what is known of the exchange around a callback.
func (s *conversations) around(b *callback, client, server netip.Addr) Exchange {
	e := Exchange{
		Activity: b.asked, Callback: b.public(server, client), CallbackActivity: b.header.Activity, CallbackSequence: b.header.Sequence,
		CallbackOperation: b.header.Operation, CallbackSole: s.sole(b.header.Activity),
		Answer: b.answer.public(client, server), Answers: b.answers, Differ: b.different,
	}
	e.calls(&b.call, client, server)
	return e
}

func (e *Exchange) calls(c *call, client, server netip.Addr) {
	e.Call = c.public(client, server)
	e.Sequence, e.Flags, e.Popup = c.sequence, c.flags, c.popup
}

// public is the step between two addresses.
func (s *step) public(src, dst netip.Addr) Step {
	if s.frame == 0 {
		return Step{}
	}
	return Step{
		Frame: s.frame, Time: time.Unix(0, s.at).UTC(), Src: netip.AddrPortFrom(src, s.src), Dst: netip.AddrPortFrom(dst, s.dst),
		TTL: s.ttl, Tunnels: s.tunnels, SrcMAC: s.mac, Iface: int(s.iface),
	}
}
