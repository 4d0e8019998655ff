package decoders_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/wire"
)

var probeTime = time.Unix(1068336000, 0).UTC() // November 2003

// datagram is a UDP datagram of IPv4 in a frame of link type raw.
func datagram(after time.Duration, src, dst string, payload string) decoders.Frame {
	from, to := netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst)
	b := make([]byte, 28, 28+len(payload))
	b[0], b[8], b[9] = 0x45, 110, 17
	binary.BigEndian.PutUint16(b[2:], uint16(28+len(payload)))
	binary.BigEndian.PutUint16(b[4:], uint16(after/time.Millisecond)+1)
	a4, b4 := from.Addr().As4(), to.Addr().As4()
	copy(b[12:], a4[:])
	copy(b[16:], b4[:])
	binary.BigEndian.PutUint16(b[20:], from.Port())
	binary.BigEndian.PutUint16(b[22:], to.Port())
	binary.BigEndian.PutUint16(b[24:], uint16(8+len(payload)))
	b = append(b, payload...)
	return decoders.Frame{Seq: uint64(after/time.Millisecond) + 1, Time: probeTime.Add(after), Data: b, Len: len(b), Link: 101}
}

func probes(signals []decoders.Signal) (out []string) {
	for i := range signals {
		out = append(out, fmt.Sprint(signals[i].Frame, " ", signals[i].Probe, " ", signals[i].Solicited))
	}
	return out
}

const (
	prober  = "198.51.100.9:4321"
	home    = "192.0.2.10"
	someDNS = "203.0.113.53:53"
)

// Who asked gets an answer, whoever did not gets a probe, and where one direction is not there nobody can say.
func TestAnswersAreToldFromProbes(t *testing.T) {
	const query, reply, late = "\x04\x00\x01\x00 a query", "\x04\x00\x81\x80 an answer", 40 * time.Second
	for name, c := range map[string]struct {
		frames []decoders.Frame
		want   []string
	}{
		"two octets, nothing else seen":        {[]decoders.Frame{datagram(late, prober, home+":1026", "\x00\x00")}, []string{"40001 short_datagram unknown"}},
		"no octet":                             {[]decoders.Frame{datagram(late, prober, home+":1027", "")}, []string{"40001 short_datagram unknown"}},
		"more octets, nothing else seen":       {[]decoders.Frame{datagram(late, prober, home+":1026", reply)}, nil},
		"to a port that is not watched":        {[]decoders.Frame{datagram(late, prober, home+":1040", "\x00\x00")}, nil},
		"a DNS answer":                         {[]decoders.Frame{datagram(0, home+":1026", someDNS, query), datagram(100*time.Millisecond, someDNS, home+":1026", reply)}, nil},
		"a short answer":                       {[]decoders.Frame{datagram(0, home+":1026", someDNS, query), datagram(late, home+":1026", someDNS, query), datagram(late+100*time.Millisecond, someDNS, home+":1026", "ok")}, nil},
		"an answer from another port":          {[]decoders.Frame{datagram(0, home+":1026", "203.0.113.53:69", query), datagram(100*time.Millisecond, "203.0.113.53:1500", home+":1026", "ok")}, nil},
		"an answer to a broadcast":             {[]decoders.Frame{datagram(0, home+":1026", "192.0.2.255:177", query), datagram(100*time.Millisecond, "192.0.2.7:177", home+":1026", "ok")}, nil},
		"to a port in use, from a third":       {[]decoders.Frame{datagram(late, home+":1026", someDNS, query), datagram(late+100*time.Millisecond, prober, home+":1026", "\x00\x00")}, []string{"40101 short_datagram unknown"}},
		"to a silent port of a host that asks": {[]decoders.Frame{datagram(0, home+":4000", someDNS, query), datagram(late, prober, home+":1026", "\x00\x00"), datagram(late+time.Second, prober, home+":1027", reply)}, []string{"40001 short_datagram no", "41001 other_datagram no"}},
		"the same at the start of the capture": {[]decoders.Frame{datagram(0, home+":4000", someDNS, query), datagram(time.Second, prober, home+":1026", "\x00\x00"), datagram(2*time.Second, prober, home+":1027", reply)}, []string{"1001 short_datagram unknown"}},
		"the host was silent for too long":     {[]decoders.Frame{datagram(0, home+":4000", someDNS, query), datagram(11*time.Minute, prober, home+":1026", "\x00\x00")}, []string{"660001 short_datagram unknown"}},
		"twice by a span port":                 {[]decoders.Frame{datagram(late, prober, home+":1026", "\x00\x00"), datagram(late, prober, home+":1026", "\x00\x00")}, []string{"40001 short_datagram unknown"}},
	} {
		got := decode(c.frames)
		if diff := cmp.Diff(c.want, probes(got.signals)); diff != "" || len(got.messages) != 0 {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// call is a request of an interface, little-endian, with a body.
func call(u dcerpc.UUID, operation byte, version byte, body string) string {
	b := make([]byte, 80)
	b[0], b[4], b[60], b[68] = 4, 0x10, version, operation
	little := u.Little()
	copy(b[24:], little[:])
	binary.LittleEndian.PutUint16(b[74:], uint16(len(body)))
	return string(b) + body
}

func TestCallsThatLookForTheService(t *testing.T) {
	tower, other := dcerpc.MessengerSend.Little(), dcerpc.Conversation.Little()
	for name, c := range map[string]struct {
		payload string
		reason  decoders.Reason
		want    []string
	}{
		"another operation":                {call(dcerpc.MessengerSend, 1, 1, "body"), wire.RPCOperation, []string{"1 other_operation no"}},
		"another version":                  {call(dcerpc.MessengerSend, 0, 2, "body"), wire.RPCVersion, []string{"1 other_version no"}},
		"names of a host":                  {call(dcerpc.MessengerNames, 0, 1, "body"), wire.RPCInterface, []string{"1 message_names no"}},
		"the mapper, for the service":      {call(dcerpc.Mapper, 3, 3, "a tower with "+string(tower[:])+" in it"), wire.RPCInterface, []string{"1 endpoint_mapper no"}},
		"the mapper, for something else":   {call(dcerpc.Mapper, 3, 3, "a tower with "+string(other[:])+" in it"), wire.RPCInterface, nil},
		"a stub that ends in From":         {call(dcerpc.MessengerSend, 0, 1, "\x05\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00FR"), wire.StubMalformed, []string{"1 malformed_stub no"}},
		"no stub":                          {call(dcerpc.MessengerSend, 0, 1, ""), wire.StubShort, []string{"1 malformed_stub no"}},
		"a header of the service, cut off": {call(dcerpc.MessengerSend, 0, 1, "")[:79], wire.RPCTruncated, []string{"1 malformed_stub no"}},
	} {
		got := decode([]decoders.Frame{datagram(0, prober, home+":135", c.payload)})
		if diff := cmp.Diff(c.want, probes(got.signals)); diff != "" || got.reasons[0] != c.reason {
			t.Errorf("%s: %v (-want +got):\n%s", name, got.reasons[0].String(), diff)
		}
	}
}

// A stub that cannot be read is one, too, in fragments: the last of them shows it.
func TestAMalformedStubInFragments(t *testing.T) {
	first := []byte(call(dcerpc.MessengerSend, 0, 1, "\x05\x00\x00\x00\x00\x00\x00\x00"))
	last := []byte(call(dcerpc.MessengerSend, 0, 1, "\x05\x00\x00\x00FR"))
	first[2], last[2], last[76] = 0x24, 0x26, 1
	got := decode([]decoders.Frame{datagram(0, prober, home+":1026", string(first)), datagram(time.Second, prober, home+":1026", string(last))})
	if diff := cmp.Diff([]string{"1001 malformed_stub no"}, probes(got.signals)); diff != "" || got.reasons[1] != wire.StubMalformed {
		t.Errorf("%v (-want +got):\n%s", words(got.reasons), diff)
	}
	if got = decode([]decoders.Frame{datagram(0, prober, home+":1026", string(first))}); len(got.signals) != 0 {
		t.Errorf("a fragment is missing: %v", probes(got.signals))
	}
}

// What the snap length cut is no malformed stub.
func TestASnappedCallIsNoProbe(t *testing.T) {
	f := datagram(0, prober, home+":1026", call(dcerpc.MessengerSend, 0, 1, "\x05\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00FROM\x00"))
	for n := 40; n < len(f.Data); n++ {
		cut := f
		cut.Data = f.Data[:n]
		if got := decode([]decoders.Frame{cut}); len(got.signals) != 0 {
			t.Errorf("%d octets: %v", n, probes(got.signals))
		}
	}
}

// A fault or response to a probe finds the call: it shows that the service is there.
func TestAProbeThatIsAnsweredIsAnExchange(t *testing.T) {
	ask := call(dcerpc.MessengerSend, 5, 1, "body")
	fault := []byte(call(dcerpc.MessengerSend, 5, 1, "\x02\x00\x01\x1c"))
	fault[1] = 3
	got := decode([]decoders.Frame{datagram(0, prober, home+":1026", ask), datagram(time.Second, home+":1026", prober, string(fault))})
	if len(got.signals) != 2 || got.signals[1].Fact != decoders.FactFault || got.signals[1].Exchange.Call.Frame != 1 || got.signals[1].Exchange.Popup {
		t.Fatalf("%+v", got.signals)
	}
}

// Where the table had to forget, nothing is said to be unasked for.
func TestAFloodOfQueriesMakesProbesUnknown(t *testing.T) {
	d := newDecoder()
	var r decoders.Result
	at := time.Duration(0)
	for range 3 {
		for i := range 2000 {
			at += 10 * time.Millisecond
			d.Decode(datagram(at, fmt.Sprintf("10.0.%d.%d:1026", i/250, i%250+1), someDNS, "query"), &r)
		}
	}
	d.Decode(datagram(at+time.Millisecond, home+":4000", someDNS, "query"), &r)
	d.Decode(datagram(at+2*time.Millisecond, prober, home+":1028", "\x00\x00"), &r)
	if got := probes(r.Signals); len(got) != 1 || got[0][len(got[0])-7:] != "unknown" {
		t.Errorf("%v", got)
	}
}

// What is asked and answered costs no allocation, nor does what nobody can tell.
func TestSolicitationAllocatesNothing(t *testing.T) {
	d := newDecoder()
	var r decoders.Result
	in := []decoders.Frame{
		datagram(0, home+":1026", someDNS, "query"), datagram(time.Second, someDNS, home+":1026", "\x04\x00\x81\x80 an answer"),
		datagram(2*time.Second, prober, home+":1027", "something else"),
	}
	if n := testing.AllocsPerRun(100, func() {
		for i := range in {
			d.Decode(in[i], &r)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if !slices.Equal(probes(r.Signals), nil) {
		t.Errorf("%v", probes(r.Signals))
	}
}
