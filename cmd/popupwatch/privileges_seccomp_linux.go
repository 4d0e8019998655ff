package main

import (
	"fmt"
	"unsafe"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// deniedCalls are the system calls that a sensor never makes once it captures, and an intruder would. What is not here is allowed: libpcap,
// the C library, the Go runtime and SQLite choose their own calls, and other ones with each version, so a list of what is allowed would end
// the sensor one day on a machine that nobody tested. Those that this kernel's architecture lacks are passed over.
var deniedCalls = []string{
	// Start a program. What forks is below.
	"execve", "execveat", "fork", "vfork", "uselib",
	// Look into other processes, or act in them.
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
	// Change what the file system looks like, or leave it.
	"mount", "umount2", "move_mount", "open_tree", "open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
	"pivot_root", "chroot", "open_by_handle_at", "fanotify_init", "quotactl", "quotactl_fd",
	// Leave the namespaces, where user namespaces give all of the kernel to attack.
	"unshare", "setns",
	// Change the kernel or the machine.
	"kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff", "acct", "iopl", "ioperm",
	"sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "vhangup", "syslog",
	// Parts of the kernel through which most ways to become root have gone, and that a sensor has no use for.
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key", "request_key", "keyctl",
	"modify_ldt", "personality",
	// Become somebody else. The service has become whom it will be.
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset",
	// Wait for connections on a new socket: a way in for others. The service's own listener is open by now.
	"listen",
}

// denyCalls loads the filter into the kernel, for all threads at once.
func denyCalls() error {
	program, err := denyProgram()
	if err != nil {
		return fmt.Errorf("build the seccomp filter: %w", err)
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return fmt.Errorf("assemble the seccomp filter: %w", err)
	}
	return loadFilter(raw)
}

// denyProgram is the filter: EPERM for what is denied. clone3 is ENOSYS, since its flags are out of a filter's sight and the C library then
// takes clone, which is allowed for threads alone.
func denyProgram() ([]bpf.Instruction, error) {
	machine, err := arch.GetInfo("")
	if err != nil {
		return nil, err
	}
	process := seccomp.Condition{Argument: 0, Operation: seccomp.BitsNotSet, Value: unix.CLONE_THREAD}
	policy := seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{
			{Names: presentCalls(machine), Action: seccomp.ActionErrno},
			{NamesWithCondtions: []seccomp.NameWithConditions{{Name: "clone", Conditions: seccomp.ArgumentConditions{process}}}, Action: seccomp.ActionErrno},
			{Names: []string{"clone3"}, Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)},
		},
	}
	calls, err := policy.Assemble()
	if err != nil {
		return nil, err
	}
	return append(denyForeign(machine), calls...), nil
}

func presentCalls(machine *arch.Info) []string {
	var names []string
	for _, name := range deniedCalls {
		if _, ok := machine.SyscallNames[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

// denyForeign refuses every call in another architecture's numbers. Guard: on amd64, int 0x80 reaches execve as number 11; go-seccomp-bpf lets
// foreign calls go the default way, which in a list of what is denied is to allow them.
func denyForeign(machine *arch.Info) []bpf.Instruction {
	const architecture = 4 // offset in struct seccomp_data, seccomp(2)
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: architecture, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(machine.ID), SkipTrue: 1},
		bpf.RetConstant{Val: uint32(seccomp.ActionErrno) | uint32(unix.EPERM)},
	}
}

// loadFilter hands the program to seccomp(2). It does so itself since seccomp.LoadFilter takes no program, and takes a thread that could not be
// given the filter (a positive answer) for success.
func loadFilter(raw []bpf.RawInstruction) error {
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return fmt.Errorf("load the seccomp filter: %w", errno)
	}
	if thread != 0 {
		return fmt.Errorf("load the seccomp filter: thread %d has another one", thread)
	}
	return nil
}
