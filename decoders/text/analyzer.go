package text

import (
	"crypto/sha256"
	"unsafe"
)

// Config bounds an Analyzer.
type Config struct {
	Memory int64 // octets of its caches together; 0 means 48 MiB
}

// Analyzer computes the features of texts and remembers them: equal texts share one *Features from their second time on, and equal normal forms one *Form, as long as they are
// remembered. It holds at most Config.Memory, besides what callers keep, at most 8 MiB of beginnings, and tables of fixed size; what it has forgotten it computes
// again, with equal result. For one goroutine.
type Analyzer struct {
	texts  *cache[*Features]
	forms  *cache[*Form]
	heard  heard // texts
	formed heard // forms
	normal normaliser
	begun  beginnings
	sorter Sorter
	names  names
	pages  pages
}

// NewAnalyzer makes an Analyzer with empty caches.
func NewAnalyzer(cfg Config) *Analyzer {
	memory := cfg.Memory
	if memory <= 0 {
		memory = 48 << 20
	}
	return &Analyzer{
		texts:  newCache[*Features](memory/4, 1024),
		forms:  newCache[*Form](memory*3/4, 3072),
		normal: normaliser{keys: keyring{hosts: new(hosts)}},
	}
}

// Shed is how many remembered texts and forms had to go for others so far.
func (a *Analyzer) Shed() uint64 { return a.texts.shed + a.forms.shed }

// Analyze is the features of a text as shown. They are shared and read-only, and may hold views of shown. It takes time linear in shown and fails on nothing.
func (a *Analyzer) Analyze(shown string) *Features {
	h := hash(shown)
	if f, ok := a.texts.find(h, shown); ok {
		return f
	}
	f := a.compute(shown)
	if a.heard.again(h) {
		a.texts.keep(h, shown, f, int64(len(shown))+featuresSize+keySize*int64(a.normal.keys.count()))
	}
	return f
}

// heard are hashes of what was heard once, by their hash.
type heard [8192]uint64

// again says whether something was heard before, as long as no other took its place. A flood in which each text is new thus neither pushes out the texts that return nor costs what
// keeping them costs.
func (t *heard) again(h uint64) bool {
	place := &t[h%uint64(len(t))]
	if *place == h {
		return true
	}
	*place = h
	return false
}

// featuresSize and keySize are about what Features and each key take, in octets.
const (
	featuresSize = 224
	keySize      = 32
)

// shelf is features and room for their keys, which seldom are more: one allocation.
type shelf struct {
	features Features
	keys     [3]string
}

func (a *Analyzer) compute(shown string) *Features {
	stats, known := a.begun.resume(&a.normal, shown)
	if known == nil {
		stats = count(shown)
		a.normal.run(shown, stats.NonASCII == 0, true)
		if stats.NonASCII == 0 {
			a.begun.keep(&a.normal, shown)
		}
	}
	s := new(shelf)
	f := &s.features
	f.Form, f.Stats = a.formAfter(known), stats
	if name := f.Form.Name; a.normal.runMended(shown, stats.NonASCII == 0) {
		f.Form = a.mended(name)
	}
	a.normal.keys.features(f, s.keys[:0])
	f.Stats.Obfuscated = a.normal.obfuscated
	f.Stats.URLs, f.Stats.Domains = uint16(len(f.URLs)), uint16(len(f.Domains))
	f.Stats.Phones, f.Stats.Emails = uint16(len(f.Phones)), uint16(len(f.Emails))
	return f
}

// formAfter is the form of what was just normalised after a known beginning, which often ends as it did the last time; nil if there was none.
func (a *Analyzer) formAfter(known *beginning) *Form {
	if known == nil {
		return a.form(a.normal.norm)
	}
	if known.form == nil || known.form.Norm != string(a.normal.norm) {
		known.form = a.form(a.normal.norm)
	}
	return known.form
}

// view is b as a string for a search only: it changes with b.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// mended is the form n2 of the text that was just mended, whose form n1 has that hash.
func (a *Analyzer) mended(name [sha256.Size]byte) *Form {
	key := string(a.normal.norm) + "\x00" + string(name[:])
	h := hash(key)
	if f, ok := a.forms.find(h, key); ok {
		return f
	}
	f := newForm(a.normal.norm, &a.sorter)
	if f.Name = name; a.formed.again(h) {
		a.forms.keep(h, key, f, f.Octets()+int64(len(key)+4*len(f.Norm)))
	}
	return f
}

func (a *Analyzer) form(norm []byte) *Form {
	h := hash(view(norm))
	if !a.formed.again(h) {
		return newForm(norm, &a.sorter)
	}
	if f, ok := a.forms.find(h, view(norm)); ok {
		return f
	}
	f := newForm(norm, &a.sorter)
	a.forms.keep(h, f.Norm, f, f.Octets()+4*int64(len(f.Norm)))
	return f
}
