package text

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// maxKeys bounds the keys of each kind that one text can advertise: the first ones count.
const maxKeys = 16

// keyring collects the keys of one text (SPOOF-AND-CAMPAIGNS.md 7.3). The strings are views of the text where nothing had to be changed.
type keyring struct {
	domains, urls, phones, emails []string

	known [knownHosts]knownHost // registrable domains of the hosts seen last, by their hash: a flood names few hosts often
}

// knownHosts is how many hosts are remembered; a new one takes the place of the one with an equal hash.
const knownHosts = 512

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
	lower := strings.ToLower(url[:head])
	if lower != url[:head] {
		url = lower + url[head:]
		head = len(lower)
	}
	k.urls = keep(k.urls, url)
	host = url[min(prefix, head):head]
	if domain := k.domainOf(host); domain != "" {
		k.domains = keep(k.domains, domain)
	}
}

func (k *keyring) domainOf(name string) string {
	h := &k.known[hash(name)%knownHosts]
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

// features copies the keys out, sorted where that is promised.
func (k *keyring) features(f *Features) {
	all := make([]string, 0, k.count())
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
