package main

import (
	"bytes"
	"cmp"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// What is confined stays confined, so each case runs in a process of its own: the test executes itself, and finds itself there by this name.
const inYard = "CONFINEMENT_YARD"

// yard is the ground of a case: files that the service may reach, and some that it may not, owned by nobody alike.
type yard string

func (y yard) in(name string) string { return filepath.Join(string(y), name) }

// confinement is that of the cases: it reads one file again, and writes in two directories.
func (y yard) confinement(log io.Writer) *confinement {
	return &confinement{
		user: "nobody", log: slog.New(slog.NewTextHandler(log, nil)),
		writable: []string{y.in("state/events.ndjson"), y.in("tmp")}, readable: []string{y.in("rules/own.yml")},
	}
}

// makeYard lays the ground, and puts a program there that nobody may execute.
func makeYard(t *testing.T) yard {
	t.Helper()
	y := yard(t.TempDir())
	for _, dir := range []string{"state", "tmp", "rules", "closed"} {
		noError(t, os.Mkdir(y.in(dir), 0o755))
	}
	for _, file := range []string{"state/old", "rules/own.yml", "rules/other.yml", "closed/secret"} {
		noError(t, os.WriteFile(y.in(file), []byte(file), 0o644))
	}
	program, err := os.ReadFile(must(os.Executable()))
	noError(t, err)
	noError(t, os.WriteFile(y.in("confined.test"), program, 0o755))
	y.give(t, must(user.Lookup("nobody")))
	return y
}

// give hands the yard to a user, and opens the way to it.
func (y yard) give(t *testing.T, u *user.User) {
	t.Helper()
	id := must(numbersOf([]string{u.Uid, u.Gid}))
	noError(t, filepath.WalkDir(string(y), func(path string, _ fs.DirEntry, err error) error {
		return cmp.Or(err, os.Lchown(path, id[0], id[1]))
	}))
	noError(t, os.Chmod(filepath.Dir(string(y)), 0o711))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// startedAs is how a process of a case begins: as root, or as nobody.
type startedAs struct {
	nobody  bool
	ambient []uintptr
}

// alone runs the test that calls it once more in a process of its own, which begins in this way, and where yes is true.
func alone(t *testing.T, s startedAs) (y yard, yes bool) {
	t.Helper()
	if dir := os.Getenv(inYard); dir != "" {
		return yard(dir), true
	}
	needRoot(t)
	y = makeYard(t)
	c := exec.CommandContext(t.Context(), y.in("confined.test"), "-test.run", "^"+t.Name()+"$", "-test.v")
	c.Dir = string(y)
	c.Env = append(os.Environ(), inYard+"="+string(y), "TMPDIR="+y.in("tmp"))
	if s.nobody {
		id := must(numbersOf([]string{must(user.Lookup("nobody")).Uid, must(user.Lookup("nobody")).Gid}))
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(id[0]), Gid: uint32(id[1])}, AmbientCaps: s.ambient}
	}
	out, err := c.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("the process of its own: %v\n%s", err, out)
	}
	return y, false
}

func needRoot(t *testing.T) {
	t.Helper()
	raw, err := cap.GetProc().GetFlag(cap.Effective, cap.NET_RAW)
	noError(t, err)
	switch {
	case os.Geteuid() == 0 && raw:
	case os.Getenv("CI") == "true":
		t.Fatal("CI runs without root or CAP_NET_RAW: privileges cannot be tested (run the container as root, with NET_RAW)")
	default:
		t.Skip("privileges can be given up by root alone: sudo make test")
	}
}

// confine applies the confinement while threads run, so that those that were there before are seen to be confined, too.
func (y yard) confine(t *testing.T) (log string) {
	t.Helper()
	y.ownTemporary(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	started := make(chan struct{})
	for range 4 {
		go func() {
			runtime.LockOSThread()
			started <- struct{}{}
			<-release
		}()
		<-started
	}
	var lines bytes.Buffer
	noError(t, y.confinement(&lines).apply())
	return lines.String()
}

// ownTemporary hands to nobody what TestMain made: it must be able to remove it.
func (y yard) ownTemporary(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	yard(y.in("tmp")).give(t, must(user.Lookup("nobody")))
	noError(t, os.Chown(string(y), 65534, 65534))
}

func TestAServiceStartedByRootIsConfined(t *testing.T) {
	if y, yes := alone(t, startedAs{}); yes {
		log := y.confine(t)
		isConfined(t, y, log)
		everyThreadHas(t, "CapBnd", "0000000000000000")
		everyThreadHas(t, "Groups", "65534")
	}
}

func TestAServiceStartedByTheUnitIsConfined(t *testing.T) {
	if y, yes := alone(t, startedAs{nobody: true, ambient: []uintptr{uintptr(cap.NET_RAW)}}); yes {
		isConfined(t, y, y.confine(t))
	}
}

func TestAServiceWithoutCapNetRawIsToldHowToGetIt(t *testing.T) {
	if y, yes := alone(t, startedAs{nobody: true}); yes {
		err := y.confinement(io.Discard).apply()
		if err == nil || !strings.Contains(err.Error(), "setcap cap_net_raw+ep") {
			t.Errorf("got %v, want an error that names setcap", err)
		}
	}
}

func TestAnUnknownUserIsNamed(t *testing.T) {
	if y, yes := alone(t, startedAs{}); yes {
		c := y.confinement(io.Discard)
		c.user = "nosuchuser"
		if err := c.apply(); err == nil || !strings.Contains(err.Error(), `"nosuchuser"`) || !strings.Contains(err.Error(), "--user") {
			t.Errorf("got %v, want an error that names the user and --user", err)
		}
	}
}

func TestADirectoryThatTheUserMayNotWriteIsNamed(t *testing.T) {
	if y, yes := alone(t, startedAs{}); yes {
		y.ownTemporary(t)
		noError(t, os.Chown(y.in("state"), 0, 0))
		err := y.confinement(io.Discard).apply()
		if err == nil || !strings.Contains(err.Error(), "chown nobody "+y.in("state")) {
			t.Errorf("got %v, want an error that says whom to give the directory to", err)
		}
	}
}
