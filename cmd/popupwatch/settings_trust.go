package main

import (
	"net"
	"strings"

	"github.com/spf13/pflag"

	"popupwatch/sensor"
	"popupwatch/sensor/spoof"
)

// trustSettings say what the network knows of sources besides what packets show.
type trustSettings struct {
	allow    []string
	bindings []string
}

func (s *settings) addTrust(f *pflag.FlagSet) {
	f.StringSliceVar(&s.trust.allow, "report-allow", nil, "addresses that are never reportable, `CIDR`,...: partners, infrastructure")
	f.StringSliceVar(&s.trust.bindings, "access-binding", nil, "`IFACE=MAC=CIDR`,...: what an interface declared access lets send, as DHCP snooping or IP source guard enforces it there")
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
	return nil
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
