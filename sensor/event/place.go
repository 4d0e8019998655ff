package event

import (
	"encoding/binary"
	"math"
	"net/netip"
)

// Place is what databases say of an address: where it is registered to be, and the autonomous system that originates it. What is empty is
// not known, and absent. It is that of the claimed address and says nothing of who sent the packet.
type Place struct {
	Continent, Country, CountryCode, Region, City string // names in English; the code is of ISO 3166-1

	Located             bool // the coordinates are known
	Latitude, Longitude float64

	System       uint32 // number of the autonomous system
	Organization string // its name
}

// placeFields describe what is known of one end's address.
func placeFields(in Sets) []Field {
	return []Field{
		{Path: "geo.continent_name", Type: "keyword", In: in, About: "Continent of the address, by the databases of --geoip; else absent. Of the address, never of who sent the packet."},
		{Path: "geo.country_iso_code", Type: "keyword", In: in, About: "The same: country, as ISO 3166-1 writes it."},
		{Path: "geo.country_name", Type: "keyword", In: in, About: "The same: its name in English."},
		{Path: "geo.region_name", Type: "keyword", In: in, About: "The same: its first subdivision."},
		{Path: "geo.city_name", Type: "keyword", In: in, About: "The same: city."},
		{Path: "geo.location", Type: "geo_point", In: in, About: "The same: latitude and longitude, which may be the middle of a country."},
		{Path: "as.number", Type: "long", In: in, About: "The same: autonomous system that originates the address."},
		{Path: "as.organization.name", Type: "keyword", In: in, About: "The same: its name."},
	}
}

// The bounds of what is remembered of places: 2,048 texts of 1 KiB, 2 MiB. A longer text is written anew each time.
const (
	placeRoom   = 1 << 11
	placeOctets = 1 << 10
)

// places writes what is known of addresses and remembers it: the ends of packets return. An address has one slot; order of eviction: the
// address that comes takes it. Who makes addresses meet in one slot has them looked up each time, as if nothing were remembered.
type places struct {
	look func(netip.Addr) *Place
	room []placeText
}

type placeText struct {
	addr netip.Addr
	text []byte // with the comma after it; empty where nothing is known
}

// newPlaces takes no room where there is nothing to look addresses up in.
func newPlaces(look func(netip.Addr) *Place) places {
	if look == nil {
		return places{}
	}
	return places{look: look, room: make([]placeText, placeRoom)}
}

// append appends the objects of an address, each with the comma after it; nothing where nothing is known.
func (p *places) append(b []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return b
	}
	s := &p.room[placeSlot(a)]
	if s.addr == a {
		return append(b, s.text...)
	}
	start := len(b)
	if at := p.look(a); at != nil {
		b = at.append(b)
	}
	if len(b)-start <= placeOctets {
		s.addr, s.text = a, append(s.text[:0], b[start:]...)
	}
	return b
}

func placeSlot(a netip.Addr) uint64 {
	o := a.As16()
	h := binary.LittleEndian.Uint64(o[:8])*0x9e3779b97f4a7c15 + binary.LittleEndian.Uint64(o[8:])
	return h * 0xbf58476d1ce4e5b9 >> 53
}

func (p *Place) append(b []byte) []byte {
	return p.appendSystem(p.appendGeo(b))
}

// appendGeo appends where the address is; nothing where that is not known.
func (p *Place) appendGeo(b []byte) []byte {
	start := len(b)
	b = append(b, `"geo":{`...)
	open := len(b)
	b = appendSaid(b, `"continent_name":`, p.Continent)
	b = appendSaid(b, `"country_iso_code":`, p.CountryCode)
	b = appendSaid(b, `"country_name":`, p.Country)
	b = appendSaid(b, `"region_name":`, p.Region)
	b = appendSaid(b, `"city_name":`, p.City)
	if p.onEarth() {
		b = appendFloat(append(b, `"location":{"lat":`...), p.Latitude)
		b = appendFloat(append(b, `,"lon":`...), p.Longitude)
		b = append(b, '}', ',')
	}
	if len(b) == open {
		return b[:start]
	}
	b[len(b)-1] = '}'
	return append(b, ',')
}

// onEarth says whether the coordinates are some: Elasticsearch refuses a document with others.
func (p *Place) onEarth() bool {
	return p.Located && math.Abs(p.Latitude) <= 90 && math.Abs(p.Longitude) <= 180
}

func (p *Place) appendSystem(b []byte) []byte {
	if p.System == 0 {
		return b
	}
	b = appendCounted(b, `"as":{"number":`, uint64(p.System))
	if p.Organization != "" {
		b = append(b, `"organization":{"name":`...)
		b = append(appendString(b, p.Organization), '}', ',')
	}
	b[len(b)-1] = '}'
	return append(b, ',')
}
