package spoof

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/gaissmai/bart"
)

// special is one entry of the special-purpose address registries (RFC 6890, IANA). It holds for packets of since or later: an address that
// was set aside in 2010 could be anybody's before, and a capture of 2004 is judged by the table of 2004.
type special struct {
	prefix string
	name   string
	rfc    string
	since  string // date
	leaks  bool   // private or link-local: such sources leak from misconfigured networks without any intent to forge (R1b)
}

// specials are never-a-sender prefixes and leak-prone ones. Sources: the IANA IPv4 and IPv6 special-purpose registries, dates of the RFCs.
var specials = []special{
	{"0.0.0.0/8", "this network", "RFC 1122", "1989-10-01", false},
	{"10.0.0.0/8", "private use", "RFC 1918", "1996-02-01", true},
	{"100.64.0.0/10", "shared address space", "RFC 6598", "2012-04-01", true},
	{"127.0.0.0/8", "loopback", "RFC 1122", "1989-10-01", false},
	{"169.254.0.0/16", "link local", "RFC 3330", "2002-09-01", true},
	{"172.16.0.0/12", "private use", "RFC 1918", "1996-02-01", true},
	{"192.0.0.0/24", "IETF protocol assignments", "RFC 5736", "2010-01-01", false},
	{"192.0.2.0/24", "TEST-NET-1", "RFC 3330", "2002-09-01", false},
	{"192.168.0.0/16", "private use", "RFC 1918", "1996-02-01", true},
	{"198.18.0.0/15", "benchmarking", "RFC 2544", "1999-03-01", false},
	{"198.51.100.0/24", "TEST-NET-2", "RFC 5737", "2010-01-01", false},
	{"203.0.113.0/24", "TEST-NET-3", "RFC 5737", "2010-01-01", false},
	{"224.0.0.0/4", "multicast", "RFC 1112", "1989-08-01", false},
	{"240.0.0.0/4", "reserved", "RFC 1112", "1989-08-01", false},
	{"255.255.255.255/32", "limited broadcast", "RFC 919", "1984-10-01", false},
	{"::/128", "unspecified", "RFC 4291", "1995-12-01", false},
	{"::1/128", "loopback", "RFC 4291", "1995-12-01", false},
	{"::ffff:0:0/96", "IPv4-mapped", "RFC 4291", "1995-12-01", false},
	{"100::/64", "discard only", "RFC 6666", "2012-06-01", false},
	{"2001:db8::/32", "documentation", "RFC 3849", "2004-07-01", false},
	{"fc00::/7", "unique local", "RFC 4193", "2005-10-01", true},
	{"fe80::/10", "link local", "RFC 4291", "1995-12-01", true},
	{"ff00::/8", "multicast", "RFC 4291", "1995-12-01", false},
}

// exceptions within never-a-sender prefixes that do send: PCP and TURN anycast, NAT64 discovery (RFC 7723, 8155, 7050).
var exceptions = []string{"192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/31"}

// specialTable finds the entry that covers an address.
type specialTable struct {
	table     bart.Table[*listed]
	sentences []string // by listed.index
}

type listed struct {
	special
	index uint8 // 1 + place in specials
	from  time.Time
}

func newSpecialTable() *specialTable {
	t := &specialTable{sentences: make([]string, len(specials)+1)}
	for i, s := range specials {
		from, err := time.Parse(time.DateOnly, s.since)
		if err != nil {
			panic("spoof: date of " + s.prefix + " in the special-purpose table: " + err.Error())
		}
		says := "no host can send from there and get an answer, so the address is not the sender's"
		if s.leaks {
			says = "such addresses leak from misconfigured networks, and nobody outside can say whose it is"
		}
		t.table.Insert(netip.MustParsePrefix(s.prefix), &listed{s, uint8(i + 1), from})
		t.sentences[i+1] = fmt.Sprintf("The source address lies in %s (%s, %s, in force since %s): %s.", s.prefix, s.name, s.rfc, s.since, says)
	}
	for _, e := range exceptions {
		t.table.Insert(netip.MustParsePrefix(e), nil)
	}
	return t
}

// lookup gives the entry that covers a at the time of the packet, or nil. An entry that was not in force yet covers nothing.
func (t *specialTable) lookup(a netip.Addr, at time.Time) *listed {
	l, ok := t.table.Lookup(a)
	if !ok || l == nil || at.Before(l.from) {
		return nil
	}
	return l
}
