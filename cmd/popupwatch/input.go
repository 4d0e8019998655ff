package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// headSize is how much of an input is looked at to know what it is.
const headSize = 4 << 10

// input is a file, or standard input, that is read as what it holds: what is compressed is inflated.
type input struct {
	*bufio.Reader
	closers []func() error
}

// openInput opens a path, or "-".
func openInput(path string, stdin io.Reader) (*input, error) {
	if path == "-" {
		return inflate(stdin, nil)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.Join(fmt.Errorf("%s is a directory: name its files", path), f.Close())
	}
	return inflate(f, f.Close)
}

// inflate looks at the first octets of r for what compressed it.
func inflate(r io.Reader, closer func() error) (*input, error) {
	in := &input{Reader: bufio.NewReaderSize(r, headSize)}
	if closer != nil {
		in.closers = append(in.closers, closer)
	}
	head, _ := in.Peek(4) // what is shorter is not compressed
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(in.Reader)
		if err != nil {
			return nil, fmt.Errorf("inflate: %w", err)
		}
		in.Reader = bufio.NewReaderSize(z, headSize)
	case bytes.Equal(head, []byte("\x28\xb5\x2f\xfd")):
		z, err := zstd.NewReader(in.Reader, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, fmt.Errorf("inflate: %w", err)
		}
		in.closers = append(in.closers, func() error { z.Close(); return nil })
		in.Reader = bufio.NewReaderSize(z, headSize)
	}
	return in, nil
}

// Close closes the file. What closing a file that was read could fail with changes nothing of what it said.
func (i *input) Close() {
	for _, c := range i.closers {
		_ = c()
	}
}
