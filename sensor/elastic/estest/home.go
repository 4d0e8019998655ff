package estest

import (
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is the system user that nodes run as where the tests are root: the servers refuse root.
const account = "popupwatch-test"

// credential is the account that the node runs as; nil for that of the tests.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(account)
	if err != nil {
		said, _ := exec.Command("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", account).CombinedOutput()
		if u, err = user.Lookup(account); err != nil { // another test may have made it meanwhile
			return nil, fmt.Errorf("make the user %s: %s", account, said)
		}
	}
	uid, errUser := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGroup := strconv.ParseUint(u.Gid, 10, 32)
	if errUser != nil || errGroup != nil {
		return nil, fmt.Errorf("user %s has the ids %s, %s", account, u.Uid, u.Gid)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// home is the folder of one node: the distribution as links, configuration and data of its own.
type home struct {
	folder string
	owner  *syscall.Credential
}

// makeHome makes the folder of a node from a distribution.
func makeHome(distribution string) (*home, error) {
	owner, err := credential()
	if err != nil {
		return nil, err
	}
	sweep()
	folder, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", folderPrefix, os.Getpid()))
	if err != nil {
		return nil, err
	}
	h := &home{folder, owner}
	if err := h.fill(distribution); err != nil {
		h.remove()
		return nil, fmt.Errorf("make a node of %s: %w", distribution, err)
	}
	return h, nil
}

// folderPrefix begins the names of the nodes' folders; the process that made one follows.
const folderPrefix = "popupwatch-node-"

// sweep removes the folders of tests that were killed.
func sweep() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*-*")) // the pattern is well formed
	for _, folder := range folders {
		maker, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folderPrefix), "-")
		if pid, err := strconv.Atoi(maker); err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
			os.RemoveAll(folder) // another test may be at it
		}
	}
}

func (h *home) remove() error { return os.RemoveAll(h.folder) }

func (h *home) path(parts ...string) string {
	return filepath.Join(append([]string{h.folder}, parts...)...)
}

// fill links the distribution's files, and copies those of config, which change.
func (h *home) fill(distribution string) error {
	if err := os.Chmod(h.folder, 0o755); err != nil {
		return err
	}
	err := filepath.WalkDir(distribution, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(distribution, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(h.path(below), 0o755)
		}
		if !strings.HasPrefix(below, "config/") && os.Link(name, h.path(below)) == nil {
			return nil
		}
		return duplicate(name, h.path(below))
	})
	if err != nil {
		return err
	}
	for _, folder := range []string{"data", "logs", "tmp"} {
		if err := os.MkdirAll(h.path(folder), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// duplicate copies a file with its permissions.
func duplicate(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm()|0o444)
}

// handOver gives what the node writes to its account.
func (h *home) handOver() error {
	if h.owner == nil {
		return nil
	}
	if err := os.Chown(h.folder, int(h.owner.Uid), int(h.owner.Gid)); err != nil {
		return err
	}
	for _, folder := range []string{"config", "data", "logs", "tmp"} {
		err := filepath.WalkDir(h.path(folder), func(name string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Chown(name, int(h.owner.Uid), int(h.owner.Gid))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// configure writes the node's configuration.
func (h *home) configure(o Options, port, transport int) error {
	lines := []string{
		"cluster.name: popupwatch-test", "discovery.type: single-node", "network.host: 127.0.0.1",
		fmt.Sprintf("http.port: %d", port), fmt.Sprintf("transport.port: %d", transport),
		"node.store.allow_mmap: false", "cluster.routing.allocation.disk.threshold_enabled: false", "action.destructive_requires_name: false",
	}
	if o.Distribution != OpenSearch {
		lines = append(lines, fmt.Sprintf("xpack.security.enabled: %t", o.Security))
	}
	if o.TLS {
		lines = append(lines, "xpack.security.http.ssl.enabled: true", "xpack.security.http.ssl.key: node.key",
			"xpack.security.http.ssl.certificate: node.crt", "xpack.security.http.ssl.certificate_authorities: ca.crt")
	}
	lines = append(lines, o.Settings...)
	name := o.Distribution.runtime().program + ".yml"
	return os.WriteFile(h.path("config", name), []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

// enrol writes the users of the file realm, and their roles.
func (h *home) enrol(users []User) error {
	words, err := encode(SuperuserPassword)
	if err != nil {
		return err
	}
	names, members, roles := Superuser+":"+words+"\n", "superuser:"+Superuser+"\n", ""
	for _, u := range users {
		if words, err = encode(u.Password); err != nil {
			return err
		}
		names += u.Name + ":" + words + "\n"
		members += "role_of_" + u.Name + ":" + u.Name + "\n"
		roles += "role_of_" + u.Name + ": " + strings.Join(strings.Fields(u.Role), " ") + "\n" // JSON on one line is YAML
	}
	for name, content := range map[string]string{"users": names, "users_roles": members, "roles.yml": roles} {
		if err := os.WriteFile(h.path("config", name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// encode is the form that the file realm keeps a password in. The salt need not be secret here, nor the password.
func encode(password string) (string, error) {
	const rounds = 1000
	salt := []byte("salt of a test, of 32 octets ...")
	key, err := pbkdf2.Key(sha512.New, password, salt, rounds, 32)
	if err != nil {
		return "", err
	}
	b := base64.StdEncoding
	return fmt.Sprintf("{PBKDF2}%d$%s$%s", rounds, b.EncodeToString(salt), b.EncodeToString(key)), nil
}
