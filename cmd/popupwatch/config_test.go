package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// commented is a key of the reference that is out of force.
var commented = regexp.MustCompile(`(?m)^#([a-z-]+(\.[a-z-]+)*:)`)

// withConfig gives the settings of live under a configuration file.
func withConfig(t *testing.T, path string) *settings {
	t.Helper()
	s := newSettings(commandLive)
	s.config = path
	if err := s.load(nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheReferenceConfigurationIsReadAndChangesNothing(t *testing.T) {
	reference := referenceConfig()
	path := filepath.Join(t.TempDir(), "all.yml")
	if err := os.WriteFile(path, []byte(commented.ReplaceAllString(reference, "$1")), 0o600); err != nil {
		t.Fatal(err)
	}
	read, fresh := withConfig(t, path), newSettings(commandReplay)
	fresh.all.VisitAll(func(f *pflag.Flag) {
		if f.Name == "config" {
			return
		}
		if !strings.Contains(reference, "\n#"+configKey(f)+": ") {
			t.Errorf("%s is not in the reference", configKey(f))
		}
		if got := read.all.Lookup(f.Name); got.Value.String() != f.Value.String() {
			t.Errorf("%s: the reference says %s, the default is %s", f.Name, got.Value, f.Value)
		}
	})
	if err := read.check(); err != nil {
		t.Errorf("its values: %v", err)
	}
}

func TestThePackagedConfigurationIsRead(t *testing.T) {
	const path = "packaging/popupwatch.yml"
	s := withConfig(t, path)
	if err := s.check(); err != nil {
		t.Error(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	path2 := filepath.Join(t.TempDir(), "all.yml")
	if err := os.WriteFile(path2, commented.ReplaceAll(content, []byte("$1")), 0o600); err != nil {
		t.Fatal(err)
	}
	withConfig(t, path2) // what stands there out of force can be put into it
	if !slices.Equal([]string{s.events, s.state}, []string{"/var/lib/popupwatch/events.ndjson", "/var/lib/popupwatch/state"}) {
		t.Errorf("events %s, state %s: the unit may write in /var/lib/popupwatch alone", s.events, s.state)
	}
}
