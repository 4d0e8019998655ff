package rules

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

//go:embed *.yml
var builtin embed.FS

// maxRules bounds a set over all its files.
const maxRules = 2000

// Config says where the default rules are and how much a Set may remember. Its zero value is of use.
type Config struct {
	Defaults   fs.FS // rule files in its root; nil: the built-in ones
	CacheBytes int   // what a Set may remember of texts and verdicts, in octets, estimated; 0: 16 MiB
}

// Default compiles the built-in rules.
func Default() (*Set, error) { return Config{}.Load() }

// Load compiles the files of defaults, the built-in ones where it is nil, and of paths; see Config.Load.
func Load(defaults fs.FS, paths ...string) (*Set, error) {
	return Config{Defaults: defaults}.Load(paths...)
}

// Load compiles the default files, then those of each path, a folder or a file, in the order given; within a folder *.yml and *.yaml in
// byte order of their names. A file replaces an earlier one of the same name. The last file that states thresholds decides them.
// The error joins a *Problem for every fault of every rule.
func (c Config) Load(paths ...string) (*Set, error) {
	sources, err := c.sources(paths)
	if err != nil {
		return nil, err
	}
	d := draft{version: versionOf(sources)}
	for _, s := range sources {
		d.add(s)
	}
	return d.compile(cmp.Or(c.CacheBytes, 16<<20), normal)
}

// Check compiles the file or folder at name on top of the built-in rules and gives the rules that it states. The error is that of Load.
func Check(name string) ([]Rule, error) {
	set, err := Load(nil, name)
	if err != nil {
		return nil, err
	}
	rules := slices.DeleteFunc(set.Rules(), func(r Rule) bool { return !within(r.File, name) })
	return rules, nil
}

func within(file, name string) bool {
	return file == name || filepath.Dir(file) == filepath.Clean(name)
}

// source is one rule file with its octets.
type source struct {
	name string // base name: what replaces what
	path string // as errors show it
	data []byte
}

func (c Config) sources(paths []string) ([]source, error) {
	defaults := c.Defaults
	if defaults == nil {
		defaults = builtin
	}
	all, err := folder(defaults, func(name string) string { return path.Join("builtin", name) })
	for _, p := range paths {
		more, fault := open(p)
		err = errors.Join(err, fault)
		for _, s := range more {
			all = slices.DeleteFunc(all, func(old source) bool { return old.name == s.name })
			all = append(all, s)
		}
	}
	return all, err
}

// open reads the rule files at a path, a folder or a file.
func open(p string) ([]source, error) {
	info, err := os.Stat(p)
	if err != nil {
		return nil, fmt.Errorf("open rules: %w", err)
	}
	if !info.IsDir() && isAtlas(p) {
		return nil, nil
	}
	if !info.IsDir() {
		s, err := readSource(os.DirFS(filepath.Dir(p)), filepath.Base(p), p)
		return []source{s}, err
	}
	all, err := folder(os.DirFS(p), func(name string) string { return filepath.Join(p, name) })
	if atlas, fault := atlasFiles(p); err == nil && fault == nil && len(all)+len(atlas) == 0 {
		err = fmt.Errorf("open rules: no *.yml in %s (rule files end in .yml or .yaml)", p)
	}
	return all, err
}

// folder reads the rule files in the root of fsys, in byte order of their names.
func folder(fsys fs.FS, shown func(name string) string) ([]source, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("open rules: %w", err)
	}
	var all []source
	for _, e := range entries {
		if ending := path.Ext(e.Name()); e.IsDir() || ending != ".yml" && ending != ".yaml" || isAtlas(e.Name()) {
			continue
		}
		s, err := readSource(fsys, e.Name(), shown(e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func readSource(fsys fs.FS, name, shown string) (source, error) {
	info, err := fs.Stat(fsys, name)
	if err == nil && info.Size() > maxFile {
		return source{}, &Problem{File: shown, Fault: fmt.Sprintf("the file has %d octets, the most is %d", info.Size(), maxFile), Hint: "split it"}
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return source{}, fmt.Errorf("read rules: %w", err)
	}
	return source{name: name, path: shown, data: data}, nil
}

// versionOf names a set by what is in its files: the same files have the same version, whatever folders they lie in.
func versionOf(sources []source) string {
	h := sha256.New()
	for _, s := range sources {
		fmt.Fprintf(h, "%s %d\n", s.name, len(s.data))
		h.Write(s.data)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// draft is a Set that is being read.
type draft struct {
	rules      []Rule
	thresholds *Thresholds
	version    string
	faults     []error
}

func (d *draft) add(s source) {
	f, faults := readFile(s.path, s.data)
	d.faults = append(d.faults, faults...)
	d.rules = append(d.rules, f.rules...)
	if f.thresholds != nil {
		d.thresholds = f.thresholds
	}
}

// distinct refuses a name that two rules bear: events name rules, and hits names their lists.
func (d *draft) distinct() {
	first := make(map[string]*Rule, len(d.rules))
	for i := range d.rules {
		rule := &d.rules[i]
		if before, ok := first[rule.Name]; ok && rule.Name != "" {
			hint := "give it another name, or name the file " + path.Base(before.File) + " to replace that file"
			d.faults = append(d.faults, rule.fault(hint, "the name is taken by %s:%d", before.File, before.Line))
			continue
		}
		first[rule.Name] = rule
	}
}

// compile makes a Set of the draft, or all the faults.
func (d *draft) compile(cacheBytes int, normal func(string) string) (*Set, error) {
	d.distinct()
	if d.thresholds == nil {
		d.faults = append(d.faults, errors.New("load rules: no file states thresholds (add: thresholds: {suspect: 3, spam: 5})"))
	}
	if len(d.rules) > maxRules {
		return nil, fmt.Errorf("load rules: %d rules, the most is %d", len(d.rules), maxRules)
	}
	words, err := newLexicon(d.rules, normal)
	d.faults = append(d.faults, err)
	set := newSet(words, cacheBytes)
	for i := range d.rules {
		d.faults = append(d.faults, set.add(&d.rules[i]))
	}
	if err := errors.Join(d.faults...); err != nil {
		return nil, err
	}
	set.sort()
	set.thresholds, set.version = *d.thresholds, d.version
	return set, nil
}
