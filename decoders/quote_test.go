package decoders_test

import (
	"encoding/binary"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
)

// icmpError quotes n octets of the payload of an IP datagram, IPv4 or IPv6, in an error of that type and code from its destination to its source.
func icmpError(quoted []byte, n int, kind, code byte) decoders.Frame {
	v6 := quoted[0]>>4 == 6
	size := 20
	if v6 {
		size = 40
	}
	head := make([]byte, size)
	body := append([]byte{kind, code, 0, 0, 0, 0, 0, 0}, quoted[:size+n]...)
	if v6 {
		head[0], head[6], head[7] = 0x60, 58, 64
		binary.BigEndian.PutUint16(head[4:], uint16(len(body)))
		copy(head[8:24], quoted[24:40])
		copy(head[24:40], quoted[8:24])
	} else {
		head[0], head[8], head[9] = 0x45, 64, 1
		binary.BigEndian.PutUint16(head[2:], uint16(size+len(body)))
		binary.BigEndian.PutUint16(head[4:], uint16(n+1))
		copy(head[12:16], quoted[16:20])
		copy(head[16:20], quoted[12:16])
	}
	b := append(head, body...)
	return decoders.Frame{Seq: 1, Time: probeTime.Add(time.Hour), Data: b, Len: len(b), Link: 101}
}

// quotedPopup is the IP datagram of a popup of the captures.
func quotedPopup(t testing.TB) []byte { return popupFrame(t).Data[14:] }

// inIPv6 is the same over IPv6.
func inIPv6(v4 []byte) []byte {
	b := make([]byte, 40)
	b[0], b[6], b[7] = 0x60, 17, 100
	binary.BigEndian.PutUint16(b[4:], uint16(len(v4)-20))
	b[8], b[23], b[24], b[39] = 0x20, 1, 0x20, 2
	return append(b, v4[20:]...)
}

// Every length of quote reaches what it reaches, and says no more.
func TestQuotesReachAsFarAsTheyGo(t *testing.T) {
	v4 := quotedPopup(t)
	m := decode([]decoders.Frame{popupFrame(t)}).messages[0]
	fromEnd := 8 + 80 + 12 + int(m.From.Actual)
	toAt := (fromEnd-88+3)&^3 + 88
	textAt := (toAt+12+int(m.To.Actual)-88+3)&^3 + 88 + 12
	for name, c := range map[string]struct {
		quoted []byte
		kind   byte
	}{"IPv4": {v4, 3}, "IPv6": {inIPv6(v4), 1}} {
		payload := len(v4) - 20
		for n := 8; n <= payload; n++ {
			got := decode([]decoders.Frame{icmpError(c.quoted, n, c.kind, 3)})
			want := decoders.ReachText
			switch {
			case n <= 8:
				want = decoders.ReachPorts
			case n < 8+56:
				if len(got.signals) != 0 || got.reasons[0] != wire.ICMPOther {
					t.Fatalf("%s, %d octets: %v", name, n, got.reasons[0].String())
				}
				continue
			case n < 8+80:
				want = decoders.ReachActivity
			case n <= 8+80+12:
				want = decoders.ReachHeader
			case n <= textAt:
				want = decoders.ReachFrom
			}
			if len(got.signals) != 1 || len(got.messages) != 0 {
				t.Fatalf("%s, %d octets: %d signals", name, n, len(got.signals))
			}
			s := got.signals[0]
			if s.QuoteReach != want || s.QuoteLength != payload-8 || s.QuoteDst.Port() != m.Dst.Port() || s.QuoteTTL == 0 {
				t.Fatalf("%s, %d octets: reaches %v, want %v; %+v", name, n, s.QuoteReach, want, s)
			}
			if want > decoders.ReachPorts && s.PDU.Activity != m.RPC.Activity || s.QuoteHasHeader != (want >= decoders.ReachHeader) {
				t.Fatalf("%s, %d octets: activity %v", name, n, s.PDU.Activity)
			}
			if want == decoders.ReachText && s.QuoteTextLength != m.Text.Actual {
				t.Fatalf("%s, %d octets: text of %d, want %d", name, n, s.QuoteTextLength, m.Text.Actual)
			}
		}
	}
}

// Whether the quoted popup itself passed the sensor is told by the frame it refers to.
func TestAQuoteFindsThePopupThatItQuotes(t *testing.T) {
	f := popupFrame(t)
	e := icmpError(f.Data[14:], 110, 3, 3)
	e.Seq, e.Time = f.Seq+1, f.Time.Add(time.Second)
	if got := decode([]decoders.Frame{f, e}).signals[0]; got.Exchange.Call.Frame != f.Seq || !got.Exchange.Popup {
		t.Errorf("%+v", got.Exchange)
	}
	if got := decode([]decoders.Frame{e}).signals[0]; got.Exchange.Call.Frame != 0 || got.QuoteReach != decoders.ReachFrom {
		t.Errorf("%+v", got)
	}
}

// Time exceeded on the way is backscatter as well; other types that quote nothing are not.
func TestTypesOfErrors(t *testing.T) {
	v4 := quotedPopup(t)
	for kind, want := range map[byte]decoders.Reason{3: wire.ICMPQuote, 4: wire.ICMPQuote, 5: wire.ICMPQuote, 11: wire.ICMPQuote, 12: wire.ICMPQuote, 0: wire.ICMPOther, 8: wire.ICMPOther, 13: wire.ICMPOther} {
		got := decode([]decoders.Frame{icmpError(v4, 200, kind, 0)})
		if got.reasons[0] != want || want == wire.ICMPQuote && (got.signals[0].ICMPType != kind || got.signals[0].QuoteFrom == "") {
			t.Errorf("type %d: %v", kind, got.reasons[0].String())
		}
	}
	for kind := range byte(6) {
		got := decode([]decoders.Frame{icmpError(inIPv6(v4), 200, kind, 0)})
		if (got.reasons[0] == wire.ICMPQuote) != (kind >= 1 && kind <= 4) {
			t.Errorf("ICMPv6 type %d: %v", kind, got.reasons[0].String())
		}
	}
}

// An error about the answer to a DNS query, whose socket was closed, is no backscatter of a popup, even if it quotes no more than ports.
func TestAQuotedAnswerIsNoPopup(t *testing.T) {
	answer := datagram(time.Second, someDNS, home+":1026", string(make([]byte, 200)))
	bare := icmpError(answer.Data, 8, 3, 3)
	bare.Time = answer.Time.Add(time.Millisecond)
	asked := []decoders.Frame{datagram(0, home+":1026", someDNS, "query"), answer, bare}
	if got := decode(asked); len(got.signals) != 0 {
		t.Errorf("%+v", got.signals)
	}
	if got := decode(asked[2:]); len(got.signals) != 1 || got.signals[0].Solicited != decoders.Unknown || got.reasons[0] != wire.ICMPOther {
		t.Errorf("where the query was not seen: %d signals", len(got.signals))
	}
	short := datagram(time.Second, someDNS, home+":1026", string(make([]byte, 115)))
	if got := decode([]decoders.Frame{icmpError(short.Data, 8, 3, 3)}); len(got.signals) != 0 {
		t.Error("a datagram too short for a popup")
	}
}

// A host that refuses a callback answers for itself: the exchange says whose callback it was.
func TestAQuotedCallbackFindsItsCall(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	e := icmpError(in[1].Data[14:], 100, 3, 3)
	e.Seq, e.Time = 99, in[1].Time.Add(time.Millisecond)
	got := decode([]decoders.Frame{in[0], in[1], e}).signals[1]
	if got.Kind != decoders.SignalQuote || got.Exchange.Call.Frame != in[0].Seq || got.Exchange.Callback.Frame != in[1].Seq {
		t.Errorf("%+v", got)
	}
}

func TestTheQuotesOfRealHosts(t *testing.T) {
	reach := map[string]map[decoders.Reach]int{}
	for _, name := range []string{"aol", "SkypeIRC"} {
		reach[name] = map[decoders.Reach]int{}
		for _, s := range decode(frames(t, filepath.Join(testdata, "captures/wireshark-wiki_"+name+".pcap"))).signals {
			reach[name][s.QuoteReach]++
			if s.Exchange.Call.Frame == 0 {
				t.Errorf("%s frame %d: the popup before it was not found", name, s.Frame)
			}
		}
	}
	// Windows quotes no more than RFC 792 asks for: four popups of 2007 whose inbound copies are not in the capture.
	bare := decode(frames(t, filepath.Join(testdata, "captures/wireshark-wiki_packet_capture.pcap"))).signals
	bare = slices.DeleteFunc(bare, func(s decoders.Signal) bool { return s.Kind != decoders.SignalQuote })
	for _, s := range bare {
		if s.QuoteReach != decoders.ReachPorts || s.QuoteLength < 300 || s.QuoteDst.Port()|1 != 1027 {
			t.Errorf("frame %d: %+v", s.Frame, s)
		}
	}
	if len(bare) != 4 || reach["aol"][decoders.ReachFrom] != 19 || reach["SkypeIRC"][decoders.ReachText] != 2 {
		t.Errorf("%v", reach)
	}
}

func TestRefusedErrorsAllocateNothing(t *testing.T) {
	d := newDecoder()
	var r decoders.Result
	dns := datagram(time.Second, someDNS, home+":4026", string(make([]byte, 200)))
	for _, n := range []int{8, 60, 200} {
		f := icmpError(slices.Clone(dns.Data), n, 3, 3)
		if got := testing.AllocsPerRun(10, func() { d.Decode(f, &r) }); got != 0 {
			t.Errorf("%d octets: %v allocations", n, got)
		}
	}
}
