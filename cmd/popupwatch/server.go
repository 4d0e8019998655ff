package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"popupwatch/sensor/console"
)

// server is the one HTTP server: /metrics, /healthz, /readyz. The nil server is none.
type server struct {
	listener net.Listener
	http     *http.Server
	console  atomic.Pointer[http.Handler] // nil: none, or not yet
}

// attach puts the console behind the server.
func (s *server) attach(c *console.Console) {
	if s != nil {
		h := c.Handler()
		s.console.Store(&h)
		s.http.RegisterOnShutdown(c.EndTails)
	}
}

// rest answers what is none of the service's own paths.
func (s *server) rest(w http.ResponseWriter, r *http.Request) {
	if h := s.console.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}

// openServer binds the address, so that a wrong one is known before the capture begins. Off loopback it wants a token.
func (s *settings) openServer(v *service) (*server, error) {
	if s.listen == "none" || s.listen == "" {
		return nil, nil
	}
	token, err := s.token()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(v.registry(), promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, v.health(time.Now())) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, v.readiness(time.Now())) })
	own, err := s.listenHTTP(guarded(mux, token))
	if err == nil {
		mux.HandleFunc("/", own.rest)
	}
	return own, err
}

// token reads what a request must bear; nothing is asked for on loopback without a token file.
func (s *settings) token() (string, error) {
	if s.tokenFile == "" {
		if !loopback(s.listen) {
			return "", usageError("--listen %s: off loopback a token is needed (--token-file FILE)", s.listen)
		}
		return "", nil
	}
	content, err := os.ReadFile(s.tokenFile)
	if err != nil {
		return "", usageError("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if len(token) < leastToken {
		return "", usageError("--token-file: %s holds %d octets, at least %d are wanted (head -c 24 /dev/urandom | base64)", s.tokenFile, len(token), leastToken)
	}
	return token, nil
}

// leastToken is how long a token must be, in octets.
const leastToken = 16

// loopback says whether an address can be reached from this machine alone. A name other than localhost may be any address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// guarded lets only requests through that bear the token.
func guarded(next http.Handler, token string) http.Handler {
	if token == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !console.Bears(r, token) {
			w.Header().Set("WWW-Authenticate", `Basic realm="popupwatch: any user, the token as password", charset="UTF-8"`)
			http.Error(w, "a token is needed: Authorization: Bearer TOKEN, or the token as the password of any user", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) serve() {
	if s != nil {
		go s.http.Serve(s.listener) // returns with close alone
	}
}

// close ends the server; requests that are under way get a second.
func (s *server) close() error {
	if s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	return errors.Join(err, ignoreClosed(s.listener.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// condition is what /healthz and /readyz say: what is wrong, and what is worth knowing.
type condition struct {
	OK      bool     `json:"ok"`
	Reasons []string `json:"reasons,omitempty"` // why it is not
	Notes   []string `json:"notes,omitempty"`
}

func answer(w http.ResponseWriter, c condition) {
	w.Header().Set("Content-Type", "application/json")
	if !c.OK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.Encode(c) // who asked is gone where this fails
}

// stuckAfter is how long the road may stand still: on an idle wire it has a tick each 100 ms.
const stuckAfter = 10 * time.Second

// health says whether the process does its work at all: a supervisor restarts it where not.
func (v *service) health(now time.Time) condition {
	c := condition{OK: true}
	if stuck := v.stuck(now); stuck > stuckAfter {
		c = condition{Reasons: []string{fmt.Sprintf("no frame and no tick for %s", stuck.Round(time.Second))}}
	}
	return c
}

// stuck is for how long the road has made no step.
func (v *service) stuck(now time.Time) time.Duration {
	at := v.published.Load()
	if at == 0 {
		return 0
	}
	return now.Sub(time.Unix(0, at))
}

// readiness says whether the sensor hears and tells all that it should.
func (v *service) readiness(now time.Time) condition {
	c := v.health(now)
	for _, p := range v.Live.Status() {
		if !p.Up {
			c.Reasons = append(c.Reasons, "interface "+p.Name+" is down or gone: waiting for it")
		}
	}
	if v.out.failing.Load() {
		c.Reasons = append(c.Reasons, fmt.Sprintf("events cannot be written; %d are lost so far", v.out.lost.Load()))
	}
	if a := v.delivery.alarm(); a != nil {
		c.Reasons = append(c.Reasons, fmt.Sprintf("%d events wait since %s: %s", v.delivery.store.Waiting(), a.Since.UTC().Format(time.DateTime), a.Text))
	}
	if v.delivery.sheds(now) {
		c.Reasons = append(c.Reasons, "the queue is full or cannot be written: events are shed, and counted")
	}
	c.OK = len(c.Reasons) == 0
	if len(v.settings.home) == 0 {
		c.Notes = append(c.Notes, homeMissing)
		if near := v.counts.Load().LooksHome; len(near) > 0 {
			c.Notes = append(c.Notes, fmt.Sprintf("these networks look like home: %v", near))
		}
	}
	return c
}

// homeMissing is what is off without home networks.
const homeMissing = "no home networks are configured (--home): direction is unknown, and what depends on it is off: rules about direction, own addresses among the sources"
