package console

import (
	"context"
	_ "embed"
	"net/http"
	"sync"
	"time"

	"popupwatch/sensor/store"
)

// The bounds of what is answered at once.
const (
	maxQuestions = 8
	maxTails     = 32
	maxExports   = 2
	waitForTurn  = 2 * time.Second
	questionTime = 5 * time.Second
)

// Process is what a running capture knows of itself.
type Process struct {
	Interfaces []string `json:"interfaces"`
	Memory     uint64   `json:"memory"` // octets the process has from the system
	Limit      int64    `json:"limit"`  // octets of state, limits.memory
	Started    string   `json:"started"`
}

// Config is how a console is set up.
type Config struct {
	Store   *store.Store
	Version string
	Token   string          // empty: none is asked for
	Hosts   []string        // names, in small letters, by which it may be asked for besides addresses and localhost
	Process func() *Process // of a capture that runs in this process; nil: none does
	Poll    time.Duration   // how often a live tail looks for news; 0: 500 ms
}

// Console answers questions over HTTP.
type Console struct {
	config    Config
	store     *store.Store
	questions chan struct{}
	tails     chan struct{}
	exports   chan struct{}
	ending    chan struct{} // closed when tails are to end
	end       sync.Once
	assets    *assets
	mux       *http.ServeMux
}

//go:embed openapi.yml
var description []byte

// New makes a console.
func New(config Config) (*Console, error) {
	if config.Poll == 0 {
		config.Poll = 500 * time.Millisecond
	}
	c := &Console{config: config, store: config.Store, questions: make(chan struct{}, maxQuestions), tails: make(chan struct{}, maxTails),
		exports: make(chan struct{}, maxExports), ending: make(chan struct{}), mux: http.NewServeMux()}
	var err error
	if c.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	for _, r := range c.routes() {
		c.mux.Handle("GET "+r.path, r)
	}
	c.mux.HandleFunc("GET /api/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "not_found", "there is no such path", "see /api/v1/openapi.yml")
	})
	c.mux.Handle("GET /", c.assets)
	return c, nil
}

// Handler is the console behind its guard.
func (c *Console) Handler() http.Handler { return c.guard(c.mux) }

// Server is an HTTP server with the bounds that the console needs: slow clients are let go. Tails and exports set their own time.
func Server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 60 * time.Second,
		MaxHeaderBytes: 16 << 10}
}

// route is a path that answers JSON, or does for itself.
type route struct {
	console *Console
	path    string
	params  []string // of the query string
	answer  func(context.Context, *request) (any, error)
	own     func(http.ResponseWriter, *http.Request, *request) // in place of answer
}

// routes are all paths below /api, as doc.go and openapi.yml have them.
func (c *Console) routes() []route {
	filter, page := []string{"q", "from", "to"}, []string{"cursor", "limit"}
	with := func(lists ...[]string) (all []string) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	return []route{
		{c, "/api/v1/status", nil, c.status, nil},
		{c, "/api/v1/overview", filter, c.overview, nil},
		{c, "/api/v1/campaigns", with(filter, []string{"sort"}, page), c.campaigns, nil},
		{c, "/api/v1/campaigns/{id}", filter, c.campaign, nil},
		{c, "/api/v1/sources", with(filter, []string{"sort"}, page), c.sources, nil},
		{c, "/api/v1/sources/{ip}", nil, c.source, nil},
		{c, "/api/v1/messages", with(filter, []string{"order"}, page), c.messages, nil},
		{c, "/api/v1/events/{id}", nil, c.event, nil},
		{c, "/api/v1/findings", with(filter, page), c.findings, nil},
		{c, "/api/v1/sensor", filter, c.sensor, nil},
		{c, "/api/v1/drafts/{id}", nil, c.draft, nil},
		{c, "/api/v1/live", []string{"q"}, nil, c.live},
		{c, "/api/v1/export", with([]string{"set", "format"}, filter), nil, c.export},
		{c, "/api/v1/openapi.yml", nil, nil, openAPI},
	}
}

// ServeHTTP answers one question, in its turn and within its time.
func (t route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := t.read(r)
	if err != nil {
		failWith(w, err)
		return
	}
	if t.own != nil {
		t.own(w, r, q)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), questionTime)
	defer cancel()
	if !turn(ctx, t.console.questions) {
		busy(w)
		return
	}
	defer func() { <-t.console.questions }()
	value, err := t.answer(ctx, q)
	if err != nil {
		failWith(w, q.place(err))
		return
	}
	write(w, value)
}

// turn waits for a place, for a while.
func turn(ctx context.Context, places chan struct{}) bool {
	timer := time.NewTimer(waitForTurn)
	defer timer.Stop()
	select {
	case places <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// openAPI gives the description of the API.
func openAPI(w http.ResponseWriter, _ *http.Request, _ *request) {
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Write(description) // who asked is gone where this fails
}
