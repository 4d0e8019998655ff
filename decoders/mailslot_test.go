package decoders_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
)

func TestMailslotRows(t *testing.T) {
	v := readVectors(t)["14_udp138_mailslot"]
	got := decode(vectorFrames(t, "14_udp138_mailslot"))
	want := []string{"message", "message", "message", "message", "message", "message", "message", "netbios_other", "netbios_other", "netbios_malformed"}
	if diff := cmp.Diff(want, words(got.reasons)); diff != "" {
		t.Fatalf("reasons (-want +got):\n%s", diff)
	}
	for i, m := range got.messages {
		row := v.Frames[i]
		if diff := cmp.Diff(append([]string{}, row.Anomalies...), append([]string{}, m.Anomalies...)); diff != "" {
			t.Errorf("frame %d: anomalies (-want +got):\n%s", i+1, diff)
		}
		if m.Route != decoders.RouteMailslot || !m.First || m.Retransmit {
			t.Errorf("frame %d: route %v, first %v, retransmission %v", i+1, m.Route, m.First, m.Retransmit)
		}
		if m.Calling != "WIN98USER<03>" || m.Dst.Port() != 138 {
			t.Errorf("frame %d: from %s to %v", i+1, m.Calling, m.Dst)
		}
	}
	for i, called := range []string{"WORKGROUP<03>", "DESKTOP42<03>", "*<00>"} {
		if got.messages[i].Called != called {
			t.Errorf("frame %d: called %s, want %s", i+1, got.messages[i].Called, called)
		}
	}
	if m := got.messages[6]; m.Inner != netip.MustParseAddrPort("10.9.9.9:138") || m.Src.Addr() == m.Inner.Addr() {
		t.Errorf("the datagram names %v as its source, the IP header %v", m.Inner, m.Src)
	}
}

// atDatagram is where the NetBIOS datagram begins in the frames of vector 14, and lengths of its parts.
const (
	atDatagram     = 42
	datagramHeader = 14
	datagramNames  = 68
)

// parts cuts the popup of a frame of vector 14 into NetBIOS datagrams: user data up to each of at, then the rest. Later parts repeat the
// names or do not; their offsets count the names in or do not (RFC 1002 5.3.3 can be read both ways).
func parts(f decoders.Frame, names, counted bool, at ...int) []decoders.Frame {
	head := f.Data[:atDatagram+datagramHeader+datagramNames]
	data := f.Data[len(head):]
	var out []decoders.Frame
	for i, from := range append([]int{0}, at...) {
		to := len(data)
		if i < len(at) {
			to = at[i]
		}
		b := slices.Clone(head)
		if i > 0 && !names {
			b = b[:atDatagram+datagramHeader]
		}
		b = append(b, data[from:to]...)
		offset := from
		if i > 0 && counted {
			offset += datagramNames
		}
		b[atDatagram+1] = 0x08
		if i == 0 {
			b[atDatagram+1] |= 2
		}
		if to < len(data) {
			b[atDatagram+1] |= 1
		}
		binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
		b[19] = byte(i)
		binary.BigEndian.PutUint16(b[38:], uint16(len(b)-34))
		binary.BigEndian.PutUint16(b[atDatagram+10:], uint16(len(b)-atDatagram-datagramHeader))
		binary.BigEndian.PutUint16(b[atDatagram+12:], uint16(offset))
		out = append(out, decoders.Frame{Seq: uint64(i + 1), Time: f.Time.Add(time.Duration(i) * time.Millisecond), Data: b, Len: len(b), Link: f.Link})
	}
	return out
}

// This is vector 15 of WIRE.md 9, in all the forms that senders may give it.
func TestNetBIOSDatagramsInParts(t *testing.T) {
	whole := vectorFrames(t, "14_udp138_mailslot")[0]
	for _, names := range []bool{false, true} {
		for _, counted := range []bool{false, true} {
			for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {0, 0, 1, 1, 2}} {
				in := parts(whole, names, counted, 60, 110)
				var shuffled []decoders.Frame
				for _, i := range order {
					shuffled = append(shuffled, in[i])
				}
				got := decode(shuffled)
				if len(got.messages) != 1 {
					t.Fatalf("names %v, counted %v, order %v: %d popups, reasons %v", names, counted, order, len(got.messages), words(got.reasons))
				}
				m := got.messages[0]
				if m.Text.Shown != "HELLO WORLD" || m.Partial || !slices.Equal(m.Frames, []uint64{1, 2, 3}) || m.Calling != "WIN98USER<03>" {
					t.Errorf("names %v, counted %v, order %v: %q, partial %v, frames %v", names, counted, order, m.Text.Shown, m.Partial, m.Frames)
				}
			}
		}
	}
}

// Where a part is missing the text is what arrived, thirty seconds after the last part; without the first part there is nothing to show.
func TestAMissingPartLeavesAPartialPopup(t *testing.T) {
	in := parts(vectorFrames(t, "14_udp138_mailslot")[0], true, false, 110, 113)
	d := newDecoder()
	var r decoders.Result
	d.Decode(in[0], &r)
	due := in[0].Time.Add(30 * time.Second)
	if d.Advance(due.Add(-1), &r); len(r.Messages) != 0 {
		t.Fatal("came out before its time")
	}
	d.Advance(due, &r)
	if len(r.Messages) != 1 || !r.Messages[0].Partial || !r.Messages[0].Due.Equal(due) || r.Messages[0].Text.Shown == "" || len(r.Messages[0].Anomalies) != 0 {
		t.Fatalf("%+v", r.Messages)
	}
	if got := decode(in[1:]); len(got.messages) != 0 {
		t.Errorf("%d popups without the first part", len(got.messages))
	}
}

// What the snap length cut is missing and nobody's fault.
func TestASnappedMailslot(t *testing.T) {
	f := vectorFrames(t, "14_udp138_mailslot")[0]
	f.Data = f.Data[:len(f.Data)-6]
	got := decode([]decoders.Frame{f})
	if len(got.messages) != 1 || !got.messages[0].Partial || got.messages[0].Text.Shown != "HELLO " || got.messages[0].Anomalies != nil {
		t.Fatalf("%+v", got.messages)
	}
	f.Data = f.Data[:len(f.Data)-6]
	if got = decode([]decoders.Frame{f}); got.reasons[0] != wire.Truncated {
		t.Errorf("without an octet of its text: %s", got.reasons[0])
	}
}

// A popup by way of RPC is read on port 138 as on any other.
func TestAnRPCPopupToPort138(t *testing.T) {
	f := changed(popupFrame(t), 0, func(b []byte) { binary.BigEndian.PutUint16(b[atPort:], 138) })
	if got := decode([]decoders.Frame{f}); len(got.messages) != 1 || got.messages[0].Route != decoders.RouteRPC {
		t.Fatalf("reasons %v", words(got.reasons))
	}
}
