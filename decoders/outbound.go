package decoders

import (
	"encoding/binary"
	"net/netip"
	"time"

	"popupwatch/decoders/inet"
)

// askWindow is how long after a host asked something over UDP an answer may come; a host that was silent for longer than senderWindow may be
// one whose datagrams do not pass the sensor.
const (
	askWindow    = 30 * time.Second
	senderWindow = 10 * time.Minute
)

// outboundCost is what a remembered datagram costs in its two generations of map, in octets.
const outboundCost = 2 * 2 * 40

// outbound remembers what hosts sent from the watched ports, and which hosts were seen to send at all, so that an answer is told from what
// nobody asked for. Where it cannot know it says so: a capture that begins, a direction that is missing, a table that had to forget.
type outbound struct {
	secret  inet.Secret
	asked   generations[struct{}] // by host, port and peer; by host and port; by host, port and all
	since   time.Time             // since when nothing was forgotten early
	senders [1024]sender          // by hash: a newcomer takes the place of another, which then is unknown
}

// sender is a host that was seen to send a datagram.
type sender struct {
	hash uint64
	at   int64
}

func newOutbound(memory int64) *outbound {
	return &outbound{secret: inet.NewSecret(), asked: newGenerations[struct{}](askWindow, int(memory/outboundCost))}
}

// sends notes that a datagram of a host passed. Its table is by a fixed hash, so that two runs say the same: who makes hosts share a place
// only makes them unknown.
func (o *outbound) sends(at int64, host netip.Addr) {
	h := addrHash(host)
	o.senders[h%uint64(len(o.senders))] = sender{h, at}
}

// asks notes a datagram from a watched port.
func (o *outbound) asks(now time.Time, host netip.Addr, port uint16, peer netip.Addr) {
	shed, began := o.asked.shed, o.asked.began
	o.asked.put(o.key(host, port, netip.Addr{}), struct{}{}, now)
	if toMany(peer) {
		peer = netip.IPv6Unspecified()
	}
	o.asked.put(o.key(host, port, peer), struct{}{}, now)
	if o.asked.shed != shed {
		o.since = began
	}
}

// toMany says whether an address may stand for several hosts: whoever of them answers was asked. A network's own broadcast address is not
// known here; most end with 255.
func toMany(a netip.Addr) bool {
	return a.IsMulticast() || a.Is4() && a.As4()[3] == 255
}

// solicited says whether a host had sent to peer from that port, so that what comes back is an answer. No is said only of a host that was
// seen to send, and not from that port to anybody, by a table that is complete for as long as an answer may take: what arrives at a port in
// use may be anything.
func (o *outbound) solicited(now time.Time, host netip.Addr, port uint16, peer netip.Addr) Known {
	switch {
	case o.has(host, port, netip.Addr{}):
		if o.has(host, port, peer) || o.has(host, port, netip.IPv6Unspecified()) {
			return Yes
		}
	case o.sees(now, host):
		return No
	}
	return Unknown
}

// sees says whether what a host sends now would be seen and remembered.
func (o *outbound) sees(now time.Time, host netip.Addr) bool {
	h := addrHash(host)
	s := &o.senders[h%uint64(len(o.senders))]
	return s.hash == h && near(s.at, now.UnixNano(), senderWindow) && now.Sub(o.since) >= askWindow
}

func (o *outbound) has(host netip.Addr, port uint16, peer netip.Addr) bool {
	_, ok := o.asked.get(o.key(host, port, peer))
	return ok
}

func (o *outbound) key(host netip.Addr, port uint16, peer netip.Addr) uint64 {
	var b [35]byte
	host16 := host.As16()
	copy(b[:], host16[:])
	binary.LittleEndian.PutUint16(b[16:], port)
	if peer.IsValid() {
		peer16 := peer.As16()
		copy(b[18:], peer16[:])
		b[34] = 1
	}
	return o.secret.Sum(b[:])
}

// portSet is a set of ports.
type portSet [1 << 10]uint64

func (s *portSet) add(port uint16) { s[port>>6] |= 1 << (port & 63) }

func (s *portSet) has(port uint16) bool { return s[port>>6]&(1<<(port&63)) != 0 }
