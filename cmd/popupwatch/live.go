package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"popupwatch/decoders"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/sink"
)

func liveCommand(io stdio) *cobra.Command {
	s := newSettings(commandLive)
	c := &cobra.Command{
		Use:   "live -i IFACE [-i IFACE2] [flags]",
		Short: "Capture from interfaces until SIGINT or SIGTERM",
		Long: `Captures from interfaces through libpcap, one ring in the kernel for each, and walks the same road as replay: popups, campaigns, sources,
events. It waits for an interface that goes away, says so once, and counts what the kernel dropped. Started as root it becomes --user and
keeps CAP_NET_RAW alone.

SIGTERM and SIGINT stop it within 5 s, a second one at once. SIGHUP reads the rules and the atlas anew: whole, or not at all.`,
		Example: `  popupwatch live -i eth1 --home 192.0.2.0/24 --events /var/lib/popupwatch/events.ndjson
  popupwatch live -i eth1=external -i eth2 --state /var/lib/popupwatch/state --rollup 1m
  popupwatch live -i any --events - | head -1`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if err := s.load(os.Environ()); err != nil {
				return err
			}
			return live(s, io)
		},
	}
	s.addFlags(c.Flags())
	return c
}

// live carries what interfaces hear along the road until it is stopped.
func live(s *settings, io stdio) error {
	v, err := newService(s, io)
	if err != nil {
		return err
	}
	return errors.Join(v.start(), v.close())
}

// liveConfig checks the settings and gives them the form that the capture takes.
func (s *settings) liveConfig() (capture.LiveConfig, error) {
	c := capture.LiveConfig{Ring: s.limitsRing, Promiscuous: s.promiscuous, Filter: s.filter}
	for _, text := range s.interfaces {
		name, word, _ := strings.Cut(text, "=")
		role, err := parseRole(word)
		if err != nil || name == "" {
			return c, errors.Join(usageError("--interface: %q is no interface (IFACE, IFACE=external, IFACE=span or IFACE=access)", text), err)
		}
		if slices.ContainsFunc(c.Interfaces, func(i capture.LiveInterface) bool { return i.Name == name }) {
			return c, usageError("--interface: %s is named twice", name)
		}
		c.Interfaces = append(c.Interfaces, capture.LiveInterface{Name: name, Role: role})
	}
	if err := s.checkPlaces(); err != nil {
		return c, err
	}
	if s.console && (s.elastic.store == "" || s.listen == "none" || s.listen == "") {
		return c, usageError("live: --console shows a store, at an address (--store FILE, --listen ADDR)")
	}
	if len(c.Interfaces) == 0 {
		return c, usageError("live: no interface named (give -i IFACE; there are: %s)", strings.Join(capture.InterfaceNames(), ", "))
	}
	if c.Filter == "" {
		c.Filter = s.kernelFilter().Expression()
	} else if err := capture.CheckFilter(c.Filter); err != nil {
		return c, &exitError{exitUsage, fmt.Errorf("--filter: %w", err)}
	}
	return c, nil
}

// checkPlaces refuses a user and folders that are not there.
func (s *settings) checkPlaces() error {
	if s.user != "" {
		if _, err := user.Lookup(s.user); err != nil {
			return usageError("--user: %w", err)
		}
	}
	for _, file := range []string{s.events, s.state, s.elastic.store, s.report.evidence} {
		if info, err := os.Stat(filepath.Dir(file)); file != "" && (err != nil || !info.IsDir()) {
			return usageError("%s: there is no folder %s to write it to", file, filepath.Dir(file))
		}
	}
	return nil
}

// kernelFilter is the built-in capture filter under these settings.
func (s *settings) kernelFilter() capture.KernelFilter {
	k := capture.KernelFilter{Tunnels: s.tunnels}
	for _, p := range s.ports {
		k.Ports = append(k.Ports, uint16(p))
	}
	return k
}

func parseRole(word string) (decoders.Role, error) {
	switch word {
	case "", "span":
		return decoders.RoleSpan, nil
	case "external":
		return decoders.RoleExternal, nil
	case "access":
		return decoders.RoleAccess, nil
	}
	return 0, fmt.Errorf("%q is no role", word)
}

// liveSensorConfig is sensorConfig with what a service has otherwise: alerts are alerts, and its name is the host's.
func (s *settings) liveSensorConfig() (sensor.Config, error) {
	c, err := s.sensorConfig()
	if err != nil {
		return c, err
	}
	host, err := os.Hostname()
	if err != nil {
		return c, fmt.Errorf("find the host's name: %w (give --sensor)", err)
	}
	c.Event.Alerts, c.Event.Hostname = true, host
	if s.sensor == "" {
		c.Event.Sensor = host
	}
	return c, nil
}

// openLog opens where a service writes events: a file is continued, a compressed one is begun beside what was there.
func (s *settings) openLog(io stdio) (eventSink, error) {
	switch {
	case s.events == "":
		return openEvents(s.events, io)
	case stream(s.events):
		return openStream(s.events, io)
	case strings.HasSuffix(s.events, ".gz") || strings.HasSuffix(s.events, ".zst"):
		if err := moveAside(s.events); err != nil {
			return nil, err
		}
		return openEvents(s.events, io)
	}
	return sink.OpenRotating(s.events, s.eventsRotate, s.eventsKeep)
}

// stream says whether a path is standard output, or something that is there and no regular file: it is written to and never renamed.
func stream(path string) bool {
	info, err := os.Stat(path)
	return path == "-" || err == nil && !info.Mode().IsRegular()
}

// openStream opens a pipe or device for events. Compression goes by the name, as with files.
func openStream(path string, io stdio) (eventSink, error) {
	if path == "-" {
		return openEvents(path, io)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("open events: %w", err)
	}
	return sink.NewNDJSON(path, f), nil
}

// moveAside renames a compressed file of an earlier run: it cannot be continued if that run was killed, and must not be lost.
func moveAside(path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	dir, name := filepath.Split(path)
	first, rest, _ := strings.Cut(name, ".")
	to := filepath.Join(dir, first+"-"+info.ModTime().UTC().Format("20060102T150405.000Z")+"."+rest)
	if err := os.Rename(path, to); err != nil {
		return fmt.Errorf("keep the events of the run before: %w", err)
	}
	return nil
}
