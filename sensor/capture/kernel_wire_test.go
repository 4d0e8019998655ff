package capture

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/gopacket/pcap"

	"popupwatch/sensor/capture/veth"
)

// maxWaits bounds how often in a row a test waits 100 ms for the wire.
const maxWaits = 50

// listenTo is a handle as live capture makes it, with a small ring.
func listenTo(t *testing.T, iface string, k KernelFilter) *pcap.Handle {
	t.Helper()
	in, err := pcap.NewInactiveHandle(iface)
	if err != nil {
		t.Fatal(err)
	}
	defer in.CleanUp()
	if err := errors.Join(in.SetSnapLen(snapLength), in.SetTimeout(readTimeout), in.SetBufferSize(4<<20)); err != nil {
		t.Fatal(err)
	}
	h, err := in.Activate()
	if err != nil {
		t.Fatalf("capture from %s: %v", iface, err)
	}
	t.Cleanup(h.Close)
	if err := h.SetBPFFilter(k.Expression()); err != nil {
		t.Fatalf("set the filter on %s: %v", iface, err)
	}
	return h
}

// arrivals counts the frames that come, by content, up to n of the one that was sent last.
func arrivals(t *testing.T, h *pcap.Handle, isLast func(frame string) bool, n int) map[string]int {
	t.Helper()
	came := map[string]int{}
	for waits := 0; n > 0; {
		data, _, err := h.ReadPacketData()
		switch {
		case err == nil:
			waits = 0
			came[string(data)]++
			if isLast(string(data)) {
				n--
			}
		case err == pcap.NextErrorTimeoutExpired && waits < maxWaits:
			waits++
		default:
			t.Fatalf("wait for the last frame: %v after %d others", err, len(came))
		}
	}
	return came
}

// lastFrame ends a test: nothing else of these tests is like it.
func lastFrame() []byte {
	return []byte(etherOf(0x0800, ip4(17, 0, "", udpTo(1026, 0, "this is the last frame"))))
}

// ethernetOfAll are the Ethernet frames of all captures, vectors and shapes, and what the decoder wants of them, by content.
func ethernetOfAll(t *testing.T) (all [][]byte, wanted map[string]string) {
	t.Helper()
	wanted = map[string]string{}
	for _, name := range capturesOf(t, "captures", "captures/background", "vectors") {
		j := newJudge()
		for _, f := range framesOf(t, name, "") {
			reason := j.reason(f)
			if f.Link != linkEthernet || len(f.Data) < 14 {
				continue
			}
			all = append(all, f.Data)
			if wants(reason) || j.Arrival.Port != 0 {
				wanted[string(f.Data)] = reason + " in " + name
			}
		}
	}
	for _, s := range popupShapes(t) {
		if s.link == linkEthernet {
			all = append(all, []byte(s.frame))
			wanted[s.frame] = s.name
		}
	}
	return all, wanted
}

// unwanted are frames that the kernel must keep: those of otherTraffic, and what is in one tag, which the kernel takes off before it looks.
func unwanted() (all []other) {
	for _, o := range otherTraffic {
		if o.pass {
			continue
		}
		all = append(all, o)
		for _, kind := range []int{0x8100, 0x88a8} {
			all = append(all, other{o.name + " in a tag", macs + two(kind) + two(100) + o.frame[12:], false})
		}
	}
	return all
}

func TestKernelHandsOverEveryFrameThatTheDecoderWantsAndKeepsTheBackground(t *testing.T) {
	a, b := veth.Pair(t)
	h, sender := listenTo(t, b, KernelFilter{Tunnels: true}), veth.Open(t, a)
	all, wanted := ethernetOfAll(t)
	sent := map[string]int{}
	for _, frame := range all {
		sender.Send(t, frame)
		sent[string(frame)]++
	}
	kept := unwanted()
	for _, o := range kept {
		sender.Send(t, []byte(o.frame))
	}
	last := lastFrame()
	sender.Send(t, last)
	came := arrivals(t, h, func(f string) bool { return f == string(last) }, 1)
	for frame, what := range wanted {
		if came[frame] != sent[frame] {
			t.Errorf("%s: %d of %d frames came: %x", what, came[frame], sent[frame], frame[:min(len(frame), 60)])
		}
	}
	for _, o := range kept {
		if came[o.frame] != 0 {
			t.Errorf("%s came", o.name)
		}
	}
	t.Logf("%d frames sent, %d contents wanted, %d came", len(all)+len(kept)+1, len(wanted), len(came))
}

// libpcap runs a filter itself where the kernel cannot: then every frame of the wire would cost a copy. The kernel counts what it handed over.
func TestFilterRunsInTheKernelOnOneInterfaceAndOnAny(t *testing.T) {
	const busy = 50
	a, b := veth.Pair(t)
	sender := veth.Open(t, a)
	f := func(iface string, copies int) {
		t.Helper()
		h := listenTo(t, iface, KernelFilter{Tunnels: true})
		background := slices.DeleteFunc(slices.Clone(otherTraffic), func(o other) bool { return o.pass })
		for range busy {
			for _, o := range background {
				sender.Send(t, []byte(o.frame))
			}
		}
		last := lastFrame()
		sender.Send(t, last)
		payload := string(last[len(last)-22:])
		arrivals(t, h, func(f string) bool { return f[len(f)-len(payload):] == payload }, copies)
		stats, err := h.Stats()
		if err != nil {
			t.Fatal(err)
		}
		if stats.PacketsReceived != copies {
			t.Errorf("%s: the kernel handed over %d frames, want %d", iface, stats.PacketsReceived, copies)
		}
	}
	f(b, 1)
	f("any", 2) // as it leaves a and as it comes to b
}

func TestPopupsComeFromAnyInterface(t *testing.T) {
	a, _ := veth.Pair(t)
	h, sender := listenTo(t, "any", KernelFilter{}), veth.Open(t, a)
	pdu := popupPDU(t)
	for _, frame := range []string{
		etherOf(0x0800, newPopup(pdu).over4), etherOf(0x8100, tagged(100, 0x0800, newPopup(pdu).over4)),
		etherOf(0x86dd, newPopup(pdu).over6), etherOf(0x8864, pppoeOf("\x21", newPopup(pdu).over4)),
	} {
		sender.Send(t, []byte(frame))
	}
	sent := 0
	arrivals(t, h, func(f string) bool {
		if len(f) > len(pdu) && f[len(f)-len(pdu):] == pdu {
			sent++
		}
		return sent == 8 // four popups, each as it leaves and as it comes
	}, 1)
}
