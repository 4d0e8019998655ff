package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The bounds of inflating.
const (
	// maxWindow is the longest reach back of a zstd stream that is followed: the 8 MiB that RFC 8878 3.1.1.1.2 asks every decoder for,
	// enough for all levels up to 19. A longer one would let a file of a few octets demand gigabytes.
	maxWindow    = 8 << 20
	ringBlocks   = 4
	ringOctets   = 128 << 10
	fileOctets   = 64 << 10 // of compressed octets a read(2)
	gzipMagic    = 0x1f8b   // RFC 1952 2.3.1, ID1 and ID2
	zstdMagic    = 0xfd2fb528
	zstdSkip     = 0x184d2a50 // RFC 8878 3.1.2: the low four bits are free
	zstdSkipMask = 0xfffffff0
)

// compressed says whether a stream that begins with these four octets is to be inflated, and how.
func compressed(head []byte) func(io.Reader) io.ReadCloser {
	word := binary.LittleEndian.Uint32(head)
	switch {
	case binary.BigEndian.Uint16(head) == gzipMagic:
		return inflateGzip
	case word == zstdMagic, word&zstdSkipMask == zstdSkip:
		return inflateZstd
	}
	return nil
}

// failed is a stream that cannot even begin.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

func inflateGzip(src io.Reader) io.ReadCloser {
	z, err := gzip.NewReader(bufio.NewReaderSize(src, fileOctets))
	if err != nil {
		if err == io.EOF { // a header without an end is cut, not over
			err = io.ErrUnexpectedEOF
		}
		return io.NopCloser(failed{err})
	}
	return z
}

func inflateZstd(src io.Reader) io.ReadCloser {
	z, err := zstd.NewReader(bufio.NewReaderSize(src, fileOctets), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return io.NopCloser(failed{err})
	}
	return z.IOReadCloser()
}

// inflate puts the inflated stream in place of a compressed one; what was read already is read again. It says whether the stream was
// compressed, and who has to be closed before the file: with beside the inflater has a goroutine of its own.
func (w *window) inflate(beside bool) io.Closer {
	if !w.need(4) {
		return nil
	}
	open := compressed(w.buf[w.r : w.r+4])
	if open == nil {
		return nil
	}
	z := open(&rejoined{begun: bytes.Clone(w.buf[w.r:w.w]), rest: w.src, err: w.err})
	if beside {
		z = newRing(z)
	}
	*w = window{src: z, buf: w.buf}
	return z
}

// rejoined is a stream whose beginning was read ahead, with the error that ended it if it was read to its end.
type rejoined struct {
	begun []byte
	rest  io.Reader
	err   error
}

func (j *rejoined) Read(p []byte) (int, error) {
	if len(j.begun) > 0 {
		n := copy(p, j.begun)
		j.begun = j.begun[n:]
		return n, nil
	}
	if j.begun = nil; j.err != nil {
		return 0, j.err
	}
	return j.rest.Read(p)
}
