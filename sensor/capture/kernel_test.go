package capture

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
)

// maxInstructions is BPF_MAXINSNS of the Linux kernel (linux/bpf_common.h).
const maxInstructions = 4096

func TestKernelFilterPassesWhatTheDecoderWantsOfEveryCaptureAndVector(t *testing.T) {
	expr := KernelFilter{Tunnels: true}.Expression()
	refused := []string{}
	wanted := 0
	for _, name := range capturesOf(t, "captures", "captures/background", "vectors") {
		j := newJudge()
		for _, f := range framesOf(t, name, expr) {
			reason := j.reason(f)
			if !wants(reason) && j.Arrival.Port == 0 {
				continue
			}
			wanted++
			if f.Filtered {
				refused = append(refused, reason+" in "+name)
			}
		}
	}
	// libpcap does not read these, and no interface of Linux gives them: an address family in another order than that of the file, PPP without
	// ff 03 (the second frame).
	want := []string{"message in vectors/24_linktype_null0_be.pcap", "message in vectors/29_linktype_ppp9.pcap"}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refused, and wanted by the decoder (-want +got):\n%s", diff)
	}
	if wanted < 300 {
		t.Errorf("the captures have %d frames that are wanted: too few to show anything", wanted)
	}
}

func TestKernelFilterPassesPopupsInEveryShape(t *testing.T) {
	for _, s := range popupShapes(t) {
		if got := newJudge().reason(decoders.Frame{Seq: 1, Data: []byte(s.frame), Len: len(s.frame), Link: s.link}); got != s.reason {
			t.Errorf("%s: the decoder calls it %s, not %s: the row shows nothing", s.name, got, s.reason)
		}
		for _, c := range []struct{ tunnels, want bool }{{false, s.without}, {true, s.with}} {
			p := compiled(t, KernelFilter{Tunnels: c.tunnels}, s.link)
			if got := p.match([]byte(s.frame), len(s.frame)); got != c.want {
				t.Errorf("%s: passes is %v with tunnels %v", s.name, got, c.tunnels)
			}
		}
	}
}

func TestKernelFilterTellsOtherTrafficApart(t *testing.T) {
	for _, tunnels := range []bool{false, true} {
		p := compiled(t, KernelFilter{Tunnels: tunnels}, linkEthernet)
		for _, o := range otherTraffic {
			if got := p.match([]byte(o.frame), len(o.frame)); got != o.pass {
				t.Errorf("%s: passes is %v with tunnels %v", o.name, got, tunnels)
			}
		}
	}
}

func TestKernelFilterRefusesAFrameThatIsCutBeforeItsHeaders(t *testing.T) {
	whole := []byte(popupShapes(t)[0].frame)
	p := compiled(t, KernelFilter{Tunnels: true}, linkEthernet)
	for n := range 14 + 20 + 14 {
		if p.match(whole[:n], n) {
			t.Errorf("%d octets pass", n)
		}
	}
	if !p.match(whole, len(whole)) {
		t.Error("the whole frame is refused")
	}
}

func TestKernelFilterPassesConfiguredPorts(t *testing.T) {
	p := compiled(t, KernelFilter{Ports: []uint16{4444, 1032, 65535}}, linkEthernet)
	for port, want := range map[int]bool{4443: false, 4444: true, 4445: false, 1026: true, 1032: true, 1033: false, 65535: true, 65534: false} {
		for _, f := range []string{etherOf(0x0800, ip4(17, 0, "", udpTo(port, 0, "x"))), etherOf(0x86dd, ip6(17, udpTo(port, 0, "x")))} {
			if got := p.match([]byte(f), len(f)); got != want {
				t.Errorf("UDP port %d passes: %v", port, got)
			}
		}
	}
}

func TestPortRangesAreFewAndHoldAllPorts(t *testing.T) {
	var spread []uint16
	for p := 1; p < 65536; p += 7 {
		spread = append(spread, uint16(p))
	}
	f := func(ports []uint16, want int) {
		t.Helper()
		ranges := portRanges(ports)
		if len(ranges) != want {
			t.Errorf("%d ports: %d ranges, want %d", len(ports), len(ranges), want)
		}
		for _, p := range ports {
			if !slices.ContainsFunc(ranges, func(r portRange) bool { return r.first <= p && p <= r.last }) {
				t.Fatalf("port %d is in none of %v", p, ranges)
			}
		}
	}
	f(nil, 0)
	f([]uint16{0, 65535}, 2)
	f([]uint16{3, 1, 2, 2, 5}, 2)
	f(spread[:maxPortRanges], maxPortRanges)
	f(spread[:maxPortRanges+1], 1)
	f(append(spread[:maxPortRanges:maxPortRanges], 65535), 2)
	f(spread, 1)
}

func TestEqualFiltersGiveEqualText(t *testing.T) {
	a := KernelFilter{Ports: []uint16{9000, 80, 1026}}.Expression()
	b := KernelFilter{Ports: []uint16{80, 9000, 80}}.Expression()
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("(-one order +another):\n%s", diff)
	}
	if err := CheckFilter(a); err != nil {
		t.Error(err)
	}
}

func TestKernelFilterFitsIntoTheKernelForEveryLinkType(t *testing.T) {
	var many []uint16 // as many ranges as are not joined
	for i := range maxPortRanges - 4 {
		many = append(many, uint16(2000+1000*i))
	}
	for _, k := range []KernelFilter{{}, {Tunnels: true}, {Tunnels: true, Ports: many}} {
		for _, link := range []decoders.LinkType{linkEthernet, linkCooked, linkCooked2, linkRaw, 0, 9, 12, 108, 228, 229} {
			h, err := emptyCapture(link, littleEndian)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := h.CompileBPFFilter(k.Expression())
			h.Close()
			t.Logf("%d ports more, tunnels %v, link type %d: %d instructions", len(k.Ports), k.Tunnels, link, len(raw))
			if err != nil || len(raw) > maxInstructions {
				t.Errorf("link type %d: %d instructions, %v", link, len(raw), err)
			}
		}
	}
}

// mutate changes some octets of a frame, cuts it, or puts it behind another header; what comes out may be anything.
func mutate(r *rand.Rand, link decoders.LinkType, frame []byte) []byte {
	b := bytes.Clone(frame)
	if link == linkEthernet && len(b) > 14 && r.IntN(3) == 0 {
		b = deeper(r, b)
	}
	for range r.IntN(4) {
		b[r.IntN(min(len(b), 110))] = []byte{byte(r.IntN(256)), 0, 4, 6, 17, 44, 47, 0xff}[r.IntN(8)]
	}
	if r.IntN(4) == 0 {
		b = b[:1+r.IntN(len(b))]
	}
	return b
}

// deeper puts a tag, a label or PPPoE before what an Ethernet frame carries.
func deeper(r *rand.Rand, frame []byte) []byte {
	kinds := []int{0x8100, 0x88a8, 0x9100, 0x9200, 0x8847, 0x8848, 0x8864}
	protocols := []string{"\x00\x21", "\x21", "\x00\x57", "\x02\x81"}
	carried := string(frame[14:])
	switch kind := kinds[r.IntN(len(kinds))]; kind {
	case 0x8847, 0x8848:
		return []byte(etherOf(kind, "\x00\x01\x01\x40"+carried))
	case 0x8864:
		return []byte(etherOf(kind, pppoeOf(protocols[r.IntN(len(protocols))], carried)))
	default:
		return []byte(macs + two(kind) + two(r.IntN(65536)) + string(frame[12:]))
	}
}

// seeds are frames of link types that interfaces of Linux have; of BSD loopback and PPP libpcap reads less than the decoder does.
func seeds(t testing.TB) (all []decoders.Frame) {
	t.Helper()
	for _, name := range capturesOf(t, "captures", "vectors") {
		all = append(all, framesOf(t, name, "")...)
	}
	for _, s := range popupShapes(t) {
		all = append(all, decoders.Frame{Data: []byte(s.frame), Link: s.link})
	}
	return slices.DeleteFunc(all, func(f decoders.Frame) bool {
		return len(f.Data) == 0 || !slices.Contains([]decoders.LinkType{linkEthernet, linkRaw, linkCooked, linkCooked2}, f.Link)
	})
}

func TestKernelFilterPassesEveryMutationThatTheDecoderWants(t *testing.T) {
	const each = 200
	programs := map[decoders.LinkType]*program{}
	for _, link := range []decoders.LinkType{linkEthernet, linkRaw, linkCooked, linkCooked2} {
		programs[link] = compiled(t, KernelFilter{Tunnels: true}, link)
	}
	r, j := rand.New(rand.NewPCG(1026, 135)), newJudge()
	counts := map[string]int{}
	for _, f := range seeds(t) {
		for range each {
			b := mutate(r, f.Link, f.Data)
			reason := j.reason(decoders.Frame{Seq: 1, Data: b, Len: len(b), Link: f.Link})
			counts[reason]++
			if wants(reason) && !programs[f.Link].match(b, len(b)) {
				t.Fatalf("a frame of link type %d, which the decoder calls %s, is refused: %x", f.Link, reason, b)
			}
		}
	}
	for _, reason := range []string{"message", "signal", "icmp_quote", "fragment", "transport_other"} {
		if counts[reason] < 100 {
			t.Errorf("only %d mutations are %s: the test shows little", counts[reason], reason)
		}
	}
	t.Logf("reasons of the mutations: %v", counts)
}

// asksFromWatched says whether a frame is UDP from a watched port: the decoder must see it to know an answer from a probe.
func asksFromWatched(f decoders.Frame) bool {
	var p inet.Packet
	if p.Parse(f.Link, f.Data) != 0 || p.Proto != inet.ProtoUDP {
		return false
	}
	u, reason := inet.ParseUDP(p.Payload)
	return reason == 0 && slices.Contains(decoders.DefaultPorts(), u.SrcPort)
}

// The captures of other traffic were chosen for its ports and its likeness to RPC: what goes from and to watched ports is left out here, and
// so are the two files of nothing but connectionless RPC.
func TestKernelFilterRefusesMostOfTheBackground(t *testing.T) {
	expr := KernelFilter{Tunnels: true}.Expression()
	all, passed := 0, map[string]int{}
	for _, name := range capturesOf(t, "captures/background") {
		if strings.Contains(name, "/dcerpc-cl-") {
			continue
		}
		j := newJudge()
		for _, f := range framesOf(t, name, expr) {
			reason := j.reason(f)
			if j.Arrival.Port != 0 || asksFromWatched(f) {
				if f.Filtered {
					t.Errorf("%s in %s is refused", reason, name)
				}
				continue
			}
			all++
			if !f.Filtered {
				passed[reason]++
			}
		}
	}
	through := 0
	for n := range maps.Values(passed) {
		through += n
	}
	t.Logf("%d of %d frames pass: %v", through, all, passed)
	if all < 500 || through*100 > all*5 {
		t.Errorf("%d of %d frames pass, want 5 in 100 at most", through, all)
	}
}

func TestKernelFilterAllocatesNothing(t *testing.T) {
	p := compiled(t, KernelFilter{Tunnels: true}, linkEthernet)
	for _, o := range otherTraffic {
		b := []byte(o.frame)
		if n := testing.AllocsPerRun(10, func() { p.match(b, len(b)) }); n != 0 {
			t.Errorf("%s: %v allocations", o.name, n)
		}
	}
}

// BenchmarkKernelFilter reports the time of a frame in the VM of x/net/bpf; the kernel compiles the program to machine code.
func BenchmarkKernelFilter(b *testing.B) {
	p := compiled(b, KernelFilter{Tunnels: true}, linkEthernet)
	bench := func(name string, frames ...[]byte) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f := frames[i%len(frames)]
				p.match(f, len(f))
			}
		})
	}
	for _, o := range otherTraffic {
		if slices.Contains([]string{"TCP 80", "TCP 80, IPv6", "DNS", "QUIC", "ARP", "RPC"}, o.name) {
			bench(o.name, []byte(o.frame))
		}
	}
	var background [][]byte
	for _, name := range capturesOf(b, "captures/background") {
		for _, f := range framesOf(b, name, "") {
			if f.Link == linkEthernet {
				background = append(background, f.Data)
			}
		}
	}
	bench("background captures", background...)
}
