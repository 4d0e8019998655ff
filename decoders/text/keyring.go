package text

import (
	neturl "net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// maxKeys bounds the keys of each kind that one text can advertise: the first ones count.
const maxKeys = 16

// keyring collects the keys of one text (SPOOF-AND-CAMPAIGNS.md 7.3). The strings are views of the text where nothing had to be changed.
type keyring struct {
	domains, urls, phones, emails []string

	hosts *hosts // nil: none are remembered
}

// hosts remembers the registrable domains of the hosts seen last: a flood names few hosts often. A new one takes the place of the one with an equal hash.
type hosts [512]knownHost

// knownHost is a host of at most 64 octets, and how many octets at its end are the registrable domain.
type knownHost struct {
	name         [64]byte
	size, domain uint8
}

func (k *keyring) reset() {
	k.domains, k.urls, k.phones, k.emails = k.domains[:0], k.urls[:0], k.phones[:0], k.emails[:0]
}

func (k *keyring) count() int { return len(k.domains) + len(k.urls) + len(k.phones) + len(k.emails) }

func keep(list []string, key string) []string {
	if len(list) >= maxKeys || slices.Contains(list, key) {
		return list
	}
	return append(list, key)
}

// url keeps a URL or host and its registrable domain; what stands before the path is lower-cased. Credentials (prefix octets) are case-folded with it.
func (k *keyring) url(url, host string, prefix int) {
	head := prefix + len(host)
	if !isLower(url[:head]) {
		lower := strings.ToLower(url[:head])
		url = lower + url[head:]
		head = len(lower)
	}
	k.urls = keep(k.urls, url)
	host = url[min(prefix, head):head]
	domain, short := shortHost(host)
	if !short {
		domain = k.hosts.domainOf(host)
	}
	if domain != "" {
		k.domains = keep(k.domains, domain)
	}
	k.redirected(url[head:])
}

// redirected keeps the address that another one names behind its host, as redirectors take it: /?url=http://real.example. Both are advertised, and
// neither says who sent the popup.
func (k *keyring) redirected(rest string) {
	const least = len("?http://a.b")
	for i := 0; i+least <= len(rest); i++ {
		if rest[i]|0x20 != 'h' || i == 0 || isWord(rest[i-1]) {
			continue
		}
		if inner, host := innerURL(rest[i:]); host > 0 {
			end := host
			for end < len(inner) && isURLHostOctet(inner[end]) {
				end++
			}
			if isListed(inner[host:end]) {
				k.url(inner, inner[host:end], host)
			}
			return // that one looks behind its own host
		}
	}
}

// innerURL reads an address with its scheme, which may be written in percents, to the next parameter; host is where its host begins, 0 if it is none.
func innerURL(s string) (url string, host int) {
	if end := strings.IndexAny(s, "&;"); end >= 0 {
		s = s[:end]
	}
	if strings.IndexByte(s, '%') >= 0 {
		if plain, err := neturl.PathUnescape(s); err == nil {
			s = plain
		}
	}
	for _, scheme := range [...]string{"http://", "https://"} {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return s, afterUser(s, len(scheme))
		}
	}
	return s, 0
}

// isLower says whether s is ASCII without capitals.
func isLower(s string) bool {
	var found uint64
	for ; len(s) >= 8; s = s[8:] {
		w := load(s, 0)
		found |= w | letters(w&lows)&^(w<<2)
	}
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return found&highBits == 0
}

func (k *hosts) domainOf(name string) string {
	if k == nil {
		return registrable(name)
	}
	h := &k[hash(name)%uint64(len(k))]
	if h.size == 0 || string(h.name[:h.size]) != name {
		domain := registrable(name)
		if len(name) > len(h.name) {
			return domain
		}
		h.size, h.domain = uint8(copy(h.name[:], name)), uint8(len(domain))
	}
	return name[len(name)-int(h.domain):]
}

func (k *keyring) phone(number string) { k.phones = keep(k.phones, number) }
func (k *keyring) email(address string) {
	k.emails = keep(k.emails, strings.ToLower(address))
}

// shortHost is the registrable domain of a host name.tld or www.name.tld under the commonest top-level domains, and whether the host is such: the invented
// domains of a flood are, and asking publicsuffix for each takes as long as all the rest. A host that is a private suffix (www.blogspot.com) is thus its owner's domain.
func shortHost(host string) (domain string, ok bool) {
	dot := strings.LastIndexByte(host, '.')
	switch host[dot+1:] {
	case "com", "net", "org", "info", "biz":
	default:
		return "", false
	}
	domain = strings.TrimPrefix(host, "www.")
	first := strings.IndexByte(domain, '.')
	return domain, first > 0 && first == dot-(len(host)-len(domain))
}

// registrable is the registrable domain of a lower-case host: one label more than its public suffix; empty for an address, a bare suffix or a single label.
func registrable(host string) string {
	if isIPv4(host) || strings.IndexByte(host, '.') <= 0 || strings.Contains(host, "..") {
		return ""
	}
	suffix, _ := publicsuffix.PublicSuffix(host)
	if len(suffix) >= len(host) {
		return ""
	}
	rest := host[:len(host)-len(suffix)-1]
	return host[strings.LastIndexByte(rest, '.')+1:]
}

// features copies the keys out, into room where they fit, sorted where that is promised.
func (k *keyring) features(f *Features, room []string) {
	all := room
	if n := k.count(); n > cap(room) {
		all = make([]string, 0, n)
	}
	take := func(list []string, sorted bool) []string {
		if len(list) == 0 {
			return nil
		}
		from := len(all)
		all = append(all, list...)
		own := all[from:len(all):len(all)]
		if sorted {
			slices.Sort(own)
		}
		return own
	}
	f.Domains, f.URLs, f.Phones, f.Emails = take(k.domains, true), take(k.urls, false), take(k.phones, true), take(k.emails, true)
}
