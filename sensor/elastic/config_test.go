package elastic

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestHostsAreReadAsLibbeatDoes(t *testing.T) {
	for host, want := range map[string]string{
		"es": "http://es:9200", "es:80": "http://es:80", "https://es.example.net": "https://es.example.net:9200", "http://[2001:db8::1]": "http://[2001:db8::1]:9200",
		"https://u:p@es/path/": "https://u:p@es:9200/path", "ftp://es": "", "http://": "", "http://a b": "",
	} {
		u, err := hostURL(host)
		if err != nil {
			if want != "" {
				t.Errorf("%q: %v", host, err)
			}
			continue
		}
		if u.String() != want {
			t.Errorf("%q: %s, want %q", host, u, want)
		}
	}
}

func TestACloudIDIsReadAsTheDeploymentsPageGivesIt(t *testing.T) {
	for id, want := range map[string]string{
		"my-deployment:ZXVyb3BlLXdlc3QzLmdjcC5jbG91ZC5lcy5pbyRhYmMxMjMkZGVmNDU2": "https://abc123.europe-west3.gcp.cloud.es.io:443",
		"x:bG9jYWxob3N0OjkyNDMkZXMka2I=":                                         "https://es.localhost:9243",
		"x:bG9jYWxob3N0JGVzOjkyNDQka2I=":                                         "https://es.localhost:9244",
		"nonsense":                                                               "", "x:JCQ=": "", "": "",
	} {
		got, err := cloudHost(id)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", id, got, err, want)
		}
	}
}

func TestSettingsThatContradictEachOtherAreRefusedAndNoSecretIsSaid(t *testing.T) {
	for name, c := range map[string]Config{
		"two ways":        {Hosts: []string{"es"}, APIKey: "secret1", Username: "u", Password: "secret2"},
		"no password":     {Hosts: []string{"es"}, Username: "u"},
		"half a pair":     {Hosts: []string{"es"}, Certificate: "c.pem"},
		"no host":         {APIKey: "secret1"},
		"two places":      {Hosts: []string{"es"}, CloudID: "x:bG9jYWxob3N0JGVzJGti"},
		"bad host":        {Hosts: []string{"ftp://user:secret1@es"}},
		"bad proxy":       {Hosts: []string{"es"}, Proxy: "user:secret1"},
		"bad fingerprint": {Hosts: []string{"es"}, Fingerprint: "abc"},
		"no CA":           {Hosts: []string{"es"}, CertificateAuthorities: []string{"/nowhere"}},
		"a CA of nothing": {Hosts: []string{"es"}, CertificateAuthorities: []string{"config_test.go"}},
		"no certificate":  {Hosts: []string{"es"}, Certificate: "/nowhere", Key: "/nowhere"},
	} {
		_, err := NewClient(c)
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.HasPrefix(err.Error(), "output.elasticsearch: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	told := fmt.Sprint(Config{Hosts: []string{"https://u:secret1@es"}, Username: "u", Password: "secret2"}, Config{Hosts: []string{"es"}, APIKey: "secret1", Token: "secret2"})
	if strings.Contains(told, "secret") || !strings.Contains(told, "https://u:xxxxx@es:9200 (user u)") {
		t.Error(told)
	}
}

// Elasticsearch's test distribution has no API keys and tokens: this is a fake.
func TestCredentialsAreShownInTheirHeader(t *testing.T) {
	for want, c := range map[string]Config{
		"APIKey aWQ6a2V5":     {APIKey: "id:key"},
		"APIKey ZW5jb2RlZA==": {APIKey: "ZW5jb2RlZA=="},
		"Bearer the-token":    {Token: "the-token"},
		"Basic dTpw":          {Username: "u", Password: "p"},
		"":                    {},
	} {
		f := newFake(t, nil)
		b := newBench(t, f.URL, 1, func(to *Config, _ *SenderConfig) {
			to.APIKey, to.Token, to.Username, to.Password = c.APIKey, c.Token, c.Username, c.Password
		})
		b.run(t, 10*time.Second)
		if got := f.header.Get("Authorization"); !strings.EqualFold(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSeveralHostsAreTriedInTurn(t *testing.T) {
	f := newFake(t, nil)
	down := httptest.NewServer(nil)
	down.Close()
	b := newBench(t, f.URL, 2000, func(c *Config, s *SenderConfig) { c.Hosts, s.Documents = []string{down.URL, f.URL}, 100 })
	wantLedger(t, b, b.run(t, 20*time.Second), 2000, 2000, 0, 0)
}

func TestAProxyIsUsed(t *testing.T) {
	f := newFake(t, nil)
	b := newBench(t, "http://es.invalid:9200", 5, func(c *Config, _ *SenderConfig) { c.Proxy = f.URL }) // the fake answers for any host
	wantLedger(t, b, b.run(t, 10*time.Second), 5, 5, 0, 0)
}

// chain is a server's certificate with the CA that signed it, both sent.
func chain(t *testing.T, from, to time.Time, names ...string) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "es"}, NotBefore: from, NotAfter: to}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, name)
		}
	}
	signed := func(c *x509.Certificate) []byte {
		der, err := x509.CreateCertificate(rand.Reader, c, ca, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	root := signed(ca)
	parsed, err := x509.ParseCertificate(root)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{signed(leaf), root}, PrivateKey: key}, parsed
}

// The fingerprint of a CA makes it trusted, and excuses nothing else.
func TestAFingerprintTrustsTheCAItNamesAndNoMore(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		names    []string
		from, to time.Time
		host     string
		wrong    bool
		ok       bool
	}{
		"address":         {[]string{"127.0.0.1"}, now.Add(-time.Hour), now.Add(time.Hour), "127.0.0.1", false, true},
		"name":            {[]string{"localhost"}, now.Add(-time.Hour), now.Add(time.Hour), "localhost", false, true},
		"another address": {[]string{"127.0.0.9"}, now.Add(-time.Hour), now.Add(time.Hour), "127.0.0.1", false, false},
		"another name":    {[]string{"es.example.net"}, now.Add(-time.Hour), now.Add(time.Hour), "localhost", false, false},
		"over":            {[]string{"127.0.0.1"}, now.Add(-2 * time.Hour), now.Add(-time.Hour), "127.0.0.1", false, false},
		"another CA":      {[]string{"127.0.0.1"}, now.Add(-time.Hour), now.Add(time.Hour), "127.0.0.1", true, false},
	} {
		certificate, ca := chain(t, c.from, c.to, c.names...)
		if c.wrong {
			_, ca = chain(t, c.from, c.to, c.names...)
		}
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Elastic-Product", "Elasticsearch") }))
		s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.Config.ErrorLog = log.New(new(bytes.Buffer), "", 0)
		s.StartTLS()
		sum := sha256.Sum256(ca.Raw)
		client, err := NewClient(Config{Hosts: []string{strings.Replace(s.URL, "127.0.0.1", c.host, 1)}, Fingerprint: hex.EncodeToString(sum[:])})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Do(t.Context(), "GET", "/", nil)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v, want accepted: %v", name, err, c.ok)
		}
		s.Close()
	}
}

func TestAClientCertificateIsShown(t *testing.T) {
	now := time.Now()
	certificate, _ := chain(t, now.Add(-time.Hour), now.Add(time.Hour), "127.0.0.1")
	pair := writePair(t, certificate)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		fmt.Fprint(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, Certificates: []tls.Certificate{certificate}}
	s.StartTLS()
	defer s.Close()
	c := Config{Hosts: []string{s.URL}, Certificate: pair[0], Key: pair[1], CertificateAuthorities: []string{pair[2]}}
	client, err := NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := client.Do(t.Context(), "GET", "/", nil); err != nil || string(a.Body) != "es" {
		t.Errorf("%+v, %v", a, err)
	}
}

// writePair writes certificate, key and CA as files.
func writePair(t *testing.T, c tls.Certificate) [3]string {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	var names [3]string
	for i, block := range []pem.Block{{Type: "CERTIFICATE", Bytes: c.Certificate[0]}, {Type: "PRIVATE KEY", Bytes: key}, {Type: "CERTIFICATE", Bytes: c.Certificate[1]}} {
		names[i] = filepath.Join(t.TempDir(), "part.pem")
		if err := os.WriteFile(names[i], pem.EncodeToMemory(&block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}
