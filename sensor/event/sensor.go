package event

import (
	"strconv"
	"time"

	"popupwatch/decoders/wire"
)

// PortCount is the number of ports that Stats.Ports counts: 135 and 1025 to 1031.
const PortCount = 8

// PortStats says what arrived at one port, decodable or not.
type PortStats struct {
	Port                        uint16
	Datagrams, Bytes, Addresses uint64 // Addresses: distinct sources
}

// Tally is a named count. Names are those of shedKinds and queueKinds.
type Tally struct {
	Name string
	N    uint64
}

// Stats are the sensor's counts of one interval: since the last document, not since the start.
type Stats struct {
	Start, End time.Time // of the interval, packet time; End is the document's time

	Frames, Bytes, Matched uint64
	Messages               uint64 // documents of the message set times their count
	ClockSteps             uint64 // times that packet time went back by more than a second
	Live                   bool   // the three below are known
	KernelReceived         uint64
	KernelDropped          uint64
	InterfaceDropped       uint64

	Reasons [wire.ReasonCount]uint64
	Shed    []Tally // what was shed for want of room, by kind, in a fixed order
	Queue   []Tally // what became of the documents for an output, in a fixed order; empty without one
	Ports   [PortCount]PortStats
}

func stat(get func(*Stats) uint64) appender {
	return number(func(e *Event) uint64 { return get(e.Stats) })
}

func liveStat(get func(*Stats) uint64) appender {
	return func(b []byte, e *Event) []byte {
		if !e.Stats.Live {
			return b
		}
		return strconv.AppendUint(b, get(e.Stats), 10)
	}
}

// sensorFields are the sensor's counts.
func sensorFields() []Field {
	const in = inSensor
	t := []Field{
		{Path: "popupwatch.sensor.frames", Type: "long", In: in, append: stat(func(s *Stats) uint64 { return s.Frames }),
			About: "Frames since the last document; the sum of reasons."},
		{Path: "popupwatch.sensor.bytes", Type: "long", In: in, append: stat(func(s *Stats) uint64 { return s.Bytes }),
			About: "Their octets on the wire."},
		{Path: "popupwatch.sensor.matched", Type: "long", In: in, append: stat(func(s *Stats) uint64 { return s.Matched }),
			About: "Frames that were worth decoding."},
		{Path: "popupwatch.sensor.messages", Type: "long", In: in, append: stat(func(s *Stats) uint64 { return s.Messages }),
			About: "Documents of the message set times their count."},
		{Path: "popupwatch.sensor.kernel_received", Type: "long", In: in, append: liveStat(func(s *Stats) uint64 { return s.KernelReceived }),
			About: "Packets that the kernel handed to the capture; live only, as the two below."},
		{Path: "popupwatch.sensor.kernel_dropped", Type: "long", In: in, append: liveStat(func(s *Stats) uint64 { return s.KernelDropped }),
			About: "Packets that the kernel dropped because the sensor was too slow."},
		{Path: "popupwatch.sensor.interface_dropped", Type: "long", In: in, append: liveStat(func(s *Stats) uint64 { return s.InterfaceDropped }),
			About: "Packets that the interface dropped."},
		{Path: "popupwatch.sensor.clock_steps", Type: "long", In: in, append: numberIf(func(e *Event) uint64 { return e.Stats.ClockSteps }),
			About: "How often packet time went back by more than a second; absent where it did not."},
		{Path: "popupwatch.sensor.shed", Type: "object", In: in, append: tallies(func(s *Stats) []Tally { return s.Shed }),
			About: "What was shed for want of room; counts of 0 are absent, as in reasons and ports."},
	}
	t = append(t, tallyFields("popupwatch.sensor.shed.", shedKinds())...)
	for r := wire.Message; int(r) < wire.ReasonCount; r++ {
		t = append(t, Field{Path: "popupwatch.sensor.reasons." + r.String(), Type: "long", In: in,
			append: numberIf(func(e *Event) uint64 { return e.Stats.Reasons[r] }), About: "Frames: " + r.Sentence() + "."})
	}
	t = append(t,
		Field{Path: "popupwatch.sensor.queue", Type: "object", In: in, append: tallies(func(s *Stats) []Tally { return s.Queue }),
			About: "What became of the documents for an output."},
	)
	t = append(t, tallyFields("popupwatch.sensor.queue.", queueKinds())...)
	return append(t, portFields()...)
}

// kind is a name that a Tally may have, and what it counts. The mapping is closed: a kind that is not listed is not mapped.
type kind struct{ name, about string }

// shedKinds are the names of Stats.Shed.
func shedKinds() []kind {
	return []kind{
		{"datagrams", "Fragmented datagrams given up before they were whole."},
		{"parts", "NetBIOS datagrams in parts given up before they were whole."},
		{"calls", "Fragmented RPC calls given up before they were whole."},
		{"copies", "Datagrams forgotten early: a copy of one would count as a message."},
		{"submissions", "Submissions forgotten early: a retransmission of one would count as new."},
		{"exchanges", "Calls and callbacks forgotten early: an answer to one would not find it."},
		{"texts", "Texts whose features were forgotten and computed again."},
		{"half_open", "TCP connections without data forgotten early: the handshake of one would not be known."},
		{"streams", "TCP connections with data given up early: popups came out as far as they went."},
		{"blocks", "Blocks of popups over SMB that had no room."},
		{"campaigns", "Campaigns forgotten for newer ones."},
		{"claims", "Claims forgotten or closed early for newer ones."},
		{"phases", "Looks for a common phase of counters that the budget of operations did not allow."},
		{"proofs", "Exchanges that might have proven a source and found no room, and what was forgotten that they rest on."},
		{"rollup", "Buckets of messages closed before their time."},
		{"findings", "Findings forgotten for newer ones of their class."},
		{"ties", "Activity UUIDs of popups forgotten, by which quotes in ICMP errors find their campaign."},
		{"summary", "Rows that the summary has no room for."},
		{"claim_rollup", "Hours of campaigns told or forgotten before their time."},
	}
}

// queueKinds are the names of Stats.Queue. Produced and carried are what there was to deliver; they are the sum of indexed, duplicate, dead,
// queued and shed.
func queueKinds() []kind {
	return []kind{
		{"produced", "Documents made for the output."},
		{"carried", "Documents that an earlier run left in the queue."},
		{"indexed", "Documents that the cluster took."},
		{"duplicate", "Documents that the cluster held already."},
		{"dead", "Documents refused for good: dead letters."},
		{"queued", "Documents that wait in the queue."},
		{"shed", "Documents for which the queue had no room."},
		{"failure_store", "Documents of indexed that went to the failure store."},
	}
}

// tallyFields describe what tallies writes.
func tallyFields(prefix string, kinds []kind) []Field {
	var t []Field
	for _, k := range kinds {
		t = append(t, Field{Path: prefix + k.name, Type: "long", In: inSensor, About: k.about})
	}
	return t
}

// watchedPorts are the ports of Stats.Ports, in order.
var watchedPorts = [PortCount]uint16{135, 1025, 1026, 1027, 1028, 1029, 1030, 1031}

// WatchedPorts are the ports whose arrivals Stats counts, in the order of Stats.Ports.
func WatchedPorts() [PortCount]uint16 { return watchedPorts }

func portFields() []Field {
	var t []Field
	for i, port := range watchedPorts {
		name := strconv.Itoa(int(port))
		for _, c := range []struct {
			name, about string
			get         func(*PortStats) uint64
		}{
			{"datagrams", "UDP datagrams to port " + name + ".", func(p *PortStats) uint64 { return p.Datagrams }},
			{"bytes", "Octets of UDP payload to port " + name + ".", func(p *PortStats) uint64 { return p.Bytes }},
			{"sources", "Source addresses that sent to port " + name + ".", func(p *PortStats) uint64 { return p.Addresses }},
		} {
			t = append(t, Field{Path: "popupwatch.sensor.ports." + name + "." + c.name, Type: "long", In: inSensor,
				append: numberIf(func(e *Event) uint64 { return c.get(&e.Stats.Ports[i]) }), About: c.about})
		}
	}
	return t
}

// tallies appends named counts as an object; those of 0 are absent.
func tallies(get func(*Stats) []Tally) appender {
	return func(b []byte, e *Event) []byte {
		start := len(b)
		for _, t := range get(e.Stats) {
			if t.N == 0 {
				continue
			}
			b = append(b, ',')
			b = appendString(b, t.Name)
			b = append(b, ':')
			b = strconv.AppendUint(b, t.N, 10)
		}
		if len(b) == start {
			return b
		}
		b[start] = '{' // in place of the comma before the first name
		return append(b, '}')
	}
}
