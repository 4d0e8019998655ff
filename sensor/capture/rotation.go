package capture

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
)

// maxRead bounds the files that are remembered as read. None is forgotten while it is in the directory, or it would be read again.
const maxRead = 1 << 20

// digest is the first frame of a capture and its time, hashed: one that is renamed or compressed after it was read is still the same.
type digest [16]byte

// rotation is what a rotating capture leaves in a directory. A file is to be read when another one of its series (names that differ in
// digits and in the ending of compression) begins later, or when it was given a new name; and when it has not grown between two looks. One
// that was read and grows after all is read on from where it ended.
type rotation struct {
	dir   string
	looks int
	seen  map[string]*sighting // by path, of the last look
	named map[fileID]naming    // by which a file was seen first
	read  map[digest]*readFile
	queue []candidate // finished at the last look, and not read yet
}

// naming is the name by which a file was seen first, and what it began with: a number that the file system gives to another file later is
// told by that.
type naming struct {
	path   string
	begins digest
}

// sighting is a file at the last look.
type sighting struct {
	path    string
	id      fileID
	size    int64
	changed time.Time
	stable  bool // as at the look before
	told    bool // its fault
	look    int
	tried   bool  // it was peeked at, as it is now
	fault   error // why it has no frame to be read
	capture bool  // it has a frame
	first   int64
	begins  digest
}

// readFile is how far a file was read. Exported fields are for encoding/gob.
type readFile struct {
	Begins digest
	Frames uint64
	Size   int64
	look   int // at which it was last there
}

// candidate is a file to be read, after so many frames of it.
type candidate struct {
	path   string
	size   int64
	first  int64
	begins digest
	frames uint64
}

func newRotation(dir string) rotation {
	return rotation{dir: dir, seen: map[string]*sighting{}, named: map[fileID]naming{}, read: map[digest]*readFile{}}
}

// next gives the file to be read whose first frame is the earliest; false where there is none now. It looks at the directory when all that it
// found at the last look were read.
func (r *rotation) next() (c candidate, ok bool, err error) {
	if len(r.queue) == 0 {
		if err := r.look(); err != nil {
			return c, false, err
		}
		r.queue = r.finished()
	}
	if len(r.queue) == 0 {
		return c, false, nil
	}
	c, r.queue = r.queue[0], r.queue[1:]
	return c, true, nil
}

// finished is the files to be read, by the time of their first frames, then by name.
func (r *rotation) finished() (out []candidate) {
	latest := r.latest()
	for _, s := range r.seen {
		if !s.capture || !s.stable || s.first >= latest[series(s.path)] && !r.renamed(s) {
			continue
		}
		c := candidate{path: s.path, size: s.size, first: s.first, begins: s.begins}
		if known := r.read[s.begins]; known != nil {
			if known.Size >= s.size {
				continue
			}
			c.frames = known.Frames
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.path, b.path)) })
	return out
}

// renamed says whether a file has another name than when it was first seen.
func (r *rotation) renamed(s *sighting) bool {
	n := r.named[s.id]
	return n.path != s.path && n.begins == s.begins
}

// latest is the greatest first frame's time of each series.
func (r *rotation) latest() map[string]int64 {
	latest := map[string]int64{}
	for _, s := range r.seen {
		if s.capture {
			name := series(s.path)
			if known, ok := latest[name]; !ok || s.first > known {
				latest[name] = s.first
			}
		}
	}
	return latest
}

// look sees what is in the directory now. Hidden files are left out, as writers use such names for what is not finished.
func (r *rotation) look() error {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return fmt.Errorf("watch a directory: %w", err)
	}
	r.looks++
	for _, e := range entries {
		path := filepath.Join(r.dir, e.Name())
		info, err := os.Stat(path) // a link counts as what it leads to
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone meanwhile
		case err != nil:
			return fmt.Errorf("watch a directory: %w", err)
		case info.Mode().IsRegular() && !strings.HasPrefix(e.Name(), "."):
			r.see(path, info)
		}
	}
	return r.forget()
}

// see compares a file with what it was at the look before, and reads its beginning once it is stable.
func (r *rotation) see(path string, info fs.FileInfo) {
	s := r.seen[path]
	if s == nil || s.size != info.Size() || !s.changed.Equal(info.ModTime()) || s.id != idOf(info) {
		s = &sighting{path: path, id: idOf(info), size: info.Size(), changed: info.ModTime()}
		r.seen[path] = s
	} else {
		s.stable = true
	}
	s.look = r.looks
	if !s.tried {
		s.peek()
	}
	if n, ok := r.named[s.id]; !ok || n.begins != s.begins && s.capture {
		r.named[s.id] = naming{path, s.begins}
	}
	if known := r.read[s.begins]; known != nil && s.capture {
		known.look = r.looks
	}
}

// peek reads a file's first frame: its time, and what tells the file from others. Before there is a frame it is no capture yet; later ones
// do not change it, so that a file which grows stays the same.
func (s *sighting) peek() {
	in := &input{path: s.path, seeks: true, size: s.size}
	s.tried = true
	src, err := in.open(opening{block: peekBlock, declarer: newFilters("")})
	if s.fault = err; err != nil {
		return
	}
	defer src.close()
	if s.fault = src.reader.next(&src.frame); s.fault != nil {
		return
	}
	s.capture, s.first = true, src.nanos
	h := sha256.New()
	fmt.Fprintf(h, "%d %d ", src.nanos, src.frame.Len)
	h.Write(src.frame.Data)
	s.begins = digest(h.Sum(nil)[:len(s.begins)])
}

// forget drops what is no longer in the directory: files at once, what was read of them when there is too much of it.
func (r *rotation) forget() error {
	ids := map[fileID]bool{}
	for path, s := range r.seen {
		if s.look != r.looks {
			delete(r.seen, path)
			continue
		}
		ids[s.id] = true
	}
	for id := range r.named {
		if !ids[id] {
			delete(r.named, id)
		}
	}
	if len(r.read) < maxRead {
		return nil
	}
	for begins, known := range r.read {
		if known.look != r.looks {
			delete(r.read, begins)
		}
	}
	if len(r.read) >= maxRead {
		return fmt.Errorf("watch a directory: more than %d captures that were read are still in %s (move them away)", maxRead, r.dir)
	}
	return nil
}

// faults gives each file once that will not be read as it is: no right to, or damage before its first frame. What is no capture, or empty, is
// none, and neither is one that may still grow.
func (r *rotation) faults() (out []FileReport) {
	for _, s := range r.seen {
		if s.fault == nil || s.fault == io.EOF || !s.stable || s.told {
			continue
		}
		s.told = true
		if d := (*DamageError)(nil); !errors.As(s.fault, &d) || !d.foreign {
			out = append(out, FileReport{Path: s.path, Err: s.fault})
		}
	}
	slices.SortFunc(out, func(a, b FileReport) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// again has a file looked at anew.
func (r *rotation) again(path string) { delete(r.seen, path) }

// done notes how far a file was read.
func (r *rotation) done(c candidate, frames uint64) {
	r.read[c.begins] = &readFile{c.begins, frames, c.size, r.looks}
}

// list is what was read, ordered.
func (r *rotation) list() []readFile {
	out := make([]readFile, 0, len(r.read))
	for _, known := range r.read {
		out = append(out, *known)
	}
	slices.SortFunc(out, func(a, b readFile) int { return bytes.Compare(a.Begins[:], b.Begins[:]) })
	return out
}

func (r *rotation) load(read []readFile) {
	for _, known := range read {
		r.read[known.Begins] = &known
	}
}

// series is a file's name without its digits and the ending of compression: what a rotating capture keeps.
func series(path string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) {
			return -1
		}
		return c
	}, uncompressed(path))
}

func uncompressed(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".zst")
}
