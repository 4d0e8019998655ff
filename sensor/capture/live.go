package capture

import (
	"errors"
	"fmt"
	"io"
	"time"

	"popupwatch/decoders"
)

// The defaults of a live capture (PERFORMANCE.md 5: a ring of 2 MiB loses packets, one of 256 MiB costs more and loses no fewer).
const (
	defaultRing = 64 << 20
	snapLength  = 65535
	readTimeout = 100 * time.Millisecond // of a read from the kernel, and so the pace of ticks
)

// late is by how much a frame's time may lie before the moment at which its interface had nothing more to read: the kernel hands blocks of
// its ring over when they are full or readTimeout old.
const late = 2 * readTimeout

// patience is how long a frame waits for an interface that says nothing, before it goes on the road without it.
const patience = time.Second

// LiveInterface is an interface to capture from.
type LiveInterface struct {
	Name string // as the system calls it, or "any"
	Role decoders.Role
}

// LiveConfig says what is captured. The zero value of each field but Interfaces is its default.
type LiveConfig struct {
	Interfaces  []LiveInterface
	Filter      string       // BPF expression for the kernel; empty passes everything
	Ring        int          // octets of each interface's ring in the kernel; 64 MiB
	Promiscuous bool         // also what is not addressed to the interface
	Changed     func(Change) // told of changes, by several goroutines; nil: nobody asks
}

// Live delivers the frames of interfaces in order of packet time, and ticks while they are silent. It belongs to one goroutine, but for
// Stop and Kernel. Each interface has a goroutine that copies frames out of the kernel's ring into batches, so that the road never waits
// for one interface while another has something; when the road is slower than the wire, the kernel's ring fills, drops, and counts.
type Live struct {
	ports    []*port
	arrivals chan *batch
	halt     *halt // of all ports
	open     int   // ports that have not sent their last batch
	seq      uint64
	last     time.Time // of the last frame or tick
	used     *batch    // its last frame is borrowed
}

// OpenLive begins to capture. Its errors are those that an operator has to mend, with a hint: no such interface, no permission, an
// expression that libpcap refuses. An interface that is down is waited for. Close it after use.
func OpenLive(c LiveConfig) (*Live, error) {
	if len(c.Interfaces) == 0 {
		return nil, errors.New("open interfaces: none is named (give -i IFACE)")
	}
	if c.Ring <= 0 {
		c.Ring = defaultRing
	}
	if c.Changed == nil {
		c.Changed = func(Change) {}
	}
	l := &Live{arrivals: make(chan *batch), halt: newHalt()}
	for i := range c.Interfaces {
		p := newPort(&c, i, l.arrivals, l.halt)
		l.ports = append(l.ports, p)
		err := p.open()
		p.up.Store(err == nil)
		if err != nil && err != errDown {
			return nil, errors.Join(fmt.Errorf("capture from %s: %w", p.name, err), l.Close())
		}
	}
	for _, p := range l.ports {
		l.open++
		go p.run()
	}
	return l, nil
}

// Continue numbers frames from after that of an earlier run. It is called before Next.
func (l *Live) Continue(after uint64) { l.seq = after }

// Next gives the frame that is due, or a tick where 100 ms passed without one; its Data holds until the next Next. io.EOF after Stop, when
// what the kernel had is read.
func (l *Live) Next() (decoders.Frame, error) {
	if l.used != nil {
		l.used.recycle()
		l.used = nil
	}
	for {
		if p := l.due(); p != nil {
			return l.take(p), nil
		}
		if l.open == 0 {
			return decoders.Frame{}, io.EOF
		}
		if tick, ok := l.wait(); ok {
			return tick, nil
		}
	}
}

// due is the port whose frame is next: the earliest of those at hand, once no other port can have an earlier one.
func (l *Live) due() *port {
	var first *port
	for _, p := range l.ports {
		if len(p.queue) > 0 && (first == nil || p.next().Time.Before(first.next().Time)) {
			first = p
		}
	}
	if first == nil || len(l.ports) == 1 {
		return first
	}
	for _, p := range l.ports {
		if len(p.queue) == 0 && !p.ended && p.until.Before(first.next().Time) && time.Since(first.queue[0].came) < patience {
			return nil
		}
	}
	return first
}

// take gives a port's next frame its number.
func (l *Live) take(p *port) decoders.Frame {
	f := *p.next()
	p.at++
	if b := p.queue[0]; p.at == len(b.frames) {
		p.queue, p.at, l.used = p.queue[1:], 0, b
	}
	l.seq++
	f.Seq = l.seq
	l.last = f.Time
	return f
}

// wait takes the next batch; one without frames may make a tick.
func (l *Live) wait() (tick decoders.Frame, ok bool) {
	b := <-l.arrivals
	p := b.port
	p.until = b.until
	if b.last {
		p.ended = true
		l.open--
	}
	if len(b.frames) > 0 {
		p.queue = append(p.queue, b)
		return tick, false
	}
	b.recycle()
	return l.tick(), !b.last
}

// tick is what time it is where all are silent: the least of what the ports say. It does not go back for less than a clock that was set.
func (l *Live) tick() decoders.Frame {
	now := l.ports[0].until
	for _, p := range l.ports[1:] {
		if p.until.Before(now) {
			now = p.until
		}
	}
	if d := l.last.Sub(now); d > 0 && d < patience {
		now = l.last
	}
	l.last = now
	return decoders.Frame{Tick: true, Time: now}
}

// Interface is the interface that a frame's Iface names; empty where none has that number.
func (l *Live) Interface(i int) decoders.Interface {
	if i < 0 || i >= len(l.ports) {
		return decoders.Interface{}
	}
	return decoders.Interface{Name: l.ports[i].name, Link: l.ports[i].link(), Role: l.ports[i].role, Snap: snapLength}
}

// Kernel adds up what the kernel handed over, what it dropped because the ring was full, and what the interfaces dropped, since OpenLive.
// Any goroutine may call it.
func (l *Live) Kernel() (received, dropped, interfaceDropped uint64) {
	for _, p := range l.ports {
		received += p.counts.received.Load()
		dropped += p.counts.dropped.Load()
		interfaceDropped += p.counts.lost.Load()
	}
	return received, dropped, interfaceDropped
}

// PortStatus is how one interface fares.
type PortStatus struct {
	Name                    string
	Up                      bool
	Ring                    int    // octets
	Received, Dropped, Lost uint64 // by the kernel, for want of room in the ring, by the interface
}

// Status says how each interface fares, in the order of the configuration. Any goroutine may call it.
func (l *Live) Status() []PortStatus {
	all := make([]PortStatus, len(l.ports))
	for i, p := range l.ports {
		all[i] = PortStatus{p.name, p.up.Load(), p.cfg.Ring, p.counts.received.Load(), p.counts.dropped.Load(), p.counts.lost.Load()}
	}
	return all
}

// Stop ends the capture: Next gives what the kernel still had, then io.EOF. Any goroutine may call it, more than once.
func (l *Live) Stop() { l.halt.Stop() }

// Close stops, drops what was not read, and waits until every handle is closed. The error is always nil.
func (l *Live) Close() error {
	l.Stop()
	for l.open > 0 {
		b := <-l.arrivals
		if b.last {
			l.open--
		}
		b.recycle()
	}
	for _, p := range l.ports {
		p.close()
	}
	return nil
}
