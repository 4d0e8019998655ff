package veth

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { os.Exit(Isolate(m)) }

// receiver is a packet socket that takes every protocol of an interface and waits half a second at most.
func receiver(t *testing.T, iface string) int {
	t.Helper()
	i, err := net.InterfaceByName(iface)
	if err != nil {
		t.Fatal(err)
	}
	const everything = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8 // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, everything)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: i.Index}); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 500_000}); err != nil {
		t.Fatal(err)
	}
	return fd
}

func frame(n int) []byte {
	b := bytes.Repeat([]byte{0x5a}, n)
	copy(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x88\xb5")
	return b
}

func TestWhatIsSentOnOneEndIsAllThatArrivesAtTheOther(t *testing.T) {
	a, b := Pair(t)
	fd, sender := receiver(t, b), Open(t, a)
	buffer := make([]byte, 10_000)
	for _, n := range []int{14, 60, 1514, mtu + 14} {
		sender.Send(t, frame(n))
		got, err := unix.Read(fd, buffer)
		if err != nil || !bytes.Equal(buffer[:got], frame(n)) {
			t.Errorf("a frame of %d octets: %d arrive, %v", n, got, err)
		}
	}
	if got, err := unix.Read(fd, buffer); err == nil {
		t.Errorf("the wire is not silent: %x", buffer[:got])
	}
}

// An interface with IPv6 has an address as soon as it is up, and speaks of it within seconds.
func TestInterfacesOfAPairHaveNoAddressesToSpeakOf(t *testing.T) {
	a, b := Pair(t)
	for _, name := range []string{a, b} {
		i, err := net.InterfaceByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if addresses, err := i.Addrs(); err != nil || len(addresses) != 0 {
			t.Errorf("%s has %v, %v", name, addresses, err)
		}
		if i.Flags&net.FlagMulticast != 0 || i.MTU != mtu {
			t.Errorf("%s: %+v", name, i)
		}
	}
}

func TestEachPairIsItsOwn(t *testing.T) {
	a, b := Pair(t)
	c, d := Pair(t)
	for i, name := range []string{a, b, c, d} {
		found, err := net.InterfaceByName(name)
		if err != nil || found.Flags&net.FlagUp == 0 {
			t.Errorf("interface %d: %+v, %v", i, found, err)
		}
	}
	if a == c || b == d {
		t.Errorf("pairs %s-%s and %s-%s share an end", a, b, c, d)
	}
}

func TestPairGoesWithItsTest(t *testing.T) {
	var a string
	t.Run("inner", func(t *testing.T) { a, _ = Pair(t) })
	if a != "" && exists(a) {
		t.Errorf("%s is still there", a)
	}
}

func TestPairCanGoDownAndAwayAndComeBack(t *testing.T) {
	a, b := Pair(t)
	up := func(name string) bool {
		i, err := net.InterfaceByName(name)
		return err == nil && i.Flags&net.FlagUp != 0
	}
	Down(t, b)
	if up(b) {
		t.Error("it is up after Down")
	}
	Up(t, b)
	if !up(b) {
		t.Error("it is down after Up")
	}
	Remove(t, b)
	if exists(a) || exists(b) {
		t.Error("an end is there after Remove")
	}
	Recreate(t, a, b)
	if !up(a) || !up(b) {
		t.Error("an end is not up after Recreate")
	}
}

func TestLoopbackIsUpInTheNamespace(t *testing.T) {
	need(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.DialTimeout("tcp", l.Addr().String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestLeftOverVariableDoesNotMakeTheMachineANamespace(t *testing.T) {
	t.Setenv(outer, namespace())
	if inside() {
		t.Error("the namespace that the variable names is taken for one of the tests")
	}
	t.Setenv(outer, "")
	if inside() {
		t.Error("without the variable it is taken for one of the tests")
	}
}

// ending is a test that notes how it was ended.
type ending struct {
	testing.TB
	how []any
}

func (e *ending) Helper()          {}
func (e *ending) Skip(args ...any) { e.how = append([]any{"skip"}, args...) }
func (e *ending) Fatal(args ...any) {
	e.how = append([]any{"fatal"}, args...)
}

func TestPairSkipsOutsideANamespaceAndFailsUnderCI(t *testing.T) {
	isolated := os.Getenv(outer)
	t.Setenv(outer, "")
	f := func(ci string, want ...any) {
		t.Helper()
		t.Setenv("CI", ci)
		e := &ending{TB: t}
		need(e)
		if diff := cmp.Diff(want, e.how); diff != "" {
			t.Errorf("CI=%s (-want +got):\n%s", ci, diff)
		}
	}
	f("", "skip", "needs root: network namespaces")
	f("false", "skip", "needs root: network namespaces")
	f("true", "fatal", "needs root: network namespaces (CI=true: not skipped)")
	if isolated != "" {
		t.Setenv(outer, isolated)
		f("true")
	}
}

func TestStatusOfTheTestsInsideIsTheStatus(t *testing.T) {
	f := func(script string, want int) {
		t.Helper()
		if got := status(exec.Command("sh", "-c", script).Run()); got != want {
			t.Errorf("%s: status %d, want %d", script, got, want)
		}
	}
	f("exit 0", 0)
	f("exit 2", 2)
	f("kill -KILL $$", 1)
}
