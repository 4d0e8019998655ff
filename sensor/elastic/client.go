package elastic

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
)

// defaultTimeout bounds one request, from the connection to the last octet of the answer.
const defaultTimeout = 90 * time.Second

// mostAnswer is how many octets of an answer are read, but for those to _bulk.
const mostAnswer = 64 << 20

// ErrNotElasticsearch is an answer of success that does not say it comes from Elasticsearch.
var ErrNotElasticsearch = errors.New("the server does not say that it is Elasticsearch (for OpenSearch set output.elasticsearch.allow_opensearch: true; a proxy must pass the header X-Elastic-Product on)")

// Client talks to one cluster, to its hosts in turn. Its methods may be called by several goroutines. It tries nothing twice.
type Client struct {
	config    Config
	transport *elastictransport.Client
}

// NewClient makes a client; nothing is sent yet. Its errors name the setting that is wrong.
func NewClient(c Config) (*Client, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("output.elasticsearch: %w", err)
	}
	urls, err := c.urls()
	if err != nil {
		return nil, fmt.Errorf("output.elasticsearch: %w", err)
	}
	connections, err := c.transport()
	if err != nil {
		return nil, fmt.Errorf("output.elasticsearch: %w", err)
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	t, err := elastictransport.NewClient(
		elastictransport.WithURLs(urls...), elastictransport.WithTransport(connections), elastictransport.WithDisableRetry(),
		elastictransport.WithUserAgent("popupwatch"), elastictransport.WithBasicAuth(c.Username, c.Password),
		elastictransport.WithAPIKey(encodedKey(c.APIKey)), elastictransport.WithServiceToken(c.Token),
	)
	if err != nil {
		return nil, fmt.Errorf("output.elasticsearch: %w", err)
	}
	return &Client{config: c, transport: t}, nil
}

// encodedKey gives an API key as the header wants it. libbeat's form is id:key, Elasticsearch's own is that in base64, which has no colon.
func encodedKey(key string) string {
	if !strings.Contains(key, ":") {
		return key
	}
	return base64.StdEncoding.EncodeToString([]byte(key))
}

// Config is what the client was made with, without defaults left open.
func (c *Client) Config() Config { return c.config }

// Perform sends one request and gives the answer, whose body the caller closes. It is what esapi asks of a transport. An answer of success from
// what is not Elasticsearch is ErrNotElasticsearch, unless OpenSearch is allowed.
func (c *Client) Perform(r *http.Request) (*http.Response, error) {
	answer, err := c.transport.Perform(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < 300 && !c.config.AllowOpenSearch && answer.Header.Get("X-Elastic-Product") != "Elasticsearch" {
		answer.Body.Close() // what it says is of no interest
		return nil, ErrNotElasticsearch
	}
	return answer, nil
}

// Answer is what the cluster said.
type Answer struct {
	Status     int
	Body       []byte
	RetryAfter time.Duration // 0: not said
}

// OK says whether the cluster did what it was asked for.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Do makes one exchange, bounded by the timeout and by 64 MiB of answer. A body that is not empty is sent as JSON. An error is one of the
// network, of TLS or ErrNotElasticsearch: the cluster's own refusals are answers.
func (c *Client) Do(ctx context.Context, method, path string, body []byte) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	r.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.Perform(r)
	if err != nil {
		return nil, err
	}
	return readAnswer(answer.StatusCode, answer.Header, answer.Body, mostAnswer)
}

// readAnswer reads what is left of an answer, most octets of it, and closes it.
func readAnswer(status int, header http.Header, body io.ReadCloser, most int) (*Answer, error) {
	defer body.Close() // all of it was read, or the connection is given up
	content, err := io.ReadAll(io.LimitReader(body, int64(most)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(content) > most:
		return nil, fmt.Errorf("the answer is longer than %d octets", most)
	}
	return &Answer{Status: status, Body: content, RetryAfter: retryAfter(header.Get("Retry-After"))}, nil
}

// retryAfter reads seconds, or a date (RFC 9110 10.2.3), of which at most an hour is believed.
func retryAfter(text string) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = time.Until(at)
	}
	return max(0, min(wait, time.Hour))
}
