package elastic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"popupwatch/sensor/store"
)

// item is what an answer says of one document.
type item struct {
	ID     string `json:"_id"`
	Status int    `json:"status"`
	Store  string `json:"failure_store"` // "used" where the document went to the failure store
	Error  struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	} `json:"error"`
}

// outcome is what became of the documents of one request.
type outcome struct {
	fates
	kept    []store.Document // to be sent again
	dead    []store.Dead
	split   bool   // the request was too large, or something in it breaks the whole
	smaller bool   // the cluster wants less at a time
	alarm   string // why something was kept; empty where nothing was
	forever bool   // the alarm is one that waiting does not help
}

// judge reads the answer to a request.
func judge(docs []store.Document, a *Answer) outcome {
	switch {
	case a.Status == http.StatusOK:
		return judgeItems(docs, a)
	case a.Status == http.StatusBadRequest, a.Status == http.StatusRequestEntityTooLarge:
		return refused(docs, a)
	}
	out := outcome{kept: docs}
	switch {
	case a.Status == http.StatusTooManyRequests:
		out.alarm, out.smaller = "Elasticsearch is busy (429)"+because(a.Body), true
	case a.Status >= 500:
		out.alarm = fmt.Sprintf("Elasticsearch has trouble (%d)%s", a.Status, because(a.Body))
	case a.Status == http.StatusUnauthorized:
		out.alarm, out.forever = string(errUnknown)+because(a.Body), true
	case a.Status == http.StatusForbidden:
		out.alarm, out.forever = "the credentials may not write (403): popupwatch test output says which privilege is missing"+because(a.Body), true
	default:
		out.alarm, out.forever = fmt.Sprintf("the server answers %d to _bulk: is the address that of Elasticsearch?%s", a.Status, because(a.Body)), true
	}
	return out
}

// refused is a request that is refused as a whole: it is split, and a document that is refused alone is dead.
func refused(docs []store.Document, a *Answer) outcome {
	kind, reason := whole(a.Body)
	if a.Status == http.StatusBadRequest && kind == "" {
		return outcome{kept: docs, forever: true, alarm: fmt.Sprintf("the server answers 400 to _bulk, not in the words of Elasticsearch (%.60q): is the address right?", a.Body)}
	}
	if len(docs) > 1 {
		return outcome{kept: docs, split: true, smaller: a.Status == http.StatusRequestEntityTooLarge}
	}
	if kind == "" {
		kind, reason = "request_refused", fmt.Sprintf("a request with this document alone, %d octets, is refused", len(docs[0].JSON))
	}
	return outcome{fates: fates{dead: 1}, dead: []store.Dead{{Document: docs[0], Status: a.Status, Type: kind, Reason: reason}}}
}

// judgeItems reads the fate of each document. What the answer does not name by its id was not answered: it is kept.
func judgeItems(docs []store.Document, a *Answer) (out outcome) {
	if allCreated(docs, a.Body) {
		out.indexed = uint64(len(docs))
		return out
	}
	items, err := readItems(a.Body, len(docs))
	if err != nil {
		return outcome{kept: docs, alarm: "the answer to _bulk cannot be read (" + err.Error() + "): is there a proxy in between?"}
	}
	find := finder(items, len(docs))
	denied, unnamed := 0, 0
	for i := range docs {
		it := find(i, docs[i].ID)
		switch {
		case it == nil:
			unnamed++
			out.kept = append(out.kept, docs[i])
		case it.Status == http.StatusForbidden, it.Status == http.StatusNotFound:
			denied++
			out.bury(&docs[i], it)
		default:
			out.take(&docs[i], it)
		}
	}
	if denied == len(docs) {
		return denyAll(docs, &items[0])
	}
	if unnamed > 0 {
		out.alarm = fmt.Sprintf("the answer to _bulk names %d of %d documents: is there a proxy in between?", len(docs)-unnamed, len(docs))
	}
	return out
}

// take adds the fate of one document.
func (o *outcome) take(d *store.Document, it *item) {
	switch {
	case it.Status == http.StatusOK || it.Status == http.StatusCreated:
		o.indexed++
		if it.Store == "used" {
			o.failureStore++
		}
	case it.Status == http.StatusConflict:
		o.duplicate++
	case it.Status == http.StatusTooManyRequests:
		o.kept, o.smaller = append(o.kept, *d), true
		o.alarm = "Elasticsearch is busy (429): " + it.Error.Reason
	case it.Status >= 500:
		o.kept = append(o.kept, *d)
		o.alarm = fmt.Sprintf("Elasticsearch has trouble (%d): %s", it.Status, it.Error.Reason)
	case it.Status >= 400:
		o.bury(d, it)
	default:
		o.kept = append(o.kept, *d)
		o.alarm = fmt.Sprintf("Elasticsearch gives a document the status %d", it.Status)
	}
}

func (o *outcome) bury(d *store.Document, it *item) {
	o.fates.dead++
	o.dead = append(o.dead, store.Dead{Document: *d, Status: it.Status, Type: it.Error.Type, Reason: it.Error.Reason})
}

// denyAll is an answer of 403 or 404 for every document: that is not their fault.
func denyAll(docs []store.Document, it *item) outcome {
	hint := "popupwatch test output says which privilege is missing, and whether an index is blocked"
	if it.Status == http.StatusNotFound {
		hint = "popupwatch setup makes the templates of the data streams"
	}
	return outcome{kept: docs, forever: true,
		alarm: fmt.Sprintf("Elasticsearch refuses every document (%d %s: %s): %s", it.Status, it.Error.Type, it.Error.Reason, hint)}
}

// allCreated says whether the answer is, octet for octet, that all documents were created, in their order: nothing else is to be read then.
func allCreated(docs []store.Document, body []byte) bool {
	ok := true
	expect := func(text string) {
		rest, found := bytes.CutPrefix(body, []byte(text))
		body, ok = rest, ok && found
	}
	expect(`{"errors":false,"items":[`)
	for i := range docs {
		if i > 0 {
			expect(",")
		}
		expect(`{"create":{"_id":"`)
		expect(docs[i].ID)
		expect(`","status":201}}`)
		if !ok {
			return false
		}
	}
	expect("]}")
	return ok && len(body) == 0
}

// readItems reads the list of an answer, as far as there are documents; one without a list is an error. Item by item: what a server sends
// beyond that costs no memory.
func readItems(body []byte, documents int) ([]item, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if !findItems(d) {
		return nil, fmt.Errorf("no items: %.60q", body)
	}
	items := make([]item, 0, documents)
	for len(items) <= documents && d.More() {
		var actions map[string]item
		if err := d.Decode(&actions); err != nil {
			return nil, fmt.Errorf("no items: %.60q", body)
		}
		for _, it := range actions {
			it.Error.Type, it.Error.Reason = clipped(it.Error.Type), clipped(it.Error.Reason)
			items = append(items, it)
		}
	}
	return items, nil
}

// findItems reads up to the first of the items.
func findItems(d *json.Decoder) bool {
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return false
		}
		if name == "items" {
			begin, err := d.Token()
			return err == nil && begin == json.Delim('[')
		}
		var other json.RawMessage
		if d.Decode(&other) != nil {
			return false
		}
	}
	return false
}

// mostWords is how many octets of a server's words are kept.
const mostWords = 1024

// clipped is the beginning of a server's words.
func clipped(s string) string { return strings.ToValidUTF8(s[:min(len(s), mostWords)], "") }

// finder finds the item of the document at a place: there, or where the answer's order is another, at the first that bears its id and was
// not taken. A document that went to the failure store has another id there: it is known by its place.
func finder(items []item, documents int) func(i int, id string) *item {
	var places map[string][]int
	return func(i int, id string) *item {
		if i < len(items) && len(items) == documents && items[i].Store == "used" {
			return &items[i]
		}
		if places == nil && i < len(items) && items[i].ID == id {
			return &items[i]
		}
		if places == nil {
			places = map[string][]int{}
			for k := range items[min(i, len(items)):] {
				places[items[i+k].ID] = append(places[items[i+k].ID], i+k)
			}
		}
		at := places[id]
		if len(at) == 0 {
			return nil
		}
		places[id] = at[1:]
		return &items[at[0]]
	}
}

// whole reads the error of a request that was refused as a whole; empty where there is none.
func whole(body []byte) (kind, reason string) {
	var read struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &read) != nil {
		return "", ""
	}
	var detail struct{ Type, Reason string }
	if json.Unmarshal(read.Error, &detail) != nil {
		return "", ""
	}
	return clipped(detail.Type), clipped(detail.Reason)
}

// because gives the cluster's own words, where there are any.
func because(body []byte) string {
	if _, reason := whole(body); reason != "" {
		return ": " + reason
	}
	return ""
}

// without gives the documents that are not held.
func without(docs []store.Document, held map[documentKey]bool) []store.Document {
	return slices.DeleteFunc(slices.Clone(docs), func(d store.Document) bool { return held[documentKey{d.Stream, d.ID}] })
}

// documentKey tells a document from others: the same event may stand in the streams of two namespaces.
type documentKey struct{ stream, id string }
