package rules

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Known is a campaign or tool of history, as an atlas tells of it.
type Known struct {
	Name    string
	About   string
	Years   string
	Source  string
	Texts   []string
	Domains []string
	Tails   []string // second halves of activity UUIDs
}

// maxKnown bounds an atlas over all its files.
const maxKnown = 5000

var (
	atlasKeys = []string{"atlas"}
	knownKeys = []string{"name", "about", "years", "source", "texts", "domains", "tails"}
)

// isAtlas says whether a file in a folder of rules is an atlas: its name begins with atlas.
func isAtlas(name string) bool {
	ending := path.Ext(name)
	return strings.HasPrefix(path.Base(name), "atlas") && (ending == ".yml" || ending == ".yaml")
}

// LoadAtlas reads the built-in atlas, and the files that begin with atlas in each path, a folder or such a file. What is named as before replaces it. The error joins
// a *Problem for every fault.
func LoadAtlas(paths ...string) ([]Known, error) {
	data, err := builtin.ReadFile("atlas.yml")
	if err != nil {
		return nil, fmt.Errorf("open the atlas: %w", err)
	}
	all, faults := readAtlas("builtin/atlas.yml", data)
	for _, p := range paths {
		files, err := atlasFiles(p)
		faults = append(faults, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				faults = append(faults, fmt.Errorf("read the atlas: %w", err))
				continue
			}
			more, found := readAtlas(file, data)
			faults = append(faults, found...)
			for _, k := range more {
				all = slices.DeleteFunc(all, func(old Known) bool { return old.Name == k.Name })
				all = append(all, k)
			}
		}
	}
	if len(all) > maxKnown {
		faults = append(faults, fmt.Errorf("load the atlas: %d entries, the most is %d", len(all), maxKnown))
	}
	slices.SortStableFunc(all, func(a, b Known) int { return cmp.Compare(a.Name, b.Name) })
	return all, errors.Join(faults...)
}

// atlasFiles are the files of an atlas at a path, in byte order of their names.
func atlasFiles(p string) ([]string, error) {
	info, err := os.Stat(p)
	if err != nil {
		return nil, fmt.Errorf("open the atlas: %w", err)
	}
	if !info.IsDir() {
		if isAtlas(p) {
			return []string{p}, nil
		}
		return nil, nil
	}
	entries, err := os.ReadDir(p)
	if err != nil {
		return nil, fmt.Errorf("open the atlas: %w", err)
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && isAtlas(e.Name()) {
			files = append(files, filepath.Join(p, e.Name()))
		}
	}
	return files, nil
}

func readAtlas(name string, data []byte) (all []Known, faults []error) {
	r := &reader{path: name}
	if body := r.parse(data); body != nil {
		r.mapping(body, "an atlas", atlasKeys, func(_ string, v ast.Node) { all = r.knowns(v) })
	}
	return all, r.faults
}

func (r *reader) knowns(n ast.Node) (all []Known) {
	for _, v := range r.list(n, "atlas", "entry") {
		all = append(all, r.known(v))
	}
	return all
}

func (r *reader) known(n ast.Node) (k Known) {
	defer func() { r.rule = "" }()
	r.rule = nameOf(n)
	r.mapping(n, "an entry", knownKeys, func(key string, v ast.Node) {
		switch key {
		case "name":
			k.Name = r.name(v, key)
		case "about":
			k.About = r.text(v, key)
		case "years":
			k.Years = r.text(v, key)
		case "source":
			k.Source = r.text(v, key)
		case "texts":
			k.Texts = r.words(v)
		case "domains":
			k.Domains = r.words(v)
		case "tails":
			k.Tails = r.tails(v)
		}
	})
	switch {
	case k.Name == "":
		r.fault(n, "add: name: registry_update", "name is missing")
	case k.Source == "":
		r.fault(n, "add: source: where this is known from", "source is missing")
	case len(k.Texts)+len(k.Tails) == 0:
		r.fault(n, "add texts: [...], or tails: [...]", "the entry has nothing to be known by")
	}
	return k
}

// tails are second halves of UUIDs.
func (r *reader) tails(n ast.Node) []string {
	all := r.words(n)
	for i, s := range all {
		if all[i] = strings.ToLower(s); len(s) != 16 || strings.Trim(all[i], "0123456789abcdef") != "" {
			r.fault(n, `tails: ["d17bf6a351957a6f"]`, "%q is not 16 hexadecimal digits", s)
		}
	}
	return all
}
