// Package veth gives tests of live capture a wire of their own: a pair of connected network interfaces in a network namespace.
package veth

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"testing"
)

const (
	mtu      = 9000 // veth(4) drops what is longer than this, a MAC header and a tag
	maxPairs = 64   // at one time; a test that makes more has forgotten to end
)

// Pair makes two interfaces that are connected to each other, both up, MTU 9000, without ARP, IPv6 and multicast, so that the wire is silent
// until the test sends. They are removed at the end of the test. Outside a namespace of Isolate it skips the test, or fails it where
// the environment has CI=true.
func Pair(t testing.TB) (a, b string) {
	t.Helper()
	need(t)
	for i := range maxPairs {
		a, b = fmt.Sprintf("pw%da", i), fmt.Sprintf("pw%db", i)
		if exists(a) || add(a, b) != nil && exists(a) { // of another test, which may have made it just now
			continue
		}
		t.Cleanup(func() {
			if exists(a) { // the test may have removed it
				Remove(t, a)
			}
		})
		raise(t, a, b)
		return a, b
	}
	t.Fatalf("make a veth pair: there are %d already", maxPairs)
	return "", ""
}

// Remove deletes an interface, and with it the other end of its pair.
func Remove(t testing.TB, name string) {
	t.Helper()
	must(t, ip("link", "delete", name))
}

// Recreate makes a pair again that was removed, as Pair made it.
func Recreate(t testing.TB, a, b string) {
	t.Helper()
	must(t, add(a, b))
	raise(t, a, b)
}

// Down takes an interface down; its peer loses the carrier.
func Down(t testing.TB, name string) {
	t.Helper()
	must(t, ip("link", "set", name, "down"))
}

// Up sets an interface up again.
func Up(t testing.TB, name string) {
	t.Helper()
	must(t, ip("link", "set", name, "up"))
}

func add(a, b string) error {
	return ip("link", "add", a, "mtu", fmt.Sprint(mtu), "type", "veth", "peer", "name", b, "mtu", fmt.Sprint(mtu))
}

// raise makes both ends mute, then sets them up: the kernel speaks of IPv6 as soon as an interface is up.
func raise(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		must(t, withoutIPv6(name))
		must(t, ip("link", "set", name, "arp", "off", "multicast", "off"))
	}
	for _, name := range names {
		Up(t, name)
	}
}

// withoutIPv6 turns IPv6 off on an interface; a kernel without IPv6 has nothing to turn off.
func withoutIPv6(name string) error {
	path := "/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6"
	err := os.WriteFile(path, []byte("1"), 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("turn IPv6 off (is /proc/sys mounted for writing?): %w", err)
	}
	return nil
}

func exists(name string) bool {
	_, err := net.InterfaceByName(name)
	return err == nil
}

// ip runs the command of iproute2; its error has what the command said.
func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("set up network interfaces: there is no ip command (install iproute2)")
	}
	if err != nil {
		return fmt.Errorf("run ip %q: %w: %s", args, err, bytes.TrimSpace(out))
	}
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
