package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// apply takes away, from all threads and for good, what the service does not need: root, every capability but CAP_NET_RAW, new privileges
// through execve, system calls, files. It is called once, after the interfaces and the listener are open and before anything is written, so
// that files are made by the user the service has become. It is an error where the user is unknown, CAP_NET_RAW is missing, or a writable
// directory is not; a kernel without seccomp or Landlock is a warning each.
func (c *confinement) apply() error {
	who, err := c.dropPrivileges()
	if err != nil {
		return fmt.Errorf("give up privileges: %w", err)
	}
	// Guard: a setuid program (su, mount) would give a hijacked sensor root again. Seccomp and Landlock demand it, too.
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		return fmt.Errorf("give up privileges: set no_new_privs: %w", err)
	}
	if err := c.reach(who); err != nil {
		return err
	}
	inForce := []string{"user " + who, "capabilities net_raw"}
	if err := denyCalls(); err != nil {
		c.log.Warn("seccomp is not in force: the kernel lacks it or the container forbids it, so a hijacked sensor could start programs", "error", err)
	} else {
		inForce = append(inForce, "seccomp")
	}
	if err := c.restrictFiles(); err != nil {
		c.log.Warn("landlock is not in force: the kernel lacks it (before 5.13, or switched off) or the container forbids it, so a hijacked sensor could reach all files that its user may", "error", err)
	} else {
		inForce = append(inForce, "landlock")
	}
	c.log.Info("confined: " + strings.Join(inForce, ", "))
	return nil
}

// dropPrivileges becomes the user, when started as root, and keeps CAP_NET_RAW alone: an interface that comes back must be opened again. It
// gives the name of the user that the service is now.
func (c *confinement) dropPrivileges() (string, error) {
	held, err := cap.GetPID(0)
	if err != nil {
		return "", fmt.Errorf("read capabilities: %w", err)
	}
	if raw, _ := held.GetFlag(cap.Permitted, cap.NET_RAW); !raw {
		return "", errors.New("CAP_NET_RAW is missing (start popupwatch.service, or with sudo, or once: setcap cap_net_raw+ep /usr/bin/popupwatch)")
	}
	who := userName(os.Geteuid())
	if os.Geteuid() == 0 {
		a, err := findAccount(c.user)
		if err != nil {
			return "", err
		}
		if err := a.become(); err != nil {
			return "", err
		}
		who = a.name
	}
	return who, keepNetRaw()
}

// account is a user and its groups, as numbers.
type account struct {
	name     string
	uid, gid int
	groups   []int
}

// findAccount looks the user up by name or number. Without a name it is popupwatch, or nobody where that user does not exist.
func findAccount(name string) (account, error) {
	if name != "" {
		return lookUp(name)
	}
	a, err := lookUp("popupwatch")
	if unknown := user.UnknownUserError(""); errors.As(err, &unknown) {
		return lookUp("nobody")
	}
	return a, err
}

func lookUp(name string) (account, error) {
	u, err := user.Lookup(name)
	if _, notNumber := strconv.Atoi(name); err != nil && notNumber == nil {
		u, err = user.LookupId(name)
	}
	if err != nil {
		return account{}, fmt.Errorf("find the user %q: %w (give another with --user)", name, err)
	}
	names, err := u.GroupIds()
	if err != nil {
		return account{}, fmt.Errorf("find the groups of user %q: %w", name, err)
	}
	numbers, err := numbersOf(append([]string{u.Uid, u.Gid}, names...))
	if err != nil {
		return account{}, fmt.Errorf("read the numbers of user %q: %w", name, err)
	}
	return account{u.Username, numbers[0], numbers[1], numbers[2:]}, nil
}

func numbersOf(texts []string) ([]int, error) {
	numbers := make([]int, len(texts))
	for i, text := range texts {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		numbers[i] = n
	}
	return numbers, nil
}

// userName is the name of a user, or its number where it has no name, as a user of systemd's or of a container may.
func userName(uid int) string {
	number := strconv.Itoa(uid)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}

// become changes all threads to the user; permitted capabilities stay, none is effective. Groups go first: without CAP_SETGID they would stay
// root's.
func (a account) become() error {
	if err := cap.SetGroups(a.gid, a.groups...); err != nil {
		return fmt.Errorf("take the groups of %s: %w (in a container: start it as another user than root, or give it SETUID and SETGID)", a.name, err)
	}
	if err := cap.SetUID(a.uid); err != nil {
		return fmt.Errorf("become user %s: %w (in a container: start it as another user than root, or give it SETUID and SETGID)", a.name, err)
	}
	return nil
}

// keepNetRaw leaves CAP_NET_RAW permitted and effective, and nothing inheritable, so nothing ambient either (capabilities(7)).
func keepNetRaw() error {
	if err := emptyBoundingSet(); err != nil {
		return fmt.Errorf("empty the bounding set: %w", err)
	}
	kept := cap.NewSet()
	for _, flag := range []cap.Flag{cap.Permitted, cap.Effective} {
		if err := kept.SetFlag(flag, true, cap.NET_RAW); err != nil {
			return fmt.Errorf("keep CAP_NET_RAW: %w", err)
		}
	}
	if err := kept.SetProc(); err != nil {
		return fmt.Errorf("keep CAP_NET_RAW alone: %w", err)
	}
	return nil
}

// emptyBoundingSet drops what execve could give back. It needs CAP_SETPCAP; who starts the service without has bounded it, as the unit does.
func emptyBoundingSet() error {
	held, err := cap.GetPID(0)
	if err != nil {
		return err
	}
	if may, _ := held.GetFlag(cap.Permitted, cap.SETPCAP); !may {
		return nil
	}
	if err := held.SetFlag(cap.Effective, true, cap.SETPCAP); err != nil {
		return err
	}
	if err := held.SetProc(); err != nil {
		return err
	}
	for v := range cap.MaxBits() {
		if in, _ := cap.GetBound(v); !in {
			continue
		}
		if err := cap.DropBound(v); err != nil {
			return fmt.Errorf("drop %v: %w", v, err)
		}
	}
	return nil
}

// reach checks that the new user may write where it will have to, while someone reads what the command says, and not at the first event.
func (c *confinement) reach(who string) error {
	for _, path := range c.writable {
		dir := directoryOf(path)
		if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
			return fmt.Errorf("write in %s as user %s: %w (chown %s %s, or give another --user)", dir, who, err, who, dir)
		}
	}
	for _, path := range c.readable {
		if err := unix.Access(path, unix.R_OK); err != nil {
			c.log.Warn("a file cannot be read again: a reload will keep what was read at the start", "file", path, "user", who, "error", err)
		}
	}
	return nil
}

// directoryOf is the directory itself, or that of a file, present or not.
func directoryOf(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return path
	}
	return filepath.Dir(path)
}
