package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"popupwatch/sensor/store"
)

// The times of a live tail.
const (
	heartbeat = 15 * time.Second
	tailWrite = 10 * time.Second // a client that takes nothing for so long is let go
	tailBatch = 200              // events at a time
)

// live is a tail of the store by server-sent events (html.spec.whatwg.org 9.2). It works across processes: the store is looked at, whoever
// writes it.
func (c *Console) live(w http.ResponseWriter, r *http.Request, q *request) {
	select {
	case c.tails <- struct{}{}:
		defer func() { <-c.tails }()
	default:
		busy(w)
		return
	}
	after, err := c.tailFrom(r)
	if err != nil {
		failWith(w, err)
		return
	}
	if err := c.store.Check(r.Context(), q.filter); err != nil {
		failWith(w, q.place(err)) // a filter that cannot be asked for is said before the stream begins
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	t := &tail{console: c, w: w, control: http.NewResponseController(w), filter: q.filter, after: after, said: time.Now()}
	if t.send(": popupwatch\n\n") == nil {
		t.follow(r.Context())
	}
}

// EndTails ends the tails that are under way, and those that come: a server that waits for its requests would wait for them in vain. Any
// goroutine may call it, more than once.
func (c *Console) EndTails() { c.end.Do(func() { close(c.ending) }) }

// tailFrom is where a tail begins: behind the event that the client saw last, or now.
func (c *Console) tailFrom(r *http.Request) (int64, error) {
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		return c.store.LastSeq(r.Context())
	}
	after, err := strconv.ParseInt(last, 10, 64)
	if err != nil || after < 0 {
		return 0, &parameterError{"Last-Event-ID is no number of an event", ""}
	}
	return after, nil
}

// tail is one client's.
type tail struct {
	console *Console
	w       http.ResponseWriter
	control *http.ResponseController
	filter  store.Filter
	after   int64
	said    time.Time
}

// follow sends what is new until the client goes, the server ends, or the client takes nothing any more.
func (t *tail) follow(ctx context.Context) {
	tick := time.NewTicker(t.console.config.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.console.ending:
			return
		case <-tick.C:
		}
		if err := t.news(ctx); err != nil {
			return
		}
		if time.Since(t.said) > heartbeat {
			if t.send(": still here\n\n") != nil {
				return
			}
		}
	}
}

func (t *tail) news(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, questionTime)
	defer cancel()
	list, last, err := t.console.store.Newer(ctx, t.after, t.filter, tailBatch)
	if err != nil {
		return err
	}
	for _, a := range list {
		var body any = a.Document
		if a.Message != nil {
			body = a.Message
		}
		line, err := json.Marshal(body)
		if err != nil {
			return err
		}
		if err := t.send(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", a.Seq, a.Set, line)); err != nil {
			return err
		}
	}
	t.after = last
	return nil
}

// send writes to the client, who has some time to take it.
func (t *tail) send(text string) error {
	t.said = time.Now()
	if err := until(t.control, t.said.Add(tailWrite)); err != nil {
		return err
	}
	if _, err := t.w.Write([]byte(text)); err != nil {
		return err
	}
	return t.control.Flush()
}

// until lets a client take what is written until then; connections that know no such time, as those within a process, are let be.
func until(control *http.ResponseController, t time.Time) error {
	if err := control.SetWriteDeadline(t); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
