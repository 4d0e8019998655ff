package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// standardInput is the path that stands for it.
const standardInput = "-"

// anyTime is before every frame: what has it is opened at the start.
const anyTime = math.MinInt64

// input is a file to be read.
type input struct {
	path  string
	named bool  // by the user; else found in a directory, where what is no capture is skipped
	seeks bool  // a regular file: it can be opened twice, and reading it never waits for a writer
	size  int64 // octets of a regular file
	zip   bool  // it is inflated; false of a pipe, of which nothing is known before it is read
	order int   // place among equals: that of the path as given, in directories the octets of the names
	first int64 // packet time of its first frame, since 1970; anyTime where it cannot be known before it is read
}

// found is what one path stands for.
type found struct {
	inputs  []input
	skipped []string // in directories: neither files nor links to files
	dir     bool
}

// find looks up a path; a directory is read to its depth.
func find(path string) (found, error) {
	if path == standardInput {
		return found{inputs: []input{{path: path, named: true, first: anyTime}}}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return found{}, fmt.Errorf("find a capture: %w (give files, directories, or - for standard input)", err)
	}
	if info.IsDir() {
		d := found{dir: true}
		return d, d.walk(path)
	}
	return found{inputs: []input{{path: path, named: true, seeks: info.Mode().IsRegular(), size: info.Size(), first: anyTime}}}, nil
}

// walk adds what a directory holds, in octet order of the names. Hidden entries are not looked at; links to directories are not
// followed, since they may lead in circles; pipes, sockets and devices are not opened, since that may wait for ever.
func (d *found) walk(dir string) error {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return fmt.Errorf("read a directory of captures: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			err = d.walk(path)
		} else {
			err = d.add(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add takes a regular file or a link to one, and skips everything else.
func (d *found) add(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a link to nothing, or a file that a rotating capture just removed
		d.skipped = append(d.skipped, path)
	case err != nil:
		return fmt.Errorf("look at a file: %w", err)
	case !info.Mode().IsRegular():
		d.skipped = append(d.skipped, path)
	default:
		d.inputs = append(d.inputs, input{path: path, seeks: true, size: info.Size(), first: anyTime})
	}
	return nil
}
