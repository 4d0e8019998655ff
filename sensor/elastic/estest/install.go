package estest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// cacheVariable names the folder of the distributions. Where it is set, or CI is true, a missing one fails the test.
const cacheVariable = "ESTEST_CACHE"

// cache is the folder that testdata/yardsticks/elastic.sh fills.
func cache() string {
	if set := os.Getenv(cacheVariable); set != "" {
		return set
	}
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		base = filepath.Join(os.Getenv("HOME"), ".cache")
	}
	return filepath.Join(base, "popupwatch", "elastic")
}

// installed gives the folder of a distribution, or ends the test.
func installed(t testing.TB, d Distribution) string {
	t.Helper()
	folder := filepath.Join(cache(), string(d))
	if _, err := os.Stat(filepath.Join(folder, ".complete")); err != nil {
		missing(t, fmt.Sprintf("%s is not in %s: run testdata/yardsticks/elastic.sh, or make test-elastic", d, cache()))
	}
	return folder
}

// java gives the home of the oldest Java that a distribution runs on, or ends the test.
func java(t testing.TB, d Distribution) string {
	t.Helper()
	r := d.runtime()
	home, best := "", r.newest+1
	for candidate, version := range javas() {
		if version >= r.oldest && version < best {
			home, best = candidate, version
		}
	}
	switch {
	case home != "":
	case d == Elasticsearch9:
		t.Skipf("%s is not tested: it needs Java %d or newer (JAVA_HOME, /usr/lib/jvm)", d, r.oldest)
	default:
		missing(t, fmt.Sprintf("%s needs Java %d to %d: apt-get install openjdk-17-jre-headless, or set JAVA_HOME", d, r.oldest, r.newest))
	}
	return home
}

// missing ends a test that lacks a server: a failure where one is asked for, else a skip.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv(cacheVariable) != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

var javaVersion = regexp.MustCompile(`(?m)^JAVA_VERSION="(\d+)`)

// javas finds the homes of Java on this machine, with their versions.
func javas() map[string]int {
	homes, _ := filepath.Glob("/usr/lib/jvm/*") // the pattern is well formed
	found := map[string]int{}
	for _, home := range append(homes, os.Getenv("JAVA_HOME")) {
		release, err := os.ReadFile(filepath.Join(home, "release"))
		if err != nil || home == "" {
			continue
		}
		if m := javaVersion.FindSubmatch(release); m != nil {
			found[home], _ = strconv.Atoi(string(m[1])) // digits
		}
	}
	return found
}
