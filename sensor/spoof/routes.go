package spoof

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/gaissmai/bart"
)

// Routes is a dated table of the IPv4 prefixes that were routed (E03): an address outside of it could get no answer, and nobody there could
// send. It says nothing of packets of another time than it is valid for, and nothing of IPv6.
type Routes struct {
	From, To time.Time // validity, both inclusive
	table    bart.Lite
	size     int
}

// leastRouted is how many addresses a table must cover to be a whole one: an eighth of IPv4. About 1.1 thousand million were routed in 2000, and more
// ever since; a list of a few prefixes would make every other source a forged one.
const leastRouted = 1 << 29

// Bounds of a table's text.
const (
	maxRouteLine = 4096      // octets
	maxRoutes    = 4_000_000 // prefixes; about a million were routed in 2025
)

var errNotWhole = errors.New("the table covers less than an eighth of IPv4, so that it cannot be all that was routed")

// LoadRoutes reads a table: text, one prefix a line ("192.0.2.0/24"; what follows a space is not looked at), empty lines and lines that begin
// with # skipped. Two lines must be there before the first prefix, with times in RFC 3339:
//
//	# valid-from: 2004-06-01T00:00:00Z
//	# valid-to: 2004-06-08T00:00:00Z
//
// Such a list comes of a RIB dump of about that time, as RouteViews and RIPE RIS keep them. Prefixes of IPv6 are skipped; a default route
// is an error.
func LoadRoutes(r io.Reader) (*Routes, error) {
	t, covered := &Routes{}, &bart.Lite{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxRouteLine)
	for n := 1; lines.Scan(); n++ {
		if err := t.line(strings.TrimSpace(lines.Text())); err != nil {
			return nil, fmt.Errorf("routes, line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	if t.size == 0 || routedAddresses(&t.table, covered) < leastRouted {
		return nil, fmt.Errorf("routes: %w", errNotWhole)
	}
	return t, nil
}

// line takes one line of a table.
func (t *Routes) line(s string) (err error) {
	switch {
	case strings.HasPrefix(s, "# valid-from:"):
		t.From, err = time.Parse(time.RFC3339, strings.TrimSpace(s[len("# valid-from:"):]))
		return err
	case strings.HasPrefix(s, "# valid-to:"):
		t.To, err = time.Parse(time.RFC3339, strings.TrimSpace(s[len("# valid-to:"):]))
		return err
	case s == "" || s[0] == '#':
		return nil
	case t.From.IsZero() || t.To.Before(t.From):
		return errors.New("no validity stands before the first prefix: # valid-from: and # valid-to:, in RFC 3339")
	}
	word, _, _ := strings.Cut(s, " ")
	p, err := netip.ParsePrefix(word)
	switch {
	case err != nil:
		return err
	case p.Bits() == 0:
		return errors.New("a default route covers everything")
	case !p.Addr().Is4():
		return nil
	}
	if t.size++; t.size > maxRoutes {
		return fmt.Errorf("more than %d prefixes", maxRoutes)
	}
	t.table.Insert(p.Masked())
	return nil
}

// routedAddresses counts the addresses that a table covers, each once.
func routedAddresses(table, covered *bart.Lite) (n uint64) {
	for p := range table.AllSorted4() {
		if covered.LookupPrefix(p) { // a longer prefix of one that is counted: shorter ones come first
			continue
		}
		covered.Insert(p)
		n += 1 << (32 - p.Bits())
	}
	return n
}

// unrouted says whether the table is valid at a time and an address lies outside of it.
func (t *Routes) unrouted(a netip.Addr, at time.Time) bool {
	return t != nil && a.Is4() && !at.Before(t.From) && !at.After(t.To) && !t.table.Contains(a)
}

func (t *Routes) sentence() string {
	if t == nil {
		return "The source address was routed nowhere by the table of an earlier run: no host there could have got an answer, so the address is not the sender's."
	}
	return fmt.Sprintf("The source address was routed nowhere by the table of %s to %s: no host there could have got an answer, so the address is not the sender's.",
		t.From.UTC().Format(time.DateOnly), t.To.UTC().Format(time.DateOnly))
}

// unrouted is E03, for a packet from outside whose source is in no special-purpose space.
func (j *Judge) unrouted(m *sighting) rows {
	if j.routes.unrouted(m.src.Addr(), m.time) {
		return rowE03
	}
	return 0
}
