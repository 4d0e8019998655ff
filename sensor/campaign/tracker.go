package campaign

import (
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// Config says how long and how much a Tracker remembers. Zero values mean the defaults.
type Config struct {
	Update time.Duration // between two updates of a campaign with new messages; 5 minutes
	Idle   time.Duration // after which a part closes; 24 hours
	Memory int64         // octets for all that is remembered; 96 MiB
}

func (c Config) withDefaults() Config {
	if c.Update <= 0 {
		c.Update = 5 * time.Minute
	}
	if c.Idle <= 0 {
		c.Idle = 24 * time.Hour
	}
	if c.Memory <= 0 {
		c.Memory = 96 << 20
	}
	return c
}

// How a message finds its campaign (SPOOF-AND-CAMPAIGNS.md 7.5).
const (
	alike     = 0.50 // least exact Jaccard with a representative
	distinct  = 0.80 // a member less like every representative than this becomes one
	maxReps   = 3
	maxForms  = 32 // templates of a campaign that are remembered by name
	maxSample = 4096
)

// Tracker groups messages into campaigns. A campaign is never forgotten by age, only by capacity: when its records pass their share of Config.Memory, the one
// that was silent longest goes, those of fewer than three messages first. Time may go backwards. For one goroutine.
type Tracker struct {
	cfg     Config
	limit   int64 // octets of all records
	held    int64
	records []*record // by slot; nil where free
	free    []int32
	byForm  map[formName]int32 // slots; the first form of a campaign is its id
	recent  [recentForms]recentForm
	similar *similarity
	rare    recency // campaigns of fewer than three messages
	common  recency
	due     dueHeap
	retired retired
	last    *record // of the last Join: its facts follow
	opened  uint64
	shed    uint64
	closing []Update // of parts that could not wait for Advance
	out     []Update
}

// recentForms is how many forms are found without the map: a flood has few templates.
const recentForms = 1024

type recentForm struct {
	name formName
	rec  *record
}

// New makes a Tracker that remembers nothing yet.
func New(cfg Config) *Tracker {
	cfg = cfg.withDefaults()
	return &Tracker{
		cfg:     cfg,
		limit:   cfg.Memory * 17 / 24, // a sixth goes to the similarity tables, an eighth to the totals of those that went
		byForm:  make(map[formName]int32),
		similar: newSimilarity(cfg.Memory / 6),
		rare:    newRecency(),
		common:  newRecency(),
		retired: newRetired(cfg.Memory / 8),
	}
}

// Shed is how many campaigns had to go for others so far.
func (t *Tracker) Shed() uint64 { return t.shed }

// noForm stands for the form of a message without features: the empty one.
var noForm = &text.Form{Hash: [32]byte{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24}}

// Join finds the campaign of a message, or opens one, and counts the message there. Every message without words (empty normal form) is of one and the same campaign. It keeps
// nothing of m but strings.
func (t *Tracker) Join(m *decoders.Message) Membership {
	form, keys := noForm, (*text.Features)(nil)
	if m.Features != nil {
		form, keys = m.Features.Form, m.Features
	}
	r := t.find(form, m)
	at := m.Time
	if !m.Due.IsZero() {
		at = m.Due
	}
	if r.open && !at.Before(r.last.Add(t.cfg.Idle)) {
		t.closing = append(t.closing, t.close(r, r.last.Add(t.cfg.Idle)))
	}
	opens := !r.open
	if opens {
		r.begin(m.Time)
	}
	before := r.size
	r.count(m, at, keys)
	t.held += r.size - before
	t.touch(r, opens, at)
	t.last = r
	t.evict(r, at)
	return Membership{ID: r.id, Aliases: r.aliases, Opened: opens, Spread: r.spread()}
}

// find is the assignment: the same form, the most alike representative, or a new campaign.
func (t *Tracker) find(form *text.Form, m *decoders.Message) *record {
	name := nameOf(form)
	recent := t.recentAt(name)
	if recent.rec != nil && recent.name == name {
		return recent.rec
	}
	r := t.search(form, name, m)
	*recent = recentForm{name, r}
	return r
}

// Find is the campaign that a text belongs to as it stands, or that is most like it; empty where none is. It counts nothing and remembers
// nothing: a text that somebody quotes is no message.
func (t *Tracker) Find(f *text.Features) ID {
	if f == nil || f.Form == nil || len(f.Form.Shingles) == 0 {
		return ""
	}
	if slot, ok := t.byForm[nameOf(f.Form)]; ok {
		return t.records[slot].id
	}
	bands := bandsOf(f.Form)
	if r, _ := t.nearest(f.Form, &bands); r != nil {
		return r.id
	}
	return ""
}

func (t *Tracker) recentAt(name formName) *recentForm {
	return &t.recent[(uint(name[0])|uint(name[1])<<8)%recentForms]
}

func (t *Tracker) search(form *text.Form, name formName, m *decoders.Message) *record {
	if slot, ok := t.byForm[name]; ok {
		return t.records[slot]
	}
	bands := bandsOf(form)
	r, likeness := t.nearest(form, &bands)
	if r == nil {
		return t.add(form, name, &bands, m)
	}
	before := r.size
	if len(r.forms) < maxForms {
		r.addForm(form)
		t.byForm[name] = r.slot
	}
	if likeness < distinct && len(r.reps) < maxReps {
		r.addRep(form)
		t.similar.add(&bands, r)
	}
	t.held += r.size - before
	return r
}

// nearest is the campaign with the representative most like form, and how like; nil if none is alike. Ties go to the elder.
func (t *Tracker) nearest(form *text.Form, bands *bandHashes) (best *record, likeness float64) {
	if len(form.Shingles) == 0 {
		return nil, 0
	}
	for _, slot := range t.similar.candidates(bands, t.records) {
		r := t.records[slot]
		for _, rep := range r.reps {
			j := text.Jaccard(form.Shingles, rep)
			if j >= alike && (best == nil || j > likeness || j == likeness && r.born < best.born) {
				best, likeness = r, j
			}
		}
	}
	return best, likeness
}

func (t *Tracker) add(form *text.Form, name formName, bands *bandHashes, m *decoders.Message) *record {
	slot := int32(len(t.records))
	if n := len(t.free); n > 0 {
		slot, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.records = append(t.records, nil)
	}
	t.opened++
	r := newRecord(form, m, slot, t.opened)
	r.before = t.retired.take(r.id)
	t.records[slot] = r
	t.byForm[name] = slot
	if len(form.Shingles) > 0 {
		t.similar.add(bands, r)
	}
	t.held += r.size
	return r
}

// touch moves the campaign to the front of its list and says when it is due.
func (t *Tracker) touch(r *record, opens bool, at time.Time) {
	t.list(r).remove(r)
	r.messagesEver++
	t.list(r).push(r)
	switch {
	case opens:
		r.updated, r.dirty = r.last, false
		t.due.set(r, r.last.Add(t.cfg.Idle))
	case !r.dirty && !r.opening:
		r.dirty = true
		if r.nextUpdate = r.updated.Add(t.cfg.Update); r.nextUpdate.Before(at) {
			r.nextUpdate = at
		}
		t.due.lower(r, r.nextUpdate)
	}
}

// manyMessages is when a campaign counts as common: it outlives the others.
const manyMessages = 3

func (t *Tracker) list(r *record) *recency {
	if r.messagesEver < manyMessages {
		return &t.rare
	}
	return &t.common
}

// evict makes room: the campaigns silent longest go, rare ones first, never the one that was just joined.
func (t *Tracker) evict(joined *record, at time.Time) {
	for t.held > t.limit || t.remembered() >= maxSlots {
		r := t.rare.oldest()
		if r == nil || r == joined {
			r = t.common.oldest()
		}
		if r == nil || r == joined {
			return
		}
		t.forget(r, at)
	}
}

// remembered is how many campaigns are.
func (t *Tracker) remembered() int { return len(t.records) - len(t.free) }

// forget evicts a campaign; an open part closes.
func (t *Tracker) forget(r *record, at time.Time) {
	t.shed++
	if r.open {
		t.closing = append(t.closing, t.close(r, at))
	}
	t.retired.keep(r)
	t.list(r).remove(r)
	t.due.drop(r)
	for _, name := range r.forms {
		delete(t.byForm, name)
		if recent := t.recentAt(name); recent.rec == r {
			*recent = recentForm{}
		}
	}
	t.dropRecent(r)
	t.records[r.slot] = nil
	t.free = append(t.free, r.slot)
	t.held -= r.size
}

// dropRecent forgets the forms of a campaign that were too many to be remembered by name.
func (t *Tracker) dropRecent(r *record) {
	if len(r.forms) < maxForms {
		return
	}
	for i := range t.recent {
		if t.recent[i].rec == r {
			t.recent[i] = recentForm{}
		}
	}
}
