package texteval

import (
	"strings"
	"sync"

	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/simulate/texts"
)

// tracker is the name of the engine that is evaluated, beside those that it is compared with.
const tracker = "tracker"

// Config says what is evaluated.
type Config struct {
	Split      texts.Split
	Seeds      int
	Families   int                        // of a stream; 0: 48
	Templates  int                        // of legitimate popups among them; 0: 8
	Notices    int                        // legitimate popups a seed; 0: 400
	Engine     func() Engine              // nil: campaign.New with defaults
	Rules      func() (*rules.Set, error) // nil: rules.Default
	Stages     bool                       // compare with simpler engines, which takes long
	Workers    int                        // 0: 1
	PoisonRate float64                    // of the poisoned stream; 0: 0.02
}

func (c Config) withDefaults() Config {
	if c.Engine == nil {
		c.Engine = func() Engine { return campaign.New(campaign.Config{}) }
	}
	if c.Rules == nil {
		c.Rules = rules.Default
	}
	if c.Notices == 0 {
		c.Notices = 400
	}
	if c.PoisonRate == 0 {
		c.PoisonRate = 0.02
	}
	c.Workers = max(c.Workers, 1)
	return c
}

// scenario is one stream of a seed.
type scenario struct {
	name   string
	levels []texts.Level
	poison bool
}

func scenarios() []scenario {
	return []scenario{
		{"L0", []texts.Level{texts.L0}, false},
		{"L1", []texts.Level{texts.L1}, false},
		{"L2", []texts.Level{texts.L2}, false},
		{"L0-L2", []texts.Level{texts.L0, texts.L1, texts.L2}, false},
		{"L3", []texts.Level{texts.L3}, false},
		{"L0-L3", []texts.Level{texts.L0, texts.L1, texts.L2, texts.L3}, false},
		{poisoned, []texts.Level{texts.L0, texts.L1, texts.L2, texts.L3}, true},
	}
}

const poisoned = "L0-L3 poisoned"

// run is one seed.
type run struct {
	config Config
	seed   uint64
	reader reader
	rules  *rules.Set
	f      counts
}

// Run evaluates all seeds. The figures are the same whatever the number of workers.
func Run(c Config) (*Figures, error) {
	c = c.withDefaults()
	results, failed := make([]counts, c.Seeds), make([]error, c.Seeds)
	next := make(chan int)
	var workers sync.WaitGroup
	for range c.Workers {
		workers.Go(func() {
			for i := range next {
				results[i], failed[i] = one(c, uint64(i+1))
			}
		})
	}
	for i := range c.Seeds {
		next <- i
	}
	close(next)
	workers.Wait()
	all := &Figures{series: map[Key][]share{}}
	for i, f := range results {
		if failed[i] != nil {
			return nil, failed[i]
		}
		all.take(f)
	}
	return all, nil
}

func one(c Config, seed uint64) (counts, error) {
	set, err := c.Rules()
	if err != nil {
		return nil, err
	}
	r := &run{config: c, seed: seed, reader: newReader(), rules: set, f: counts{}}
	for _, s := range scenarios() {
		r.scenario(&s)
	}
	r.legitimate()
	return r.f, nil
}

func (r *run) scenario(s *scenario) {
	o := texts.Options{Split: r.config.Split, Seed: r.seed, Levels: s.levels, Families: r.config.Families, Notices: r.config.Templates}
	if s.poison {
		o.Poison = r.config.PoisonRate
	}
	items := r.reader.read(texts.Stream(o))
	engines := []named{{tracker, r.config.Engine}}
	if r.config.Stages {
		engines = append(engines, r.config.simpler()...)
	}
	for _, e := range engines {
		g := group(e.make(), items, everything)
		r.grouped(s.name, e.name, items, g.labels)
		if e.name == tracker {
			r.grouped(s.name, "as written", items, g.written)
			r.spam(s.name, items, g.spreads)
		}
	}
	if !s.poison {
		r.identity(s.name, items)
	}
}

func everything(int) bool { return true }

// grouped counts how well labels tell the families.
func (r *run) grouped(stream, engine string, items []item, labels []string) {
	var kept []item
	var mine, truth []string
	for i := range items {
		if items[i].Family != "" {
			kept, mine, truth = append(kept, items[i]), append(mine, labels[i]), append(truth, items[i].Family)
		}
	}
	p := newPartition(mine, truth)
	add := func(measure string, value float64) { r.f.add(Key{stream, engine, measure}, value, 1) }
	for _, self := range []bool{true, false} {
		suffix := map[bool]string{true: "", false: " without self"}[self]
		precision, recall := p.bcubed(everything, self)
		add("P"+suffix, precision)
		add("R"+suffix, recall)
		add("F"+suffix, harmonic(precision, recall))
	}
	add("ARI", p.ari())
	merges, splits := p.mergesAndSplits()
	add("merges", float64(merges))
	add("splits", float64(splits))
	for _, language := range texts.Languages() {
		precision, recall := p.bcubed(func(i int) bool { return kept[i].Language == language && kept[i].Legitimate == "" }, true)
		add("F "+language, harmonic(precision, recall))
	}
	precision, recall := p.bcubed(func(i int) bool { return strings.HasPrefix(truth[i], "notice") }, true)
	add("F notices", harmonic(precision, recall))
}
