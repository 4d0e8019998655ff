package campaign

import (
	"slices"
	"strconv"

	"popupwatch/decoders/text"
)

// Known is a campaign or tool of history.
type Known struct {
	Name    string
	Texts   []string
	Domains []string // that it advertised: they name it where the text is akin
	Tails   []string // second halves of activity UUIDs, 16 hexadecimal digits, which name it by themselves
}

// Atlas finds what is known of a campaign. It is read-only.
type Atlas struct {
	names   []string
	texts   []knownText
	bands   map[uint64][]int // texts by band
	has     [1024]uint64     // a bit for each band by its high bits: of a flood hardly any is known
	domains map[string][]int // names
	tails   map[uint64][]int // names
}

type knownText struct {
	name     int
	shingles []uint32
}

// NewAtlas makes an Atlas.
func NewAtlas(all []Known) *Atlas {
	a := &Atlas{bands: map[uint64][]int{}, domains: map[string][]int{}, tails: map[uint64][]int{}}
	for i, k := range all {
		a.names = append(a.names, k.Name)
		for _, s := range k.Texts {
			a.text(i, s)
		}
		for _, d := range k.Domains {
			a.domains[d] = append(a.domains[d], i)
		}
		for _, t := range k.Tails {
			if octets, err := strconv.ParseUint(t, 16, 64); err == nil {
				a.tails[octets] = append(a.tails[octets], i)
			}
		}
	}
	return a
}

func (a *Atlas) text(name int, s string) {
	f := text.NewAnalyzer(text.Config{}).Analyze(s)
	if f == nil || f.Form == nil || f.Form.Empty() {
		return
	}
	for _, h := range bandsOf(f.Form) {
		a.bands[h] = append(a.bands[h], len(a.texts))
		a.has[h>>54] |= 1 << (h >> 48 & 63)
	}
	a.texts = append(a.texts, knownText{name, new(text.Sorter).Shingles(f.Form)})
}

// UseAtlas takes another atlas for the updates from now on; nil knows nothing.
func (t *Tracker) UseAtlas(a *Atlas) { t.cfg.Atlas = a }

// namesOf are the names of what a campaign is known as, sorted.
func (a *Atlas) namesOf(r *record, shingles func() []uint32) []string {
	if a == nil || len(r.reps) == 0 {
		return nil
	}
	found := a.alike(r.reps[0], shingles)
	if r.keys != nil {
		for _, k := range r.keys[domains].keys {
			for _, i := range a.domains[k.Value] {
				if a.akin(i, shingles()) {
					found = append(found, i)
				}
			}
		}
	}
	for _, x := range r.tool.Tails {
		if x.Count > 0 {
			found = append(found, a.tails[x.Octets]...)
		}
	}
	var names []string
	for _, i := range found {
		names = append(names, a.names[i])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// alike are the names of the texts that a form is a variant of.
func (a *Atlas) alike(form *text.Form, shingles func() []uint32) (found []int) {
	for _, h := range bandsOf(form) {
		if a.has[h>>54]>>(h>>48&63)&1 == 0 {
			continue
		}
		for _, i := range a.bands[h] {
			if k := &a.texts[i]; !slices.Contains(found, k.name) && text.Jaccard(shingles(), k.shingles) >= alike {
				found = append(found, k.name)
			}
		}
	}
	return found
}

// akin says whether a form is akin to a text of a name.
func (a *Atlas) akin(name int, form []uint32) bool {
	for i := range a.texts {
		if k := &a.texts[i]; k.name == name && text.Jaccard(form, k.shingles) >= akin {
			return true
		}
	}
	return false
}
