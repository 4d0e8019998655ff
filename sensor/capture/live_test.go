package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"popupwatch/decoders"
	"popupwatch/sensor/capture/veth"
)

// mostTicks is how long a test waits for something on the wire: each tick is 100 ms at least.
const mostTicks = 100

// wire is a live capture of one end or more, with what it told.
type wire struct {
	*Live
	t       *testing.T
	changes chan Change
	ticks   []time.Time
}

func listen(t *testing.T, c LiveConfig, names ...string) *wire {
	t.Helper()
	for _, name := range names {
		c.Interfaces = append(c.Interfaces, LiveInterface{Name: name})
	}
	w := &wire{t: t, changes: make(chan Change, 64)}
	c.Changed = func(c Change) { w.changes <- c }
	if c.Ring == 0 {
		c.Ring = 4 << 20
	}
	var err error
	if w.Live, err = OpenLive(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// until takes frames and ticks until enough says so, and gives the frames; their data are copies.
func (w *wire) until(what string, enough func(frames []decoders.Frame) bool) (frames []decoders.Frame) {
	w.t.Helper()
	for ticks := 0; !enough(frames); {
		f, err := w.Next()
		switch {
		case err != nil:
			w.t.Fatalf("%s: %v after %d frames", what, err, len(frames))
		case !f.Tick:
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
		case ticks == mostTicks:
			w.t.Fatalf("%s: nothing more came; %d frames", what, len(frames))
		default:
			ticks++
			w.ticks = append(w.ticks, f.Time)
		}
	}
	return frames
}

func (w *wire) frames(n int) []decoders.Frame {
	w.t.Helper()
	return w.until(fmt.Sprintf("%d frames", n), func(f []decoders.Frame) bool { return len(f) >= n })
}

// rest reads on to the end and counts the frames.
func (w *wire) rest() (frames int) {
	w.t.Helper()
	for {
		f, err := w.Next()
		if err == io.EOF {
			return frames
		}
		if err != nil {
			w.t.Fatal(err)
		}
		if !f.Tick {
			frames++
		}
	}
}

// change waits for a change of that kind.
func (w *wire) change(kind ChangeKind) (found Change) {
	w.t.Helper()
	w.until(fmt.Sprintf("change %d", kind), func([]decoders.Frame) bool {
		select {
		case found = <-w.changes:
			if found.Kind != kind {
				w.t.Fatalf("change %+v, want one of kind %d", found, kind)
			}
			return true
		default:
			return false
		}
	})
	return found
}

// udp is an Ethernet frame of an IPv4 datagram that carries a number, behind VLAN tags.
func udp(n uint32, tags ...uint16) []byte {
	b := append([]byte{2, 0, 0, 0, 0, 1}, 2, 0, 0, 0, 0, 2)
	for i, tag := range tags {
		kind := uint16(0x8100)
		if i < len(tags)-1 {
			kind = 0x88a8
		}
		b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, kind), tag)
	}
	b = append(b, 8, 0, 0x45, 0, 0, 36, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 9, 4, 2, 0, 16, 0, 0, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, n)
	return append(b, make([]byte, max(0, 60-len(b)))...)
}

func numberOf(f decoders.Frame) uint32 {
	at := bytes.Index(f.Data, []byte{8, 0, 0x45}) + 2 + 20 + 8 + 4
	return binary.BigEndian.Uint32(f.Data[at:])
}

func TestEveryFrameOfAWireComesOnceAndInOrder(t *testing.T) {
	a, b := veth.Pair(t)
	w := listen(t, LiveConfig{}, b)
	sender := veth.Open(t, a)
	const n = 3000
	for i := range n {
		sender.Send(t, udp(uint32(i)))
	}
	for i, f := range w.frames(n) {
		if numberOf(f) != uint32(i) || f.Seq != uint64(i+1) || f.Iface != 0 || f.Link != 1 || f.Len != 60 {
			t.Fatalf("frame %d is number %d, %+v", i, numberOf(f), f)
		}
	}
	if i := w.Interface(0); i.Name != b || i.Link != 1 {
		t.Errorf("interface %+v", i)
	}
}

func TestTagsThatTheKernelTookOffAreBack(t *testing.T) {
	a, b := veth.Pair(t)
	w := listen(t, LiveConfig{}, b)
	sender := veth.Open(t, a)
	sent := [][]byte{udp(1), udp(2, 7), udp(3, 8, 9)}
	for _, f := range sent {
		sender.Send(t, f)
	}
	for i, f := range w.frames(len(sent)) {
		if !bytes.Equal(f.Data, sent[i]) {
			t.Errorf("frame %d\n got %x\nwant %x", i, f.Data, sent[i])
		}
	}
}

func TestASilentWireHasTicksThatGoForward(t *testing.T) {
	_, b := veth.Pair(t)
	w := listen(t, LiveConfig{}, b)
	before := time.Now()
	w.until("5 ticks", func([]decoders.Frame) bool { return len(w.ticks) >= 5 })
	for i, at := range w.ticks[1:] {
		if !at.After(w.ticks[i]) || at.Sub(w.ticks[i]) > 2*time.Second {
			t.Errorf("tick %v after %v", at, w.ticks[i])
		}
	}
	if d := time.Since(before); d > 5*time.Second {
		t.Errorf("5 ticks took %v", d)
	}
}

func TestStopOnASilentWireEndsAtOnceAndLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	_, b := veth.Pair(t)
	w := listen(t, LiveConfig{}, b)
	w.until("a tick", func([]decoders.Frame) bool { return len(w.ticks) > 0 })
	begun := time.Now()
	w.Stop()
	w.rest()
	if d := time.Since(begun); d > 2*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestStopGivesWhatTheKernelStillHas(t *testing.T) {
	a, b := veth.Pair(t)
	w := listen(t, LiveConfig{}, b)
	sender := veth.Open(t, a)
	const n = 500
	for i := range n {
		sender.Send(t, udp(uint32(i)))
	}
	w.Stop()
	if got := w.rest(); got != n {
		t.Errorf("%d of %d frames", got, n)
	}
}

func TestAnInterfaceThatIsRemovedIsWaitedFor(t *testing.T) {
	a, b := veth.Pair(t)
	w := listen(t, LiveConfig{}, b)
	veth.Open(t, a).Send(t, udp(1))
	w.frames(1)
	veth.Remove(t, b)
	if c := w.change(InterfaceLost); c.Interface != b || !strings.Contains(c.Err.Error(), "no such interface") {
		t.Errorf("lost: %+v", c)
	}
	if s := w.Status(); s[0].Up {
		t.Error("it is up")
	}
	veth.Recreate(t, a, b)
	w.change(InterfaceBack)
	veth.Open(t, a).Send(t, udp(2))
	if f := w.frames(1)[0]; numberOf(f) != 2 || f.Seq != 2 {
		t.Errorf("frame %d with number %d", f.Seq, numberOf(f))
	}
	if received, _, _ := w.Kernel(); received < 1 {
		t.Error("what was received before is forgotten")
	}
}

func TestAnInterfaceThatIsSetDownIsWaitedFor(t *testing.T) {
	a, b := veth.Pair(t)
	w := listen(t, LiveConfig{}, b)
	veth.Down(t, b)
	if c := w.change(InterfaceLost); c.Interface != b {
		t.Errorf("lost: %+v", c)
	}
	veth.Up(t, b)
	w.change(InterfaceBack)
	veth.Open(t, a).Send(t, udp(1))
	w.frames(1)
}

func TestAnInterfaceThatIsDownAtTheStartIsWaitedFor(t *testing.T) {
	_, b := veth.Pair(t)
	veth.Down(t, b)
	w := listen(t, LiveConfig{}, b)
	if c := w.change(InterfaceLost); c.Err != errDown {
		t.Errorf("lost: %+v", c)
	}
	veth.Up(t, b)
	w.change(InterfaceBack)
}

func TestTwoInterfacesAreMergedByTime(t *testing.T) {
	a, b := veth.Pair(t)
	c, d := veth.Pair(t)
	w := listen(t, LiveConfig{}, b, d)
	one, two := veth.Open(t, a), veth.Open(t, c)
	const n = 1000
	for i := range uint32(n) {
		[]*veth.Sender{one, two}[i%2].Send(t, udp(i))
	}
	frames := w.frames(n)
	for i, f := range frames {
		if numberOf(f) != uint32(i) || f.Iface != i%2 {
			t.Fatalf("frame %d is number %d of interface %d", i, numberOf(f), f.Iface)
		}
	}
}

func TestASilentInterfaceDoesNotHoldUpAnother(t *testing.T) {
	a, b := veth.Pair(t)
	_, d := veth.Pair(t)
	w := listen(t, LiveConfig{}, b, d)
	begun := time.Now()
	veth.Open(t, a).Send(t, udp(1))
	w.frames(1)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestWhatIsDroppedIsCountedAndTold(t *testing.T) {
	a, b := veth.Pair(t)
	w := listen(t, LiveConfig{Ring: 1 << 20}, b)
	sender := veth.Open(t, a)
	big := append(udp(0), make([]byte, 8000)...)
	const n = 6000 // 48 MB: more than the ring and all batches hold while nobody reads
	for range n {
		sender.Send(t, big)
	}
	w.change(DropsBegin)
	w.Stop()
	w.rest()
	received, dropped, _ := w.Kernel()
	if dropped == 0 || received != n || w.seq+dropped != received {
		t.Errorf("sent %d, received %d, dropped %d, delivered %d", n, received, dropped, w.seq)
	}
}

func TestWhatCannotBeCapturedFromIsNamed(t *testing.T) {
	_, b := veth.Pair(t)
	for _, c := range []struct {
		config LiveConfig
		want   string
	}{
		{LiveConfig{}, "none is named"},
		{LiveConfig{Interfaces: []LiveInterface{{Name: "nosuch0"}}}, "capture from nosuch0: there is no such interface (there are: any, lo"},
		{LiveConfig{Interfaces: []LiveInterface{{Name: b}}, Filter: "port port"}, "set the capture filter"},
	} {
		l, err := OpenLive(c.config)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
		if err == nil {
			l.Close()
		}
	}
}

func TestFramesThatNobodyReadsAnyMoreCountAsDropped(t *testing.T) {
	a, b := veth.Pair(t)
	w := listen(t, LiveConfig{}, b)
	sender := veth.Open(t, a)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := uint32(0); ; i++ {
			select {
			case <-stop:
				return
			default:
				sender.Send(t, udp(i))
			}
		}
	}()
	w.frames(2000)
	w.Stop()
	w.rest()
	close(stop)
	<-done
	received, dropped, _ := w.Kernel()
	if received != w.seq+dropped || received < 2000 {
		t.Errorf("received %d, on the road %d, dropped %d", received, w.seq, dropped)
	}
}

func TestAnotherInterfaceUnderTheNameIsCapturedFrom(t *testing.T) {
	_, b := veth.Pair(t)
	c, d := veth.Pair(t)
	w := listen(t, LiveConfig{}, b)
	w.until("a tick", func([]decoders.Frame) bool { return len(w.ticks) > 0 })
	for _, args := range [][]string{{b, "down"}, {b, "name", "pwold"}, {d, "down"}, {d, "name", b}, {"pwold", "up"}, {b, "up"}} {
		if out, err := exec.Command("ip", append([]string{"link", "set"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("ip link set %q: %v: %s", args, err, out)
		}
	}
	w.change(InterfaceLost)
	w.change(InterfaceBack)
	veth.Open(t, c).Send(t, udp(7))
	if f := w.frames(1)[0]; numberOf(f) != 7 {
		t.Errorf("frame %d", numberOf(f))
	}
}
