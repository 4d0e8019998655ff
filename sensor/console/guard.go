package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strings"
)

// maxTarget bounds what is asked for, in octets of the request line.
const maxTarget = 8 << 10

// policy is the Content-Security-Policy: the page runs its own files and talks to its own server, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; " +
	"form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// headers stand on every answer, errors too.
var headers = [...][2]string{
	{"Content-Security-Policy", policy},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"X-Frame-Options", "DENY"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
	{"Cache-Control", "no-store"},
}

// guard lets a request through that may be answered: the token, where one is set, before all; then the Host, the method, the form of the path.
func (c *Console) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, h := range headers {
			w.Header().Set(h[0], h[1])
		}
		switch {
		case !Bears(r, c.config.Token):
			w.Header().Set("WWW-Authenticate", `Basic realm="popupwatch: any user, the token as password", charset="UTF-8"`)
			fail(w, http.StatusUnauthorized, "unauthorized", "a token is needed", "Authorization: Bearer TOKEN, or the token as the password of any user")
		case !c.knows(r.Host):
			fail(w, http.StatusMisdirectedRequest, "misdirected", "this server is not asked for by that name",
				"a page elsewhere may have bent its name to this machine; use http://localhost, an IP address, or name the host with --console-host")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			fail(w, http.StatusMethodNotAllowed, "method", "the console only answers questions", "use GET")
		case len(r.RequestURI) > maxTarget:
			fail(w, http.StatusRequestURITooLong, "too_long", "the address is too long", "")
		case !proper(r.URL.Path):
			fail(w, http.StatusNotFound, "not_found", "there is no such path", "")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// Bears says whether a request bears the token; an empty one is borne by all. Hashes are compared, so that the time tells no length either.
func Bears(r *http.Request, token string) bool {
	if token == "" {
		return true
	}
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		_, given, ok = r.BasicAuth()
	}
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && ok
}

// knows says whether a Host may name this server: an address may (a name that was bent to us is none), localhost, and the names it was told.
func (c *Console) knows(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(c.config.Hosts, name)
}

// proper says whether a path is written as it is meant: no dots, backslashes or control characters, nothing twice.
func proper(p string) bool {
	return strings.HasPrefix(p, "/") && path.Clean(p) == p && !strings.Contains(p, "..") && !strings.ContainsFunc(p, func(r rune) bool { return r < 0x20 || r == '\\' || r == 0x7f })
}
