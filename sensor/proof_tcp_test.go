package sensor_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/sensor"
	"popupwatch/sensor/spoof"
)

// The frames of vector 16, a popup over TCP: the three of the handshake, a session asked for and granted, the popup, its answer, the end.
const (
	theSYN = iota
	theSYNACK
	theACK
	theRequest
	theGrant
	thePopup
	theReply
	theFIN
	sequenceOfTCP = portAt + 4
	ackOfTCP      = portAt + 8
	flagsOfTCP    = portAt + 13
)

func connection(t testing.TB, at time.Time) []decoders.Frame {
	t.Helper()
	f := between(t, "16_smb_d0_single", 7, at, sender)
	for i := range f {
		f[i].Time = at.Add(time.Duration(i) * 100 * time.Millisecond)
	}
	return f
}

// shift adds to a number of 32 bits of the frames that come from one end.
func shift(f []decoders.Frame, from netip.Addr, at int, by uint32) {
	for i := range f {
		if a, _ := netip.AddrFromSlice(f[i].Data[srcAt : srcAt+4]); a == from {
			n := binary.BigEndian.Uint32(f[i].Data[at:])
			binary.BigEndian.PutUint32(f[i].Data[at:], n+by)
		}
	}
}

// Each condition of R2' is needed.
func TestAConnectionProves(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f []decoders.Frame) []decoders.Frame
		state  string
		says   string
	}{
		"the connection itself": {nil, "genuine_bound", "R2'"},
		"no SYN was seen":       {func(f []decoders.Frame) []decoders.Frame { return f[1:] }, "unknown", ""},
		"the server's numbers are not acknowledged": {func(f []decoders.Frame) []decoders.Frame {
			shift(f[theACK:], sender, ackOfTCP, 77777)
			return f
		}, "unknown", ""},
		"the second answer is not acknowledged": {func(f []decoders.Frame) []decoders.Frame { return f[:theFIN] }, "reachable_unbound", "R2'-failed"},
		"numbers that can be foretold": {func(f []decoders.Frame) []decoders.Frame {
			other := between(t, "16_smb_d0_single", 7, morning.Add(-time.Minute), another)[:3]
			shift(other, victim, sequenceOfTCP, 1<<32-7000)
			shift(other, another, ackOfTCP, 1<<32-7000)
			return append(other, f...)
		}, "unknown", "R2'-failed"},
		"numbers drawn at random": {func(f []decoders.Frame) []decoders.Frame {
			other := between(t, "16_smb_d0_single", 7, morning.Add(-time.Minute), another)[:3]
			shift(other, victim, sequenceOfTCP, 0x5eed1234)
			shift(other, another, ackOfTCP, 0x5eed1234)
			return append(other, f...)
		}, "genuine_bound", "R2'"},
		"the client refuses": {func(f []decoders.Frame) []decoders.Frame {
			r := f[theFIN]
			r.Data = slices.Clone(r.Data)
			r.Data[flagsOfTCP] = 0x04
			r.Time = r.Time.Add(-time.Millisecond)
			return slices.Insert(f, theFIN, r)
		}, "unknown", "R2'-failed"},
		"two TTLs": {func(f []decoders.Frame) []decoders.Frame { f[thePopup].Data[ttlAt] -= 2; return f }, "reachable_unbound", "R2'-failed"},
		"the server's answers come in": {func(f []decoders.Frame) []decoders.Frame {
			f[theGrant].Data[11], f[theReply].Data[11] = 0xa1, 0xa1
			return append(exchange(t, morning.Add(-time.Hour), another), f...)
		}, "unknown", "R2'-failed"},
		"the answers were not seen": {func(f []decoders.Frame) []decoders.Frame {
			return append(f[:theSYNACK:theSYNACK], f[theACK:]...)
		}, "unknown", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := connection(t, morning)
			if c.change != nil {
				f = c.change(f)
			}
			if got := judged(t, atHome(t), f, sender); got.state != c.state || c.says != "" && !slices.Contains(got.evidence, c.says) {
				t.Errorf("%+v, want %s by %s", got, c.state, c.says)
			}
		})
	}
}

// On an access interface the binding of MAC and address proves, and only that; it is nobody's to report but our own.
func TestABindingProves(t *testing.T) {
	binding := spoof.Binding{Interface: "span0", MAC: [6]byte{2, 0, 0x5e, 0, 0, 0xa1}, Prefix: netip.PrefixFrom(sender, 32)}
	for name, c := range map[string]struct {
		change func(*sensor.Config, *spoof.Binding, *taped)
		state  string
	}{
		"bound":        {func(*sensor.Config, *spoof.Binding, *taped) {}, "genuine_bound"},
		"a network":    {func(_ *sensor.Config, b *spoof.Binding, _ *taped) { b.Prefix = netip.MustParsePrefix("24.64.8.0/29") }, "genuine_bound"},
		"another MAC":  {func(_ *sensor.Config, b *spoof.Binding, _ *taped) { b.MAC[0] = 4 }, "unknown"},
		"another port": {func(_ *sensor.Config, b *spoof.Binding, _ *taped) { b.Interface = "span1" }, "unknown"},
		"a span":       {func(_ *sensor.Config, _ *spoof.Binding, f *taped) { f.role = decoders.RoleSpan }, "unknown"},
		"not our own":  {func(c *sensor.Config, _ *spoof.Binding, _ *taped) { c.Home = []netip.Prefix{homeNet} }, "unknown"},
		"another's":    {func(_ *sensor.Config, b *spoof.Binding, _ *taped) { b.Prefix = netip.PrefixFrom(another, 32) }, "unknown"},
		"in a tunnel":  {func(_ *sensor.Config, _ *spoof.Binding, f *taped) { f.frames[0] = tunnelled(f.frames[0]) }, "unknown"},
	} {
		config, bind := atHome(t), binding
		config.Home = []netip.Prefix{netip.MustParsePrefix("24.64.0.0/16")}
		src := &taped{frames: exchange(t, morning, sender)[:1], role: decoders.RoleAccess}
		src.frames[0].Data[flagsAt] = 0x28
		c.change(&config, &bind, src)
		config.Bindings = []spoof.Binding{bind}
		if got := judgedFrom(t, config, src, sender); got.state != c.state || got.reportable {
			t.Errorf("%s: %+v, want %s", name, got, c.state)
		}
	}
}
