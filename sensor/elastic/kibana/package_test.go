package kibana

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// contentPackage writes what Kibana gets as the tree of an Elastic content package, which Elastic's validator reads. Such a package brings
// its tag in a file of its own, so references to the tag are left out.
func contentPackage(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("manifest.yml", `format_version: 3.6.0
name: popupwatch
title: popupwatch
description: Messenger popup spam, as popupwatch saw it.
version: 1.0.0
type: content
source:
  license: "Apache-2.0"
conditions:
  kibana:
    version: '^8.16.0'
  elastic:
    subscription: 'basic'
    capabilities:
      - security
owner:
  github: elastic/ecosystem
  type: community
`)
	write("changelog.yml", "- version: 1.0.0\n  changes:\n    - description: First.\n      type: enhancement\n      link: https://github.com/elastic/package-spec/pull/1\n")
	write("docs/README.md", "# popupwatch\n")
	write("kibana/tags.yml", "- text: popupwatch messenger\n  asset_types:\n    - dashboard\n    - search\n")
	for _, o := range objects() {
		if o.Type == typeDashboard || o.Type == typeSearch {
			write("kibana/"+o.Type+"/"+o.ID+".json", withoutTag(t, o))
		}
	}
	for _, r := range rules() {
		id := r.RuleID + "_1"
		write("kibana/security_rule/"+id+".json", string(compact(object{"attributes": r, "id": id, "type": "security-rule"})))
	}
	return folder
}

func withoutTag(t *testing.T, o saved) string {
	t.Helper()
	var refs []reference
	for _, r := range o.References {
		if r.Type != typeTag {
			refs = append(refs, r)
		}
	}
	o.References = refs
	b, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// packageSpec is what Elastic's validator says of a package; empty is praise. The validator is built first: what go says of its downloads on a
// fresh machine is no word of the validator's. One that fails and says nothing does not praise.
func packageSpec(t *testing.T, folder string) string {
	t.Helper()
	validator := filepath.Join(t.TempDir(), "packagespec")
	build := exec.Command("go", "build", "-o", validator, ".")
	build.Dir = filepath.Join("testdata", "packagespec")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, said)
	}
	said, err := exec.Command(validator, folder).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%s%v", said, err)
	}
	return string(said)
}

func TestElasticsValidatorAcceptsTheObjects(t *testing.T) {
	if testing.Short() {
		t.Skip("builds Elastic's validator")
	}
	if said := packageSpec(t, contentPackage(t)); said != "" {
		t.Error(said)
	}
}

// The validator must be seen to find something, or its silence says nothing.
func TestElasticsValidatorFindsADanglingReference(t *testing.T) {
	if testing.Short() {
		t.Skip("builds Elastic's validator")
	}
	folder := contentPackage(t)
	if err := os.Remove(filepath.Join(folder, "kibana", "search", popupsSearch+".json")); err != nil {
		t.Fatal(err)
	}
	if said := packageSpec(t, folder); !strings.Contains(said, "dangling reference found: "+popupsSearch) {
		t.Error(said)
	}
}
