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

	"popupwatch/sensor"
	"popupwatch/sensor/event"
)

// defaultConfig is read where it is present and --config names no other.
const defaultConfig = "popupwatch.yml"

// settings are the common flags. Each is also a key of the configuration file (dots or nesting for the dashes of grouped ones:
// privacy.clean) and an environment variable (POPUPWATCH_PRIVACY_CLEAN). A flag beats the environment, that beats the file.
type settings struct {
	config  string
	home    []string
	sensor  string
	ports   []uint
	rules   []string
	filter  string
	events  string
	rollup  time.Duration
	alerts  bool
	summary string
	quiet   bool
	verbose bool

	privacyClean   string
	namespace      string
	limitsMemory   int64
	rollupSources  int
	rollupClaims   int
	statsInterval  time.Duration
	campaignUpdate time.Duration
	campaignIdle   time.Duration
}

func (s *settings) addFlags(f *pflag.FlagSet) {
	f.StringVar(&s.config, "config", "", "YAML configuration `FILE` (default "+defaultConfig+" if present)")
	f.StringSliceVar(&s.home, "home", nil, "own address space, `CIDR`,...: decides direction and what is inside")
	f.StringVar(&s.sensor, "sensor", "replay", "observer.name of the events")
	f.UintSliceVar(&s.ports, "decode-port", nil, "extra UDP `PORT`s to watch besides 135 and 1025-1031")
	f.StringSliceVar(&s.rules, "rules", nil, "`DIR` or file whose rules replace or join the built-in ones")
	f.StringVar(&s.filter, "filter", "", "`BPF` expression; frames that it refuses are counted and nothing else")
	f.StringVar(&s.events, "events", "", "write events as NDJSON to `PATH`; - is standard output, .gz and .zst compress")
	f.DurationVar(&s.rollup, "rollup", 0, "gather messages into buckets of this length; 0: every message is a document")
	f.BoolVar(&s.alerts, "alerts", false, "write alerts as event.kind: alert")
	f.StringVar(&s.summary, "summary", "text", "what to say at the end: text, json or none")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "say nothing on standard error but errors")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "say more on standard error")
	f.StringVar(&s.privacyClean, "privacy-clean", "keep", "what of popups that score clean is kept: keep, hash or drop")
	f.StringVar(&s.namespace, "namespace", "default", "data_stream.namespace of the events")
	f.Int64Var(&s.limitsMemory, "limits-memory", sensor.DefaultMemory, "octets of state that traffic may fill")
	f.IntVar(&s.rollupSources, "rollup-sources", event.RollupSources, "with --rollup: sources of a bucket that get documents of their own")
	f.IntVar(&s.rollupClaims, "rollup-claims", event.RollupClaims, "with --rollup: claims of a campaign's hour that get documents of their own")
	f.DurationVar(&s.statsInterval, "stats-interval", time.Minute, "packet time between the sensor's own counts")
	f.DurationVar(&s.campaignUpdate, "campaign-update", 5*time.Minute, "packet time between documents of a campaign that goes on")
	f.DurationVar(&s.campaignIdle, "campaign-idle", 24*time.Hour, "silence after which a part of a campaign closes")
}

// load fills the settings that no flag gave from the environment, then from the configuration file.
func (s *settings) load(f *pflag.FlagSet, environment []string) error {
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		key, ours := strings.CutPrefix(name, "POPUPWATCH_")
		if !ours {
			continue
		}
		flag := f.Lookup(strings.ReplaceAll(strings.ToLower(key), "_", "-"))
		if flag == nil {
			return usageError("environment: %s names no setting (see: popupwatch replay --help)", name)
		}
		if err := setIfOpen(f, flag, value); err != nil {
			return usageError("environment: %s: %w", name, err)
		}
	}
	return s.loadFile(f)
}

// setIfOpen sets a flag that nothing of more weight has set.
func setIfOpen(f *pflag.FlagSet, flag *pflag.Flag, value string) error {
	if flag.Changed {
		return nil
	}
	return f.Set(flag.Name, value)
}

func (s *settings) loadFile(f *pflag.FlagSet) error {
	path := s.config
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
		flag := f.Lookup(strings.ReplaceAll(e.key, ".", "-"))
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
	var err error
	c.Event.Privacy, err = parsePrivacy(s.privacyClean)
	return c, errors.Join(err, s.check())
}

// namespaceForm is what Elasticsearch takes as the last part of a data stream's name.
var namespaceForm = regexp.MustCompile(`^[^-\\/*?"<>|,#:\sA-Z]{1,100}$`)

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
	case s.rollupSources < 1 || s.rollupClaims < 1:
		return usageError("--rollup-sources, --rollup-claims: at least 1")
	}
	return nil
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
