package capture

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
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
	named map[fileID]string    // the name by which a file was seen first
	read  map[digest]*readFile
}

// sighting is a file at the last look.
type sighting struct {
	path    string
	id      fileID
	size    int64
	changed time.Time
	stable  bool // as at the look before
	look    int
	peeked  bool
	capture bool // it has a frame
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
	return rotation{dir: dir, seen: map[string]*sighting{}, named: map[fileID]string{}, read: map[digest]*readFile{}}
}

// next gives the file to be read whose first frame is the earliest; false where there is none now.
func (r *rotation) next() (c candidate, ok bool, err error) {
	if err := r.look(); err != nil {
		return c, false, err
	}
	latest := r.latest()
	for _, s := range r.seen {
		if !s.capture || !s.stable || s.first >= latest[series(s.path)] && r.named[s.id] == s.path {
			continue
		}
		known := r.read[s.begins]
		if known != nil && (known.Size >= s.size || compressedName(s.path)) {
			continue
		}
		d := candidate{path: s.path, size: s.size, first: s.first, begins: s.begins}
		if known != nil {
			d.frames = known.Frames
		}
		if !ok || cmp.Or(cmp.Compare(d.first, c.first), cmp.Compare(d.path, c.path)) < 0 {
			c, ok = d, true
		}
	}
	return c, ok, nil
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
		info, err := e.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone meanwhile
		case err != nil:
			return fmt.Errorf("watch a directory: %w", err)
		case info.Mode().IsRegular() && !strings.HasPrefix(e.Name(), "."):
			r.see(filepath.Join(r.dir, e.Name()), info)
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
	if _, ok := r.named[s.id]; !ok {
		r.named[s.id] = path
	}
	if !s.peeked {
		s.peek()
	}
	if known := r.read[s.begins]; known != nil && s.capture {
		known.look = r.looks
	}
}

// peek reads a file's first frame: its time, and what tells the file from others. Before there is a frame it is no capture yet; later ones
// do not change it, so that a file which grows stays the same.
func (s *sighting) peek() {
	in := &input{path: s.path, seeks: true, size: s.size}
	src, err := in.open(opening{block: peekBlock, declarer: newFilters("")})
	if err != nil {
		return
	}
	defer src.close()
	if src.reader.next(&src.frame) != nil {
		return
	}
	s.peeked, s.capture, s.first = true, true, src.nanos
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

func compressedName(path string) bool { return uncompressed(path) != path }
