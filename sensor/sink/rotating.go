package sink

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"

	"popupwatch/sensor/event"
)

// Rotating appends one event a line to a file that is renamed, with the time in its name, when it has grown to its limit; of renamed files
// the oldest go. A line is never divided. It is for a service: what stood in the file when it began stays. Not safe for use by several
// goroutines.
type Rotating struct {
	file  *lumberjack.Logger
	lines []byte // gathered

	looked time.Time   // at the file's name
	seen   os.FileInfo // what was there; nil: not looked yet
}

// OpenRotating opens the file, or makes it with mode 0600. limit is in octets, rounded up to 1 MiB; keep is how many renamed files stay.
func OpenRotating(path string, limit int64, keep int) (*Rotating, error) {
	if err := mendEnd(path); err != nil {
		return nil, fmt.Errorf("open events file: %w (does its directory exist, and may this user write there?)", err)
	}
	megabytes := int((limit + 1<<20 - 1) >> 20)
	return &Rotating{file: &lumberjack.Logger{Filename: path, MaxSize: megabytes, MaxBackups: keep}}, nil
}

// mendEnd makes the file where there is none, and ends a last line that a full disk or a crash cut off: what follows is not to be one with it.
func mendEnd(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	last := []byte{'\n'}
	if end, err := f.Seek(-1, io.SeekEnd); err == nil {
		f.ReadAt(last, end) // where that fails the line is taken for whole
	}
	if last[0] != '\n' {
		_, err = f.Write([]byte{'\n'})
	}
	return errors.Join(err, f.Close())
}

// lookEvery is how often the file is looked for under its name.
const lookEvery = time.Second

// stillThere closes a file that was moved away or deleted: what follows goes to a new one of that name, and not to nowhere.
func (r *Rotating) stillThere() {
	if now := time.Now(); now.Sub(r.looked) >= lookEvery {
		r.looked = now
		info, err := os.Stat(r.file.Filename)
		if err != nil || r.seen != nil && !os.SameFile(r.seen, info) {
			r.file.Close() // its error is that of a file that is gone
			r.seen = nil
			return
		}
		r.seen = info
	}
}

// Emit gathers the event's line; what is gathered is written when it fills a buffer. Where that fails the gathered lines stay, this one not.
func (r *Rotating) Emit(e *event.Event) error {
	line := e.JSON()
	if len(r.lines)+len(line) >= bufferSize {
		if err := r.Flush(); err != nil {
			return err
		}
	}
	r.lines = append(append(r.lines, line...), '\n')
	return nil
}

// Flush writes what is gathered. After an error the rest stays, from the very octet, and is written with the next try.
func (r *Rotating) Flush() error {
	if len(r.lines) == 0 {
		return nil
	}
	r.stillThere()
	n, err := r.file.Write(r.lines)
	r.lines = r.lines[:copy(r.lines, r.lines[n:])]
	if err != nil {
		return fmt.Errorf("write events to %s: %w", r.file.Filename, err)
	}
	return nil
}

// Close writes the rest and closes the file. Its error says how many events could not be written.
func (r *Rotating) Close() error {
	err := r.Flush()
	if err != nil {
		err = fmt.Errorf("%d events are lost: %w", bytes.Count(r.lines, []byte{'\n'}), err)
	}
	return errors.Join(err, r.file.Close())
}
