package sensor_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// attacks says which test shows what happens without each condition of a proof: somebody who did not send a message is proven to have.
var attacks = map[string][]string{
	"CallPlain":         nil, // called hosts ask nobody about such calls, so that no exchange shows it; it holds for calls whose later fragments say so
	"CallbackLeft":      {"2 too late", "2 comes in where calls come in", "2 in a tunnel"},
	"ActivityFresh":     {"3 version 1", "3 shared with another, before", "3 used before the sensor came"},
	"AnswerFits":        {"4 wrong call", "4 other port", "4 too late", "4 too early"},
	"NotContradicted":   nil, // the ledger's rows of denials (E52 to E54) turn it into a conflict all the same; it holds where no dossier has room
	"NotGuessed":        {"6 guessed"},
	"SamePath":          {"7 other TTL", "7 other MAC"},
	"contradicted":      {"9 an invented TTL"},
	"NumbersUnforeseen": {"numbers that can be foretold"},
	"NotReset":          {"the client refuses"},
	"ServerLeft":        {"the server's answers come in"},
	"Acknowledged":      {"the second answer is not acknowledged"},
	"OnePath":           {"two TTLs"},
	"NumbersNotTried":   nil, // a blind guess that succeeds among wrong ones takes millions of segments: tested at its bound in decoders
	"HandshakeWhole":    nil, // connections without one are not watched at all
}

// Without any one of its conditions a proof can be had by who did not send the message: they are dropped one by one by a build in which the
// environment says which. What ships has no such switch.
func TestEachConditionIsNeeded(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the road once more: left out with -short")
	}
	dir := t.TempDir()
	replace := map[string]string{}
	dropped := map[string]bool{}
	for _, name := range []string{"spoof/proof/callback.go", "spoof/proof/tcp.go", "spoof/assessment.go"} {
		text := weakened(t, name, dropped)
		to := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		from, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		replace[from] = to
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "weak.test")
	if said, err := exec.Command("go", "test", "-c", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if got := fallen(t, binary, "none"); len(got) != 0 {
		t.Fatalf("with all conditions %v fall", got)
	}
	for condition, want := range attacks {
		if !dropped[condition] {
			t.Errorf("%s is no condition", condition)
		}
		got := fallen(t, binary, condition)
		for _, name := range want {
			if !got[strings.ReplaceAll(name, " ", "_")] {
				t.Errorf("without %s %q proves nothing; only %v do", condition, name, got)
			}
		}
	}
	if len(dropped) != len(attacks) {
		t.Errorf("%d conditions were found, %d are listed", len(dropped), len(attacks))
	}
}

// weakened gives a file in which each condition holds where the environment names it.
func weakened(t *testing.T, name string, dropped map[string]bool) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	conditions := regexp.MustCompile(`(?m)^\tcase (.+):\n\t\treturn ([A-Z]\w+)$`)
	text := conditions.ReplaceAllStringFunc(string(b), func(found string) string {
		m := conditions.FindStringSubmatch(found)
		dropped[m[2]] = true
		return "\tcase os.Getenv(\"POPUPWATCH_TEST_DROP\") != \"" + m[2] + "\" && (" + m[1] + "):\n\t\treturn " + m[2]
	})
	if strings.Contains(text, "c.contradicted(&l)") {
		dropped["contradicted"] = true
		text = strings.Replace(text, "c.contradicted(&l)", `os.Getenv("POPUPWATCH_TEST_DROP") != "contradicted" && c.contradicted(&l)`, 1)
	}
	return strings.Replace(text, "import (", "import (\n\t\"os\"", 1)
}

// fallen gives the attacks that succeed without a condition.
func fallen(t *testing.T, binary, condition string) map[string]bool {
	t.Helper()
	c := exec.Command(binary, "-test.run", "TestACallbackProves|TestAConnectionProves", "-test.v")
	c.Env = append(os.Environ(), "POPUPWATCH_TEST_DROP="+condition)
	said, _ := c.CombinedOutput() // tests are to fail
	out := map[string]bool{}
	for _, m := range regexp.MustCompile(`--- FAIL: Test\w+/(\S+)`).FindAllStringSubmatch(string(said), -1) {
		out[m[1]] = true
	}
	return out
}
