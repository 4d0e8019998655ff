package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// What Landlock lets the service do (landlock(7)). Nothing is executed, and no device, socket, pipe or link is made; files are renamed within
// their directory only.
const (
	readFile  landlock.AccessFSSet = ll.AccessFSReadFile
	readTree                       = readFile | ll.AccessFSReadDir
	writeFile                      = readFile | ll.AccessFSWriteFile | ll.AccessFSTruncate
	writeTree                      = readTree | writeFile | ll.AccessFSMakeReg | ll.AccessFSMakeDir | ll.AccessFSRemoveFile | ll.AccessFSRemoveDir
)

// systemPaths are read by what the service is made of: libpcap (/sys, /proc), the C library and Go (names, time zones, certificates).
var systemPaths = []string{
	"/proc", "/sys", "/etc", "/usr", "/lib", "/lib32", "/lib64", "/libx32", "/dev/urandom", "/dev/random", "/dev/zero",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", // where /etc/resolv.conf leads
	"/var/lib/ca-certificates", // where SUSE's /etc/ssl leads
}

// restrictFiles closes the file system but for what the service reads and writes. Sockets are not files: capture goes on, and so does what is
// open. It is an error where the kernel has no Landlock; an old one takes what it knows of the rights of ABI 5 (Linux 6.10).
func (c *confinement) restrictFiles() error {
	if _, err := ll.LandlockGetABIVersion(); err != nil {
		return fmt.Errorf("ask for landlock: %w", err)
	}
	rules := c.readRules()
	rules = append(rules, grant("/dev/null", writeFile, writeFile)...)
	for _, path := range c.writable {
		rules = append(rules, grant(directoryOf(path), writeTree, writeFile)...)
	}
	return landlock.V5.BestEffort().RestrictPaths(rules...)
}

// readRules are the rules of what is read. Of a file its directory is opened, since a rule sticks to the file itself, and an editor puts
// another in its place; of one in the root directory the file alone, since all would be open otherwise.
func (c *confinement) readRules() []landlock.Rule {
	paths := append([]string{os.Getenv("CREDENTIALS_DIRECTORY")}, systemPaths...)
	for _, path := range c.readable {
		dir := directoryOf(path)
		if whole, err := filepath.Abs(dir); err != nil || whole == "/" {
			dir = path
		}
		paths = append(paths, dir)
	}
	var rules []landlock.Rule
	for _, path := range paths {
		rules = append(rules, grant(path, readTree, readFile)...)
	}
	return rules
}

// grant is the rule for a path, or none where the path is absent or out of the user's reach: one that cannot be opened would void all rules.
func grant(path string, tree, file landlock.AccessFSSet) []landlock.Rule {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	if info.IsDir() {
		return []landlock.Rule{landlock.PathAccess(tree, path)}
	}
	return []landlock.Rule{landlock.PathAccess(file, path)}
}
