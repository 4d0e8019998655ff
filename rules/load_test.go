package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func rulesFile(name string) string {
	return "version: 1\nrules:\n- {name: " + name + ", weight: 1, category: c, description: d, words: [tea]}\n"
}

// folderWith writes files, given as name and content in turn.
func folderWith(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFilesOfAFolderReplaceThoseOfTheirNameAndAddTheRest(t *testing.T) {
	defaults := fstest.MapFS{
		"a.yml": {Data: []byte(rulesFile("a_default"))},
		"b.yml": {Data: []byte(rulesFile("b_default"))},
		"t.yml": {Data: []byte("version: 1\nthresholds: {suspect: 3, spam: 5}\n")},
		"x.txt": {Data: []byte("no rule file")},
	}
	first := folderWith(t, "b.yml", rulesFile("b_mine"), "c.yaml", rulesFile("c_mine"))
	second := folderWith(t, "c.yaml", rulesFile("c_theirs"), "z.yml", "version: 1\nthresholds: {suspect: 1, spam: 2}\n")
	single := filepath.Join(folderWith(t, "d.yml", rulesFile("d_single")), "d.yml")
	set, err := Load(defaults, first, second, single)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range set.Rules() {
		got = append(got, r.Name)
	}
	if diff := cmp.Diff([]string{"a_default", "b_mine", "c_theirs", "d_single"}, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Thresholds{Suspect: 1, Spam: 2}, set.Thresholds()); diff != "" {
		t.Errorf("thresholds (-want +got):\n%s", diff)
	}
}

func TestPathsThatHoldNoRulesAreErrors(t *testing.T) {
	big := strings.Repeat("# tea\n", maxFile/6+1)
	tests := map[string]struct{ path, want string }{
		"missing":      {filepath.Join(t.TempDir(), "none"), "open rules: "},
		"empty folder": {t.TempDir(), "(rule files end in .yml or .yaml)"},
		"large file":   {filepath.Join(folderWith(t, "big.yml", big), "big.yml"), "the most is 1048576 (split it)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Load(nil, tt.path); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load gives %v, want %q", err, tt.want)
			}
		})
	}
}

func TestASetWithoutThresholdsIsRefused(t *testing.T) {
	_, err := load(rulesFile("a"))
	want := "load rules: no file states thresholds (add: thresholds: {suspect: 3, spam: 5})"
	if err == nil || err.Error() != want {
		t.Errorf("Load gives %v, want %s", err, want)
	}
}

func TestTheVersionNamesTheContent(t *testing.T) {
	version := func(doc string) string {
		set, err := load(doc)
		if err != nil {
			t.Fatal(err)
		}
		return set.Version()
	}
	one, again, other := version(withRules(goodRule)), version(withRules(goodRule)), version(withRules(goodRule)+"# x\n")
	if one != again || one == other || len(one) != 12 {
		t.Errorf("versions %s, again %s, of another content %s", one, again, other)
	}
}

func TestCheckGivesTheRulesOfItsFileOnly(t *testing.T) {
	dir := folderWith(t, "mine.yml", rulesFile("mine"), "ours.yml", rulesFile("ours"))
	for path, want := range map[string]int{dir: 2, dir + "/": 2, filepath.Join(dir, "mine.yml"): 1} {
		if rules, err := Check(path); err != nil || len(rules) != want {
			t.Errorf("Check(%s) gives %d rules, %v, want %d", path, len(rules), err, want)
		}
	}
}
