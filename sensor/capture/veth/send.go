package veth

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// Sender puts whole Ethernet frames on an interface: what it sends on one end of a Pair arrives at the other, as it is.
type Sender struct {
	fd int
	to unix.SockaddrLinklayer
}

// Open makes a Sender for an interface (packet(7)); it is closed at the end of the test.
func Open(t testing.TB, iface string) *Sender {
	t.Helper()
	i, err := net.InterfaceByName(iface)
	if err != nil {
		t.Fatalf("find the interface %s: %v", iface, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0) // protocol 0: it receives nothing
	if err != nil {
		t.Fatalf("open a packet socket: %v", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return &Sender{fd: fd, to: unix.SockaddrLinklayer{Ifindex: i.Index}}
}

// Send sends one Ethernet frame, from the destination address on and without check sequence, of 14 to 9014 octets; nothing is padded. The
// frame is the caller's again afterwards, and has been handed to the other end.
func (s *Sender) Send(t testing.TB, frame []byte) {
	t.Helper()
	if err := unix.Sendto(s.fd, frame, 0, &s.to); err != nil {
		t.Fatalf("send a frame of %d octets: %v", len(frame), err)
	}
}
