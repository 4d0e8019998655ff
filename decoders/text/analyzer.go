package text

import "unsafe"

// Config bounds an Analyzer.
type Config struct {
	Memory int64 // octets of its caches together; 0 means 48 MiB
}

// Analyzer computes the features of texts and remembers them: equal texts share one *Features, equal normal forms one *Form, as long as they are remembered. It holds at most
// Config.Memory, besides what callers keep; what it has forgotten it computes again, with equal result. For one goroutine.
type Analyzer struct {
	texts   *cache[*Features]
	forms   *cache[*Form]
	normal  normaliser
	begun   beginnings
	windows []uint32
	names   names
	pages   pages
}

// NewAnalyzer makes an Analyzer with empty caches.
func NewAnalyzer(cfg Config) *Analyzer {
	memory := cfg.Memory
	if memory <= 0 {
		memory = 48 << 20
	}
	return &Analyzer{
		texts: newCache[*Features](memory/4, 1024),
		forms: newCache[*Form](memory*3/4, 3072),
		names: names{kept: make(map[string]string)},
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
	a.texts.keep(h, shown, f, int64(len(shown))+featuresSize+keySize*int64(a.normal.keys.count()))
	return f
}

// featuresSize and keySize are about what Features and each key take, in octets.
const (
	featuresSize = 176
	keySize      = 32
)

func (a *Analyzer) compute(shown string) *Features {
	stats, ok := a.begun.resume(&a.normal, shown)
	if !ok {
		stats = count(shown)
		a.normal.run(shown, stats.NonASCII == 0, true)
		if stats.NonASCII == 0 {
			a.begun.keep(&a.normal, shown)
		}
	}
	f := &Features{Form: a.form(a.normal.norm), Stats: stats}
	a.normal.keys.features(f)
	f.Stats.Obfuscated = a.normal.obfuscated
	f.Stats.URLs, f.Stats.Domains = uint16(len(f.URLs)), uint16(len(f.Domains))
	f.Stats.Phones, f.Stats.Emails = uint16(len(f.Phones)), uint16(len(f.Emails))
	return f
}

func (a *Analyzer) form(norm []byte) *Form {
	view := unsafe.String(unsafe.SliceData(norm), len(norm)) // for the search only: the form owns a copy
	h := hash(view)
	if f, ok := a.forms.find(h, view); ok {
		return f
	}
	f := newForm(norm, &a.windows)
	a.forms.keep(h, f.Norm, f, f.size())
	return f
}
