package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"popupwatch/sensor/store"
)

// asking is the streams about which the credentials do not allow to ask, or the server does not know how; that was said.
type asking struct{ off map[string]bool }

// refusal is an answer that says no: asking again does not help.
type refusal string

func (r refusal) Error() string { return string(r) }

// trouble is an answer that may be another one soon.
type trouble string

func (t trouble) Error() string { return string(t) }

// errUnknown is an answer to credentials that the cluster does not know.
const errUnknown = trouble("Elasticsearch does not know these credentials (401): look at output.elasticsearch.api_key, username, password")

// ask gives the documents that the cluster does not hold. Where a stream has one backing index at most, the cluster itself refuses what it
// holds, and nothing is asked. Where the credentials do not allow the question everything is sent: a document may then be there twice, which
// is better than not at all. An error is one of the network, or trouble of the cluster's.
func (s *Sender) ask(ctx context.Context, docs []store.Document) ([]store.Document, error) {
	found := map[documentKey]bool{}
	for stream, ids := range byStream(docs) {
		if s.asking.off[stream] {
			continue
		}
		err := s.askStream(ctx, stream, ids, found)
		if no := refusal(""); errors.As(err, &no) {
			if s.asking.off == nil {
				s.asking.off = map[string]bool{}
			}
			s.asking.off[stream] = true
			s.config.Log.Warn("it cannot be asked which events are held already: after a rollover a replay may store some twice", "stream", stream, "error", err)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		return docs, nil
	}
	return without(docs, found), nil
}

// byStream gives the ids of each stream's documents.
func byStream(docs []store.Document) map[string][]string {
	ids := map[string][]string{}
	for i := range docs {
		ids[docs[i].Stream] = append(ids[docs[i].Stream], docs[i].ID)
	}
	return ids
}

// mostHits is what a search gives at most (index.max_result_window).
const mostHits = 10_000

// askStream adds the ids that a stream holds. An id may stand in several backing indices, so a question leaves room for that.
func (s *Sender) askStream(ctx context.Context, stream string, ids []string, found map[documentKey]bool) error {
	n, err := s.backingIndices(ctx, stream)
	if err != nil || n < 2 {
		return err
	}
	if _, err := s.want(ctx, "/"+url.PathEscape(stream)+"/_refresh?filter_path=_shards.failed", nil); err != nil {
		return err
	}
	for page := range slices.Chunk(ids, max(1, mostHits/n)) {
		if err := s.askPage(ctx, stream, page, len(page)*n, found); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sender) askPage(ctx context.Context, stream string, ids []string, most int, found map[documentKey]bool) error {
	query, err := json.Marshal(map[string]any{
		"size": most, "_source": false, "track_total_hits": false, "query": map[string]any{"ids": map[string]any{"values": ids}},
	})
	if err != nil {
		return err
	}
	a, err := s.want(ctx, "/"+url.PathEscape(stream)+"/_search?allow_partial_search_results=false&filter_path=hits.hits._id,_shards.failed", query)
	if err != nil {
		return err
	}
	var read struct {
		Hits struct {
			Hits []struct {
				ID string `json:"_id"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.Unmarshal(a.Body, &read); err != nil {
		return trouble("the answer to _search cannot be read")
	}
	for _, h := range read.Hits.Hits {
		found[documentKey{stream, h.ID}] = true
	}
	return nil
}

// backingIndices is how many a stream has; 0 where it is not there yet.
func (s *Sender) backingIndices(ctx context.Context, stream string) (int, error) {
	a, err := s.client.Do(ctx, http.MethodGet, "/_resolve/index/"+url.PathEscape(stream)+"?filter_path=data_streams.backing_indices", nil)
	switch {
	case err != nil:
		return 0, err
	case a.Status == http.StatusNotFound:
		return 0, nil
	case !a.OK():
		return 0, saysNo("_resolve/index", a, "read and maintenance")
	}
	var read struct {
		Streams []struct {
			Indices []string `json:"backing_indices"`
		} `json:"data_streams"`
	}
	if err := json.Unmarshal(a.Body, &read); err != nil {
		return 0, trouble("the answer to _resolve/index cannot be read")
	}
	n := 0
	for _, d := range read.Streams {
		n += len(d.Indices)
	}
	return n, nil
}

// want makes an exchange that must succeed, on all shards.
func (s *Sender) want(ctx context.Context, path string, body []byte) (*Answer, error) {
	a, err := s.client.Do(ctx, http.MethodPost, path, body)
	if err != nil {
		return nil, err
	}
	if !a.OK() {
		return nil, saysNo(path, a, "read and maintenance")
	}
	var read struct {
		Shards struct{ Failed int } `json:"_shards"`
	}
	if json.Unmarshal(a.Body, &read) != nil || read.Shards.Failed > 0 {
		return nil, trouble("Elasticsearch cannot say what it holds: a shard does not answer")
	}
	return a, nil
}

// saysNo is the error of an answer that is no success: a refusal, or trouble that may pass.
func saysNo(what string, a *Answer, privileges string) error {
	switch {
	case a.Status == http.StatusTooManyRequests || a.Status >= 500:
		return trouble(fmt.Sprintf("Elasticsearch has trouble (%d)%s", a.Status, because(a.Body)))
	case a.Status == http.StatusUnauthorized:
		return errUnknown
	case a.Status != http.StatusBadRequest && a.Status != http.StatusForbidden && a.Status != http.StatusMethodNotAllowed:
		return trouble(fmt.Sprintf("%s answers %d%s", what, a.Status, because(a.Body)))
	}
	return refusal(fmt.Sprintf("%s answers %d%s (the privileges %s are needed)", what, a.Status, because(a.Body), privileges))
}
