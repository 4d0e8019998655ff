package simulate

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"popupwatch/decoders"
)

// Write writes a stream as a capture (pcap with nanoseconds) and its truth (one line of JSON for each packet). It gives the number of packets.
func Write(s *Stream, capture, truth io.Writer) (packets uint64, err error) {
	c, t := bufio.NewWriterSize(capture, 1<<20), bufio.NewWriterSize(truth, 1<<20)
	if _, err := c.Write(fileHeader()); err != nil {
		return 0, err
	}
	lines := json.NewEncoder(t)
	for {
		f, err := s.Next()
		if errors.Is(err, io.EOF) {
			return packets, errors.Join(c.Flush(), t.Flush())
		}
		if err == nil {
			err = writeFrame(c, &f)
		}
		if err == nil {
			err = lines.Encode(s.Truth())
		}
		if err != nil {
			return packets, fmt.Errorf("packet %d: %w", packets+1, err)
		}
		packets++
	}
}

// fileHeader is that of a pcap file with nanoseconds, of Ethernet.
func fileHeader() []byte {
	var b []byte
	b = binary.LittleEndian.AppendUint32(b, 0xa1b23c4d)
	b = binary.LittleEndian.AppendUint32(b, 2|4<<16)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 1<<16)
	return binary.LittleEndian.AppendUint32(b, 1)
}

func writeFrame(w io.Writer, f *decoders.Frame) error {
	var b []byte
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Time.Unix()))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Time.Nanosecond()))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Data)))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Len))
	if _, err := w.Write(b); err != nil {
		return err
	}
	_, err := w.Write(f.Data)
	return err
}
