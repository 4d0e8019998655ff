package kibana

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestExportsAreThoseOfTheGoldenFiles(t *testing.T) {
	for name, got := range map[string][]byte{"objects.ndjson": Objects(), "rules.ndjson": Rules()} {
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
			t.Errorf("%s is stale; look and run with -update (-want +got):\n%.3000s", golden, diff)
		}
	}
}

func TestExportsAreTheSameEachTime(t *testing.T) {
	if !bytes.Equal(Objects(), Objects()) || !bytes.Equal(Rules(), Rules()) {
		t.Error("two exports differ")
	}
}
