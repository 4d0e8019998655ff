package main

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const (
	allowed = int(seccomp.ActionAllow)
	refused = int(seccomp.ActionErrno) | int(unix.EPERM)
	absent  = int(seccomp.ActionErrno) | int(unix.ENOSYS)
)

// filterAnswer is what the filter says to a call. The emulator of x/net/bpf reads words big-endian; the halves of arguments stand as the kernel of a
// little-endian machine puts them.
func filterAnswer(t *testing.T, machine uint32, call int, argument uint64) int {
	t.Helper()
	program, err := denyProgram()
	if err != nil {
		t.Fatal(err)
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 64) // struct seccomp_data, seccomp(2)
	binary.BigEndian.PutUint32(data, uint32(call))
	binary.BigEndian.PutUint32(data[4:], machine)
	binary.BigEndian.PutUint32(data[16:], uint32(argument))
	binary.BigEndian.PutUint32(data[20:], uint32(argument>>32))
	got, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func thisMachine(t *testing.T) *arch.Info {
	t.Helper()
	machine, err := arch.GetInfo("")
	if err != nil {
		t.Fatal(err)
	}
	return machine
}

func TestEveryDeniedCallIsRefused(t *testing.T) {
	machine := thisMachine(t)
	for _, name := range deniedCalls {
		number, ok := machine.SyscallNames[name]
		if !ok && runtime.GOARCH == "amd64" {
			t.Errorf("%s is no system call", name)
		}
		if got := filterAnswer(t, uint32(machine.ID), number, 0); ok && got != refused {
			t.Errorf("%s: got %#x, want EPERM (%#x)", name, got, refused)
		}
	}
}

func TestWhatTheServiceNeedsIsAllowed(t *testing.T) {
	machine := thisMachine(t)
	for _, name := range []string{
		"socket", "bind", "connect", "setsockopt", "recvfrom", "sendto", "ppoll", "mmap", "mprotect", "ioctl", "openat", "renameat", "unlinkat",
		"fchownat", "ftruncate", "fsync", "futex", "tgkill", "prctl", "seccomp", "landlock_restrict_self", "accept4", "getrandom", "exit_group",
	} {
		if got := filterAnswer(t, uint32(machine.ID), machine.SyscallNames[name], 0); got != allowed {
			t.Errorf("%s: got %#x, want allowed (%#x)", name, got, allowed)
		}
	}
}

func TestThreadsAreMadeAndProcessesAreNot(t *testing.T) {
	machine := thisMachine(t)
	for _, c := range []struct {
		name, call string
		flags      uint64
		want       int
	}{
		{"a thread of the Go runtime", "clone", unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD, allowed},
		{"a process as by fork", "clone", uint64(unix.SIGCHLD), refused},
		{"a process as by os/exec", "clone", unix.CLONE_VFORK | unix.CLONE_VM | uint64(unix.SIGCHLD), refused},
		{"a process whose high half holds the thread bit", "clone", unix.CLONE_THREAD << 32, refused},
		{"a user namespace", "clone", unix.CLONE_NEWUSER, refused},
		{"what hides its flags", "clone3", 0, absent},
	} {
		if got := filterAnswer(t, uint32(machine.ID), machine.SyscallNames[c.call], c.flags); got != c.want {
			t.Errorf("%s: got %#x, want %#x", c.name, got, c.want)
		}
	}
}

func TestCallsOfAnotherArchitectureAreRefused(t *testing.T) {
	foreign := arch.I386
	if thisMachine(t).ID == foreign.ID {
		foreign = arch.X86_64
	}
	for _, name := range []string{"execve", "socket", "read"} {
		if got := filterAnswer(t, uint32(foreign.ID), foreign.SyscallNames[name], 0); got != refused {
			t.Errorf("%s of %s: got %#x, want EPERM (%#x)", name, foreign.Name, got, refused)
		}
	}
	if runtime.GOARCH == "amd64" {
		const x32 = 0x40000000
		if got := filterAnswer(t, uint32(thisMachine(t).ID), x32|520, 0); got != absent {
			t.Errorf("execve of x32: got %#x, want ENOSYS (%#x)", got, absent)
		}
	}
}
