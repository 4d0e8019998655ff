package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"popupwatch/sensor/handout"
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

func TestAReportSaysHowItIsMadeAgain(t *testing.T) {
	a := &handout.About{Settings: []handout.Setting{{Name: "filter", Value: "udp port 1026"}}, Inputs: []handout.Input{{Name: "a b'.pcap"}, {Name: "-"}}}
	if got := repeatedBy(a); got != `popupwatch replay --filter 'udp port 1026' --report again.html 'a b'\''.pcap' -` {
		t.Error(got)
	}
	a.Inputs = make([]handout.Input, maxRepeated+1)
	if got := repeatedBy(a); !strings.HasSuffix(got, "--report again.html CAPTURES...") {
		t.Error(got)
	}
}
