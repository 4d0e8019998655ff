package text

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// maxHost bounds a host name, in octets (RFC 1035 2.3.4).
const maxHost = 253

// address takes a token that holds a URL, host, e-mail or IPv4 address, with whatever words stand before and after it in the token. It says whether there was one.
func (n *normaliser) address(w string, seen class) bool {
	if seen&classColon != 0 {
		if i := strings.Index(w, "://"); i > 0 {
			return n.schemed(w, i)
		}
	}
	for i := 0; i < len(w); {
		if !isHostOctet(w[i]) {
			i++
			continue
		}
		end := i
		for end < len(w) && isHostOctet(w[end]) {
			end++
		}
		host := strings.Trim(w[i:end], ".-")
		start := i + strings.Index(w[i:end], host)
		if n.hostAt(w, start, start+len(host)) {
			return true
		}
		i = end
	}
	return false
}

// schemed takes a URL with its scheme: all to the end of the token belongs to it, but for closing punctuation.
func (n *normaliser) schemed(w string, colon int) bool {
	start := colon
	for start > 0 && isLetter(w[start-1]) && w[start-1] < 0x80 {
		start--
	}
	host := afterUser(w, colon+len("://"))
	end := host
	for end < len(w) && isURLHostOctet(w[end]) {
		end++
	}
	for end > host && w[end-1] == '.' {
		end--
	}
	if start == colon || end == host || end-host > maxHost {
		return false
	}
	stop := urlEnd(w, end)
	n.keys.url(w[start:stop], w[host:end], host-start)
	n.replaced(w, start, stop, "zurl")
	return true
}

// afterUser is where the host begins: http://www.bank.com@evil.example/ goes to evil.example.
func afterUser(w string, host int) int {
	for i := host; i < len(w); i++ {
		switch w[i] {
		case '@':
			return i + 1
		case '/', '?', '#':
			return host
		}
	}
	return host
}

// hostAt takes w[start:end], which may be a host without scheme, the host of an e-mail address, or an IPv4 address.
func (n *normaliser) hostAt(w string, start, end int) bool {
	host := w[start:end]
	if isIPv4(host) {
		if end < len(w) && w[end] == '/' {
			stop := urlEnd(w, end)
			n.keys.url(w[start:stop], host, 0)
			n.replaced(w, start, stop, "zurl")
			return true
		}
		n.replaced(w, start, end, "zip")
		return true
	}
	if start > 1 && w[start-1] == '@' {
		if local := localPart(w, start-1); local < start-1 && isListed(host) {
			n.keys.email(w[local:end])
			n.replaced(w, local, end, "zmail")
			return true
		}
	}
	if end < len(w) && w[end] == '@' || !isBareHost(host) {
		return false
	}
	stop := end
	if end < len(w) && strings.IndexByte("/?:#", w[end]) >= 0 {
		stop = urlEnd(w, end)
	}
	n.keys.url(w[start:stop], host, 0)
	n.replaced(w, start, stop, "zurl")
	return true
}

// replaced appends what stands before, the word for what was found, and what stands after.
func (n *normaliser) replaced(w string, start, stop int, by string) {
	n.rest(w[:start])
	n.put(by)
	n.rest(w[stop:])
}

// rest folds a part of a token if it has a letter; signs and numbers glued to an address say nothing.
func (n *normaliser) rest(w string) {
	for i := range len(w) {
		if isLetter(w[i]) {
			n.fold(w)
			return
		}
	}
}

// urlEnd is where a URL ends whose host ends at end: at the end of the token, without closing punctuation.
func urlEnd(w string, end int) int {
	stop := len(w)
	for stop > end && strings.IndexByte(".,;:!?)]}>\"'*", w[stop-1]) >= 0 {
		stop--
	}
	for i := end; i < stop; i++ {
		if c := w[i]; c == '<' || c == '>' || c == '"' {
			return i
		}
	}
	return stop
}

func localPart(w string, at int) int {
	i := at
	for i > 0 && (isWord(w[i-1]) || strings.IndexByte("._+-%", w[i-1]) >= 0) {
		i--
	}
	return i
}

func isHostOctet(c byte) bool {
	return c < 0x80 && isWord(c) || c == '.' || c == '-'
}

func isURLHostOctet(c byte) bool { return isWord(c) || c == '.' || c == '-' || c == '_' }

// isBareHost says whether a host without scheme is one, and no joint of two sentences ("end.Next") or name of a file. Without "www." before it, its top-level domain
// must be one of two letters or one that was there before 2010: popups are of 2002 to 2010, and prose is full of "end.next", "readme.zip" and "ask.help", which ICANN sells since 2014.
func isBareHost(host string) bool {
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 {
		return false
	}
	if len(host) > 4 && strings.EqualFold(host[:4], "www.") {
		return isListed(host)
	}
	last := host[dot+1:]
	if last == "" {
		return false
	}
	if c := host[dot-1]; 'a' <= c && c <= 'z' && 'A' <= last[0] && last[0] <= 'Z' {
		return false
	}
	return (len(last) == 2 || isOldTop(last)) && isListed(host)
}

// isOldTop says whether a top-level domain of more than two letters was delegated before 2010 (IANA root zone database).
func isOldTop(last string) bool {
	switch strings.ToLower(last) {
	case "com", "net", "org", "edu", "gov", "mil", "int", "arpa", "info", "biz", "name", "pro", "aero", "coop", "museum", "jobs", "mobi", "travel", "cat", "tel", "asia":
		return true
	}
	return false
}

// isListed says whether the host is well formed and ends in a suffix that ICANN's part of the public suffix list knows, but is none itself.
func isListed(host string) bool {
	if len(host) > maxHost || !wellFormed(host) {
		return false
	}
	name := strings.ToLower(host)
	if strings.HasSuffix(name, ".com") {
		return true // the commonest by far, spared the search
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	return suffix != name && (icann || strings.IndexByte(suffix, '.') >= 0)
}

// wellFormed says whether the labels are not empty, at most 63 octets, and the last begins with a letter.
func wellFormed(host string) bool {
	label, dots := 0, 0
	for i := 0; i <= len(host); i++ {
		if i < len(host) && host[i] != '.' {
			continue
		}
		if i == label || i-label > 63 {
			return false
		}
		if i < len(host) {
			label, dots = i+1, dots+1
		}
	}
	return dots > 0 && isLetter(host[label]) && len(host)-label >= 2
}

func isIPv4(host string) bool {
	octets, value, digits := 1, 0, 0
	for i := range len(host) {
		switch c := host[i]; {
		case isDigit(c) && digits < 3:
			value, digits = value*10+int(c-'0'), digits+1
		case c == '.' && digits > 0:
			octets, value, digits = octets+1, 0, 0
		default:
			return false
		}
		if value > 255 {
			return false
		}
	}
	return octets == 4 && digits > 0
}
