package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"popupwatch/rules"
	"popupwatch/sensor"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/event"
)

// defaultConfig is read where it is present and --config names no other.
const defaultConfig = "popupwatch.yml"

// settings are what can be set. Each is a flag of the commands it concerns, a key of the configuration file (dots or nesting for the dashes of
// grouped ones: privacy.clean) and an environment variable (POPUPWATCH_PRIVACY_CLEAN). A flag beats the environment, that beats the file. One
// file serves all commands: what does not concern the one that runs is read and not used.
type settings struct {
	all *pflag.FlagSet

	config   string
	home     []string
	sensor   string
	ports    []uint
	rules    []string
	filter   string
	events   string
	rollup   time.Duration
	alerts   bool
	summary  string
	state    string
	watching bool
	quiet    bool
	verbose  bool

	interfaces   []string
	promiscuous  bool
	tunnels      bool
	user         string
	listen       string
	console      bool
	consoleHosts []string

	tlsCertificate, tlsKey string

	tokenFile    string
	logFormat    string
	eventsRotate int64
	eventsKeep   int

	elastic elasticSettings
	report  reportSettings
	trust   trustSettings

	privacyClean   string
	namespace      string
	limitsMemory   int64
	limitsRing     int
	rollupSources  int
	rollupClaims   int
	statsInterval  time.Duration
	campaignUpdate time.Duration
	campaignIdle   time.Duration
}

// The commands that settings are for.
const (
	commandReplay = "replay"
	commandLive   = "live"
)

// newSettings makes the settings of a command, with its defaults.
func newSettings(command string) *settings {
	s := &settings{all: pflag.NewFlagSet(command, pflag.ContinueOnError)}
	s.addCommon(s.all)
	s.addLive(s.all)
	s.addReplay(s.all)
	s.addLimits(s.all)
	s.addTrust(s.all)
	s.addDelivery(s.all)
	s.addEvidence(s.all)
	s.addReporter(s.all)
	s.addReport(s.all)
	if command == commandLive {
		s.all.Lookup("rollup").DefValue, s.rollup = "1m0s", time.Minute
	}
	return s
}

func (s *settings) addCommon(f *pflag.FlagSet) {
	f.StringVar(&s.config, "config", "", "YAML configuration `FILE` (default "+defaultConfig+" if present)")
	f.StringSliceVar(&s.home, "home", nil, "own address space, `CIDR`,...: decides direction and what is inside")
	f.StringVar(&s.sensor, "sensor", "", "observer.name of the events (default: replay; in live the host's name)")
	f.UintSliceVar(&s.ports, "decode-port", nil, "extra UDP `PORT`s to watch besides 135 and 1025-1031")
	f.StringSliceVar(&s.rules, "rules", nil, "`DIR` or file whose rules replace or join the built-in ones")
	f.StringVar(&s.filter, "filter", "", "`BPF` expression in place of the built-in capture filter; in replay, frames that it refuses are counted and nothing else")
	f.StringVar(&s.events, "events", "", "write events as NDJSON to `PATH`; - is standard output, .gz and .zst compress")
	f.DurationVar(&s.rollup, "rollup", 0, "gather messages into buckets of this length; 0: every message is a document (live: 1m)")
	f.StringVar(&s.state, "state", "", "`FILE` in which what is open or remembered survives a restart")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "say nothing on standard error but errors")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "say more on standard error")
	f.StringVar(&s.privacyClean, "privacy-clean", "keep", "what of popups that score clean is kept: keep, hash or drop")
	f.StringVar(&s.namespace, "namespace", "default", "data_stream.namespace of the events")
}

func (s *settings) addReplay(f *pflag.FlagSet) {
	f.BoolVar(&s.alerts, "alerts", false, "write alerts as event.kind: alert, as live does")
	f.StringVar(&s.summary, "summary", "text", "what to say at the end: text, json or none")
	f.StringVar(&s.report.html, "report", "", "write a report to `FILE.html`: one page with pictures, to hand on")
	f.BoolVar(&s.watching, "watch", false, "stay, and read what a rotating capture adds to a directory")
}

func (s *settings) addLive(f *pflag.FlagSet) {
	f.StringSliceVarP(&s.interfaces, "interface", "i", nil, "capture from `IFACE`; IFACE=external, =span (default) or =access says how traffic reaches it")
	f.BoolVar(&s.promiscuous, "promiscuous", true, "capture what is not addressed to the interface, too")
	f.BoolVar(&s.tunnels, "tunnels", true, "let GRE, ERSPAN, VXLAN and IP in IP through the capture filter")
	f.StringVar(&s.user, "user", "", "`USER` to become when started as root (default: popupwatch if there is one, else nobody)")
	f.StringVar(&s.listen, "listen", "127.0.0.1:9877", "`ADDR` of /metrics, /healthz, /readyz and the console; none switches them off")
	f.BoolVar(&s.console, "console", false, "serve the web console on the store (--store) at --listen")
	f.StringSliceVar(&s.consoleHosts, "console-host", nil, "`NAME`s by which a browser may ask for the console, besides localhost, addresses and the host's name")
	f.StringVar(&s.tlsCertificate, "tls-certificate", "", "`FILE` with the certificate of --listen, and --tls-key: it speaks HTTPS")
	f.StringVar(&s.tlsKey, "tls-key", "", "`FILE` with the key of --tls-certificate")
	f.StringVar(&s.tokenFile, "token-file", "", "`FILE` with the token that --listen asks for; needed off loopback")
	f.StringVar(&s.logFormat, "log-format", "auto", "log lines on standard error: text, json (ECS), or auto: text on a terminal")
	f.Int64Var(&s.eventsRotate, "events-rotate", 256<<20, "octets after which the events file is renamed and begun anew")
	f.IntVar(&s.limitsRing, "limits-ring", 64<<20, "octets of the kernel's ring of each interface")
	f.IntVar(&s.eventsKeep, "events-keep", 8, "renamed events files that are kept")
}

func (s *settings) addLimits(f *pflag.FlagSet) {
	f.Int64Var(&s.limitsMemory, "limits-memory", sensor.DefaultMemory, "octets of state that traffic may fill")
	f.IntVar(&s.rollupSources, "rollup-sources", event.RollupSources, "with --rollup: sources of a bucket that get documents of their own")
	f.IntVar(&s.rollupClaims, "rollup-claims", event.RollupClaims, "with --rollup: claims of a campaign's hour that get documents of their own")
	f.DurationVar(&s.statsInterval, "stats-interval", time.Minute, "packet time between the sensor's own counts")
	f.DurationVar(&s.campaignUpdate, "campaign-update", 5*time.Minute, "packet time between documents of a campaign that goes on")
	f.DurationVar(&s.campaignIdle, "campaign-idle", 24*time.Hour, "silence after which a part of a campaign closes")
}

// addFlags gives a command its flags: all that do not concern another one alone.
func (s *settings) addFlags(f *pflag.FlagSet) {
	var others settings
	foreign := pflag.NewFlagSet("", pflag.ContinueOnError)
	others.addReport(foreign)
	if s.all.Name() == commandLive {
		others.addReplay(foreign)
	} else {
		others.addLive(foreign)
	}
	s.all.VisitAll(func(flag *pflag.Flag) {
		if foreign.Lookup(flag.Name) == nil && flag.Annotations[keyAnnotation] == nil {
			f.AddFlag(flag)
		}
	})
}

// load fills the settings that no flag gave from the environment, then from the configuration file.
func (s *settings) load(environment []string) error {
	f := s.all
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		key, ours := strings.CutPrefix(name, "POPUPWATCH_")
		if !ours {
			continue
		}
		flag := f.Lookup(settingName(strings.ToLower(key)))
		if flag == nil {
			return usageError("environment: %s names no setting (see: popupwatch help configuration)", name)
		}
		if err := setIfOpen(f, flag, value); err != nil {
			return usageError("environment: %s: %w", name, err)
		}
	}
	return s.loadFile()
}

// setIfOpen sets a flag that nothing of more weight has set. An empty list is the default of all that are lists.
func setIfOpen(f *pflag.FlagSet, flag *pflag.Flag, value string) error {
	if flag.Changed || value == "" && strings.HasSuffix(flag.Value.Type(), "Slice") {
		return nil
	}
	return f.Set(flag.Name, value)
}

func (s *settings) loadFile() error {
	f, path := s.all, s.config
	if path == "" {
		path = defaultConfig
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && s.config == "" {
		return nil
	}
	if err != nil {
		return usageError("read configuration: %w", err)
	}
	entries, err := parseConfig(content)
	if err != nil {
		return usageError("configuration %s: %w", path, err)
	}
	for _, e := range entries {
		flag := f.Lookup(settingName(e.key))
		if flag == nil || flag.Name == "config" || flag.Name == "help" {
			return usageError("configuration %s:%d: unknown key %q (see: popupwatch help configuration)", path, e.line, e.key)
		}
		if err := setIfOpen(f, flag, e.value); err != nil {
			return usageError("configuration %s:%d: %s: %w", path, e.line, e.key, err)
		}
	}
	return nil
}

// sensorConfig checks the settings and gives them the form that the road takes.
func (s *settings) sensorConfig() (sensor.Config, error) {
	c := sensor.Config{
		Memory: s.limitsMemory, Rollup: s.rollup, RollupSources: s.rollupSources, RollupClaims: s.rollupClaims,
		StatsInterval: s.statsInterval, CampaignUpdate: s.campaignUpdate, CampaignIdle: s.campaignIdle,
		Event: event.Config{Sensor: s.sensor, Version: version, Namespace: s.namespace, Alerts: s.alerts},
	}
	if c.Event.Sensor == "" {
		c.Event.Sensor = commandReplay
	}
	for _, text := range s.home {
		p, err := parsePrefix(strings.TrimSpace(text))
		if err != nil {
			return c, usageError("--home: %w (an address or CIDR is wanted, e.g. 192.0.2.0/24)", err)
		}
		c.Home = append(c.Home, p)
	}
	for _, p := range s.ports {
		if p == 0 || p > 65535 {
			return c, usageError("--decode-port: %d is no UDP port", p)
		}
		c.Ports = append(c.Ports, uint16(p))
	}
	var err, fault error
	c.Event.Privacy, err = parsePrivacy(s.privacyClean)
	c.Atlas, fault = s.loadAtlas()
	return c, errors.Join(err, fault, s.trust.apply(&c), s.check())
}

// loadAtlas reads what is known of campaigns, from where rules are.
func (s *settings) loadAtlas() (*campaign.Atlas, error) {
	all, err := rules.LoadAtlas(s.rules...)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	known := make([]campaign.Known, len(all))
	for i, k := range all {
		known[i] = campaign.Known{Name: k.Name, Texts: k.Texts, Domains: k.Domains, Tails: k.Tails}
	}
	return campaign.NewAtlas(known), nil
}

// namespaceForm is what Elasticsearch takes as the last part of a data stream's name.
var namespaceForm = regexp.MustCompile(`^[^-\\/*?"<>|,#:\sA-Z]{1,100}$`)

// The sizes that make sense: a ring holds some frames of the greatest size, an events file more than a few documents.
const (
	leastRing   = 1 << 20
	mostRing    = 1 << 30 // libpcap holds it in an int, and quietly takes 2 MiB for more
	leastRotate = 1 << 20
)

// check refuses values that no flag type refuses.
func (s *settings) check() error {
	switch {
	case !slices.Contains([]string{"text", "json", "none"}, s.summary):
		return usageError("--summary: %q is none of text, json, none", s.summary)
	case s.rollup < 0 || s.statsInterval <= 0 || s.campaignUpdate <= 0 || s.campaignIdle <= 0:
		return usageError("a length of time must be above 0 (only --rollup may be 0)")
	case s.limitsMemory < sensor.LeastMemory:
		return usageError("--limits-memory: at least %d octets are needed", int64(sensor.LeastMemory))
	case !namespaceForm.MatchString(s.namespace):
		return usageError("--namespace: %q is no name for a data stream: at most 100 octets, no capitals, blanks, - or \\/*?\"<>|,#:", s.namespace)
	case !slices.Contains([]string{"auto", "text", "json"}, s.logFormat):
		return usageError("--log-format: %q is none of auto, text, json", s.logFormat)
	case s.limitsRing > mostRing:
		return usageError("--limits-ring: at most %d octets", mostRing)
	case s.limitsRing < leastRing || s.eventsRotate < leastRotate || s.eventsKeep < 1:
		return usageError("--limits-ring and --events-rotate: at least %d octets; --events-keep: at least 1", leastRing)
	case s.rollupSources < 1 || s.rollupClaims < 1:
		return usageError("--rollup-sources, --rollup-claims: at least 1")
	}
	return errors.Join(s.checkReport(), s.elastic.checkDelivery())
}

// parsePrefix reads a CIDR, or an address as the network of that one host.
func parsePrefix(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no network", text)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func parsePrivacy(word string) (event.Privacy, error) {
	switch word {
	case "keep":
		return event.PrivacyKeep, nil
	case "hash":
		return event.PrivacyHash, nil
	case "drop":
		return event.PrivacyDrop, nil
	}
	return 0, usageError("--privacy-clean: %q is none of keep, hash, drop", word)
}
