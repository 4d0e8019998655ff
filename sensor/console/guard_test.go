package console

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// all are all paths of the console, and some that it does not have.
func all(c *Console) []string {
	paths := []string{"/", "/campaigns", "/sources/192.0.2.1", "/nowhere", "/api", "/api/", "/api/v1/nothing", "/../etc/passwd", "/metrics", "//", "/index.html"}
	for _, r := range c.routes() {
		paths = append(paths, strings.NewReplacer("{id}", "x", "{ip}", "192.0.2.1").Replace(r.path))
	}
	for path := range c.assets.files {
		paths = append(paths, path)
	}
	return paths
}

func TestWithoutTheTokenEveryPathAnswers401(t *testing.T) {
	c, _ := opened(t, Config{Token: "0123456789abcdef"}, lines(t, "real"))
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:0123456789abcdef"))
	for _, path := range all(c) {
		for _, given := range []string{"", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "Basic " + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef:")), "0123456789abcdef"} {
			if w := get(c, path, "Authorization", given); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %q: %d", path, given, w.Code)
			}
			if w := get(c, path, "Authorization", given, "Host", "evil.example"); w.Code != 401 {
				t.Errorf("%s of another host with %q: %d", path, given, w.Code)
			}
		}
		for _, given := range []string{"Bearer 0123456789abcdef", basic} {
			if strings.HasSuffix(path, "/live") {
				continue // it does not end
			}
			if w := get(c, path, "Authorization", given); w.Code == 401 {
				t.Errorf("%s with %q: %d", path, given, w.Code)
			}
		}
	}
}

// A page elsewhere that bends its own name to this machine (DNS rebinding) asks by that name.
func TestOnlyKnownHostsAreAnswered(t *testing.T) {
	c, _ := opened(t, Config{Hosts: []string{"sensor1"}}, nil)
	for host, status := range map[string]int{
		"localhost": 200, "localhost:9877": 200, "LOCALHOST:1": 200, "127.0.0.1:9877": 200, "[::1]:9877": 200, "192.0.2.1": 200, "sensor1:80": 200, "Sensor1.": 200, "x.localhost": 200,
		"evil.example": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example:9877": 421, "": 421, "sensor11": 421, "evillocalhost": 421,
	} {
		if w := get(c, "/api/v1/status", "Host", host); w.Code != status {
			t.Errorf("host %q: %d, want %d", host, w.Code, status)
		}
	}
}

func TestNothingButQuestionsIsTaken(t *testing.T) {
	c, _ := opened(t, Config{}, nil)
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"} {
		r := httptest.NewRequest(method, "/api/v1/status", nil)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		c.Handler().ServeHTTP(w, r)
		if w.Code != 405 {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
	for _, path := range []string{"/../../etc/passwd", "/assets/../../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc/passwd", "/assets/..%5c..%5cx", "/assets//x",
		"/%00", "/assets/%00", "/./", "/campaigns/..", "/openapi.yml", "/page/dist/index.html", "/console.go"} {
		if w := get(c, path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestEveryAnswerBearsThePolicy(t *testing.T) {
	c, _ := opened(t, Config{}, lines(t, "real"))
	for _, path := range all(c) {
		if strings.HasSuffix(path, "/live") {
			continue
		}
		w := get(c, path)
		for _, h := range headers {
			if got := w.Header().Get(h[0]); got != h[1] && h[0] != "Cache-Control" {
				t.Errorf("%s: %s is %q", path, h[0], got)
			}
		}
	}
	for _, unsafe := range []string{"unsafe-inline", "unsafe-eval", "*", "http:"} {
		if strings.Contains(policy, unsafe) {
			t.Errorf("the policy has %s", unsafe)
		}
	}
}

// Who sends his request a letter at a time is let go, and keeps nobody waiting.
func TestSlowClientsAreLetGo(t *testing.T) {
	c, _ := opened(t, Config{}, lines(t, "real"))
	server := Server(c.Handler())
	if server.ReadHeaderTimeout == 0 || server.ReadTimeout == 0 || server.WriteTimeout == 0 || server.IdleTimeout == 0 {
		t.Fatal("a time has no end")
	}
	server.ReadHeaderTimeout = 200 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()
	slow, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprintf(slow, "GET / HTTP/1.1\r\nHost: local")
	slow.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.ReadAll(slow); err != nil {
		t.Errorf("the slow client is not let go: %v", err)
	}
}

func TestQuestionsAreBounded(t *testing.T) {
	c, _ := opened(t, Config{}, nil)
	for range maxQuestions {
		c.questions <- struct{}{}
	}
	if w := get(c, "/api/v1/overview"); w.Code != 503 {
		t.Errorf("%d", w.Code)
	}
	<-c.questions
	if w := get(c, "/api/v1/overview"); w.Code != 200 {
		t.Errorf("at the bound: %d", w.Code)
	}
}

func TestTailsAreBounded(t *testing.T) {
	c, _ := opened(t, Config{}, nil)
	for range maxTails {
		c.tails <- struct{}{}
	}
	if w := get(c, "/api/v1/live"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d", w.Code)
	}
	<-c.tails
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/live", nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, r)
	if w.Code != 200 || len(c.tails) != maxTails-1 {
		t.Errorf("at the bound: %d, %d places taken", w.Code, len(c.tails))
	}
}
