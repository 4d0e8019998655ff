package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certified writes a certificate for 127.0.0.1 and its key, and gives who trusts it.
func certified(t *testing.T) (certificate, key string, trusts *http.Client) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, form, form, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, content := range map[string][]byte{certificate: public, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	return certificate, key, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: patience}
}

// Off loopback the console speaks TLS where it is told to, and nobody gets anything without the token.
func TestOffLoopbackTheConsoleWantsItsTokenAndSpeaksTLS(t *testing.T) {
	x, token := filepath.Join(t.TempDir(), "x.db"), filepath.Join(t.TempDir(), "token")
	command(t, "replay", "--summary", "none", "--store", x, realCaptures(t))
	const secret = "a-token-that-is-long-enough-for-anybody"
	if err := os.WriteFile(token, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	certificate, key, client := certified(t)
	shown, err := url.Parse(startConsole(t, "--store", x, "--listen", "0.0.0.0:0", "--token-file", token, "--tls-certificate", certificate, "--tls-key", key))
	if err != nil || shown.Scheme != "https" {
		t.Fatal(shown, err)
	}
	address := "https://127.0.0.1:" + shown.Port()
	for _, path := range []string{"/", "/campaigns", "/assets/none.js", "/icon.svg", "/api/v1/status", "/api/v1/overview", "/api/v1/live", "/api/v1/export?set=messages&format=csv", "/api/v1/openapi.yml", "/nothing", "/../etc/passwd"} {
		if status, body := asked(t, client, address+path, ""); status != http.StatusUnauthorized || strings.Contains(body, "popup") {
			t.Errorf("%s without a token: %d %.200s", path, status, body)
		}
		if status, _ := asked(t, client, address+path, secret+"x"); status != http.StatusUnauthorized {
			t.Errorf("%s with a wrong token: %d", path, status)
		}
	}
	if status, body := asked(t, client, address+"/api/v1/overview", secret); status != 200 || !strings.Contains(body, `"messages":34`) {
		t.Errorf("with the token: %d %.200s", status, body)
	}
	if status, body := asked(t, client, strings.Replace(address, "https", "http", 1)+"/api/v1/overview", secret); status != http.StatusBadRequest || strings.Contains(body, "messages") {
		t.Errorf("without TLS: %d %.200s", status, body)
	}
	if _, err := http.Get(address); err == nil {
		t.Error("a certificate that nobody signed is trusted")
	}
}
