package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// listenNotify stands in for systemd's socket. What it gives waits for the next message.
func listenNotify(t *testing.T) (receive func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return func() string {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		message := make([]byte, 1024)
		n, err := conn.Read(message)
		if err != nil {
			t.Fatalf("no message came: %v", err)
		}
		return string(message[:n])
	}
}

func TestSystemdIsToldWhatTheServiceIsAt(t *testing.T) {
	receive := listenNotify(t)
	n := newNotifier()
	for _, c := range []struct {
		say  func()
		want string
	}{
		{n.ready, "READY=1"},
		{n.stopping, "STOPPING=1"},
		{func() { n.status("capturing on eth1") }, "STATUS=capturing on eth1"},
		{func() { n.status("eth1\nMAINPID=1") }, "STATUS=eth1 MAINPID=1"},
	} {
		c.say()
		if diff := cmp.Diff(c.want, receive()); diff != "" {
			t.Errorf("message (-want +got):\n%s", diff)
		}
	}
}

func TestReloadingSaysWhen(t *testing.T) {
	receive := listenNotify(t)
	newNotifier().reloading()
	first, rest, _ := strings.Cut(receive(), "\n")
	at, found := strings.CutPrefix(strings.TrimSpace(rest), "MONOTONIC_USEC=")
	if n, err := strconv.ParseUint(at, 10, 64); first != "RELOADING=1" || !found || err != nil || n == 0 {
		t.Errorf("got %q and %q, want RELOADING=1 and a MONOTONIC_USEC above 0", first, rest)
	}
}

func TestTheWatchdogIsPingedWithProgressAlone(t *testing.T) {
	receive := listenNotify(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// What each look at the progress sees: the first before any beat, then ping, nothing twice, ping, nothing.
	seen := []uint64{7, 8, 8, 8, 9, 9}
	n := &notifier{watchdog: 2 * time.Millisecond}
	n.watch(ctx, func() uint64 {
		now := seen[0]
		if seen = seen[1:]; len(seen) == 0 {
			seen = []uint64{now}
			cancel()
		}
		return now
	})
	n.status("end")
	want := []string{"WATCHDOG=1", "WATCHDOG=1", "STATUS=end"}
	var got []string
	for range want {
		got = append(got, receive())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestTheWatchdogTimeIsThatOfTheUnit(t *testing.T) {
	for _, c := range []struct {
		name, microseconds, pid string
		want                    time.Duration
	}{
		{"30 s for this process", "30000000", strconv.Itoa(os.Getpid()), 30 * time.Second},
		{"30 s for whom it concerns", "30000000", "", 30 * time.Second},
		{"for another process", "30000000", "1", 0},
		{"none", "", "", 0},
		{"no number", "soon", "", 0},
		{"below 0", "-5", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("WATCHDOG_USEC", c.microseconds)
			t.Setenv("WATCHDOG_PID", c.pid)
			if got := newNotifier().watchdog; got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestWithoutAWatchdogNobodyWatches(t *testing.T) {
	n := &notifier{}
	n.watch(t.Context(), func() uint64 {
		t.Error("the progress is asked for")
		return 0
	})
}

func TestWithoutSystemdNothingIsSaid(t *testing.T) {
	receive := listenNotify(t)
	path := os.Getenv("NOTIFY_SOCKET")
	t.Setenv("NOTIFY_SOCKET", "")
	n := newNotifier()
	n.ready()
	n.reloading()
	n.stopping()
	t.Setenv("NOTIFY_SOCKET", path)
	n.status("the first message")
	if got := receive(); got != "STATUS=the first message" {
		t.Errorf("got %q, want nothing before the first message", got)
	}
}
