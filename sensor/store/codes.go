package store

import (
	"net/netip"
	"slices"
	"strings"
)

// The words that stand as numbers in the tables: their places. A word that is not here is 0, which is none. Words are only added at the end.
var (
	verdictWords = [...]string{"", "spam", "suspect", "clean"}
	stateWords   = [...]string{"", "unknown", "forged_certain", "nonroutable_leak", "forged_probable", "reachable_unbound", "genuine_bound"}
	routeWords   = [...]string{"", "rpc_udp", "smb_tcp", "mailslot_udp"}
	datasetWords = [...]string{"message", "source", "campaign", "finding", "sensor"}
	advertWords  = [...]string{"domains", "urls", "phones", "emails"}
)

// code is the place of a word; 0 where it is none of them.
func code(words []string, word string) int { return max(0, slices.Index(words, word)) }

// word is the word at a place; empty where there is none.
func word(words []string, code int) string {
	if code < 0 || code >= len(words) {
		return ""
	}
	return words[code]
}

// addressKey is how an address stands in the tables: 16 octets, IPv4 as in IPv6. nil where the text is none.
func addressKey(text string) []byte {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return nil
	}
	octets := a.As16()
	return octets[:]
}

// addressText is the address of a key.
func addressText(key []byte) string {
	a, ok := netip.AddrFromSlice(key)
	if !ok {
		return ""
	}
	return a.Unmap().String()
}

// unturned is what turned was made of, in small letters.
func unturned(t string) string {
	labels := strings.Split(strings.TrimSuffix(t, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

// turned gives a domain with its labels turned round, each with a dot behind it: www.example.com is com.example.www.
func turned(domain string) string {
	labels := strings.Split(strings.ToLower(strings.Trim(domain, ".")), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}
