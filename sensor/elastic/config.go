package elastic

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// Config says which cluster, and how to be let in. The names are those of libbeat's output.elasticsearch. Secrets are values here: who reads
// the configuration has read the files they stand in.
type Config struct {
	Hosts   []string // URLs; a host alone is http://HOST:9200
	CloudID string   // in place of Hosts
	Proxy   string   // URL; empty: that of the environment (HTTPS_PROXY, NO_PROXY)

	Username, Password string
	APIKey             string // id:key, or as Elasticsearch encodes it
	Token              string // bearer

	CertificateAuthorities []string // files with PEM, or PEM itself; empty: those of the system
	Fingerprint            string   // SHA-256, hexadecimal, of a CA that the server sends: it is trusted then
	Certificate, Key       string   // files with PEM: the client's own

	AllowOpenSearch bool
	Timeout         time.Duration // of one request; default 90 s
}

// String names the hosts and how the client shows who it is, never a secret.
func (c Config) String() string {
	hosts, err := c.urls()
	if err != nil {
		return "no host"
	}
	names := make([]string, len(hosts))
	for i, u := range hosts {
		names[i] = u.Redacted()
	}
	return strings.Join(names, ",") + " (" + c.credentials() + ")"
}

// credentials says in words by what the client shows who it is.
func (c Config) credentials() string {
	switch {
	case c.APIKey != "":
		return "API key"
	case c.Token != "":
		return "token"
	case c.Username != "":
		return "user " + c.Username
	}
	return "without credentials"
}

// check refuses what contradicts itself.
func (c Config) check() error {
	ways := 0
	for _, given := range []string{c.APIKey, c.Token, c.Username} {
		if given != "" {
			ways++
		}
	}
	switch {
	case ways > 1:
		return errors.New("give one of api_key, token, and username with password, not several")
	case c.Username != "" && c.Password == "":
		return errors.New("username has no password")
	case (c.Certificate == "") != (c.Key == ""):
		return errors.New("ssl.certificate and ssl.key go together")
	case len(c.Hosts) > 0 && c.CloudID != "":
		return errors.New("give hosts or cloud_id, not both")
	}
	return nil
}

// urls gives the hosts in full.
func (c Config) urls() ([]*url.URL, error) {
	hosts := c.Hosts
	if c.CloudID != "" {
		host, err := cloudHost(c.CloudID)
		if err != nil {
			return nil, err
		}
		hosts = []string{host}
	}
	if len(hosts) == 0 {
		return nil, errors.New("no host is given (--elasticsearch URL, or output.elasticsearch.hosts)")
	}
	urls := make([]*url.URL, len(hosts))
	for i, h := range hosts {
		u, err := hostURL(h)
		if err != nil {
			return nil, err
		}
		urls[i] = u
	}
	return urls, nil
}

// hostURL reads a host as libbeat does: the scheme is http and the port 9200 where they are not given. A cloud's address has its own port.
func hostURL(host string) (*url.URL, error) {
	text := strings.TrimSpace(host)
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("a host is no URL such as https://es.example.net:9200")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "9200")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}

// cloudHost reads the address of Elasticsearch in a cloud id: LABEL:base64("DOMAIN[:PORT]$ELASTICSEARCH[:PORT]$KIBANA").
func cloudHost(id string) (string, error) {
	encoded := id[strings.LastIndexByte(id, ':')+1:]
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	parts := strings.Split(string(decoded), "$")
	if err != nil || len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return "", errors.New("cloud_id is none (copy it whole from the deployment's page)")
	}
	domain, port, found := strings.Cut(parts[0], ":")
	name, own, foundOwn := strings.Cut(parts[1], ":")
	switch {
	case foundOwn:
		port = own
	case !found:
		port = "443"
	}
	return "https://" + name + "." + domain + ":" + port, nil
}

// transport makes the client's connections.
func (c Config) transport() (*http.Transport, error) {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		MaxIdleConnsPerHost: 4,
		WriteBufferSize:     64 << 10,
	}
	if c.Proxy != "" {
		proxy, err := url.Parse(c.Proxy)
		if err != nil || proxy.Host == "" {
			return nil, errors.New("proxy_url is no URL such as http://proxy.example.net:3128")
		}
		t.Proxy = http.ProxyURL(proxy)
	}
	var err error
	t.TLSClientConfig, err = c.tls()
	return t, err
}

// tls says whom to trust, and who the client is.
func (c Config) tls() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(c.CertificateAuthorities) > 0 {
		roots, err := readAuthorities(c.CertificateAuthorities)
		if err != nil {
			return nil, err
		}
		out.RootCAs = roots
	}
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		if err != nil {
			return nil, fmt.Errorf("ssl.certificate, ssl.key: %w", err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	if c.Fingerprint == "" {
		return out, nil
	}
	want, err := hex.DecodeString(strings.ReplaceAll(c.Fingerprint, ":", ""))
	if err != nil || len(want) != sha256.Size {
		return nil, errors.New("ssl.ca_trusted_fingerprint: 64 hexadecimal digits are wanted (openssl x509 -fingerprint -sha256 -in ca.crt)")
	}
	urls, err := c.urls()
	if err != nil {
		return nil, err
	}
	trustFingerprint(out, want, urls)
	return out, nil
}

func readAuthorities(files []string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, file := range files {
		content, name := []byte(file), "the PEM given"
		if !strings.Contains(file, "-----BEGIN") {
			var err error
			if content, err = os.ReadFile(file); err != nil {
				return nil, fmt.Errorf("ssl.certificate_authorities: %w", err)
			}
			name = file
		}
		if !pool.AppendCertsFromPEM(content) {
			return nil, fmt.Errorf("ssl.certificate_authorities: %s holds no certificate in PEM", name)
		}
	}
	return pool, nil
}

// trustFingerprint trusts, besides the authorities given, the certificate of that SHA-256 where the server sends it. The chain and the name
// are verified against it as against any other: Go's own verification is off only because it cannot know that root beforehand.
func trustFingerprint(c *tls.Config, want []byte, hosts []*url.URL) {
	roots := c.RootCAs
	c.InsecureSkipVerify = true
	c.VerifyConnection = func(s tls.ConnectionState) error {
		trusted := x509.NewCertPool()
		if roots != nil {
			trusted = roots.Clone()
		}
		between, found := x509.NewCertPool(), false
		for _, sent := range s.PeerCertificates {
			if sum := sha256.Sum256(sent.Raw); slices.Equal(sum[:], want) {
				trusted.AddCert(sent)
				found = true
			} else {
				between.AddCert(sent)
			}
		}
		if !found && roots == nil {
			return errors.New("the server sent no certificate with the SHA-256 of ssl.ca_trusted_fingerprint")
		}
		leaf := s.PeerCertificates[0]
		_, err := leaf.Verify(x509.VerifyOptions{DNSName: s.ServerName, Roots: trusted, Intermediates: between})
		if err == nil && s.ServerName == "" {
			err = verifyAddress(leaf, hosts)
		}
		return err
	}
}

// verifyAddress checks a certificate against the hosts that are addresses: of these a connection holds no name (RFC 6066 3).
func verifyAddress(leaf *x509.Certificate, hosts []*url.URL) error {
	err := errors.New("the server's certificate is for no host of output.elasticsearch.hosts")
	for _, u := range hosts {
		if net.ParseIP(u.Hostname()) == nil {
			continue
		}
		if err = leaf.VerifyHostname(u.Hostname()); err == nil {
			return nil
		}
	}
	return err
}
