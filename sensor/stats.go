package sensor

import (
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
	"popupwatch/sensor/event"
)

// stats counts frames, for the run and for the interval since the last document.
type stats struct {
	interval time.Duration
	at       time.Time // of the last frame, tick or due document
	since    time.Time // begin of the interval
	open     bool      // the interval has begun

	frames, bytes, messages uint64
	reasons                 [wire.ReasonCount]uint64
	ports                   [event.PortCount]arrivals
	told                    event.Stats // what earlier documents said, added up
	shedTold                []event.Tally
	queueTold               []event.Tally

	kernel     Kernel // nil where nothing is captured
	kernelTold [3]uint64
	stepsBack  uint64
}

// backwards is by how much the time of a frame must lie before that of the one before to count as a clock that was set back: several
// interfaces, and several files, are merged less exactly than that.
const backwards = time.Second

// clock counts steps backwards of packet time.
func (s *stats) clock(before, now time.Time) {
	if now.Before(before) && before.Sub(now) > backwards {
		s.stepsBack++
	}
}

// arrivals is what came to one port in the interval.
type arrivals struct {
	datagrams, bytes uint64
	sources          decoders.Distinct
}

// count counts one frame, once.
func (s *stats) count(r wire.Reason, octets int) {
	s.frames++
	s.bytes += uint64(octets)
	s.reasons[r]++
}

// arrive counts what came to one of the Messenger's ports.
func (s *stats) arrive(a *decoders.Arrival) {
	if a.Port == 0 {
		return
	}
	i := 0
	if a.Port != 135 {
		i = int(a.Port) - 1024
	}
	if i < 0 || i >= len(s.ports) {
		return // a port of --decode-port
	}
	p := &s.ports[i]
	p.datagrams++
	p.bytes += uint64(a.Octets)
	p.sources.Add(a.Source)
}

// due begins an interval with the first frame, and says whether the one that is running is over at now: then at is its end. A clock that
// steps back to before the interval began begins it anew: what was counted is told with what follows.
func (s *stats) due(now time.Time) bool {
	s.at = now
	if !s.open || now.Before(s.since) {
		s.since, s.open = now, true
		return false
	}
	if now.Sub(s.since) < s.interval {
		return false
	}
	s.at = s.since.Add(s.interval)
	s.open = false
	return true
}

// report emits the counts since the last document; an interval without frames, and without drops, gives none.
func (s *Sensor) report() {
	t := &s.stats
	shed := s.shed()
	e := event.Stats{
		Start: t.since, End: t.at, Frames: t.frames - t.told.Frames, Bytes: t.bytes - t.told.Bytes, Messages: t.messages - t.told.Messages,
		Shed: since(shed, t.shedTold), ClockSteps: t.stepsBack - t.told.ClockSteps,
	}
	kernel := t.captured(&e)
	if lost := e.KernelDropped + e.InterfaceDropped; lost*1000 > e.KernelReceived {
		s.judge.Lost(s.now)
	}
	queue := s.queue(&e)
	if e.Frames > 0 || e.KernelDropped+e.InterfaceDropped > 0 {
		for i, n := range t.reasons {
			e.Reasons[i] = n - t.told.Reasons[i]
		}
		e.Matched = e.Frames - e.Reasons[wire.Filtered]
		e.Ports = t.takePorts()
		s.emit(s.build.Stats(&e))
		t.told.Frames, t.told.Bytes, t.told.Messages, t.told.Reasons, t.shedTold = t.frames, t.bytes, t.messages, t.reasons, shed
		t.told.ClockSteps, t.kernelTold, t.queueTold = t.stepsBack, kernel, queue
	}
	t.since, t.open = s.now, true
}

// queue adds what became of the documents for an output in the interval, and gives the counts since the start. Those that wait are what waits
// now.
func (s *Sensor) queue(e *event.Stats) []event.Tally {
	if s.config.Queue == nil {
		return nil
	}
	now := s.config.Queue()
	e.Queue = since(now, s.stats.queueTold)
	for i := range now {
		if now[i].Name == "queued" {
			e.Queue[i].N = now[i].N
		}
	}
	return now
}

// captured adds what the kernel says of the interval, and gives its counts since the start.
func (s *stats) captured(e *event.Stats) (now [3]uint64) {
	if s.kernel == nil {
		return now
	}
	now[0], now[1], now[2] = s.kernel.Kernel()
	e.Live = true
	e.KernelReceived, e.KernelDropped, e.InterfaceDropped = now[0]-s.kernelTold[0], now[1]-s.kernelTold[1], now[2]-s.kernelTold[2]
	return now
}

// takePorts gives the arrivals of the interval and begins the next.
func (s *stats) takePorts() (out [event.PortCount]event.PortStats) {
	for i, port := range event.WatchedPorts() {
		n, _ := s.ports[i].sources.Count()
		out[i] = event.PortStats{Port: port, Datagrams: s.ports[i].datagrams, Bytes: s.ports[i].bytes, Addresses: n}
		s.ports[i] = arrivals{}
	}
	return out
}

// shed counts, over the run, what was given up because a bound was reached, by kind.
func (s *Sensor) shed() []event.Tally {
	d := s.decoder.Shed()
	t := []event.Tally{
		{Name: "datagrams", N: d.Datagrams}, {Name: "parts", N: d.Parts}, {Name: "calls", N: d.Calls}, {Name: "copies", N: d.Copies},
		{Name: "submissions", N: d.Submissions}, {Name: "exchanges", N: d.Exchanges}, {Name: "texts", N: d.Texts},
		{Name: "half_open", N: d.HalfOpen}, {Name: "streams", N: d.Streams}, {Name: "blocks", N: d.Blocks},
		{Name: "campaigns", N: s.tracker.Shed()}, {Name: "claims", N: s.judge.Shed}, {Name: "proofs", N: s.judge.ShedProofs()}, {Name: "phases", N: s.judge.Unphased},
		{Name: "rollup", N: s.rollup.Early()}, {Name: "findings", N: s.findings.Evicted()}, {Name: "ties", N: s.ties.forgotten}, {Name: "summary", N: s.summary.shed},
	}
	if s.claims != nil {
		t = append(t, event.Tally{Name: "claim_rollup", N: s.claims.Early()})
	}
	return t
}

// since gives what came after before was counted.
func since(now, before []event.Tally) []event.Tally {
	out := slices.Clone(now)
	for i := range before {
		out[i].N -= before[i].N
	}
	return out
}
