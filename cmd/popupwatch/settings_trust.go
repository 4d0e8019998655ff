package main

import (
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"popupwatch/sensor"
	"popupwatch/sensor/event"
	"popupwatch/sensor/geoip"
	"popupwatch/sensor/spoof"
)

// trustSettings say what is known of addresses besides what packets show.
type trustSettings struct {
	allow    []string
	bindings []string
	routes   string
	systems  string
	places   []string
}

func (s *settings) addTrust(f *pflag.FlagSet) {
	f.StringSliceVar(&s.trust.allow, "report-allow", nil, "addresses that are never reportable, `CIDR`,...: partners, infrastructure")
	f.StringSliceVar(&s.trust.bindings, "access-binding", nil, "`IFACE=MAC=CIDR`,...: what an interface declared access lets send, as DHCP snooping or IP source guard enforces it there")
	f.StringVar(&s.trust.routes, "spoof-routes", "", "`FILE` of the IPv4 prefixes that were routed, one a line, after # valid-from: and # valid-to:")
	f.StringVar(&s.trust.systems, "spoof-asn", "", "`FILE` of autonomous systems in the MaxMind DB format, such as GeoLite2-ASN.mmdb")
	f.StringSliceVar(&s.trust.places, "geoip", nil, "`FILE`,... in the MaxMind DB format, such as GeoLite2-City.mmdb and GeoLite2-ASN.mmdb: events carry country and autonomous system of the addresses that packets claim")
}

// apply puts the settings into the configuration of a sensor.
func (t *trustSettings) apply(c *sensor.Config) error {
	for _, text := range t.allow {
		p, err := parsePrefix(text)
		if err != nil {
			return usageError("--report-allow: %q is no address or CIDR", text)
		}
		c.Allow = append(c.Allow, p)
	}
	for _, text := range t.bindings {
		b, ok := parseBinding(text)
		if !ok {
			return usageError("--access-binding: %q is not of the form IFACE=MAC=CIDR, such as eth1=02:00:5e:10:20:30=192.0.2.7", text)
		}
		c.Bindings = append(c.Bindings, b)
	}
	var err error
	if c.Routes, err = readTable("--spoof-routes", t.routes, spoof.LoadRoutes); err != nil {
		return err
	}
	if c.Networks, err = readTable("--spoof-asn", t.systems, spoof.LoadNetworks); err != nil {
		return err
	}
	c.Event.Place, err = t.readPlaces()
	return err
}

// readPlaces reads the databases of places; nil where there are none.
func (t *trustSettings) readPlaces() (func(netip.Addr) *event.Place, error) {
	if len(t.places) > geoip.MaxDatabases {
		return nil, usageError("--geoip: %d databases, at most %d are read", len(t.places), geoip.MaxDatabases)
	}
	var databases geoip.Databases
	for _, path := range t.places {
		if path == "" {
			return nil, usageError("--geoip: a name of a file is empty")
		}
		d, err := readTable("--geoip", path, geoip.Load)
		if err != nil {
			return nil, err
		}
		databases = append(databases, d)
	}
	return databases.Lookup(), nil
}

// readTable reads the file that a setting names; the zero value where it names none.
func readTable[T any](flag, path string, load func(io.Reader) (T, error)) (table T, err error) {
	if path == "" {
		return table, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return table, usageError("%s: %w", flag, err)
	}
	defer f.Close()
	if table, err = load(f); err != nil {
		return table, usageError("%s: %s: %w", flag, path, err)
	}
	return table, nil
}

func parseBinding(text string) (b spoof.Binding, ok bool) {
	name, rest, _ := strings.Cut(text, "=")
	hardware, network, _ := strings.Cut(rest, "=")
	mac, err := net.ParseMAC(hardware)
	if err != nil || len(mac) != len(b.MAC) || name == "" {
		return b, false
	}
	p, err := parsePrefix(network)
	return spoof.Binding{Interface: name, MAC: [6]byte(mac), Prefix: p}, err == nil
}
