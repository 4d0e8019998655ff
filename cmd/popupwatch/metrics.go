package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"popupwatch/decoders/wire"
	"popupwatch/sensor/event"
)

// metrics hands Prometheus what the road published last: a scrape never touches the road.
type metrics struct {
	of *service
	described
}

// described are the metrics of a service, by what they count.
type described struct {
	build, frames, messages, events, lost, failing     *prometheus.Desc
	received, dropped, up, ring, shed, steps, lastSeen *prometheus.Desc
	fate, waiting, alarm                               *prometheus.Desc
}

func describe() described {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("popupwatch_"+name, help, labels, nil)
	}
	return described{
		build:    d("build_info", "The version that runs; always 1.", "version"),
		frames:   d("frames_total", "Frames by what became of them; every frame is counted once.", "reason"),
		messages: d("messages_total", "Popups, each counted once."),
		events:   d("output_documents_total", "Events by data set and fate; only the written ones have a data set.", "output", "result", "dataset"),
		lost:     d("output_lost_total", "Events that could not be written.", "output"),
		failing:  d("output_failing", "1 while events cannot be written.", "output"),
		received: d("packets_received_total", "Packets that the kernel's filter let through, the dropped ones too.", "interface"),
		dropped:  d("packets_dropped_total", "Packets that were lost before the sensor: kernel, the ring was full; interface, the device lost them.", "interface", "reason"),
		up:       d("interface_up", "1 while the interface is captured from.", "interface"),
		ring:     d("ring_bytes", "Size of the kernel's ring.", "interface"),
		fate:     d("delivery_documents_total", "Documents by what became of them; produced and carried are the sum of the others, but for failure_store, which is part of indexed, and of those that wait.", "result"),
		waiting:  d("queue_documents", "Documents that wait to be delivered."),
		alarm:    d("delivery_failing", "1 while nothing is delivered."),
		shed:     d("shed_total", "What was given up for want of room, by kind.", "kind"),
		steps:    d("clock_steps_total", "How often packet time went back by more than a second."),
		lastSeen: d("last_packet_timestamp_seconds", "Packet time of the last frame or tick."),
	}
}

// registry is the metrics of this service and of its process; nothing is registered globally.
func (v *service) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(metrics{v, describe()}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Describe sends nothing: what there is depends on interfaces and reasons, so nothing is checked beforehand.
func (m metrics) Describe(chan<- *prometheus.Desc) {}

// Collect sends what the road published last.
func (m metrics) Collect(to chan<- prometheus.Metric) {
	d, c := &m.described, m.of.counts.Load()
	count := func(desc *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(desc *prometheus.Desc, n float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, n, labels...)
	}
	gauge(d.build, 1, version)
	for r := wire.Message; int(r) < wire.ReasonCount; r++ {
		count(d.frames, c.Reasons[r], r.String())
	}
	count(d.messages, c.Messages)
	count(d.steps, c.ClockSteps)
	if !c.Last.IsZero() {
		gauge(d.lastSeen, float64(c.Last.UnixNano())/1e9)
	}
	for _, t := range c.Shed {
		count(d.shed, t.N, t.Name)
	}
	m.interfaces(count, gauge)
	m.output(count, gauge)
	m.delivery(count, gauge)
}

// counter and gauger hand one value on.
type (
	counter func(desc *prometheus.Desc, n uint64, labels ...string)
	gauger  func(desc *prometheus.Desc, n float64, labels ...string)
)

func (m metrics) interfaces(count counter, gauge gauger) {
	d := &m.described
	for _, p := range m.of.Live.Status() {
		count(d.received, p.Received, p.Name)
		count(d.dropped, p.Dropped, p.Name, "kernel")
		count(d.dropped, p.Lost, p.Name, "interface")
		gauge(d.up, truth(p.Up), p.Name)
		gauge(d.ring, float64(p.Ring), p.Name)
	}
}

func (m metrics) output(count counter, gauge gauger) {
	o, d := m.of.out, &m.described
	for i := range event.SetCount {
		set := event.Set(i)
		count(d.events, o.written[set].Load(), "file", "written", set.String())
	}
	count(d.lost, o.lost.Load(), "file")
	gauge(d.failing, truth(o.failing.Load()), "file")
}

// delivery is the ledger; nothing without --elasticsearch or --store.
func (m metrics) delivery(count counter, gauge gauger) {
	d := m.of.delivery
	if d == nil {
		return
	}
	for _, t := range d.tallies() {
		if t.Name == "queued" {
			gauge(m.waiting, float64(t.N))
		} else {
			count(m.fate, t.N, t.Name)
		}
	}
	gauge(m.alarm, truth(d.alarm() != nil))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
