package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"popupwatch/sensor/store"
)

// request is what was asked, read and within its bounds.
type request struct {
	path   func(string) string
	values map[string]string
	filter store.Filter
	begins []int // of the filter's terms, in q
	page   store.Page
}

// place turns what the store says of a term into what the query says where.
func (q *request) place(err error) error {
	var filter *store.FilterError
	if !errors.As(err, &filter) || filter.Term >= len(q.begins) {
		return err
	}
	return &QueryError{q.begins[filter.Term], filter.Says, ""}
}

// parameterError is a parameter that cannot be taken.
type parameterError struct{ says, hint string }

func (e *parameterError) Error() string { return e.says }

// read reads the parameters of a route; one that the route does not know, or that stands twice, is an error.
func (t route) read(r *http.Request) (*request, error) {
	q := &request{path: r.PathValue, values: map[string]string{}}
	given := r.URL.Query()
	if strings.Contains(r.URL.RawQuery, ";") {
		return nil, &parameterError{"a semicolon divides no parameters", "write %3B for one in a value"}
	}
	for name, values := range given {
		if !slices.Contains(t.params, name) {
			return nil, &parameterError{fmt.Sprintf("there is no parameter %q here", name), "known are: " + strings.Join(t.params, ", ")}
		}
		if len(values) > 1 {
			return nil, &parameterError{fmt.Sprintf("the parameter %s stands twice", name), ""}
		}
		q.values[name] = values[0]
	}
	return q, q.parse()
}

func (q *request) parse() (err error) {
	if q.filter.From, err = moment(q.values["from"], "from"); err != nil {
		return err
	}
	if q.filter.To, err = moment(q.values["to"], "to"); err != nil {
		return err
	}
	if !q.filter.From.IsZero() && !q.filter.To.IsZero() && !q.filter.From.Before(q.filter.To) {
		return &parameterError{"from is not before to", ""}
	}
	if q.filter.Terms, q.begins, err = parseQuery(q.values["q"]); err != nil {
		return err
	}
	q.page = store.Page{Cursor: q.values["cursor"], Sort: q.values["sort"], Oldest: q.values["order"] == "oldest"}
	if !slices.Contains([]string{"", "newest", "oldest"}, q.values["order"]) {
		return &parameterError{"order is newest or oldest", ""}
	}
	if limit := q.values["limit"]; limit != "" {
		if q.page.Limit, err = strconv.Atoi(limit); err != nil || q.page.Limit < 1 || q.page.Limit > 500 {
			return &parameterError{"limit is a number from 1 to 500", ""}
		}
	}
	return nil
}

// moment reads a time.
func moment(text, name string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}, &parameterError{fmt.Sprintf("%s is no time: %.40q", name, text), "write it as 2004-06-03T14:00:00Z"}
	}
	return t.UTC(), nil
}

// problem is an error as it is answered.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	At      *int   `json:"at,omitempty"` // octet of q
	Hint    string `json:"hint,omitempty"`
}

// write answers a value as JSON.
func write(w http.ResponseWriter, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		fail(w, http.StatusInternalServerError, "internal", "the answer cannot be written", "")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(body) // who asked is gone where this fails
}

func fail(w http.ResponseWriter, status int, code, message, hint string) {
	failAs(w, status, problem{Code: code, Message: message, Hint: hint})
}

func failAs(w http.ResponseWriter, status int, p problem) {
	body, _ := json.Marshal(map[string]problem{"error": p}) // strings and a number always can
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body) // who asked is gone where this fails
}

func busy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "2")
	fail(w, http.StatusServiceUnavailable, "busy", "too much is asked at once", "ask again in a moment")
}

// failWith answers an error by its kind. What the store says of itself is for its owner's log, not for the answer.
func failWith(w http.ResponseWriter, err error) {
	var query *QueryError
	var parameter *parameterError
	switch {
	case errors.As(err, &query):
		failAs(w, http.StatusBadRequest, problem{"bad_query", query.Says, &query.At, query.Hint})
	case errors.As(err, &parameter):
		fail(w, http.StatusBadRequest, "bad_parameter", parameter.says, parameter.hint)
	case errors.Is(err, store.ErrNotFound):
		fail(w, http.StatusNotFound, "not_found", "the store does not hold it", "it may have been given up for age or room")
	case errors.Is(err, store.ErrSort), errors.Is(err, store.ErrCursor):
		fail(w, http.StatusBadRequest, "bad_parameter", err.Error(), "")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		w.Header().Set("Retry-After", "5")
		fail(w, http.StatusServiceUnavailable, "too_long", "the question took too long", "ask for a shorter time, or for less")
	case errors.Is(err, store.ErrDamaged):
		fail(w, http.StatusInternalServerError, "damaged", "the store is damaged", "popupwatch help store says what can be done")
	default:
		fail(w, http.StatusInternalServerError, "internal", "the store cannot answer", "the log of popupwatch says more")
	}
}
