//go:build !race

// As hostile_test.go.

package decoders_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/wire"
)

// conversationFrames writes the segments of a vector anew.
func conversationFrames(t testing.TB, name string) []decoders.Frame {
	var out []decoders.Frame
	for i, g := range vectorSegments(t, name) {
		out = append(out, g.frame(uint64(i+1)))
	}
	return out
}

// Whatever bit of a conversation is another, each frame has its reason and no popup says what nobody sent.
func TestEveryBitFlipInAConversationHasAReason(t *testing.T) {
	for _, name := range []string{"16_smb_d0_single", "19_smb_negative_session"} {
		in := conversationFrames(t, name)
		for n := range in {
			was := slices.Clone(in[n].Data)
			for bit := 14 * 8; bit < len(was)*8; bit++ {
				in[n].Data[bit/8] ^= 1 << (bit % 8)
				checkConversation(t, in, n, bit)
				in[n].Data[bit/8] ^= 1 << (bit % 8)
			}
			if !slices.Equal(was, in[n].Data) {
				t.Fatal("the decoder wrote into the frame")
			}
		}
	}
}

func TestEveryPrefixInAConversationHasAReason(t *testing.T) {
	for _, name := range []string{"16_smb_d0_single", "17_smb_multiblock_windows", "19_smb_negative_session"} {
		in := conversationFrames(t, name)
		for n := range in {
			whole := in[n].Data
			for size := range whole {
				in[n].Data = whole[:size:size]
				checkConversation(t, in, n, size)
			}
			in[n].Data = whole
		}
	}
}

// checkConversation decodes frames of which one was changed.
func checkConversation(t *testing.T, in []decoders.Frame, frame, change int) {
	t.Helper()
	got := decode(in)
	for i, r := range got.reasons {
		if r == wire.None || int(r) >= wire.ReasonCount {
			t.Fatalf("frame %d changed at %d: frame %d has reason %d", frame+1, change, i+1, r)
		}
	}
	checkMessages(t, &decoders.Result{Messages: got.messages})
	if len(got.messages) > 1 {
		t.Fatalf("frame %d changed at %d: %d popups", frame+1, change, len(got.messages))
	}
	for i := range got.messages {
		m := &got.messages[i]
		if len(m.Text.Raw) < int(m.Text.Actual) && !m.Partial && len(m.Anomalies) == 0 {
			t.Fatalf("frame %d changed at %d: a text that misses octets and does not say so: %q", frame+1, change, said(got.messages))
		}
	}
}

// flooded carries n frames that make fills in, and says what was shed and how the frames ended.
func flooded(t *testing.T, n int, g segment, change func(i int, f *decoders.Frame)) (decoders.Shed, map[string]int) {
	t.Helper()
	d := newDecoder()
	var r decoders.Result
	f := g.frame(1)
	f.Time = time.Date(2004, 1, 1, 0, 0, 0, 0, time.UTC)
	reasons := map[string]int{}
	for i := range n {
		f.Seq, f.Time = uint64(i+1), f.Time.Add(time.Microsecond)
		change(i, &f)
		reason := d.Decode(f, &r)
		if reasons[reason.String()]++; len(r.Messages) > 100 {
			t.Fatalf("%d popups at once", len(r.Messages))
		}
	}
	return d.Shed(), reasons
}

// Offsets of a frame that segment.frame wrote.
const (
	atNumber  = 38
	atPayload = 54
)

func invent(i int, f *decoders.Frame) {
	a := address(i).As4()
	copy(f.Data[atSource:], a[:])
}

func TestAMillionSYNsStayWithinTheirBound(t *testing.T) {
	syn := vectorSegments(t, "16_smb_d0_single")[0]
	const n = 1_000_000
	shed, reasons := flooded(t, n, syn, invent)
	if shed.Streams != 0 || reasons["stream"] != n || shed.HalfOpen < n-1000 || shed.HalfOpen >= n {
		t.Errorf("%+v, %v", shed, reasons)
	}
}

func TestBlindPopupsStayWithinTheirBound(t *testing.T) {
	popup := vectorSegments(t, "16_smb_d0_single")[5]
	const n = 100_000
	shed, reasons := flooded(t, n, popup, invent)
	if shed.HalfOpen != 0 || reasons["message"] != n || shed.Streams < n-1000 {
		t.Errorf("%+v, %v", shed, reasons)
	}
}

func TestOverlappingSegmentsStayWithinTheirBound(t *testing.T) {
	popup := vectorSegments(t, "16_smb_d0_single")[5]
	const n = 100_000
	shed, reasons := flooded(t, n, popup, func(i int, f *decoders.Frame) {
		if i > 0 {
			binary.BigEndian.PutUint32(f.Data[atNumber:], popup.Seq+uint32(200+i*7919%60_000))
			f.Data[atPayload+i%50] ^= byte(i)
		}
	})
	if reasons["stream_overlap"] == 0 || reasons["stream"] == 0 {
		t.Errorf("%+v, %v", shed, reasons)
	}
}

// A message group that never ends: its text, and the frames it names, have a bound.
func TestBlocksWithoutEndStayWithinTheirBound(t *testing.T) {
	all := vectorSegments(t, "17_smb_multiblock_windows")
	d := decoders.NewDecoder(decoders.Config{Interface: func(int) decoders.Interface { return decoders.Interface{} }})
	var r decoders.Result
	for i, g := range all[:6] {
		d.Decode(g.frame(uint64(i+1)), &r)
	}
	block := all[7]
	for i := range 5000 {
		d.Decode(block.frame(uint64(i+7)), &r)
		block.Seq += uint32(len(block.Payload))
	}
	d.Finish(block.at, &r)
	if len(r.Messages) != 1 || len(r.Messages[0].Text.Raw) != 65535/128*128 || len(r.Messages[0].Frames) != 1024 || !r.Messages[0].Partial {
		t.Errorf("%d popups", len(r.Messages))
	}
	if d.Shed().Blocks != 5000-65535/128 {
		t.Errorf("%+v", d.Shed())
	}
}

// scriptOf writes segments as FuzzStreams reads them: flags and side, distance from the last of that side, length, octets.
func scriptOf(all []segment) (script []byte) {
	last := map[bool]uint32{true: all[0].Seq, false: all[1].Seq}
	for _, g := range all {
		side := byte(0)
		if g.toServer() {
			side = 0x80
		}
		script = append(script, byte(g.Flags)&0x1f|side)
		script = binary.BigEndian.AppendUint16(script, uint16(g.Seq-last[g.toServer()]))
		script = append(append(script, byte(len(g.Payload))), g.Payload...)
		last[g.toServer()] = g.Seq
	}
	return script
}

// FuzzStreams carries a script of segments through the whole decoder: what they are, how far from the last, and what they bring.
func FuzzStreams(f *testing.F) {
	for _, name := range []string{"16_smb_d0_single", "17_smb_multiblock_windows", "19_smb_negative_session", "real_smbclient_multiline"} {
		script := scriptOf(vectorSegments(f, name))
		f.Add(script, uint16(139), uint16(1))
		f.Add(script, uint16(445), uint16(2000))
	}
	f.Fuzz(func(t *testing.T, script []byte, port, milliseconds uint16) {
		d := newDecoder()
		var r decoders.Result
		at := time.Unix(1_100_000_000, 0)
		last := map[bool]uint32{true: 1000, false: 0xffffff00}
		for seq := uint64(1); len(script) >= 4; seq++ {
			toServer := script[0]&0x80 != 0
			last[toServer] += uint32(int32(int16(binary.BigEndian.Uint16(script[1:]))))
			n := min(int(script[3]), len(script)-4)
			g := segment{src: [4]byte{192, 0, 2, 1}, dst: [4]byte{192, 0, 2, 2}, at: at, TCP: inet.TCP{
				SrcPort: 1050, DstPort: port, Seq: last[toServer], Ack: last[!toServer] + 1, Flags: inet.TCPFlags(script[0] & 0x1f), Payload: script[4 : 4+n],
			}}
			if !toServer {
				g.src, g.dst, g.SrcPort, g.DstPort = g.dst, g.src, g.DstPort, g.SrcPort
			}
			script = script[4+n:]
			at = at.Add(time.Duration(milliseconds) * time.Millisecond)
			d.Advance(at, &r)
			checkMessages(t, &r)
			reason := d.Decode(g.frame(seq), &r)
			if reason == wire.None || int(reason) >= wire.ReasonCount {
				t.Fatalf("reason %d", reason)
			}
			checkMessages(t, &r)
		}
		d.Finish(at, &r)
		checkMessages(t, &r)
	})
}

// The bound of memory holds for the kind of connection that costs most: each with a hole, and half a command before it.
func TestHoldingConnectionsStayWithinTheirBound(t *testing.T) {
	g := vectorSegments(t, "16_smb_d0_single")[5]
	d := newDecoder()
	var r decoders.Result
	for i := range 50_000 {
		f := g.frame(uint64(i + 1))
		invent(i/2, &f)
		if i%2 == 0 {
			f = changed(f, 0, func(b []byte) { b[atPayload+2] = 0x40 }) // a command that is not whole
		} else {
			binary.BigEndian.PutUint32(f.Data[atNumber:], g.Seq+40_000)
		}
		d.Decode(f, &r)
	}
	if s := d.Shed(); s.Streams < 20_000 {
		t.Errorf("%+v", s)
	}
}
