package elastic

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"popupwatch/sensor/elastic/estest"
)

// probed is what Probe says, a line a check.
func probed(t *testing.T, c *Client) string {
	t.Helper()
	var b strings.Builder
	for _, check := range c.Probe(context.Background()) {
		fmt.Fprintf(&b, "%s %s: %s -> %s\n", check.State, check.Name, check.Text, check.Todo)
		if check.State == Bad && check.Todo == "" {
			t.Errorf("%s fails and says not what to do", check.Name)
		}
	}
	return b.String()
}

// wantLines holds that lines with each of these beginnings, and words, are there.
func wantLines(t *testing.T, got string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in:\n%s", want, got)
		}
	}
}

func TestProbeOfASecuredNode(t *testing.T) {
	n := secured(t)
	if p := install(t, clientFor(t, n), Layout{}); p.Server.Version == "" {
		t.Error("no version")
	}
	got := probed(t, as(t, n, replayer()))
	wantLines(t, got, "ok address 127.0.0.1:", "note TLS", "certificate for localhost, 127.0.0.1 until ", "ok server: Elasticsearch 8.19.21 (user ", "ok licence: basic",
		"ok privileges: may deliver", "ok privileges of replay")
	if strings.Contains(got, string(Bad)) {
		t.Error(got)
	}
	wantLines(t, probed(t, as(t, n, sender())), "note privileges of replay: missing: read on logs-popupwatch.*-*", "ok templates: version 1")
	wantLines(t, probed(t, as(t, n, sender().without("create_doc"))), "FAIL privileges: missing: create_doc on logs-popupwatch.*-*", "popupwatch help elastic")
	wantLines(t, probed(t, as(t, n, installer())), "ok templates: version 1", "FAIL privileges: missing: auto_configure")
	wantLines(t, probed(t, clientFor(t, n, "nobody", "wrong-password")), "FAIL server: the cluster does not know these credentials (401)", "- privileges: not asked")
}

func TestProbeOfTLS(t *testing.T) {
	n := secured(t)
	wantLines(t, probed(t, clientFor(t, n)), "certificate for localhost, 127.0.0.1 until ", "note TLS", "renew the server's certificate")
	distrusting, err := NewClient(Config{Hosts: []string{n.URL}, Username: estest.Superuser, Password: estest.SuperuserPassword})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, probed(t, distrusting), "FAIL TLS", "unknown authority", "ssl.certificate_authorities")
}

func TestProbeOfWhatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for host, wants := range map[string][]string{
		"http://" + closed: {"FAIL address", "connection refused", "network.host"},
		strings.Replace(plain.URL, "http:", "https:", 1): {"FAIL TLS", "the server speaks no TLS"},
		plain.URL: {"ok address", "FAIL server"},
	} {
		c, err := NewClient(Config{Hosts: []string{host}})
		if err != nil {
			t.Fatal(err)
		}
		wantLines(t, probed(t, c), wants...)
	}
}

func TestRefusalNamesTheInnermostCause(t *testing.T) {
	body := `{"error":{"reason":"outer","caused_by":{"reason":"middle","caused_by":{"reason":"inner"}}},"status":400}`
	if got := innermost([]byte(body)); got != "inner" {
		t.Errorf("%q", got)
	}
	a := settings(Layout{}, Server{})
	if got := a.refused(http.MethodPut, &Answer{Status: 400, Body: []byte(body)}).Error(); got != "PUT /_component_template/popupwatch-settings answers 400: inner" {
		t.Error(got)
	}
}
