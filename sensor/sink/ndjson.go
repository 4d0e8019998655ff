package sink

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"popupwatch/sensor/event"
)

// bufferSize is how much is gathered before it is written.
const bufferSize = 256 << 10

// NDJSON writes one event a line. It keeps no event. Not safe for use by several goroutines.
type NDJSON struct {
	path    string
	buffer  *bufio.Writer
	closers []io.Closer // in the order of closing
}

// OpenNDJSON makes the file of that name anew; "-" is stdout, which stays open. Names that end in .gz or .zst are compressed. Errors
// name the path. The caller closes it; without Close the file is not whole.
func OpenNDJSON(path string, stdout io.Writer) (*NDJSON, error) {
	if path == "-" {
		return NewNDJSON("standard output", stdout), nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create events file: %w (does its directory exist, and may you write there?)", err)
	}
	n := &NDJSON{path: path, closers: []io.Closer{f}}
	if err := n.compress(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return n, nil
}

// NewNDJSON writes to w, which stays open. The name stands in errors.
func NewNDJSON(name string, w io.Writer) *NDJSON {
	return &NDJSON{path: name, buffer: bufio.NewWriterSize(w, bufferSize)}
}

// compress puts between buffer and file what the name asks for.
func (n *NDJSON) compress(f io.Writer) error {
	switch {
	case strings.HasSuffix(n.path, ".gz"):
		z := gzip.NewWriter(f) // its header has no time: equal events make equal files
		n.closers = append([]io.Closer{z}, n.closers...)
		f = z
	case strings.HasSuffix(n.path, ".zst"):
		z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return fmt.Errorf("compress %s: %w", n.path, err)
		}
		n.closers = append([]io.Closer{z}, n.closers...)
		f = z
	}
	n.buffer = bufio.NewWriterSize(f, bufferSize)
	return nil
}

// Emit writes the event's line.
func (n *NDJSON) Emit(e *event.Event) error {
	if _, err := n.buffer.Write(e.JSON()); err != nil {
		return fmt.Errorf("write events to %s: %w", n.path, err)
	}
	if err := n.buffer.WriteByte('\n'); err != nil {
		return fmt.Errorf("write events to %s: %w", n.path, err)
	}
	return nil
}

// Flush hands on what is gathered, as far as the compression gives it away; for a reader that follows.
func (n *NDJSON) Flush() error {
	if err := n.buffer.Flush(); err != nil {
		return fmt.Errorf("write events to %s: %w", n.path, err)
	}
	return nil
}

// Close writes the rest and closes the file. All errors are joined: a full disk must not hide behind another.
func (n *NDJSON) Close() error {
	errs := []error{n.Flush()}
	for _, c := range n.closers {
		if err := c.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close events file %s: %w", n.path, err))
		}
	}
	n.closers = nil
	return errors.Join(errs...)
}
