package elastic

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"popupwatch/sensor/event"
)

// Check is one line of `popupwatch test output`.
type Check struct {
	Name  string
	State State
	Text  string // what was found
	Todo  string // what to do; empty where nothing
}

// State is how a check came out.
type State string

// The states.
const (
	Good   State = "ok"
	Bad    State = "FAIL" // events cannot be delivered
	Noted  State = "note" // they can, but something may be missed
	Beyond State = "-"    // it cannot be known, because of a check before
)

// soon is how long before its end a certificate is noted.
const soon = 30 * 24 * time.Hour

// Probe checks, from the network up, what delivery needs: addresses, TLS, the server, its licence, privileges, templates. It changes nothing.
func (c *Client) Probe(ctx context.Context) []Check {
	var list []Check
	urls, err := c.config.urls()
	if err != nil {
		return []Check{{"hosts", Bad, err.Error(), "set output.elasticsearch.hosts"}}
	}
	for _, u := range urls {
		list = append(list, c.probeAddress(ctx, u)...)
	}
	s, check := c.probeServer(ctx)
	list = append(list, check)
	if check.State == Bad {
		for _, name := range []string{"licence", "privileges", "templates"} {
			list = append(list, Check{Name: name, State: Beyond, Text: "not asked, since the server cannot be"})
		}
		return list
	}
	list = append(list, c.probeLicence(ctx, s))
	list = append(list, c.probePrivileges(ctx)...)
	return append(list, c.probeTemplates(ctx))
}

// probeAddress resolves, connects and shakes hands.
func (c *Client) probeAddress(ctx context.Context, u *url.URL) []Check {
	if proxy := c.proxyFor(u); proxy != "" {
		return []Check{{"address " + u.Host, Good, "through the proxy " + proxy + ": name, connection and TLS are its matter", ""}}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
	if err != nil {
		return []Check{{"address " + u.Host, Bad, err.Error(), "look at the name in output.elasticsearch.hosts, and at this machine's DNS"}}
	}
	started := time.Now()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return []Check{{"address " + u.Host, Bad, err.Error(), "is Elasticsearch up, does it listen on that address (network.host) and port, does a firewall let this machine through?"}}
	}
	defer conn.Close()
	list := []Check{{"address " + u.Host, Good, fmt.Sprintf("%s, connected in %s", strings.Join(addresses, ", "), time.Since(started).Round(10*time.Microsecond)), ""}}
	return append(list, c.probeTLS(ctx, u, conn))
}

// proxyFor is the proxy that requests to a host go through; empty for none.
func (c *Client) proxyFor(u *url.URL) string {
	if c.config.Proxy != "" {
		if p, err := url.Parse(c.config.Proxy); err == nil {
			return p.Redacted()
		}
	}
	p, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	if err != nil || p == nil {
		return ""
	}
	return p.Redacted()
}

// probeTLS shakes hands as the client does.
func (c *Client) probeTLS(ctx context.Context, u *url.URL, conn net.Conn) Check {
	name := "TLS " + u.Host
	if u.Scheme != "https" {
		todo := ""
		if c.config.credentials() != (Config{}).credentials() {
			todo = "the credentials travel in the clear: use https"
		}
		return Check{name, Noted, "none: the host is http", todo}
	}
	config, err := c.config.tls()
	if err != nil {
		return Check{name, Bad, err.Error(), "look at output.elasticsearch.ssl"}
	}
	config.ServerName = u.Hostname()
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return Check{name, Bad, err.Error(), tlsTodo(err)}
	}
	return judgeCertificate(name, secured.ConnectionState(), time.Now())
}

// tlsTodo says what to do about a handshake that failed.
func tlsTodo(err error) string {
	var certificate *tls.CertificateVerificationError
	switch text := err.Error(); {
	case errors.As(err, &certificate) && strings.Contains(text, "unknown authority"):
		return "give the authority that signed the server's certificate: output.elasticsearch.ssl.certificate_authorities: [ca.crt], or ca_trusted_fingerprint"
	case errors.As(err, &certificate) && strings.Contains(text, "expired"):
		return "the server's certificate must be renewed, or this machine's clock put right"
	case errors.As(err, &certificate):
		return "use a host of the certificate in output.elasticsearch.hosts, or have a certificate made for this one"
	case strings.Contains(text, "first record does not look like a TLS handshake"):
		return "the server speaks no TLS on this port: use http://, or the other port"
	case strings.Contains(text, "certificate required") || strings.Contains(text, "bad certificate"):
		return "the server wants a certificate of the client: output.elasticsearch.ssl.certificate and ssl.key"
	}
	return "look at output.elasticsearch.ssl and at the server's log"
}

// judgeCertificate says whom the certificate is for, and how long.
func judgeCertificate(name string, s tls.ConnectionState, now time.Time) Check {
	leaf := s.PeerCertificates[0]
	names := slices.Clone(leaf.DNSNames)
	for _, a := range leaf.IPAddresses {
		names = append(names, a.String())
	}
	text := fmt.Sprintf("%s, certificate for %s until %s", tls.VersionName(s.Version), strings.Join(names, ", "), leaf.NotAfter.UTC().Format(time.DateOnly))
	if leaf.NotAfter.Sub(now) < soon {
		return Check{name, Noted, text, "renew the server's certificate"}
	}
	return Check{name, Good, text, ""}
}

func (c *Client) probeServer(ctx context.Context) (Server, Check) {
	s, err := c.Server(ctx)
	switch {
	case errors.Is(err, ErrNotElasticsearch):
		return s, Check{"server", Bad, err.Error(), "set output.elasticsearch.allow_opensearch: true if it is one"}
	case err != nil:
		return s, Check{"server", Bad, err.Error(), "see the lines above; popupwatch help elastic lists the privileges"}
	}
	if err := (Layout{}).fits(s); err != nil {
		return s, Check{"server", Bad, err.Error(), "upgrade the cluster"}
	}
	return s, Check{"server", Good, s.String() + " (" + c.config.credentials() + ")", ""}
}

func (c *Client) probeLicence(ctx context.Context, s Server) Check {
	if s.OpenSearch {
		return Check{"licence", Good, "none is needed", ""}
	}
	a, err := c.Do(ctx, http.MethodGet, "/_license", nil)
	var read struct{ License struct{ Type, Status string } }
	switch {
	case err != nil:
		return Check{"licence", Bad, err.Error(), "try again"}
	case !a.OK() || json.Unmarshal(a.Body, &read) != nil || read.License.Type == "":
		return Check{"licence", Noted, fmt.Sprintf("the cluster does not say (%d)", a.Status), ""}
	case read.License.Status != "active":
		return Check{"licence", Bad, read.License.Type + ", " + read.License.Status, "renew it: Kibana, Stack Management, License Management"}
	}
	return Check{"licence", Good, read.License.Type + ": basic is enough", ""}
}

// probePrivileges asks for those of delivery, and for what a replay needs besides.
func (c *Client) probePrivileges(ctx context.Context) []Check {
	const name, more = "privileges", "privileges of replay"
	missing, err := c.Missing(ctx, RoleNamed("sender"))
	switch {
	case errors.Is(err, errNoSecurity):
		return []Check{{name, Noted, err.Error(), ""}}
	case err != nil:
		return []Check{{name, Bad, err.Error(), "look at the credentials"}}
	case len(missing) > 0:
		return []Check{{name, Bad, "missing: " + strings.Join(missing, "; "), "grant them to the role of these credentials (popupwatch help elastic: sender)"}}
	}
	list := []Check{{name, Good, "may deliver", ""}}
	missing, err = c.Missing(ctx, RoleNamed("replay"))
	switch {
	case err != nil:
		return append(list, Check{more, Bad, err.Error(), "look at the credentials"})
	case len(missing) > 0:
		return append(list, Check{more, Noted, "missing: " + strings.Join(missing, "; "),
			"live needs none of them; without, a replay may store events twice after a rollover (popupwatch help elastic: replay)"})
	}
	return append(list, Check{more, Good, "may ask which events are held", ""})
}

// probeTemplates looks at the index templates of the five data sets.
func (c *Client) probeTemplates(ctx context.Context) Check {
	const name = "templates"
	var absent, other []string
	for set := range event.Set(event.SetCount) {
		a := indexTemplate(Layout{}, Server{}, set)
		answer, err := c.Do(ctx, http.MethodGet, a.Path, nil)
		switch {
		case err != nil:
			return Check{name, Bad, err.Error(), "try again"}
		case answer.Status == http.StatusForbidden:
			return Check{name, Noted, "these credentials may not look at templates", "ask with those of setup"}
		case answer.Status == http.StatusNotFound:
			absent = append(absent, a.Name)
			continue
		case !answer.OK():
			return Check{name, Bad, saysNo("GET "+a.Path, answer, a.privilege).Error(), "look at the cluster's log"}
		}
		if there, err := a.read(answer.Body); err != nil || marks(there).owner != owner || marks(there).version != AssetVersion {
			other = append(other, a.Name)
		}
	}
	return judgeTemplates(name, absent, other)
}

func judgeTemplates(name string, absent, other []string) Check {
	switch {
	case len(absent) > 0:
		return Check{name, Bad, "missing: " + strings.Join(absent, ", "), "popupwatch setup installs them: without, Elasticsearch guesses the types of the fields"}
	case len(other) > 0:
		return Check{name, Noted, fmt.Sprintf("not of version %d: %s", AssetVersion, strings.Join(other, ", ")), "popupwatch setup brings them to this version, or says why not"}
	}
	return Check{name, Good, fmt.Sprintf("version %d", AssetVersion), ""}
}
