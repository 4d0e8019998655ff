package capture

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcap"

	"popupwatch/decoders"
)

// How an interface is looked after.
const (
	retryEvery = 500 * time.Millisecond // between two tries to open one that is gone
	checkEvery = time.Second            // between two looks at the kernel's counts, and at the interface
	calmAfter  = 10 * time.Second       // without drops, after which they are over
	drainMost  = 2 * time.Second        // of reading on after Stop
)

// errDown is the error of an interface that is there and is not up.
var errDown = errors.New("the interface is down (ip link set up)")

// ChangeKind is what changed about an interface.
type ChangeKind uint8

// The changes of an interface that people want to know of.
const (
	InterfaceLost ChangeKind = iota // it is down or gone, Err says which: the capture waits for it
	InterfaceBack                   // it is there again, and captured from
	DropsBegin                      // the kernel's ring was full, or the interface lost packets: N of them in the last second
	DropsEnd                        // 10 s passed without; N were dropped since they began
)

// Change is told when it happens, once.
type Change struct {
	Kind      ChangeKind
	Interface string
	Err       error
	N         uint64
}

// port is one interface: its handle, the goroutine that reads it, and what the road has of it.
type port struct {
	name  string
	role  decoders.Role
	index int
	cfg   *LiveConfig

	// of the road
	queue []*batch
	at    int       // of the next frame in the first batch
	until time.Time // no frame before this comes any more
	ended bool

	// of the reader
	arrivals chan<- *batch
	free     chan *batch
	halt     *halt
	handle   *pcap.Handle
	batch    *batch // that is being filled
	lost     bool   // told that it is
	device   int    // the system's number of the interface that handle captures from

	delivered uint64 // frames
	seen      pcap.Stats
	counted   time.Time
	dropping  struct {
		since uint64    // drops when they began
		last  time.Time // when there were some; zero where they are over
	}

	// of both
	up       atomic.Bool
	linkType atomic.Uint32
	counts   struct{ received, dropped, lost atomic.Uint64 }
}

func newPort(c *LiveConfig, index int, arrivals chan<- *batch, h *halt) *port {
	p := &port{
		name: c.Interfaces[index].Name, role: c.Interfaces[index].Role, index: index, cfg: c,
		arrivals: arrivals, free: make(chan *batch, batchesEach), halt: h,
	}
	for range batchesEach {
		p.free <- newBatch(p)
	}
	return p
}

func (p *port) link() decoders.LinkType { return decoders.LinkType(p.linkType.Load()) }

func (p *port) next() *decoders.Frame { return &p.queue[0].frames[p.at] }

// open opens the interface and gives the kernel its filter.
func (p *port) open() error {
	if err := p.look(); err != nil {
		return err
	}
	h, err := p.activate()
	if err != nil {
		return explain(err)
	}
	if p.cfg.Filter != "" {
		if err := h.SetBPFFilter(p.cfg.Filter); err != nil {
			h.Close()
			return fmt.Errorf("set the capture filter: %w", err)
		}
	}
	p.handle, p.seen = h, pcap.Stats{}
	p.linkType.Store(uint32(fileLink(int(h.LinkType()))))
	return nil
}

// look tells an interface that is not there, or down, before libpcap does: its words for it cannot be told apart.
func (p *port) look() error {
	if p.name == "any" {
		return nil
	}
	i, err := net.InterfaceByName(p.name)
	if err != nil {
		return fmt.Errorf("there is no such interface (there are: %s)", strings.Join(InterfaceNames(), ", "))
	}
	if p.handle != nil && i.Index != p.device {
		return errors.New("another interface has this name now")
	}
	if i.Flags&net.FlagUp == 0 {
		return errDown
	}
	p.device = i.Index
	return nil
}

// InterfaceNames are what may be captured from, in the order of the system. Owned.
func InterfaceNames() []string {
	names := []string{"any"}
	all, err := net.Interfaces()
	if err != nil {
		return names
	}
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}

// activate makes a handle: no immediate mode, which costs three times the CPU and drops at a fifth of the load (PERFORMANCE.md 5); stamps in
// nanoseconds where the device has them, which is what gopacket asks for.
func (p *port) activate() (*pcap.Handle, error) {
	in, err := pcap.NewInactiveHandle(p.name)
	if err != nil {
		return nil, err
	}
	defer in.CleanUp()
	err = errors.Join(in.SetSnapLen(snapLength), in.SetPromisc(p.cfg.Promiscuous), in.SetTimeout(readTimeout), in.SetBufferSize(p.cfg.Ring))
	if err != nil {
		return nil, err
	}
	return in.Activate()
}

// explain adds a hint to libpcap's words, which have no type.
func explain(err error) error {
	if strings.Contains(err.Error(), "Permission Denied") || strings.Contains(err.Error(), "Operation not permitted") {
		return fmt.Errorf("%w (CAP_NET_RAW is needed: run as root, or setcap cap_net_raw+ep on the program, or use the systemd unit)", err)
	}
	return err
}

// fileLink is the link type of files for that of this machine: raw IP has two numbers (pcap-linktype(7)).
func fileLink(dlt int) decoders.LinkType {
	const rawHere, rawInFiles = 12, 101
	if dlt == rawHere {
		return rawInFiles
	}
	return decoders.LinkType(dlt)
}

// run reads the interface until Stop, and sends what is in the ring then. When the interface goes it waits for it.
func (p *port) run() {
	p.batch = <-p.free
	for !p.halt.stopped() {
		if p.handle == nil {
			p.reopen()
			continue
		}
		p.read()
		if now := time.Now(); now.Sub(p.counted) >= checkEvery {
			p.counted = now
			p.count(now)
			p.check()
		}
	}
	p.drain()
	p.batch.last = true
	p.send(time.Now())
}

// reopen tries to open an interface that is gone, waits where it cannot, and says that time goes on.
func (p *port) reopen() {
	err := p.open()
	p.tell(err)
	if err == nil {
		return
	}
	p.flush(time.Now())
	select {
	case <-p.halt.done:
	case <-time.After(retryEvery):
	}
}

// tell says that the interface is lost, or back, once.
func (p *port) tell(err error) {
	p.up.Store(err == nil)
	switch {
	case err == nil && p.lost:
		p.lost = false
		p.cfg.Changed(Change{Kind: InterfaceBack, Interface: p.name})
	case err != nil && !p.lost:
		p.lost = true
		p.cfg.Changed(Change{Kind: InterfaceLost, Interface: p.name, Err: err})
	}
}

// read reads until the batch is to be sent: it is full, its first frame is 100 ms older than its last, or the kernel has nothing.
func (p *port) read() {
	for {
		data, info, err := p.handle.ZeroCopyReadPacketData()
		switch {
		case err == pcap.NextErrorTimeoutExpired:
			p.flush(time.Now().Add(-late))
			return
		case err != nil:
			p.gone(err)
			return
		}
		if p.take(data, info) {
			return
		}
	}
}

// take adds a frame to the batch, and says whether that was sent.
func (p *port) take(data []byte, info gopacket.CaptureInfo) (sent bool) {
	p.batch.add(p, data, info.Length, info.Timestamp)
	p.delivered++
	if sent = p.batch.due(); sent {
		p.flush(info.Timestamp)
	}
	return sent
}

// gone closes a handle whose interface went away.
func (p *port) gone(err error) {
	p.tally()
	p.settle()
	p.close()
	p.flush(time.Now())
	if p.halt.stopped() {
		return
	}
	if looked := p.look(); looked != nil {
		err = looked
	}
	p.tell(err)
	select { // an error that returns at once must not make a busy circle
	case <-p.halt.done:
	case <-time.After(readTimeout):
	}
}

// check sees what libpcap does not tell: an interface that is down, whose handle stays good, or that has another name now.
func (p *port) check() {
	if p.handle == nil {
		return
	}
	err := p.look()
	if err != nil && err != errDown {
		p.gone(err)
		return
	}
	p.tell(err)
}

func (p *port) close() {
	p.up.Store(false)
	if p.handle != nil {
		p.handle.Close()
		p.handle = nil
	}
}

// drain reads what the kernel still has, for two seconds at most.
func (p *port) drain() {
	for end := time.Now().Add(drainMost); p.handle != nil && time.Now().Before(end); {
		data, info, err := p.handle.ZeroCopyReadPacketData()
		if err != nil {
			break
		}
		p.take(data, info)
	}
	p.tally()
	p.settle()
	p.close()
}

// settle counts as dropped what the kernel had handed over and nobody read any more: frames on the road and dropped ones add up to those
// received.
func (p *port) settle() {
	known := p.delivered + p.counts.dropped.Load()
	if received := p.counts.received.Load(); received > known {
		p.counts.dropped.Add(received - known)
	}
}

// flush sends the batch and takes a free one: here the reader waits for a road that is slower than the wire.
func (p *port) flush(until time.Time) {
	p.send(until)
	p.batch = <-p.free
}

func (p *port) send(until time.Time) {
	p.batch.until, p.batch.came = until, time.Now()
	p.arrivals <- p.batch
}

// count looks at the kernel's counts, and tells when drops begin and end.
func (p *port) count(now time.Time) {
	before := p.drops()
	p.tally()
	switch fresh := p.drops() - before; {
	case fresh > 0 && p.dropping.last.IsZero():
		p.dropping.since, p.dropping.last = before, now
		p.cfg.Changed(Change{Kind: DropsBegin, Interface: p.name, N: fresh})
	case fresh > 0:
		p.dropping.last = now
	case !p.dropping.last.IsZero() && now.Sub(p.dropping.last) >= calmAfter:
		p.dropping.last = time.Time{}
		p.cfg.Changed(Change{Kind: DropsEnd, Interface: p.name, N: before - p.dropping.since})
	}
}

func (p *port) drops() uint64 { return p.counts.dropped.Load() + p.counts.lost.Load() }

// tally adds what the kernel counted since the last look. Its counters have 32 bits and go around.
func (p *port) tally() {
	if p.handle == nil {
		return
	}
	s, err := p.handle.Stats()
	if err != nil {
		return // the interface is gone: what it counted since the last look is not known
	}
	p.counts.received.Add(uint64(uint32(s.PacketsReceived) - uint32(p.seen.PacketsReceived)))
	p.counts.dropped.Add(uint64(uint32(s.PacketsDropped) - uint32(p.seen.PacketsDropped)))
	p.counts.lost.Add(uint64(uint32(s.PacketsIfDropped) - uint32(p.seen.PacketsIfDropped)))
	p.seen = *s
}
