package simulate

import (
	"encoding/binary"

	"popupwatch/decoders/dcerpc"
)

// background lets other traffic come, n frames or more, mean nanoseconds apart: what arrives at the ports of the Messenger, and around, and is no popup.
func (s *Stream) background(n int, mean int64) {
	kinds := []func(*host){s.lookup, s.answerToLowPort, s.worm, s.scan, s.otherInterface, s.nameQuery, s.backscatter, s.scrap}
	h := s.newHost(s.rng.IntN(systems))
	s.every(n, mean, func(i int) {
		if i%20 == 0 {
			h = s.newHost(s.rng.IntN(systems))
		}
		kinds[s.rng.IntN(len(kinds))](h)
	})
}

// other is the truth of a background packet.
func other(h *host) Truth { return Truth{Class: ClassBackground, Host: h.number, Genuine: true} }

// strayTo sends a UDP datagram of a host to home.
func (s *Stream) strayTo(h *host, from, to uint16, body []byte) {
	p := s.own(h, homeBase|address(s.rng.IntN(0x8000)))
	p.dport = to
	if from != 0 {
		p.sport = from
	}
	s.sendUDP(&p, body, other(h))
}

// answerToLowPort is the answer to a client of ours which happens to use a port of the Messenger.
func (s *Stream) answerToLowPort(h *host) {
	c := header{src: s.ordinary().address, dst: h.address, sport: 1026 + uint16(s.rng.IntN(3)), dport: 53, ttl: 128, id: uint16(s.rng.Uint32())}
	s.sendUDP(&c, []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03net\x00\x00\x01\x00\x01"), Truth{Class: ClassOurs, Genuine: true})
	s.after(s.roundTrip(), func() {
		r := s.own(h, c.src)
		r.sport, r.dport = 53, c.sport
		s.sendUDP(&r, []byte("\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03net\x00\x00\x01\x00\x01"), other(h))
	})
}

// worm is a datagram of noise to a port that worms like, as SQL Slammer's 376 octets.
func (s *Stream) worm(h *host) {
	body := make([]byte, 376)
	for i := range body {
		body[i] = byte(s.rng.Uint32())
	}
	body[0] = 4
	s.strayTo(h, 0, 1434, body)
}

// scan is a SYN to the ports of Windows.
func (s *Stream) scan(h *host) {
	p := s.own(h, homeBase|address(s.rng.IntN(0x8000)))
	p.dport = []uint16{135, 139, 445}[s.rng.IntN(3)]
	s.sendTCP(&p, segment{s.rng.Uint32(), 0, flagSYN}, nil, other(h))
}

// otherInterface is a call of connectionless RPC that is none of the Messenger's: PROFINET has the same header.
func (s *Stream) otherInterface(h *host) {
	p := pdu{kind: dcerpc.TypeRequest, flags: dcerpc.FlagIdempotent, of: dcerpc.UUID{0xde, 0xa0, 0x00, 0x01, 0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71}, activity: newUUID(s.rng), version: 1}
	s.strayTo(h, 0, 34964, finish(append(p.begin(nil), make([]byte, 40)...), 0))
}

// nameQuery is a NetBIOS node status request.
func (s *Stream) nameQuery(h *host) {
	body := binary.BigEndian.AppendUint16(nil, uint16(s.rng.Uint32()))
	body = append(body, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	body = append(appendName(body, "*", 0), 0, 0x21, 0, 1)
	s.strayTo(h, 137, 137, body)
}

// backscatter is what a host under attack answers to forged SYNs in the name of home.
func (s *Stream) backscatter(h *host) {
	p := s.own(h, homeBase|address(s.rng.IntN(0x8000)))
	p.sport, p.dport = 80, 1024+uint16(s.rng.IntN(5000))
	s.sendTCP(&p, segment{s.rng.Uint32(), s.rng.Uint32(), flagSYN | flagACK}, nil, other(h))
}

// scrap is a datagram to the Messenger that begins like a call and is none.
func (s *Stream) scrap(h *host) {
	p := pdu{kind: dcerpc.TypeRequest, flags: dcerpc.FlagIdempotent, of: dcerpc.MessengerSend, activity: newUUID(s.rng), version: 1}
	body := finish(append(p.begin(nil), make([]byte, 8)...), 0)
	s.strayTo(h, 0, 1026+uint16(s.rng.IntN(3)), body[:40+s.rng.IntN(len(body)-40)])
}
