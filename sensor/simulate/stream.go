package simulate

import (
	"container/heap"
	"io"
	"math/rand/v2"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
)

// Faults are what a capture does to what was on the wire: shares of frames, 0 to 1.
type Faults struct {
	Loss, Copies, Disorder float64
	BothSides              bool // the router's two sides are heard: all that passes it is there twice
}

// Stream gives the frames of one scenario in packet time. It is a source of the road.
type Stream struct {
	spec     *Scenario
	split    Split
	rng      *rand.Rand
	world    *world
	faults   Faults
	tasks    tasks
	order    uint64
	now      int64
	ready    []*pending
	head     int
	free     []*pending
	held     *pending
	last     *pending
	seq      uint64
	hosts    uint32
	exist    map[address]bool // addresses at which a host was made, and whether it answers pings
	mailings uint32
	servers  []*server
	size     int
	from     int64
	shuffle  bool
	skew     int64 // by how much the sensor's clock is wrong

	payload, datagram []byte // scratch
}

// pending is a frame that was sent and not yet taken.
type pending struct {
	at    int64
	data  []byte
	truth Truth
}

// task is something that happens at a time.
type task struct {
	at    int64
	order uint64
	run   func()
}

// tasks is a heap: earliest first, then in the order in which they were planned.
type tasks []task

func (t tasks) Len() int { return len(t) }
func (t tasks) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].order < t[j].order
}
func (t tasks) Swap(i, j int) { t[i], t[j] = t[j], t[i] }

// Push appends a task, for package heap.
func (t *tasks) Push(x any) { *t = append(*t, x.(task)) }

// Pop takes the last, for package heap.
func (t *tasks) Pop() any {
	old := *t
	x := old[len(old)-1]
	old[len(old)-1] = task{}
	*t = old[:len(old)-1]
	return x
}

// Options choose one stream of a scenario.
type Options struct {
	Split Split
	Seed  uint64
	Size  int     // popups, about; 0: the scenario's small size
	Loss  float64 // share of frames that the capture loses, besides the scenario's own faults

	Shuffle bool // popups come in an order that means nothing
}

// New makes the stream of a scenario.
func New(spec *Scenario, o Options) *Stream {
	r := newRand(o.Split, spec.Name, o.Seed)
	s := &Stream{exist: map[address]bool{}, spec: spec, split: o.Split, rng: r, world: newWorld(r, o.Split), faults: spec.faults, size: o.Size, shuffle: o.Shuffle}
	if s.size == 0 {
		s.size = spec.small
	}
	s.faults.Loss = max(s.faults.Loss, o.Loss)
	year := spec.year
	if year == 0 {
		year = 2005
	}
	s.from = time.Date(year, time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), r.IntN(60), 0, 0, time.UTC).UnixNano()
	s.now = s.from
	s.openServers()
	spec.build(s)
	return s
}

// after plans something d nanoseconds from now.
func (s *Stream) after(d int64, run func()) {
	s.order++
	heap.Push(&s.tasks, task{s.now + d, s.order, run})
}

// every plans n rounds of something, d nanoseconds apart on average.
func (s *Stream) every(n int, d int64, run func(i int)) {
	i := 0
	var round func()
	round = func() {
		run(i)
		if i++; i < n {
			s.after(gap(s.rng, float64(d)/float64(second)), round)
		}
	}
	if n > 0 {
		s.after(gap(s.rng, float64(d)/float64(second)), round)
	}
}

// Next gives the next frame until io.EOF. Its octets are valid until the next Next.
func (s *Stream) Next() (decoders.Frame, error) {
	if s.last != nil {
		s.free = append(s.free, s.last)
		s.last = nil
	}
	if s.head == len(s.ready) {
		s.ready, s.head = s.ready[:0], 0
		if s.fill(); len(s.ready) == 0 {
			return decoders.Frame{}, io.EOF
		}
	}
	p := s.ready[s.head]
	s.head++
	s.seq++
	p.truth.Frame = s.seq
	s.last = p
	return decoders.Frame{
		Seq: s.seq, Time: time.Unix(0, p.at).UTC(), Data: p.data, Len: len(p.data), Link: inet.LinkEthernet,
	}, nil
}

// fill lets things happen until there is a frame, or a block where the order is shuffled.
func (s *Stream) fill() {
	if s.shuffle {
		s.gather()
		return
	}
	for len(s.ready) == 0 && s.step() {
	}
}

// step lets the next thing happen; false at the end.
func (s *Stream) step() bool {
	if len(s.tasks) == 0 {
		if s.held == nil {
			return false
		}
		s.release(s.held.at)
		return true
	}
	t := heap.Pop(&s.tasks).(task)
	s.now = t.at
	t.run()
	return true
}

// Interface is the span port that all frames come from.
func (s *Stream) Interface(int) decoders.Interface {
	return decoders.Interface{Name: "span0", Link: inet.LinkEthernet, Role: s.spec.role}
}

// Truth is what is known of the last frame.
func (s *Stream) Truth() *Truth { return &s.last.truth }

// emit puts a frame on the wire, and into the capture as the faults let it. data is copied.
func (s *Stream) emit(h *header, data []byte, t Truth) {
	s.complete(h, &t)
	if s.faults.Loss > 0 && s.rng.Float64() < s.faults.Loss {
		return
	}
	p := s.pending(data, t)
	if s.faults.Disorder > 0 && s.held == nil && s.rng.Float64() < s.faults.Disorder {
		s.held = p
		return
	}
	if s.held != nil && p.at-s.held.at > 5*millisecond {
		s.release(s.held.at)
	}
	s.ready = append(s.ready, p)
	t.Copy, t.Popup, t.Proof = true, false, false
	if s.faults.Copies > 0 && s.rng.Float64() < s.faults.Copies {
		s.ready = append(s.ready, s.pending(data, t))
	}
	if s.faults.BothSides {
		s.ready = append(s.ready, s.pending(data, t))
		s.ready[len(s.ready)-1].routed()
	}
	if s.held != nil {
		s.release(p.at)
	}
}

// release lets a held frame into the capture.
func (s *Stream) release(at int64) {
	s.held.at = at
	s.ready = append(s.ready, s.held)
	s.held = nil
}

func (s *Stream) pending(data []byte, t Truth) *pending {
	var p *pending
	if n := len(s.free); n > 0 {
		p, s.free = s.free[n-1], s.free[:n-1]
	} else {
		p = &pending{}
	}
	p.at, p.truth, p.data = s.now+s.skew, t, append(p.data[:0], data...)
	for len(p.data) < 60 {
		p.data = append(p.data, 0)
	}
	return p
}

// complete fills in what follows from the packet and the world.
func (s *Stream) complete(h *header, t *Truth) {
	if t.Adversary == "" && t.Class == ClassForged {
		t.Adversary = s.spec.Adversary
	}
	t.Claimed, t.Owner = h.src, s.world.ownerOf(h.src)
	t.ttl, t.hops = h.ttl, uint8(s.world.hopsTo(h.src))
	t.alive = s.answersAnyone(h.src)
	t.odd = h.ttl >= 200 || h.src&255 == 0 || h.src&255 == 255 || h.src == h.dst || h.sport == 0 || t.Owner == ownerSpecial
}

// answersAnyone says whether a ping or a TCP handshake would find a host at an address.
func (s *Stream) answersAnyone(a address) bool {
	if answers, exists := s.exist[a]; exists {
		return answers
	}
	return s.world.holderOf(a) >= holderAlive
}

// sendUDP puts a UDP datagram on the wire; payload is s.payload after use.
func (s *Stream) sendUDP(h *header, payload []byte, t Truth) {
	s.payload = payload[:0]
	s.datagram = h.appendUDP(h.appendEthernet(s.datagram[:0]), payload)
	s.emit(h, s.datagram, t)
}

// sendTCP puts a TCP segment on the wire.
func (s *Stream) sendTCP(h *header, g segment, payload []byte, t Truth) {
	s.datagram = h.appendTCP(h.appendEthernet(s.datagram[:0]), g, payload)
	s.emit(h, s.datagram, t)
}
