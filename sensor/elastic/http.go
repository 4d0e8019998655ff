package elastic

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// HTTP makes a client with the TLS, proxy and time limit of the configuration, for Kibana beside the cluster. It adds no credentials: see
// Authorization. Hosts are those that it will talk to.
func (c Config) HTTP() (*http.Client, error) {
	t, err := c.transport()
	if err != nil {
		return nil, fmt.Errorf("output.elasticsearch: %w", err)
	}
	limit := c.Timeout
	if limit == 0 {
		limit = defaultTimeout
	}
	return &http.Client{Transport: t, Timeout: limit}, nil
}

// Authorization is the header of that name; empty without credentials.
func (c Config) Authorization() string {
	switch {
	case c.APIKey != "":
		return "ApiKey " + encodedKey(c.APIKey)
	case c.Token != "":
		return "Bearer " + c.Token
	case c.Username != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
	}
	return ""
}

// Span asks for the times of the first and last event that the cluster holds; zero where there is none, or where the credentials may not read.
func (c *Client) Span(ctx context.Context) (first, last time.Time, err error) {
	const query = `{"size": 0, "aggs": {"first": {"min": {"field": "@timestamp"}}, "last": {"max": {"field": "@timestamp"}}}}`
	a, err := c.Do(ctx, http.MethodPost, "/logs-popupwatch.*-*/_search", []byte(query))
	if err != nil || !a.OK() {
		return first, last, err
	}
	var read struct {
		Aggregations struct{ First, Last struct{ Value *float64 } }
	}
	if err := json.Unmarshal(a.Body, &read); err != nil {
		return first, last, fmt.Errorf("read the answer to _search: %w", err)
	}
	from, to := read.Aggregations.First.Value, read.Aggregations.Last.Value
	if from == nil || to == nil {
		return first, last, nil
	}
	return time.UnixMilli(int64(*from)).UTC(), time.UnixMilli(int64(*to)).UTC(), nil
}
