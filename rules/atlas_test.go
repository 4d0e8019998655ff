package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func writeAtlas(t *testing.T, name, content string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestAtlasOfOnesOwnJoinsTheBuiltInOne(t *testing.T) {
	folder := writeAtlas(t, "atlas-mine.yml", "atlas:\n  - {name: pest, source: mine, texts: [BUY NOW]}\n  - {name: registry_update, source: mine, tails: [D17BF6A351957A6F]}\n")
	all, err := LoadAtlas(folder)
	if err != nil {
		t.Fatal(err)
	}
	find := func(name string) *Known {
		i := slices.IndexFunc(all, func(k Known) bool { return k.Name == name })
		if i < 0 {
			t.Fatalf("%s is not in the atlas", name)
		}
		return &all[i]
	}
	if k := find("pest"); k.Texts[0] != "BUY NOW" {
		t.Errorf("%+v", k)
	}
	if k := find("registry_update"); len(k.Texts) != 0 || k.Tails[0] != "d17bf6a351957a6f" {
		t.Errorf("the built-in entry was not replaced: %+v", k)
	}
	if k := find("tool_d17bf6a351957a6f"); k.Years != "2007" {
		t.Errorf("%+v", k)
	}
	set, err := Load(nil, folder)
	if err != nil {
		t.Fatalf("a folder with an atlas alone is none of rules: %v", err)
	}
	if base, err := Default(); err != nil || base.Version() != set.Version() {
		t.Errorf("an atlas changes the version of the rules: %v", err)
	}
	if file, err := LoadAtlas(filepath.Join(folder, "atlas-mine.yml")); err != nil || len(file) != len(all) {
		t.Errorf("the file by itself: %d entries, %v", len(file), err)
	}
}

func TestAtlasSaysEveryFaultAtOnce(t *testing.T) {
	folder := writeAtlas(t, "atlas.yml", "atlas:\n  - {source: x, texts: [a]}\n  - {name: b, texts: [a]}\n  - {name: c, source: x}\n  - {name: d, source: x, tails: [xyz]}\n  - {name: e, source: x, texts: [a], author: me}\n")
	_, err := LoadAtlas(folder)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"name is missing", "source is missing", "nothing to be known by", "16 hexadecimal digits", `unknown key "author"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	if _, err := LoadAtlas(filepath.Join(folder, "none")); err == nil {
		t.Error("a path that is not there is no error")
	}
}
