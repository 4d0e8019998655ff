package main

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// Each setting of replay either changes what is concluded, and stands in a report then, or does not: a new one has to be thought of here.
func TestEverySettingConcludesOrDoesNot(t *testing.T) {
	others := []string{
		"config", "elasticsearch", "events", "evidence", "evidence-octets", "evidence-packets", "geoip", "kibana", "namespace", "queue-limit", "quiet",
		"report", "reporter-contact", "reporter-domain", "reporter-org", "state", "store", "store-keep", "store-limit", "summary", "verbose", "watch",
	}
	concluding := 0
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	newSettings(commandReplay).addFlags(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		if concludes(f.Name) {
			concluding++
		}
		if concludes(f.Name) == slices.Contains(others, f.Name) {
			t.Errorf("does --%s change conclusions?", f.Name)
		}
	})
	if concluding < 15 {
		t.Errorf("%d settings change conclusions", concluding)
	}
}
