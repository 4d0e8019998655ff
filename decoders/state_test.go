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

// popupFrame gives a popup of the captures: Ethernet, IPv4 without options, UDP, IP ID not 0.
func popupFrame(t testing.TB) decoders.Frame {
	t.Helper()
	for _, f := range goodFrames(t) {
		var r decoders.Result
		plain := f.Link == 1 && f.Data[12] == 8 && f.Data[14] == 0x45
		if newDecoder().Decode(f, &r) == wire.Message && plain && r.Messages[0].Marks.ID != 0 && !r.Messages[0].Partial {
			return f
		}
	}
	t.Fatal("no such popup in the captures")
	return decoders.Frame{}
}

// changed gives a copy of a frame at another time, with one change to its octets.
func changed(f decoders.Frame, after time.Duration, change func(b []byte)) decoders.Frame {
	f.Data = slices.Clone(f.Data)
	f.Time = f.Time.Add(after)
	f.Seq++
	change(f.Data)
	return f
}

// Offsets in an Ethernet frame with an IPv4 header of 20 octets.
const (
	atMAC  = 6
	atID   = 18
	atTTL  = 22
	atPort = 36 // UDP destination
	atStub = 42 + 80
)

func nothing([]byte) {}

func TestCopiesAreToldFromRepetitions(t *testing.T) {
	f := popupFrame(t)
	noID := changed(f, 0, func(b []byte) { b[atID], b[atID+1] = 0, 0 })
	for name, c := range map[string]struct {
		first, second decoders.Frame
		want          decoders.Reason
	}{
		"equal, with an id":                     {f, changed(f, 500*time.Millisecond, nothing), wire.Duplicate},
		"equal, a second later":                 {f, changed(f, time.Second, nothing), wire.Message},
		"one hop on":                            {f, changed(f, time.Millisecond, func(b []byte) { b[atTTL]--; b[atTTL+2] ^= 0xff }), wire.Duplicate},
		"other id":                              {f, changed(f, time.Millisecond, func(b []byte) { b[atID]++ }), wire.Message},
		"no id, later":                          {noID, changed(noID, time.Millisecond, nothing), wire.Message},
		"no id, same time":                      {noID, changed(noID, 0, nothing), wire.Duplicate},
		"no id, one hop on":                     {noID, changed(noID, time.Millisecond, func(b []byte) { b[atTTL]-- }), wire.Duplicate},
		"no id, other network card":             {noID, changed(noID, time.Millisecond, func(b []byte) { b[atMAC]++ }), wire.Duplicate},
		"time went back by less than a second":  {f, changed(f, -500*time.Millisecond, nothing), wire.Duplicate},
		"time went back by more than a second":  {f, changed(f, -1500*time.Millisecond, nothing), wire.Message},
		"equal but for the port it was sent to": {f, changed(f, time.Millisecond, func(b []byte) { b[atPort+1]++ }), wire.Message},
	} {
		t.Run(name, func(t *testing.T) {
			if got := decode([]decoders.Frame{c.first, c.second}).reasons[1]; got != c.want {
				t.Errorf("%v, want %v", got.String(), c.want.String())
			}
		})
	}
}

// An interface name tells copies apart; a file has none.
func TestOnlyNamedInterfacesTellCopiesApart(t *testing.T) {
	f := popupFrame(t)
	noID := changed(f, 0, func(b []byte) { b[atID], b[atID+1] = 0, 0 })
	again := changed(noID, time.Millisecond, nothing)
	again.Iface = 1
	for want, names := range map[decoders.Reason][2]string{wire.Duplicate: {"eth0", "eth1"}, wire.Message: {"", ""}} {
		d := decoders.NewDecoder(decoders.Config{Interface: func(i int) decoders.Interface { return decoders.Interface{Name: names[i]} }})
		var r decoders.Result
		d.Decode(noID, &r)
		if got := d.Decode(again, &r); got != want {
			t.Errorf("interfaces %q: %v, want %v", names, got.String(), want.String())
		}
	}
}

func TestSubmissionsAndRetransmissions(t *testing.T) {
	f := popupFrame(t)
	type marks struct{ first, again bool }
	newID := func(n byte, more func(b []byte)) func([]byte) {
		return func(b []byte) { b[atID] += n; more(b) }
	}
	for name, c := range map[string]struct {
		second decoders.Frame
		want   marks
	}{
		"another port":              {changed(f, 20*time.Millisecond, newID(1, func(b []byte) { b[atPort+1]++ })), marks{false, false}},
		"the same call":             {changed(f, 59*time.Second, newID(1, nothing)), marks{false, true}},
		"the same call, too late":   {changed(f, time.Minute, newID(1, nothing)), marks{true, false}},
		"another sequence number":   {changed(f, time.Second, newID(1, func(b []byte) { b[42+64]++ })), marks{true, false}},
		"another stub":              {changed(f, time.Second, newID(1, func(b []byte) { b[len(b)-20]++ })), marks{true, false}},
		"another activity":          {changed(f, time.Second, newID(1, func(b []byte) { b[42+40]++ })), marks{true, false}},
		"another destination":       {changed(f, time.Second, newID(1, func(b []byte) { b[33]++ })), marks{true, false}},
		"the same with another hop": {changed(f, time.Second, newID(1, func(b []byte) { b[atTTL]++ })), marks{false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			got := decode([]decoders.Frame{f, c.second}).messages
			if len(got) != 2 || !got[0].First || got[0].Retransmit {
				t.Fatalf("%d popups, the first %v", len(got), got[0].First)
			}
			if m := (marks{got[1].First, got[1].Retransmit}); m != c.want {
				t.Errorf("first of its submission, retransmission: %v, want %v", m, c.want)
			}
		})
	}
}

// The same message to 1026, 1027 and 1028, and again to 1027: one submission, one retransmission.
func TestPortsOfASubmissionAreRemembered(t *testing.T) {
	f := popupFrame(t)
	in := []decoders.Frame{f}
	for i, port := range []uint16{1027, 1028, 1027} {
		in = append(in, changed(f, time.Duration(i+1)*time.Second, func(b []byte) {
			binary.BigEndian.PutUint16(b[atPort:], port)
			b[atID+1] += byte(i + 1)
		}))
	}
	var got []bool
	submissions := 0
	for _, m := range decode(in).messages {
		got = append(got, m.Retransmit)
		if m.First {
			submissions++
		}
	}
	if want := []bool{false, false, false, true}; !slices.Equal(got, want) || submissions != 1 {
		t.Errorf("retransmissions %v, want %v; %d submissions, want 1", got, want, submissions)
	}
}

// The text is what arrived when the snap length cut it, and nothing blames the sender for that.
func TestASnappedTextIsPartial(t *testing.T) {
	f := popupFrame(t)
	f.Data = f.Data[:len(f.Data)-100]
	got := decode([]decoders.Frame{f}).messages
	if len(got) != 1 || !got[0].Partial || slices.Contains(got[0].Anomalies, "string-beyond-body") || slices.Contains(got[0].Anomalies, "len-beyond-datagram") {
		t.Fatalf("%+v", got)
	}
}

// A popup whose RPC fragment is missing comes out when its time is over, fifteen seconds after the last fragment, with the due time.
func TestAMissingFragmentIsWaitedForFifteenSeconds(t *testing.T) {
	in := vectorFrames(t, "08_frags_missing_middle")
	d := newDecoder()
	var r decoders.Result
	for _, f := range in {
		d.Decode(f, &r)
	}
	last := in[len(in)-1].Time
	if d.Advance(last.Add(15*time.Second-1), &r); len(r.Messages) != 0 {
		t.Fatal("came out before its time")
	}
	d.Advance(last.Add(15*time.Second), &r)
	if len(r.Messages) != 1 || !r.Messages[0].Due.Equal(last.Add(15*time.Second)) || !r.Messages[0].Partial {
		t.Fatalf("%d popups", len(r.Messages))
	}
	if d.Advance(last.Add(time.Hour), &r); len(r.Messages) != 0 {
		t.Fatal("came out twice")
	}
}

// The popup of an IP datagram whose last fragment is missing: names and the beginning of the text.
func TestAMissingIPFragmentLeavesAPartialPopup(t *testing.T) {
	in := vectorFrames(t, "11_ms03043_shape_benign_ipfrag")
	got := decode(in[:2])
	if len(got.messages) != 1 || !got.messages[0].Partial || got.messages[0].From.Shown != "LABTEST" || len(got.messages[0].Text.Raw) < 1000 {
		t.Fatalf("%d popups", len(got.messages))
	}
	if !slices.Equal(got.messages[0].Frames, []uint64{1, 2}) {
		t.Errorf("frames %v", got.messages[0].Frames)
	}
}

// Fragments in any order, and each twice as a span port shows them, give the one popup.
func TestIPFragmentsInAnyOrderAndTwice(t *testing.T) {
	in := vectorFrames(t, "11_ms03043_shape_benign_ipfrag")
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {0, 0, 1, 1, 2, 2}, {2, 0, 2, 1, 1, 0}} {
		var frames []decoders.Frame
		for i, k := range order {
			f := in[k]
			f.Seq, f.Time = uint64(i+1), in[0].Time.Add(time.Duration(i)*time.Millisecond)
			frames = append(frames, f)
		}
		if got := decode(frames); len(got.messages) != 1 || got.messages[0].Partial {
			t.Errorf("order %v: %d popups, reasons %v", order, len(got.messages), words(got.reasons))
		}
	}
}

func TestRefusedFramesAllocateNothing(t *testing.T) {
	d := newDecoder()
	var r decoders.Result
	for _, name := range []string{"captures/background/dns-replies-to-1026_wswiki-echi12.pcap", "vectors/35_lookalikes.pcap", "captures/background/postgres-stats-udp-starts-0400_wswiki-pgsql-jdbc.pcap"} {
		for _, f := range frames(t, filepath.Join(testdata, name)) {
			if n := testing.AllocsPerRun(10, func() { d.Decode(f, &r) }); n != 0 {
				t.Errorf("%s frame %d: %v allocations", name, f.Seq, n)
			}
		}
	}
}

// A popup costs its text; names and features are shared, frame numbers cut from a block.
func TestAPopupAllocatesItsTextOnly(t *testing.T) {
	f := popupFrame(t)
	d := newDecoder()
	var r decoders.Result
	n := testing.AllocsPerRun(2000, func() {
		f.Seq++
		f.Time = f.Time.Add(time.Second)
		f.Data[atID]++
		d.Decode(f, &r)
	})
	if len(r.Messages) != 1 || n > 1 {
		t.Errorf("%v allocations for %d popup", n, len(r.Messages))
	}
}

func BenchmarkDecode(b *testing.B) {
	dns := frames(b, filepath.Join(testdata, "captures/background/dns-replies-to-1026_wswiki-echi12.pcap"))[0]
	for name, f := range map[string]decoders.Frame{"popup": popupFrame(b), "dns": dns} {
		b.Run(name, func(b *testing.B) {
			d := newDecoder()
			var r decoders.Result
			b.ReportAllocs()
			b.SetBytes(int64(len(f.Data)))
			for b.Loop() {
				f.Seq++
				f.Time = f.Time.Add(time.Second)
				d.Decode(f, &r)
			}
		})
	}
}
