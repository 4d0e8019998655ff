package decoders_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/wire"
)

// A sender that says more than it sends: nothing was lost, so it lied.
func TestASessionLengthThatLiesIsNamed(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	all[5].Payload = slices.Clone(all[5].Payload)
	all[5].Payload[2] = 7 // the packet's length
	got := send(all).messages
	if len(got) != 1 || got[0].Partial || !slices.Equal(got[0].Anomalies, []string{"session-length-beyond"}) {
		t.Fatalf("%q", said(got))
	}
}

// All that a connection of another kind costs is its beginning.
func TestOtherSMBIsNoMessenger(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	for name, payload := range map[string]string{
		"SMB2":               "\x00\x00\x00\x44\xfeSMB" + string(make([]byte, 64)),
		"another command":    "\x00\x00\x00\x44\xffSMB\x32" + string(make([]byte, 63)),
		"a popup in a file":  "\x00\x00\x10\x00\xffSMB\x2f" + string(make([]byte, 63)) + string(all[5].Payload),
		"no session service": "GET / HTTP/1.0\r\n\r\n",
	} {
		in := slices.Clone(all)
		in[5].Payload = []byte(payload)
		for i := range in[5:] {
			in[5+i].Seq -= uint32(len(all[3].Payload))
		}
		got := send(slices.Concat(in[:3], in[5:6])) // without session request
		if len(got.messages)+len(got.signals) != 0 || got.reasons[3] != wire.SMBOther {
			t.Errorf("%s: %d popups, %d signals, %v", name, len(got.messages), len(got.signals), words(got.reasons))
		}
	}
}

// Some servers insist on a negotiation first.
func TestANegotiationMayComeFirst(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	negotiate := all[5]
	negotiate.Payload = slices.Concat([]byte("\x00\x00\x00\x26\xffSMB\x72"), make([]byte, 33))
	in := slices.Concat(all[:5], []segment{negotiate}, all[5:])
	for i := range in[6:] {
		if g := &in[6+i]; g.toServer() {
			g.Seq += uint32(len(negotiate.Payload))
		}
	}
	if got := send(in).messages; len(got) != 1 || got[0].Session.Handshake() != "complete" {
		t.Errorf("%q", said(got))
	}
}

// Half a session request is lost: the connection is not known yet, and its first command stands where a segment begins.
func TestALostRequestCostsTheNamesAlone(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	in := slices.Concat(all[:3], all[3].cut(40)[:1], all[4:])
	if got := said(send(in).messages); len(got) != 1 || got[0] != `PRINTSRV>DESKTOP42: "Printer tray 2 is empty.\x14Please refill." partial false called ` {
		t.Errorf("%q", got)
	}
}

// A popup that comes twice was sent twice: TCP tells what is sent again from what is new.
func TestEachPopupIsASubmission(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	second := all[5]
	second.Seq += uint32(len(second.Payload))
	got := send(slices.Concat(all[:6], []segment{all[5], second})).messages
	if len(got) != 2 || !got[0].First || !got[1].First || got[1].Retransmit || got[1].Session.Popups != 2 {
		t.Errorf("%q", said(got))
	}
}

func TestFragmentedSegmentsAreRead(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	var in []decoders.Frame
	for i, g := range all {
		f := g.frame(uint64(i + 1))
		if i != 5 {
			in = append(in, f)
			continue
		}
		const head = 14 + 20 + 24
		first, second := f, f
		first.Data = slices.Clone(f.Data[:head])
		second.Data = append(slices.Clone(f.Data[:34]), f.Data[head:]...)
		first.Data[20], second.Data[21] = 0x20, 24/8
		binary.BigEndian.PutUint16(first.Data[16:], 20+24)
		binary.BigEndian.PutUint16(second.Data[16:], uint16(len(second.Data)-14))
		in = append(in, first, second)
	}
	got := decode(in)
	if len(got.messages) != 1 || got.reasons[5] != wire.Fragment || got.reasons[6] != wire.Message {
		t.Errorf("%d popups, %v", len(got.messages), words(got.reasons))
	}
}

// What the exchange shows is told at each of its points, with the frames that show it.
func TestAConnectionTellsWhatItShows(t *testing.T) {
	got := send(vectorSegments(t, "16_smb_d0_single"))
	var stages []string
	for _, s := range got.signals {
		if s.Kind != decoders.SignalStream || s.Session == nil {
			t.Fatalf("%+v", s)
		}
		stages = append(stages, fmt.Sprint(s.Session.Stage, " ", s.Frame))
	}
	if want := []string{"granted 5", "answered 7", "over 10"}; !slices.Equal(stages, want) {
		t.Errorf("%v, want %v", stages, want)
	}
	e := got.signals[2].Session.Evidence
	if !e.Handshake() || e.Ends[reassembly.Client].Acked != 2 || e.Ends[reassembly.Client].FIN != 8 || got.signals[2].Session.Answers != 1 {
		t.Errorf("%+v", got.signals[2].Session)
	}
	refused := send(vectorSegments(t, "19_smb_negative_session"))
	if len(refused.messages) != 0 || refused.signals[0].Session.Stage != decoders.SessionRefused || refused.signals[0].Session.Refusal != 0x82 {
		t.Errorf("%+v", refused.signals)
	}
}

func TestOtherTCPAllocatesNothing(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	web, file := all[5], all[5]
	web.DstPort = 80
	file.Payload = []byte("the middle of a file that is copied")
	for name, f := range map[string]decoders.Frame{"another port": web.frame(1), "another's data": file.frame(1), "a SYN again": all[0].frame(1)} {
		d := newDecoder()
		var r decoders.Result
		d.Decode(f, &r)
		if n := testing.AllocsPerRun(100, func() { d.Decode(f, &r) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkTCP(b *testing.B) {
	all := vectorSegments(b, "17_smb_multiblock_windows")
	web, file := all[5], all[5]
	web.DstPort = 80
	file.Payload = make([]byte, 1400)
	for name, in := range map[string][]segment{"other port": {web}, "other data": {file}, "popup of 18 segments": all} {
		b.Run(name, func(b *testing.B) {
			d := newDecoder()
			var r decoders.Result
			var frames []decoders.Frame
			for i, g := range in {
				frames = append(frames, g.frame(uint64(i+1)))
			}
			b.ReportAllocs()
			for b.Loop() {
				for i := range frames {
					d.Decode(frames[i], &r)
				}
				if len(frames) > 1 {
					b.StopTimer()
					d.Finish(frames[0].Time, &r)
					b.StartTimer()
				}
			}
		})
	}
}

// On port 445 there is no session request, and a packet's length has 24 bits.
func TestPort445IsReadWithoutASession(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	gone := uint32(len(all[3].Payload))
	var in []segment
	for i, g := range all {
		if i == 3 || i == 4 { // request and response
			continue
		}
		if g.toServer() {
			g.DstPort = 445
			if i > 3 {
				g.Seq -= gone
			}
		} else {
			g.SrcPort = 445
			if i > 4 {
				g.Seq, g.Ack = g.Seq-4, g.Ack-gone
			}
		}
		in = append(in, g)
	}
	got := send(in).messages
	if len(got) != 1 || got[0].Session.Called != "" || got[0].Session.Handshake() != "complete" || got[0].Dst.Port() != 445 {
		t.Errorf("%q", said(got))
	}
}

// The relatives of a popup: a broadcast is one, the others are told.
func TestOtherCommandsOfTheMessenger(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	const header = 4 + 5 // up to the command
	command := func(c byte, data string) segment {
		g := all[5]
		g.Payload = slices.Concat(g.Payload[:header-1], []byte{c}, g.Payload[header:4+32], []byte{0, byte(len(data)), 0}, []byte(data))
		g.Payload[3] = byte(len(g.Payload) - 4)
		return g
	}
	for c, data := range map[byte]string{0xd2: "\x04ALICE\x00", 0xd3: "\x04ALICE\x00", 0xd4: ""} {
		got := send(append(slices.Clone(all[:5]), command(c, data)))
		if len(got.messages) != 0 || got.reasons[5] != wire.Signal || got.signals[1].Session.Stage != decoders.SessionControl || byte(got.signals[1].Session.Command) != c {
			t.Errorf("%x: %d popups, %v", c, len(got.messages), words(got.reasons))
		}
	}
	got := send(append(slices.Clone(all[:5]), command(0xd1, "\x04ADMIN\x00\x01\x02\x00hi"))).messages
	if len(got) != 1 || got[0].From.Shown != "ADMIN" || got[0].Text.Shown != "hi" || byte(got[0].Session.Command) != 0xd1 {
		t.Errorf("%q", said(got))
	}
}

func TestARetargetNamesThePlace(t *testing.T) {
	all := vectorSegments(t, "19_smb_negative_session")
	all[4].Payload = []byte{0x84, 0, 0, 6, 192, 0, 2, 9, 0, 139}
	got := send(all).signals
	if len(got) == 0 || got[0].Session.Stage != decoders.SessionElse || got[0].Session.Retarget.String() != "192.0.2.9:139" || got[0].Marks.TTL != 113 {
		t.Errorf("%+v", got)
	}
}
