package veth

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// outer is the variable that tells a test binary from which namespace it was sent into its own. The name of the namespace is compared, so
// that a variable left in a shell cannot make a test change the machine's own network.
const outer = "VETH_OUTER_NETNS"

// Isolate runs the tests of a package in a network namespace of their own, which ends with them: it starts the test binary again in one and
// gives its exit status. Inside, or without root, it runs the tests here; Pair then knows. Inside, the loopback interface is up, for tests
// with sockets. For a TestMain: os.Exit(veth.Isolate(m)).
func Isolate(m *testing.M) int {
	if inside() {
		if err := ip("link", "set", "lo", "up"); err != nil {
			fmt.Fprintf(os.Stderr, "veth: %v\n", err)
		}
		return m.Run()
	}
	if os.Geteuid() != 0 {
		return m.Run()
	}
	runtime.LockOSThread() // the child ends with the thread that started it (prctl(2), PR_SET_PDEATHSIG)
	defer runtime.UnlockOSThread()
	cmd := again()
	if err := cmd.Start(); err != nil { // root without CAP_SYS_ADMIN, as in most containers
		fmt.Fprintf(os.Stderr, "veth: make a network namespace: %v\n", err)
		return m.Run()
	}
	return status(cmd.Wait())
}

// Isolated is a testing.M whose Run is Isolate, for what calls Run itself: goleak.VerifyTestMain(veth.Isolated{M: m}).
type Isolated struct{ *testing.M }

// Run is Isolate.
func (i Isolated) Run() int { return Isolate(i.M) }

// again is the test binary once more, in a new network namespace. It ends with this one: go test kills what runs too long.
func again() *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), outer+"="+namespace())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// namespace is the kernel's name of the network namespace of this process.
func namespace() string {
	name, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return ""
	}
	return name
}

func inside() bool {
	from := os.Getenv(outer)
	return from != "" && namespace() != from
}

// need ends a test that is not in a namespace of its own.
func need(t testing.TB) {
	t.Helper()
	switch {
	case inside():
	case os.Getenv("CI") == "true":
		t.Fatal("needs root: network namespaces (CI=true: not skipped)")
	default:
		t.Skip("needs root: network namespaces")
	}
}

// status is the exit status of a process; one that a signal ended, or that cannot be waited for, is a failure.
func status(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	}
	fmt.Fprintf(os.Stderr, "veth: run the tests in a network namespace: %v\n", err)
	return 1
}
