package event

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// samplePlace is known in every respect.
func samplePlace() *Place {
	return &Place{
		Continent: "Europe", Country: "Sweden", CountryCode: "SE", Region: "Östergötland County", City: "Linköping",
		Located: true, Latitude: 58.4167, Longitude: -15.6167, System: 64500, Organization: `Example "Net"` + "\u202e",
	}
}

// placed is a builder that knows a place for every address, and counts how often it is asked.
func placed(place *Place) (b *Builder, asked *int) {
	c := sampleConfig()
	asked = new(int)
	c.Place = func(netip.Addr) *Place { *asked++; return place }
	return NewBuilder(c), asked
}

func popupOf(b *Builder) *Event {
	return b.Message(sampleMessage(), sampleMembership(), sampleVerdict(), sampleClaim(), decoders.DirectionInbound)
}

func TestPlacesStandAtBothEndsOfMessagesAndAtTheSourceOfClaims(t *testing.T) {
	const want = `{"as":{"number":64500,"organization":{"name":"Example \"Net\"` + "\u202e" + `"}},"geo":{"city_name":"Linköping","continent_name":"Europe",` +
		`"country_iso_code":"SE","country_name":"Sweden","location":{"lat":58.4167,"lon":-15.6167},"region_name":"Östergötland County"}}`
	b, _ := placed(samplePlace())
	for name, line := range map[string][]byte{"message": bytes.Clone(popupOf(b).JSON()), "claim": bytes.Clone(b.Source(sampleClaim()).JSON())} {
		v := decoded(t, line)
		for _, end := range []string{"source", "destination"} {
			if name == "claim" && end == "destination" {
				continue
			}
			got, err := json.Marshal(map[string]any{"geo": at(v, end+".geo"), "as": at(v, end+".as")})
			if err != nil || string(got) != want {
				t.Errorf("%s, %s: %s, %v, want %s", name, end, got, err, want)
			}
		}
	}
}

func TestWhatIsNotKnownOfAPlaceIsAbsent(t *testing.T) {
	for name, c := range map[string]struct {
		place *Place
		want  string
	}{
		"nothing":             {nil, `"port":31337},"destination"`},
		"an empty place":      {&Place{}, `"port":31337},"destination"`},
		"a number":            {&Place{System: 1}, `"port":31337,"as":{"number":1}},"destination"`},
		"a name alone":        {&Place{Organization: "x"}, `"port":31337},"destination"`},
		"a country":           {&Place{CountryCode: "SE"}, `"port":31337,"geo":{"country_iso_code":"SE"}},"destination"`},
		"no place on earth":   {&Place{CountryCode: "SE", Located: true, Latitude: 90.5}, `"port":31337,"geo":{"country_iso_code":"SE"}},"destination"`},
		"where zeros meet":    {&Place{Located: true}, `"port":31337,"geo":{"location":{"lat":0,"lon":0}}},"destination"`},
		"longer than is kept": {&Place{City: strings.Repeat("x", 2000)}, `xxxx"}},"destination"`},
	} {
		b, _ := placed(c.place)
		if line := popupOf(b).JSON(); !bytes.Contains(line, []byte(c.want)) {
			t.Errorf("%s: %s, want %s", name, line, c.want)
		}
	}
}

// Where source.* must not stand, no place of it may: neither in alerts, nor where several sources share a document.
func TestNoPlaceStandsWhereTheSourceMustNot(t *testing.T) {
	b, _ := placed(samplePlace())
	alert := b.Finding(&Finding{Class: ActionProbe, Time: sampleTime, Src: addrPort("198.51.100.7:1"), Dst: addrPort("192.0.2.8:135")})
	if line := alert.JSON(); alert.Kind != KindAlert || bytes.Contains(line, []byte(`"geo"`)) || bytes.Contains(line, []byte(`"as"`)) {
		t.Errorf("an alert: %s", line)
	}
	gathered := func(r Rolled) *Event {
		g := &rolling{message: *sampleMessage(), rolled: r}
		g.add(sampleMessage())
		return b.rolledUp(g)
	}
	rest := gathered(Rolled{Rest: true})
	if v := decoded(t, rest.JSON()); at(v, "source") != nil || at(v, "destination.geo.city_name") != "Linköping" {
		t.Errorf("a document of several sources: %s", rest.JSON())
	}
	several := gathered(Rolled{SeveralTargets: true})
	if v := decoded(t, several.JSON()); at(v, "source.as.number") == nil || at(v, "destination.geo") != nil {
		t.Errorf("a document of several targets: %s", several.JSON())
	}
	shared := b.Source(&spoof.Assessment{Time: sampleTime})
	if v := decoded(t, shared.JSON()); at(v, "source") != nil {
		t.Errorf("a document of several claims: %s", shared.JSON())
	}
}

// event.id hashes what was seen (CONTRACT.md 2.0): with a database a second replay adds nothing.
func TestPlacesChangeNothingButThemselves(t *testing.T) {
	with, _ := placed(samplePlace())
	without := sampleBuilder()
	for name, pair := range map[string][2]*Event{
		"message": {popupOf(with), popupOf(without)}, "claim": {with.Source(sampleClaim()), without.Source(sampleClaim())},
	} {
		a, b := decoded(t, pair[0].JSON()), decoded(t, pair[1].JSON())
		for _, end := range []string{"source", "destination"} {
			if v, ok := a[end].(map[string]any); ok {
				delete(v, "geo")
				delete(v, "as")
			}
		}
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if pair[0].ID() != pair[1].ID() || string(x) != string(y) {
			t.Errorf("%s:\n%s\n%s", name, x, y)
		}
	}
}

func TestPlacesAreLookedUpOnceAndBounded(t *testing.T) {
	b, asked := placed(samplePlace())
	m, in, v, a := sampleMessage(), sampleMembership(), sampleVerdict(), sampleClaim()
	write := func() { b.Message(m, in, v, a, decoders.DirectionInbound).JSON() }
	write()
	if got := testing.AllocsPerRun(100, write); got != 0 || *asked != 2 {
		t.Errorf("%v allocations, %d look-ups of two addresses", got, *asked)
	}
	for i := range 3 * placeRoom {
		m.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{24, 0, byte(i >> 8), byte(i)}), 1)
		m.Time = m.Time.Add(time.Second)
		b.Message(m, campaign.Membership{}, rules.Verdict{}, nil, 0).JSON()
	}
	if len(b.places.room) != placeRoom {
		t.Errorf("%d slots", len(b.places.room))
	}
	for i := range b.places.room {
		if n := cap(b.places.room[i].text); n > 2*placeOctets {
			t.Fatalf("a slot has %d octets", n)
		}
	}
}

func BenchmarkMessageJSONPlaced(b *testing.B) {
	w, _ := placed(samplePlace())
	benchmarkJSON(b, popupOf(w))
}
