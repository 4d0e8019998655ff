package elastic

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/klauspost/compress/gzip"

	"popupwatch/sensor/store"
)

// answerFields are all that is read of an answer: 70 octets a document instead of 300.
var answerFields = []string{"errors", "items.*._id", "items.*.status", "items.*.error.type", "items.*.error.reason", "items.*.failure_store"}

// eventObject is where event.ingested goes: no string of a document can hold these octets, since a quote within one is escaped.
var eventObject = []byte(`"event":{`)

// appendBulk appends the two lines of one document: `create` in its data stream under its id, and the document with event.ingested.
func appendBulk(b []byte, d *store.Document, ingested string) []byte {
	b = append(b, `{"create":{"_index":"`...)
	b = append(b, d.Stream...)
	b = append(b, `","_id":"`...)
	b = append(b, d.ID...)
	b = append(b, "\"}}\n"...)
	b = appendIngested(b, d.JSON, ingested)
	return append(b, '\n')
}

// appendIngested appends a document with event.ingested, which no document has before it is delivered. One without an event object is
// appended as it is.
func appendIngested(b, document []byte, ingested string) []byte {
	at := bytes.Index(document, eventObject)
	if at < 0 {
		return append(b, document...)
	}
	at += len(eventObject)
	b = append(b, document[:at]...)
	b = append(b, `"ingested":"`...)
	b = append(b, ingested...)
	b = append(b, '"')
	if document[at] != '}' {
		b = append(b, ',')
	}
	return append(b, document[at:]...)
}

// fitting is how many of the documents one request takes: as many as the limits allow, at least one.
func fitting(docs []store.Document, documents, octets int) int {
	n, size := 0, 0
	for n < len(docs) && n < documents {
		size += len(docs[n].JSON) + 128
		if n > 0 && size > octets {
			break
		}
		n++
	}
	return n
}

// post sends documents in one _bulk.
func (s *Sender) post(ctx context.Context, docs []store.Document) (*Answer, error) {
	s.body = s.body[:0]
	ingested := time.Now().UTC().Format("2006-01-02T15:04:05.000000000Z")
	for i := range docs {
		s.body = appendBulk(s.body, &docs[i], ingested)
	}
	body, header, err := s.compressed(s.body)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.client.config.Timeout)
	defer cancel()
	sent := &sending{client: s.client}
	defer s.keepBuffers(sent)
	r := esapi.BulkRequest{Body: bytes.NewReader(body), FilterPath: answerFields, Header: header}
	if s.strict {
		r.RequireDataStream = &s.strict
	}
	answer, err := r.Do(ctx, sent)
	if err != nil {
		return nil, err
	}
	return readAnswer(answer.StatusCode, answer.Header, answer.Body, mostOfBulk+len(docs)*mostOfItem)
}

// What an answer to _bulk may have of octets: an item with an error has some hundred.
const (
	mostOfBulk = 64 << 10
	mostOfItem = 4 << 10
)

// sending is one request. A server may answer before it has read all: the body is then still being written when the answer is there.
type sending struct {
	client *Client
	body   io.ReadCloser
	done   atomic.Bool // the transport has done with the body
}

// Perform sends the request.
func (s *sending) Perform(r *http.Request) (*http.Response, error) {
	s.body, r.Body = r.Body, s
	return s.client.Perform(r)
}

func (s *sending) Read(p []byte) (int, error) { return s.body.Read(p) }

// Close is called by the transport when it needs the body no more.
func (s *sending) Close() error {
	s.done.Store(true)
	return s.body.Close()
}

// keepBuffers keeps the buffers of a body for the next request, unless they are still read from.
func (s *Sender) keepBuffers(sent *sending) {
	if !sent.done.Load() {
		s.body, s.packed, s.zip = nil, nil, nil
	}
}

// withoutTemplate says which of the data streams has no template. It matters only where the server cannot be told to refuse what is no data
// stream: it would make an index of that name, with a mapping of its own making. What cannot be asked is let pass.
func (s *Sender) withoutTemplate(ctx context.Context, docs []store.Document) string {
	if s.strict {
		return ""
	}
	for stream := range byStream(docs) {
		if s.ready[stream] {
			continue
		}
		name := stream[:max(0, strings.LastIndexByte(stream, '-'))]
		a, err := s.client.Do(ctx, http.MethodGet, "/_index_template/"+url.PathEscape(name), nil)
		if err == nil && a.Status == http.StatusNotFound {
			return "there is no template for " + stream + ": popupwatch setup makes those of all data streams"
		}
		if err == nil && a.OK() {
			s.ready[stream] = true
		}
	}
	return ""
}

// compressed gives the body as it is sent, and its header.
func (s *Sender) compressed(body []byte) ([]byte, http.Header, error) {
	if s.config.Compression == 0 {
		return body, nil, nil
	}
	if s.zip == nil {
		var err error
		s.packed = new(bytes.Buffer)
		if s.zip, err = gzip.NewWriterLevel(s.packed, s.config.Compression); err != nil {
			return nil, nil, fmt.Errorf("output.elasticsearch.compression_level: %w", err)
		}
	}
	s.packed.Reset()
	s.zip.Reset(s.packed)
	if _, err := s.zip.Write(body); err != nil {
		return nil, nil, err
	}
	if err := s.zip.Close(); err != nil {
		return nil, nil, err
	}
	return s.packed.Bytes(), http.Header{"Content-Encoding": {"gzip"}}, nil
}
