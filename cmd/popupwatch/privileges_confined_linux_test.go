package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/elastic/go-seccomp-bpf"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// isConfined tries, in a process that has confined itself, what it may do and what not.
func isConfined(t *testing.T, y yard, log string) {
	t.Helper()
	for _, c := range []struct{ field, want string }{
		{"Uid", "65534 65534 65534 65534"}, {"Gid", "65534 65534 65534 65534"},
		{"CapInh", "0000000000000000"}, {"CapPrm", "0000000000002000"}, {"CapEff", "0000000000002000"}, {"CapAmb", "0000000000000000"},
		{"NoNewPrivs", "1"}, {"Seccomp", "2"},
	} {
		everyThreadHas(t, c.field, c.want)
	}
	hearsPackets(t)
	startsNothing(t)
	writesItsOwnFilesAlone(t, y)
	want := "confined: user nobody, capabilities net_raw, seccomp, landlock"
	if !landlocked(t) {
		want = strings.TrimSuffix(want, ", landlock")
	} else {
		readsItsOwnFilesAlone(t, y)
	}
	if !strings.Contains(log, `level=INFO msg="`+want+`"`) {
		t.Errorf("the log does not say %q:\n%s", want, log)
	}
}

// landlocked says whether this kernel has Landlock. Where CI has none, what it does is not tested, which is a failure.
func landlocked(t *testing.T) bool {
	t.Helper()
	_, err := ll.LandlockGetABIVersion()
	if err != nil && os.Getenv("CI") == "true" {
		t.Errorf("the kernel of CI has no Landlock: %v", err)
	}
	return err == nil
}

// everyThreadHas compares a field of /proc/self/task/*/status.
func everyThreadHas(t *testing.T, field, want string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(paths) < 5 {
		t.Fatalf("%d threads, want at least 5: %v", len(paths), err)
	}
	for _, path := range paths {
		status, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		_, rest, _ := strings.Cut(string(status), "\n"+field+":")
		line, _, _ := strings.Cut(rest, "\n")
		if got := strings.Join(strings.Fields(line), " "); got != want {
			t.Errorf("%s: %s is %q, want %q", path, field, got, want)
		}
	}
}

func hearsPackets(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("open a packet socket: %v", err)
	}
	defer unix.Close(fd)
	const all = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: 1}); err != nil {
		t.Errorf("bind a packet socket: %v", err)
	}
	member := &unix.PacketMreq{Ifindex: 1, Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, member); err != nil {
		t.Errorf("become promiscuous: %v", err)
	}
}

// startsNothing tries to start programs, become root, and wait for connections. /bin/false ends a process that it takes over with a failure.
func startsNothing(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	noError(t, err)
	defer unix.Close(fd)
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"execve", syscall.Exec("/bin/false", []string{"false"}, nil), unix.EPERM},
		{"a child", exec.Command("/bin/false").Run(), unix.EPERM},
		{"setuid 0", unix.Setresuid(0, 0, 0), unix.EPERM},
		{"a user namespace", unix.Unshare(unix.CLONE_NEWUSER), unix.EPERM},
		{"a mount", unix.Mount("none", "/tmp", "tmpfs", 0, ""), unix.EPERM},
		{"a listener", unix.Listen(fd, 1), unix.EPERM},
		{"a port of the system", bindLow(fd), unix.EACCES},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.err, c.want)
		}
	}
}

// bindLow binds a port that is kept for root, or answers for a machine that keeps none, as container engines set it up.
func bindLow(fd int) error {
	first, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err == nil && strings.TrimSpace(string(first)) != "1024" {
		return unix.EACCES
	}
	return unix.Bind(fd, &unix.SockaddrInet4{Port: 81, Addr: [4]byte{127, 0, 0, 1}})
}

func writesItsOwnFilesAlone(t *testing.T, y yard) {
	t.Helper()
	noError(t, os.WriteFile(y.in("state/events.ndjson"), []byte("{}\n"), 0o600))
	noError(t, os.Rename(y.in("state/events.ndjson"), y.in("state/events-1.ndjson")))
	noError(t, os.Chown(y.in("state/events-1.ndjson"), 65534, 65534)) // as the rotation does
	noError(t, os.Remove(y.in("state/old")))
	noError(t, os.WriteFile(os.DevNull, []byte("nothing"), 0))
	if _, err := os.ReadFile("/etc/shadow"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("read /etc/shadow: got %v, want permission denied", err)
	}
	if err := os.WriteFile("/etc/popupwatch-test", nil, 0o600); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("write in /etc: got %v, want permission denied", err)
	}
}

// readsItsOwnFilesAlone tries what the user may do, and Landlock alone forbids.
func readsItsOwnFilesAlone(t *testing.T, y yard) {
	t.Helper()
	for _, name := range []string{"rules/own.yml", "rules/other.yml"} {
		if _, err := os.ReadFile(y.in(name)); err != nil {
			t.Errorf("read %s: %v", name, err)
		}
	}
	_, read := os.ReadFile(y.in("closed/secret"))
	for _, c := range []struct {
		name string
		err  error
	}{
		{"read a file of its user's", read},
		{"write in a directory of its user's", os.WriteFile(y.in("closed/new"), nil, 0o600)},
		{"write a file that it reads", os.WriteFile(y.in("rules/own.yml"), nil, 0o600)},
		{"write in /tmp", os.WriteFile("/tmp/popupwatch-confined", nil, 0o600)},
		{"make a socket", unix.Mknod(y.in("state/socket"), unix.S_IFSOCK|0o600, 0)},
		{"make a link", os.Symlink("/etc/passwd", y.in("state/link"))},
	} {
		if !errors.Is(c.err, fs.ErrPermission) {
			t.Errorf("%s: got %v, want permission denied", c.name, c.err)
		}
	}
}

func TestAKernelWithoutSeccompAndLandlockIsAWarningEach(t *testing.T) {
	if y, yes := alone(t, startedAs{}); yes {
		// As an old container engine: both are refused.
		noError(t, seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionAllow,
			Syscalls:      []seccomp.SyscallGroup{{Names: []string{"seccomp", "landlock_create_ruleset"}, Action: seccomp.ActionErrno}},
		}}))
		log := y.confine(t)
		for _, want := range []string{
			`level=WARN msg="seccomp is not in force`, `level=WARN msg="landlock is not in force`,
			`level=INFO msg="confined: user nobody, capabilities net_raw"`,
		} {
			if strings.Count(log, want) != 1 {
				t.Errorf("the log does not say once %s:\n%s", want, log)
			}
		}
		everyThreadHas(t, "CapEff", "0000000000002000")
		everyThreadHas(t, "NoNewPrivs", "1")
	}
}
