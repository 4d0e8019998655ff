package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Server is what a cluster is, as far as popupwatch does things differently.
type Server struct {
	Version    string // e.g. 8.19.21
	OpenSearch bool
	Lacks      map[string]bool // field types, of those that Server.fit has something else for
}

// betterTypes are the field types that not every server has, and what does instead.
func betterTypes() map[string]string {
	return map[string]string{"constant_keyword": "keyword", "match_only_text": "text", "flattened": "flat_object"}
}

// fit is the type itself, or what does instead where the server lacks it.
func (s Server) fit(kind string) string {
	if s.Lacks[kind] {
		return betterTypes()[kind]
	}
	return kind
}

// String is its product and version.
func (s Server) String() string {
	if s.OpenSearch {
		return "OpenSearch " + s.Version
	}
	return "Elasticsearch " + s.Version
}

// AtLeast says whether the version is this or a later one.
func (s Server) AtLeast(major, minor int) bool {
	parts := strings.SplitN(s.Version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	a, errA := strconv.Atoi(parts[0])
	b, errB := strconv.Atoi(parts[1])
	return errA == nil && errB == nil && (a > major || a == major && b >= minor)
}

// Server asks the cluster what it is. Its errors are those of the network and the cluster's refusals.
func (c *Client) Server(ctx context.Context) (Server, error) {
	a, err := c.Do(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return Server{}, err
	}
	switch {
	case a.OK():
		return readRoot(a.Body)
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		return Server{}, denied(a)
	}
	return c.nodeVersion(ctx)
}

// denied is the error of credentials that are not good enough.
func denied(a *Answer) error {
	if a.Status == http.StatusForbidden {
		return refusal("the credentials may not do this (403)" + because(a.Body))
	}
	return refusal("the cluster does not know these credentials (401): look at output.elasticsearch.api_key, username, password" + because(a.Body))
}

// readRoot reads the answer to GET /.
func readRoot(body []byte) (Server, error) {
	var root struct {
		Version struct {
			Number       string `json:"number"`
			Distribution string `json:"distribution"`
		} `json:"version"`
	}
	if err := json.Unmarshal(body, &root); err != nil || root.Version.Number == "" {
		return Server{}, errors.New("GET / says nothing of a version: is the address that of Elasticsearch?")
	}
	return Server{Version: root.Version.Number, OpenSearch: root.Version.Distribution == "opensearch"}, nil
}

// nodeVersion asks a node where GET / is not answered: Elasticsearch without its usual modules.
func (c *Client) nodeVersion(ctx context.Context) (Server, error) {
	const path = "/_nodes/_local?filter_path=nodes.*.version"
	a, err := c.Do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return Server{}, err
	}
	var read struct {
		Nodes map[string]struct {
			Version string `json:"version"`
		} `json:"nodes"`
	}
	if !a.OK() {
		return Server{}, saysNo("GET /_nodes", a, "monitor (cluster)")
	}
	if err := json.Unmarshal(a.Body, &read); err != nil {
		return Server{}, fmt.Errorf("read the answer to GET %s: %w", path, err)
	}
	for _, n := range read.Nodes {
		return Server{Version: n.Version}, nil
	}
	return Server{}, fmt.Errorf("GET %s names no node", path)
}

// learn asks which field types the server lacks, by a template that is looked at and not kept.
func (c *Client) learn(ctx context.Context, s Server) (Server, error) {
	s.Lacks = map[string]bool{}
	for kind := range betterTypes() {
		body := `{"index_patterns": ["popupwatch-never"], "priority": 999999, "template": {"mappings": {"properties": {"a": {"type": "` + kind + `"}}}}}`
		a, err := c.Do(ctx, http.MethodPost, "/_index_template/_simulate", []byte(body))
		switch {
		case err != nil:
			return s, err
		case a.Status == http.StatusBadRequest && strings.Contains(string(a.Body), "Failed to parse mapping"):
			s.Lacks[kind] = true
		case !a.OK():
			return s, saysNo("POST /_index_template/_simulate", a, "manage_index_templates (cluster)")
		}
	}
	return s, nil
}
