package campaign

import (
	"cmp"
	"slices"
	"strings"

	"popupwatch/decoders/text"
)

// Named is what a document says of the names of a campaign.
type Named struct {
	ID       ID
	Aliases  []string
	Part     string
	Messages uint64 // of that part so far
	Sample   string
}

// Joiner finds out which campaigns of several sensors are one. The zero value is of no use.
type Joiner struct {
	members []*member
	known   map[memberKey]*member
}

type memberKey struct {
	file string
	id   ID
}

// member is one campaign of one sensor, with its last names.
type member struct {
	Member
	aliases []string
	parts   map[string]uint64
	parent  *member // of the union; nil at the top
}

// Member is one campaign of a group.
type Member struct {
	File     string
	ID       ID
	Messages uint64
	Sample   string
	By       string // what joined it to the group; empty for the first one, or where it is alone
}

// Group is a campaign over all sensors.
type Group struct {
	Members []Member
	Files   int // that have it
}

// NewJoiner makes a Joiner that knows no campaign.
func NewJoiner() *Joiner { return &Joiner{known: map[memberKey]*member{}} }

// Add takes one document in the order of its file. Aliases are those of the last one; messages are counted over all parts.
func (j *Joiner) Add(file string, n Named) {
	key := memberKey{file, n.ID}
	m := j.known[key]
	if m == nil {
		m = &member{Member: Member{File: file, ID: n.ID, Sample: n.Sample}, parts: map[string]uint64{}}
		j.known[key] = m
		j.members = append(j.members, m)
	}
	m.parts[n.Part] = max(m.parts[n.Part], n.Messages)
	m.aliases = n.Aliases
}

// top is the first member of a group.
func (m *member) top() *member {
	for m.parent != nil {
		if m.parent.parent != nil {
			m.parent = m.parent.parent
		}
		m = m.parent
	}
	return m
}

// join makes one group of two; the one that came first stays its top.
func (j *Joiner) join(a, b *member, by string) {
	x, y := a.top(), b.top()
	if x == y {
		return
	}
	y.parent = x
	switch {
	case b.By == "":
		b.By = by
	case y.By == "":
		y.By = by
	}
}

// Groups joins what was added, by names, then by anchors, then by keys of samples that are akin. Most messages first, ties by the first id.
func (j *Joiner) Groups() []Group {
	j.byNames()
	j.byAnchors()
	j.byKeys()
	groups := map[*member]*Group{}
	for _, m := range j.members {
		for _, n := range m.parts {
			m.Messages += n
		}
		m.parts = nil
		g := groups[m.top()]
		if g == nil {
			g = new(Group)
			groups[m.top()] = g
		}
		if !slices.ContainsFunc(g.Members, func(o Member) bool { return o.File == m.File }) {
			g.Files++
		}
		g.Members = append(g.Members, m.Member)
	}
	all := make([]Group, 0, len(groups))
	for _, g := range groups {
		all = append(all, *g)
	}
	slices.SortFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.messages(), a.messages()), strings.Compare(string(a.Members[0].ID), string(b.Members[0].ID)), strings.Compare(a.Members[0].File, b.Members[0].File))
	})
	return all
}

func (g *Group) messages() (n uint64) {
	for i := range g.Members {
		n += g.Members[i].Messages
	}
	return n
}

// byNames joins what has an id or alias in common, but for keys and anchors.
func (j *Joiner) byNames() {
	first := map[string]*member{}
	for _, m := range j.members {
		for _, name := range append([]string{string(m.ID)}, m.aliases...) {
			if strings.HasPrefix(name, "key1-") || strings.HasPrefix(name, "anc1-") {
				continue
			}
			if o := first[name]; o == nil {
				first[name] = m
			} else {
				j.join(o, m, name)
			}
		}
	}
}

// byAnchors joins what has half of the anchors in common. Only members that share one of the lowest are compared.
func (j *Joiner) byAnchors() {
	sharing := map[uint32][]*member{}
	for _, m := range j.members {
		i := slices.IndexFunc(m.aliases, func(a string) bool { return strings.HasPrefix(a, "anc1-") })
		if i < 0 {
			continue
		}
		anchors := anchorsIn(m.aliases[i])
		for _, h := range anchors[:min(len(anchors), indexed)] {
			for _, o := range sharing[h] {
				j.compareAnchors(o, m, m.aliases[i])
			}
			sharing[h] = append(sharing[h], m)
		}
	}
}

func (j *Joiner) compareAnchors(o, m *member, anchors string) {
	if o.top() == m.top() {
		return
	}
	i := slices.IndexFunc(o.aliases, func(a string) bool { return strings.HasPrefix(a, "anc1-") })
	if common, of, ok := CommonAnchors(o.aliases[i], anchors); ok && of >= leastAnchors && 2*common >= of {
		j.join(o, m, "anchors")
	}
}

// byKeys joins what advertises the same, where the key is that of few and the samples are akin.
func (j *Joiner) byKeys() {
	holders := map[string][]*member{}
	for _, m := range j.members {
		for _, name := range m.aliases {
			if strings.HasPrefix(name, "key1-") {
				holders[name] = append(holders[name], m)
			}
		}
	}
	analyzer, sorter := text.NewAnalyzer(text.Config{}), new(text.Sorter)
	for _, m := range j.members {
		for _, name := range m.aliases {
			all := holders[name]
			if len(all) < 2 || all[0] == m || groupsOf(all) > maxHolders {
				continue
			}
			x, y := analyzer.Analyze(all[0].Sample), analyzer.Analyze(m.Sample)
			if x.Form != nil && y.Form != nil && text.Jaccard(sorter.Shingles(x.Form), sorter.Shingles(y.Form)) >= akin {
				j.join(all[0], m, name)
			}
		}
	}
}

// groupsOf is of how many groups some members are.
func groupsOf(all []*member) int {
	tops := map[*member]bool{}
	for _, m := range all {
		tops[m.top()] = true
	}
	return len(tops)
}
