package spoof

import (
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Networks tells the autonomous system that originates an address; 0 where it is not known. It must give the same answer each time.
type Networks func(netip.Addr) uint32

func (n Networks) of(a netip.Addr) uint32 {
	if n == nil {
		return 0
	}
	return n(a)
}

// maxNetworks bounds a database of autonomous systems, in octets: those of 2026 have about 12 MiB.
const maxNetworks = 128 << 20

var errNoASN = errors.New("the database holds no autonomous systems")

// LoadNetworks reads a database of autonomous systems in the MaxMind DB format: records with a number under autonomous_system_number, as
// GeoLite2-ASN and those made like it have, or under asn, as a word AS64500 as well. It is held in memory.
func LoadNetworks(r io.Reader) (Networks, error) {
	octets, err := io.ReadAll(io.LimitReader(r, maxNetworks+1))
	if err != nil {
		return nil, fmt.Errorf("networks: %w", err)
	}
	if len(octets) > maxNetworks {
		return nil, fmt.Errorf("networks: more than %d octets", maxNetworks)
	}
	db, err := maxminddb.OpenBytes(octets)
	if err != nil {
		return nil, fmt.Errorf("networks: %w", err)
	}
	for result := range db.Networks() {
		if systemOf(result) == 0 {
			return nil, fmt.Errorf("networks: %w", errNoASN)
		}
		break
	}
	return func(a netip.Addr) uint32 { return systemOf(db.Lookup(a)) }, nil
}

// systemOf reads the number out of a record; 0 where it has none.
func systemOf(r maxminddb.Result) (n uint32) {
	if err := r.DecodePath(&n, "autonomous_system_number"); err == nil && n != 0 {
		return n
	}
	if err := r.DecodePath(&n, "asn"); err == nil && n != 0 {
		return n
	}
	var word string
	if err := r.DecodePath(&word, "asn"); err == nil {
		if _, err := fmt.Sscanf(word, "AS%d", &n); err == nil {
			return n
		}
	}
	return 0
}
