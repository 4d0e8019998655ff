package geoip

import (
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/oschwald/maxminddb-golang/v2"

	"popupwatch/sensor/event"
)

// The bounds of databases, all of which are held in memory: GeoLite2-City of 2026 has about 70 MiB, GeoLite2-ASN 12 MiB.
const (
	MaxDatabases = 4
	maxOctets    = 128 << 20 // of one
)

// maxName is the longest name that is taken out of a database, in octets; a longer one is left out.
const maxName = 256

// looked is how many networks of a database are looked at, at most, for something that documents can carry. Those without a record count: a
// crafted tree may have more of them than anybody can walk.
const looked = 1 << 16

var errNothing = errors.New("the database holds neither places nor autonomous systems under the keys of GeoLite2")

// Database is one that was read. It may be used by several goroutines.
type Database struct{ reader *maxminddb.Reader }

// Load reads a database in the MaxMind DB format whose records have the keys of GeoLite2-City, -Country or -ASN. It is held in memory: a file
// that is replaced or cut while the sensor runs changes nothing.
func Load(r io.Reader) (*Database, error) {
	octets, err := io.ReadAll(io.LimitReader(r, maxOctets+1))
	if err != nil {
		return nil, fmt.Errorf("geoip: %w", err)
	}
	if len(octets) > maxOctets {
		return nil, fmt.Errorf("geoip: more than %d octets", maxOctets)
	}
	reader, err := maxminddb.OpenBytes(octets)
	if err != nil {
		return nil, fmt.Errorf("geoip: %w", err)
	}
	d := &Database{reader}
	if !d.useful() {
		return nil, fmt.Errorf("geoip: %w", errNothing)
	}
	return d, nil
}

// useful says whether one of the first networks has something that documents can carry.
func (d *Database) useful() bool {
	n := 0
	for result := range d.reader.Networks(maxminddb.IncludeNetworksWithoutData()) {
		if fill(new(event.Place), result) {
			return true
		}
		if n++; n == looked {
			break
		}
	}
	return false
}

// Databases are several, which together know of an address. Of two that know the same the first counts.
type Databases []*Database

// Lookup gives what to look addresses up with; nil without a database. A record that is damaged, or has values of other types than GeoLite2,
// is as if it were not there.
func (d Databases) Lookup() func(netip.Addr) *event.Place {
	if len(d) == 0 {
		return nil
	}
	return d.of
}

// of is nil where none of the databases knows the address.
func (d Databases) of(a netip.Addr) *event.Place {
	var place event.Place
	known := false
	for _, one := range d {
		known = fill(&place, one.reader.Lookup(a)) || known
	}
	if !known {
		return nil
	}
	return &place
}

// record has the keys of GeoLite2-City, which has those of -Country, and of GeoLite2-ASN.
type record struct {
	Continent struct {
		Names names `maxminddb:"names"`
	} `maxminddb:"continent"`
	Country struct {
		Code  string `maxminddb:"iso_code"`
		Names names  `maxminddb:"names"`
	} `maxminddb:"country"`
	Subdivisions []struct {
		Names names `maxminddb:"names"`
	} `maxminddb:"subdivisions"`
	City struct {
		Names names `maxminddb:"names"`
	} `maxminddb:"city"`
	Location struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
	System       uint32 `maxminddb:"autonomous_system_number"`
	Organization string `maxminddb:"autonomous_system_organization"`
}

type names struct {
	English string `maxminddb:"en"`
}

// fill puts what a record knows where the place has nothing yet, and says whether it knows anything.
func fill(p *event.Place, result maxminddb.Result) (knows bool) {
	var r record
	if !result.Found() || result.Decode(&r) != nil {
		return false
	}
	if geo := r.geo(); geo != (event.Place{}) {
		knows = true
		had := *p
		had.System, had.Organization = 0, ""
		if had == (event.Place{}) {
			geo.System, geo.Organization = p.System, p.Organization
			*p = geo
		}
	}
	if r.System != 0 {
		knows = true
		if p.System == 0 {
			p.System, p.Organization = r.System, short(r.Organization)
		}
	}
	return knows
}

// geo is where the record's network is.
func (r *record) geo() event.Place {
	p := event.Place{
		Continent: short(r.Continent.Names.English), CountryCode: short(r.Country.Code), Country: short(r.Country.Names.English),
		City: short(r.City.Names.English),
	}
	if len(r.Subdivisions) > 0 {
		p.Region = short(r.Subdivisions[0].Names.English)
	}
	if l := &r.Location; l.Latitude != nil && l.Longitude != nil {
		p.Located, p.Latitude, p.Longitude = true, *l.Latitude, *l.Longitude
	}
	return p
}

// short leaves out what is too long for a name.
func short(name string) string {
	if len(name) > maxName {
		return ""
	}
	return name
}
