package simulate

import (
	"encoding/binary"
	"math/rand/v2"

	"popupwatch/decoders/dcerpc"
)

// identity is how a stack numbers its packets.
type identity uint8

// The habits: one counter for all, the same with its octets swapped, always 0, random, one for each destination.
const (
	identityGlobal identity = iota
	identitySwapped
	identityZero
	identityRandom
	identityPeer
)

// host is one machine: where it is, and the habits of its stack.
type host struct {
	number   uint32
	address  address
	system   int
	hops     int
	initial  uint8
	identity identity
	counter  float64 // grows with its own packets, and with time by what else it sends
	busy     float64 // other packets a second
	seen     int64   // when counter was last right
	low      uint16  // first source port
	ports    uint16  // how many it uses in turn
	used     uint16
	space    uuid // of its RPC runtime
	activity uuid // of its RPC process
	calls    uint32
}

// newHost makes an ordinary host of a network, as found in the years of popups: mostly Windows, and some Linux.
func (s *Stream) newHost(system int) *host {
	h := s.hostAt(s.world.addressIn(s.rng, system), system)
	return h
}

// hostAt makes one with a certain address.
func (s *Stream) hostAt(a address, system int) *host {
	r := s.rng
	s.hosts++
	s.exist[a] = r.IntN(10) < 6
	h := &host{
		number: s.hosts, address: a, system: system, hops: s.world.hopsTo(a), initial: 128, counter: float64(r.IntN(1 << 16)), busy: r.ExpFloat64() * 20,
		seen: s.now, low: 1025, ports: 3975, used: uint16(r.IntN(3975)), space: newUUID(r), activity: newUUID(r),
	}
	if r.IntN(100) < 12 {
		h.initial, h.low, h.ports = 64, 32768, 28232
	}
	switch n := r.IntN(100); {
	case n < 50:
	case n < 58:
		h.identity = identitySwapped
	case n < 70:
		h.identity = identityZero
	case n < 85:
		h.identity = identityRandom
	default:
		h.identity = identityPeer
	}
	return h
}

// boot starts the host anew: its counters begin near 0.
func (h *host) boot(r *rand.Rand, now int64) {
	h.counter, h.seen, h.used, h.calls = float64(r.IntN(64)), now, 0, 0
	h.busy = 5 + r.ExpFloat64()*10
}

// nextID numbers one packet.
func (h *host) nextID(r *rand.Rand, now int64) uint16 {
	h.counter += 1 + h.busy*float64(now-h.seen)/float64(second)
	h.seen = now
	n := uint16(uint64(h.counter))
	switch h.identity {
	case identitySwapped:
		return n>>8 | n<<8
	case identityZero:
		return 0
	case identityRandom:
		return uint16(r.Uint32())
	case identityPeer:
		return uint16(1 + h.calls)
	}
	return n
}

// arrival is the TTL that is left of the host's packets at the sensor; one path in fifty is a hop longer for a while.
func (h *host) arrival(now int64) uint8 {
	longer := 0
	if mixed(uint64(h.number)<<20^uint64(now/(20*minute)))%50 == 0 {
		longer = 1
	}
	return h.initial - uint8(h.hops+longer)
}

// port is the next source port.
func (h *host) port() uint16 {
	h.used = (h.used + 1) % h.ports
	return h.low + h.used
}

// tool is the program that makes the calls of a mailing: every bot of a botnet runs the same.
type tool struct {
	flags    dcerpc.Flags
	noSum    bool
	port     uint16
	activity activityHabit
	frozen   uuid
	fragment int // octets of a call in one PDU; 0 for all of it
}

// activityHabit is how a tool fills the activity UUID.
type activityHabit uint8

// The habits: constant, random for each call, that of the host's RPC runtime, a clock between constants.
const (
	activityFrozen activityHabit = iota
	activityRandom
	activityHost
	activityClock
)

func newTool(r *rand.Rand) tool {
	t := tool{flags: dcerpc.FlagIdempotent | dcerpc.FlagNoFack, port: 1026 + uint16(r.IntN(3)), frozen: newUUID(r)}
	if r.IntN(5) == 0 {
		t.port = dcerpc.MapperPort
	}
	if r.IntN(10) == 0 {
		t.flags |= dcerpc.FlagBroadcast
	}
	t.noSum = r.IntN(8) == 0
	t.activity = activityHabit(r.IntN(4))
	return t
}

// genuineCaller makes the tool an ordinary RPC client, which has to answer callbacks.
func (t *tool) genuineCaller() {
	t.flags, t.noSum, t.activity = dcerpc.FlagNoFack, false, activityHost
}

// call gives the activity and sequence number of the next call of a host. lag is by how much its clock is slow, in seconds.
func (t *tool) call(r *rand.Rand, h *host, now, lag int64) (u uuid, sequence uint32) {
	h.calls++
	switch t.activity {
	case activityRandom:
		return newUUID(r), 0
	case activityHost:
		return h.activity, h.calls - 1
	case activityClock:
		u = t.frozen
		binary.LittleEndian.PutUint32(u[8:], uint32(now/second-lag))
		return u, 0
	}
	return t.frozen, 0
}
