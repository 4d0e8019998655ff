package estest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Client is an HTTP client that trusts the node's CA. Each call makes a new one.
func (n *Node) Client() *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(n.CA)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// exchange sends one request, as the superuser where there is security.
func (n *Node) exchange(method, path, body string) (status int, answer []byte, err error) {
	request, err := http.NewRequest(method, n.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if n.Options.Security {
		request.SetBasicAuth(Superuser, SuperuserPassword)
	}
	response, err := n.Client().Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// Do sends one request to the node, as the superuser where there is security, and gives status and answer. The body is JSON, or NDJSON.
func (n *Node) Do(t testing.TB, method, path, body string) (status int, answer []byte) {
	t.Helper()
	status, answer, err := n.exchange(method, path, body)
	if err != nil {
		t.Fatalf("estest: %v", err)
	}
	return status, answer
}

// Get sends one request that must succeed, and gives the answer's JSON. An empty body makes it a GET, else it is a POST.
func (n *Node) Get(t testing.TB, path, body string) map[string]any {
	t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	status, answer := n.Do(t, method, path, body)
	var object map[string]any
	if err := json.Unmarshal(answer, &object); status != http.StatusOK || err != nil {
		t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	return object
}
