package complaint

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// ReadLines reads a text file line by line. A line beyond 64 KiB is not understood; its end is skipped. The error is the reader's: what
// came before it is told.
func (c *Complaint) ReadLines(file string, r io.Reader) error {
	return c.lines(c.counts(file, KindLines), r)
}

func (c *Complaint) lines(of *Counts, r io.Reader) error {
	in := bufio.NewReaderSize(plainText(r), maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			of.Lines++
			of.Unread++
			c.last = -1
			c.unread(of.File, of.Lines, string(line))
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
		} else if len(line) > 0 {
			c.line(of, strings.TrimSuffix(string(line), "\n"))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", of.File, err)
		}
	}
}

// plainText gives UTF-8 of a text that Windows saved as UTF-16; anything else stays.
func plainText(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	mark, _ := in.Peek(2)
	switch string(mark) {
	case "\xff\xfe":
		return &wide{in: in}
	case "\xfe\xff":
		return &wide{in: in, big: true}
	}
	return in
}

// wide reads UTF-16.
type wide struct {
	in   *bufio.Reader
	big  bool
	left []byte
}

// Read gives UTF-8. What is no UTF-16 comes out as U+FFFD.
func (w *wide) Read(p []byte) (int, error) {
	for len(w.left) == 0 {
		r, err := w.unit()
		if err != nil {
			return 0, err
		}
		if utf16.IsSurrogate(r) {
			low, err := w.unit()
			if err != nil {
				return 0, err
			}
			r = utf16.DecodeRune(r, low)
		}
		if r != '\ufeff' {
			w.left = []byte(string(r))
		}
	}
	n := copy(p, w.left)
	w.left = w.left[n:]
	return n, nil
}

func (w *wide) unit() (rune, error) {
	first, err := w.in.ReadByte()
	if err != nil {
		return 0, err
	}
	second, err := w.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if w.big {
		first, second = second, first
	}
	return rune(first) | rune(second)<<8, nil
}
