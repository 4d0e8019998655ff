package decoders_test

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/wire"
)

// segment is a TCP segment as tests change and send it again.
type segment struct {
	src, dst [4]byte
	inet.TCP
	at time.Time
}

func (g *segment) toServer() bool { return g.DstPort == 139 || g.DstPort == 445 }

// segmentsOf reads the segments of a capture.
func segmentsOf(t testing.TB, path string) []segment {
	t.Helper()
	var out []segment
	for _, f := range frames(t, path) {
		var p inet.Packet
		if p.Parse(f.Link, f.Data) != wire.None {
			t.Fatalf("frame %d of %s", f.Seq, path)
		}
		tcp, reason := inet.ParseTCP(p.Payload)
		if reason != wire.None {
			t.Fatalf("frame %d of %s: %v", f.Seq, path, reason.String())
		}
		out = append(out, segment{p.Src().As4(), p.Dst().As4(), tcp, f.Time})
	}
	return out
}

func vectorSegments(t testing.TB, name string) []segment {
	return segmentsOf(t, filepath.Join(testdata, "vectors", name+".pcap"))
}

// frame writes a segment into an IPv4 packet on Ethernet.
func (g *segment) frame(seq uint64) decoders.Frame {
	b := append(make([]byte, 12, 54+len(g.Payload)), 8, 0)
	b = append(b, 0x45, 0, 0, 0, byte(seq>>8), byte(seq), 0, 0, 113, 6, 0, 0)
	b = append(append(b, g.src[:]...), g.dst[:]...)
	binary.BigEndian.PutUint16(b[16:], uint16(40+len(g.Payload)))
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, g.SrcPort), g.DstPort)
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, g.Seq), g.Ack)
	b = append(b, 5<<4, byte(g.Flags), 0x20, 0, 0, 0, 0, 0)
	b = append(b, g.Payload...)
	return decoders.Frame{Seq: seq, Time: g.at, Data: b, Len: len(b), Link: 1}
}

// send carries segments through a new decoder, ten milliseconds apart.
func send(segments []segment) outcome {
	var in []decoders.Frame
	for i, g := range segments {
		g.at = segments[0].at.Add(time.Duration(i) * 10 * time.Millisecond)
		in = append(in, g.frame(uint64(i+1)))
	}
	return decode(in)
}

// said is what popups are compared by.
func said(messages []decoders.Message) []string {
	out := []string{}
	for _, m := range messages {
		out = append(out, fmt.Sprintf("%s>%s: %q partial %v called %s", m.From.Shown, m.To.Shown, m.Text.Raw, m.Partial, m.Session.Called))
	}
	return out
}

// smbVectors are the vectors of popups over SMB.
func smbVectors(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(testdata, "vectors/real_smbclient_*.pcap"))
	if err != nil || len(names) < 6 {
		t.Fatalf("%d vectors, %v", len(names), err)
	}
	for _, v := range []string{"16_smb_d0_single", "17_smb_multiblock_windows"} {
		names = append(names, filepath.Join(testdata, "vectors", v+".pcap"))
	}
	return names
}

// forEachConversation runs a test on the segments of each vector, and what they say when all is in order.
func forEachConversation(t *testing.T, test func(t *testing.T, segments []segment, want []string)) {
	t.Helper()
	for _, path := range smbVectors(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			segments := segmentsOf(t, path)
			want := said(send(segments).messages)
			if len(want) != 1 {
				t.Fatalf("%d popups", len(want))
			}
			test(t, segments, want)
		})
	}
}

// cut splits a segment behind its first n octets.
func (g segment) cut(n int) []segment {
	if n <= 0 || n >= len(g.Payload) {
		return []segment{g}
	}
	first, second := g, g
	first.Payload, second.Payload = g.Payload[:n], g.Payload[n:]
	first.Flags &^= inet.FlagFIN
	second.Seq += uint32(n)
	return []segment{first, second}
}

func TestSegmentsMayBeCutAnywhere(t *testing.T) {
	forEachConversation(t, func(t *testing.T, segments []segment, want []string) {
		for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 9, 10, 36, 37, 40, 60} {
			var in []segment
			for _, g := range segments {
				for parts := g.cut(n); ; parts = parts[1].cut(n) {
					in = append(in, parts[0])
					if len(parts) == 1 {
						break
					}
				}
			}
			if got := said(send(in).messages); !slices.Equal(got, want) {
				t.Errorf("pieces of %d octets: %q", n, got)
			}
		}
	})
}

// All that a client says in one segment: commands one behind the other, as nothing forbids.
func TestCommandsMayBePipelined(t *testing.T) {
	forEachConversation(t, func(t *testing.T, segments []segment, want []string) {
		var in []segment
		var all segment
		for _, g := range segments {
			switch {
			case !g.toServer() || g.Flags.Has(inet.FlagSYN):
			case all.Payload == nil && len(g.Payload) > 0:
				all = g
				all.Payload = slices.Clone(g.Payload)
				continue
			default:
				all.Payload = append(all.Payload, g.Payload...)
				continue
			}
			if g.Flags.Has(inet.FlagSYN) {
				in = append(in, g)
			}
		}
		if got := said(send(append(in, all)).messages); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}

func TestOrderAndRepetitionsDoNotMatter(t *testing.T) {
	for _, name := range []string{"16_smb_d0_single", "17_smb_multiblock_windows"} {
		segments := vectorSegments(t, name)
		want := said(send(segments).messages)
		rapid.Check(t, func(rt *rapid.T) {
			isn := rapid.SliceOfN(rapid.Uint32(), 2, 2).Draw(rt, "numbers") // anywhere, so that they wrap
			var in []segment
			for _, g := range segments[1:] {
				in = append(in, g.cut(rapid.IntRange(0, 40).Draw(rt, "cut"))...)
			}
			in = append(in, rapid.SliceOfN(rapid.SampledFrom(in), 0, 8).Draw(rt, "again")...)
			in = append([]segment{segments[0]}, rapid.Permutation(in).Draw(rt, "order")...)
			for i := range in {
				shift := []uint32{isn[0], isn[1]}
				if !in[i].toServer() {
					shift[0], shift[1] = shift[1], shift[0]
				}
				in[i].Seq, in[i].Ack = in[i].Seq+shift[0], in[i].Ack+shift[1]
			}
			if got := said(send(in).messages); !slices.Equal(got, want) {
				rt.Fatalf("got %q, want %q", got, want)
			}
		})
	}
}

// One direction alone: the client's gives the popup and shows that nobody was seen to answer; the server's gives none, but its answers.
func TestOneDirectionIsEnough(t *testing.T) {
	forEachConversation(t, func(t *testing.T, segments []segment, want []string) {
		client := send(slices.DeleteFunc(slices.Clone(segments), func(g segment) bool { return !g.toServer() }))
		if got := said(client.messages); !slices.Equal(got, want) {
			t.Errorf("client alone: %q", got)
		} else if s := client.messages[0].Session; s.ServerSeen() || s.Handshake() != "partial" || s.Evidence.Acknowledged != 0 {
			t.Errorf("client alone: %+v", s)
		}
		server := send(slices.DeleteFunc(slices.Clone(segments), func(g segment) bool { return g.toServer() }))
		if len(server.messages) != 0 || len(server.signals) < 2 || server.signals[0].Session.Stage != decoders.SessionAnswered {
			t.Errorf("server alone: %d popups, %d signals", len(server.messages), len(server.signals))
		}
	})
}

// A capture that begins in the middle: with the session request, or with the first command, all is there but the handshake.
func TestACaptureMayBeginInTheMiddle(t *testing.T) {
	forEachConversation(t, func(t *testing.T, segments []segment, want []string) {
		for from := range segments {
			got := send(segments[from:]).messages
			switch commands := clientSays(segments[from:]); {
			case commands == clientSays(segments), commands == clientSays(segments)-1:
				if len(got) != 1 || got[0].Partial || from > 2 && got[0].Session.Handshake() != "none" {
					t.Errorf("from frame %d: %d popups", from+1, len(got))
				}
			case len(got) != 0:
				t.Errorf("from frame %d, without the names: %q", from+1, said(got))
			}
		}
	})
}

// clientSays counts the segments in which the client says something.
func clientSays(segments []segment) (n int) {
	for _, g := range segments {
		if g.toServer() && len(g.Payload) > 0 {
			n++
		}
	}
	return n
}

// What is lost leaves the rest: without a block, or the end, the popup is partial; without its beginning there are no names and no popup.
func TestALostSegmentLeavesWhatArrived(t *testing.T) {
	all := vectorSegments(t, "17_smb_multiblock_windows")
	const blocks = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
	tail := blocks[:44]
	for lost, want := range map[int][]string{
		4:  {fmt.Sprintf("PRINTSRV>DESKTOP42: %q partial false called ", blocks+blocks+tail)}, // the session request
		6:  {},
		8:  {fmt.Sprintf("PRINTSRV>DESKTOP42: %q partial true called DESKTOP42<03>", blocks+tail)},
		12: {fmt.Sprintf("PRINTSRV>DESKTOP42: %q partial true called DESKTOP42<03>", blocks+blocks)},
		14: {fmt.Sprintf("PRINTSRV>DESKTOP42: %q partial true called DESKTOP42<03>", blocks+blocks+tail)},
		5:  {fmt.Sprintf("PRINTSRV>DESKTOP42: %q partial false called DESKTOP42<03>", blocks+blocks+tail)}, // an answer
	} {
		in := slices.Delete(slices.Clone(all), lost-1, lost)
		if got := said(send(in).messages); !slices.Equal(got, want) {
			t.Errorf("without frame %d: %q, want %q", lost, got, want)
		}
	}
}

// Half of a block is lost: what stands before the hole is text, and the next block is found where it begins.
func TestALossWithinABlockCostsThatBlockAlone(t *testing.T) {
	all := vectorSegments(t, "17_smb_multiblock_windows")
	second := all[9].cut(100)
	in := slices.Concat(all[:9], second[:1], all[10:])
	got := send(in).messages
	if len(got) != 1 || !got[0].Partial || len(got[0].Text.Raw) != 128+100-44+44 || len(got[0].Anomalies) != 0 {
		t.Fatalf("%q", said(got))
	}
}

func TestAPopupWithoutItsEndComesOutWhenItsTimeIsOver(t *testing.T) {
	all := vectorSegments(t, "17_smb_multiblock_windows")[:13]
	d := newDecoder()
	var r decoders.Result
	for i, g := range all {
		f := g.frame(uint64(i + 1))
		d.Decode(f, &r)
	}
	last := all[12].at
	if d.Advance(last.Add(time.Minute-1), &r); len(r.Messages) != 0 {
		t.Fatal("came out before its time")
	}
	d.Advance(last.Add(time.Minute), &r)
	if len(r.Messages) != 1 || !r.Messages[0].Partial || !r.Messages[0].Due.Equal(last.Add(time.Minute)) || !r.Messages[0].Time.Equal(all[5].at) {
		t.Fatalf("%d popups: %q", len(r.Messages), said(r.Messages))
	}
	if len(r.Signals) != 1 || r.Signals[0].Session.Stage != decoders.SessionOver || r.Signals[0].Session.Popups != 1 {
		t.Errorf("%d signals", len(r.Signals))
	}
}

// The snap length of old tools shows no more than the names: popups are partial, and nothing blames the sender.
func TestSnappedSegmentsArePartial(t *testing.T) {
	all := vectorSegments(t, "16_smb_d0_single")
	for snap := 54; snap < 160; snap++ {
		var in []decoders.Frame
		for i, g := range all {
			f := g.frame(uint64(i + 1))
			f.Data = f.Data[:min(len(f.Data), snap)]
			in = append(in, f)
		}
		for _, m := range decode(in).messages {
			if whole := len(m.Text.Raw) == int(m.Text.Actual); m.Partial == whole || len(m.Anomalies) != 0 {
				t.Errorf("snap length %d: %q, anomalies %v", snap, said([]decoders.Message{m}), m.Anomalies)
			}
		}
	}
}
