package report

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
)

// document is what this package reads of an event, as NDJSON has it. It is text that anybody may have written: nothing that proves is made of it.
type document struct {
	Time  time.Time `json:"@timestamp"`
	Event struct {
		Dataset string `json:"dataset"`
		Action  string `json:"action"`
	} `json:"event"`
	Observer struct {
		Name    string `json:"name"`
		Ingress struct {
			Zone      string `json:"zone"`
			Interface struct {
				Name string `json:"name"`
			} `json:"interface"`
		} `json:"ingress"`
	} `json:"observer"`
	Source      end `json:"source"`
	Destination end `json:"destination"`
	Network     struct {
		VLAN  id `json:"vlan"`
		Inner struct {
			VLAN id `json:"vlan"`
		} `json:"inner"`
	} `json:"network"`
	Our ours `json:"popupwatch"`
}

type (
	end struct {
		IP   string `json:"ip"`
		Port uint16 `json:"port"`
	}
	id struct {
		ID string `json:"id"`
	}
	ours struct {
		Message  messageDocument `json:"message"`
		Marks    marksDocument   `json:"marks"`
		Source   sourceDocument  `json:"source"`
		Campaign id              `json:"campaign"`
	}
	messageDocument struct {
		From         string    `json:"from"`
		To           string    `json:"to"`
		Text         string    `json:"text"`
		Raw          []byte    `json:"raw"`
		Count        uint64    `json:"count"`
		Sources      uint64    `json:"sources"`
		Destinations []string  `json:"destinations"`
		First        time.Time `json:"first_seen"`
		Last         time.Time `json:"last_seen"`
		Packets      []uint64  `json:"packets"`
	}
	marksDocument struct {
		TTL            uint8  `json:"ttl"`
		SourceMAC      string `json:"source_mac"`
		DestinationMAC string `json:"destination_mac"`
		Tunnel         struct {
			Kind        string `json:"kind"`
			ID          uint64 `json:"id"`
			Source      string `json:"source"`
			Destination string `json:"destination"`
		} `json:"tunnel"`
	}
	sourceDocument struct {
		State      string             `json:"state"`
		Reportable bool               `json:"reportable"`
		RefusedBy  []string           `json:"refused_by"` // gates that keep a proven claim from being reportable
		ClaimID    string             `json:"claim_id"`
		Class      string             `json:"class"`
		Hour       time.Time          `json:"hour"`
		Decibans   float64            `json:"decibans"`
		Conflict   bool               `json:"conflict"`
		Evidence   []evidenceDocument `json:"evidence"`
		Messages   uint64             `json:"messages"`
		Claims     uint64             `json:"claims"`
		First      time.Time          `json:"first_seen"`
		Last       time.Time          `json:"last_seen"`
		Final      bool               `json:"final"`
	}
	evidenceDocument struct {
		ID       string  `json:"id"`
		Group    string  `json:"group"`
		Decibans float64 `json:"decibans"`
		Text     string  `json:"text"`
	}
)

// The data sets that are read.
const (
	messageSet = "popupwatch.message"
	sourceSet  = "popupwatch.source"
)

// maxLine is how long a document may be.
const maxLine = 8 << 20

// read calls f for each event of a stream of NDJSON, which may be compressed (gzip, zstd).
func read(r io.Reader, f func(*document) error) error {
	plain, err := inflate(r)
	if err != nil {
		return err
	}
	defer plain.Close() // it was read to its end, or is given up
	lines := bufio.NewScanner(plain)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var d document
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return fmt.Errorf("line %d is no event: %w", n, err)
		}
		if err := f(&d); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

// inflate undoes the compression that a stream begins with, if any.
func inflate(r io.Reader) (io.ReadCloser, error) {
	b := bufio.NewReader(r)
	magic, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(b)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return io.NopCloser(b), nil
}

// count is how many popups a message document stands for.
func (m *messageDocument) count() uint64 { return max(m.Count, 1) }
