package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"iter"

	"github.com/klauspost/compress/s2"
)

// A batch is closed when it holds so many documents or octets. A row costs some 50 us whatever it holds, and a crash sends a batch again at
// most, so it is neither small nor large.
const (
	batchDocuments = 256
	batchOctets    = 1 << 20
)

// Document is one document that waits. Its parts are views of the batch it was read from.
type Document struct {
	Stream string // of which data stream
	ID     string // event.id, the document's _id
	JSON   []byte // one line, without its end
}

// Batch gathers documents for one row. The zero value is empty.
type Batch struct {
	documents int
	raw       []byte // of each document the stream, id and JSON, each with its length before it
}

// Add copies a document into the batch.
func (b *Batch) Add(stream, id string, document []byte) {
	b.raw = binary.AppendUvarint(b.raw, uint64(len(stream)))
	b.raw = append(b.raw, stream...)
	b.raw = binary.AppendUvarint(b.raw, uint64(len(id)))
	b.raw = append(b.raw, id...)
	b.raw = binary.AppendUvarint(b.raw, uint64(len(document)))
	b.raw = append(b.raw, document...)
	b.documents++
}

// full says whether the batch is to be written.
func (b *Batch) full() bool { return b.documents >= batchDocuments || len(b.raw) >= batchOctets }

// reset empties the batch and keeps its room.
func (b *Batch) reset() { b.documents, b.raw = 0, b.raw[:0] }

// errDamaged is a row that is not what was written.
var errDamaged = errors.New("the row is damaged")

// checkSum is a CRC-32C, which processors compute.
func checkSum(body []byte) uint32 { return crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) }

// pack appends the body of a row.
func pack(dst []byte, b *Batch) []byte { return s2.Encode(dst[:cap(dst)], b.raw) }

// unpack gives what a row holds, in dst where that has room.
func unpack(dst, body []byte, sum uint32) ([]byte, error) {
	if checkSum(body) != sum {
		return nil, errDamaged
	}
	raw, err := s2.Decode(dst[:cap(dst)], body)
	if err != nil {
		return nil, errDamaged
	}
	return raw, nil
}

// documents walks over an unpacked row. It ends early with errDamaged where a length lies.
func documents(raw []byte) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		for len(raw) > 0 {
			var parts [3][]byte
			for i := range parts {
				n, width := binary.Uvarint(raw)
				if width <= 0 || n > uint64(len(raw)-width) {
					yield(Document{}, errDamaged)
					return
				}
				end := width + int(n)
				parts[i], raw = raw[width:end], raw[end:]
			}
			if !yield(Document{Stream: string(parts[0]), ID: string(parts[1]), JSON: parts[2]}, nil) {
				return
			}
		}
	}
}
