package handout

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"strings"

	"popupwatch/sensor/store"
	"popupwatch/sensor/view"
)

// What may be an address, with the length of a prefix behind it or none. What is none after all stays as it is. IPv6 is looked for first: it may
// end in an IPv4 address.
var (
	likeIPv6 = regexp.MustCompile(`(?i)[0-9a-f]{0,4}:[0-9a-f.:]*(?:%[0-9a-z]+)?(?:/[0-9]{1,3})?`)
	likeIPv4 = regexp.MustCompile(`[0-9]+(?:\.[0-9]+){3,}(?:/[0-9]{1,2})?`)
)

// withheld stands where an address stood.
const withheld = "[address withheld]"

// redactor takes the names of those away whom nothing proves. What senders wrote keeps the addresses that no popup claims: they advertise.
type redactor struct {
	proven map[string]bool
	claims func(address string) bool // whether it stands on a popup as its sender
}

// redactor is the one for a store's events, which leaves the proven their names.
func (c *Collector) redactor(ctx context.Context, named []source) *redactor {
	proven := make(map[string]bool, len(named))
	for _, s := range named {
		proven[s.IP] = true
	}
	return &redactor{proven, func(address string) bool {
		_, err := c.store.Source(ctx, address)
		return !errors.Is(err, store.ErrNotFound)
	}}
}

// sentence takes all addresses out of a sentence of ours, but for proven ones.
func (r *redactor) sentence(s string) string {
	return replace(s, func(address string) bool { return !r.proven[address] })
}

// text takes those addresses out of what a sender wrote that popups claim and nothing proves.
func (r *redactor) text(s string) string {
	return replace(s, func(address string) bool { return !r.proven[address] && r.claims(address) })
}

func (r *redactor) sample(s store.Sample) store.Sample {
	return store.Sample{From: r.text(s.From), To: r.text(s.To), Text: r.text(s.Text)}
}

func (r *redactor) rows(rows []view.Evidence) []view.Evidence {
	for i := range rows {
		rows[i].Text = r.sentence(rows[i].Text)
	}
	return rows
}

// replace withholds the addresses of a text for which take says so.
func replace(text string, take func(address string) bool) string {
	for _, like := range [...]*regexp.Regexp{likeIPv6, likeIPv4} {
		text = like.ReplaceAllStringFunc(text, func(found string) string { return replaceOne(found, take) })
	}
	return text
}

// replaceOne withholds an address. A full stop or colon behind it is none of it.
func replaceOne(found string, take func(address string) bool) string {
	for end := len(found); end > 0; end-- {
		prefix, _, _ := strings.Cut(found[:end], "/")
		if a, err := netip.ParseAddr(prefix); err == nil {
			if take(a.WithZone("").Unmap().String()) {
				return withheld + found[end:]
			}
			return found
		}
		if !strings.HasSuffix(found[:end], ".") && !strings.HasSuffix(found[:end], ":") {
			break
		}
	}
	return found
}
