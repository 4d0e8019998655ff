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

	Atlas *Atlas // nil: nothing is known

	Without Stages // of the assignment, to measure what each is good for
}

// Stages are stages of the assignment.
type Stages uint8

// The stages that can be left out.
const (
	Agreement     Stages = 1 << iota // with what the forms of a campaign have in common
	Corroboration                    // of a slight likeness by a common key
	Rescue                           // of campaigns that are too small to be found
	Merges                           // of campaigns whose forms have the same in common
)

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

// Bounds of a campaign.
const (
	maxReps   = 3
	maxForms  = 32 // templates of a campaign that are remembered by name
	maxSample = 4096
)

// Tracker groups messages into campaigns. A campaign is never forgotten by age, only by capacity: when its records pass their share of Config.Memory, the one
// that was silent longest goes, those of fewer than three messages first. Time may go backwards. For one goroutine.
type Tracker struct {
	cfg     Config
	limit   int64     // octets of all records
	held    int64     // by them, but for the shingles of representatives
	made    int64     // octets of shingles of representatives
	records []*record // by slot; nil where free
	free    []int32
	byForm  map[formName]int32 // slots; the first form of a campaign is its id
	recent  [recentForms]recentForm
	similar *similarity
	anchors *similarity // by what their forms have in common
	keys    *keyIndex
	mixer   mixer
	sorter  text.Sorter
	hashes  [maxHashes]uint64
	pass    pass
	rare    recency // campaigns of fewer than three messages
	common  recency
	due     dueHeap
	retired retired
	last    *record // of the last Join: its facts follow
	spare   *record // one that was forgotten: a flood of new texts puts another in its memory
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
		limit:   cfg.Memory * 16 / 24, // a sixth goes to the similarity tables, an eighth to the totals of those that went, the rest to anchors and keys
		byForm:  make(map[formName]int32),
		similar: newSimilarity(cfg.Memory / 6),
		anchors: newSimilarity(cfg.Memory / 64).sparse(),
		keys:    newKeyIndex(cfg.Memory / 64),
		rare:    newRecency(),
		common:  newRecency(),
		retired: newRetired(cfg.Memory / 8),
	}
}

// Shed is how many campaigns had to go for others so far.
func (t *Tracker) Shed() uint64 { return t.shed }

// noForm stands for the form of a message without features: the empty one.
var noForm = &text.Form{Name: [32]byte{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24}}

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
	if r.open && t.silent(r, at) {
		t.closing = append(t.closing, t.close(r, r.last.Add(t.cfg.Idle)))
	}
	opens := !r.open
	if opens {
		r.begin(m.Time)
	}
	before := r.size
	if r.count(m, at, keys) {
		t.advertised(r, keys)
	}
	t.held += r.size - before
	t.touch(r, opens, at)
	t.last = r
	t.evict(r, at)
	return Membership{ID: r.id, Aliases: r.aliases, Opened: opens, Spread: r.spread()}
}

// silent says whether a part was idle for too long. Most often a look at the seconds will do.
func (t *Tracker) silent(r *record, at time.Time) bool {
	return at.Unix()-r.last.Unix() >= int64(t.cfg.Idle/time.Second) && !at.Before(r.last.Add(t.cfg.Idle))
}

// touch moves the campaign to the front of its list and says when it is due.
func (t *Tracker) touch(r *record, opens bool, at time.Time) {
	t.list(r).remove(r)
	if r.messagesEver++; r.messagesEver >= sealedAt && !r.sealed {
		t.seal(r)
	}
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
	for t.held+t.made > t.limit || t.remembered() >= maxSlots {
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
	if r.open { // its counts go as they are
		t.closing = append(t.closing, t.update(r, CauseClosed, at))
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
	t.made -= r.made
	t.spare = r
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
