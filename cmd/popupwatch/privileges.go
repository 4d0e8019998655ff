package main

import "log/slog"

// confinement is what a service may still do once it captures. Whoever finds a fault in a decoder then holds a process that hears traffic and
// writes its own files, and not the machine.
type confinement struct {
	user     string       // whom to become when started as root; empty: popupwatch if there is one, else nobody
	writable []string     // directories (of a file: its directory) in which files are made, renamed and removed later
	readable []string     // files or directories that are read again later: rules, certificates
	log      *slog.Logger // owned by the caller
}
