package campaign

import (
	"slices"
	"strings"
	"time"
	"unsafe"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// record is one campaign: what spans all its parts, and the counts of its open part.
type record struct {
	id      ID
	slot    int32
	born    uint64       // ordinal among all campaigns
	size    int64        // octets, as the Tracker counts them
	reps    []*text.Form // its representatives
	sorted  uint8        // a bit for each of them whose shingles were made
	made    int64        // octets of those
	forms   []formName   // the first one names the campaign
	merged  []formName   // those of them that name campaigns found to be the same
	aliases []string     // sorted
	alone   alone
	agreed  *consensus // what its forms have in common; nil before the second
	sealed  bool       // it had the messages for sealed names

	from, to, sample string
	keys             *[kinds]tally // nil until the first key
	tool             tool
	pattern          string   // what texts that were compared have in common; empty before
	waiting          []string // texts to be compared
	variants         uint32   // forms that came after the first
	compared         uint8
	states           [StateCount]uint64
	emitters         []string
	reportable       uint64
	judged           bool // a standing was noted
	standing         Standing
	messagesEver     uint64
	past             *sums // counts of closed parts
	before           *Total

	open       bool
	opening    bool // the opening update waits for the first standing
	dirty      bool // messages came since the last update
	part       time.Time
	updated    time.Time // of the last update
	nextUpdate time.Time // if dirty
	sums

	prev, next *record // in its recency list
	listed     bool
}

// alone is where the lists of a campaign of one form begin: most campaigns of a flood of new texts never grow beyond it.
type alone struct {
	rep   [1]*text.Form
	form  [1]formName
	alias [1]string
	port  [1]PortCount
	hour  [1]hourCount
}

// sums are the counts of one part.
type sums struct {
	first, last time.Time
	messages    uint64
	submissions uint64
	sources     decoders.Distinct
	targets     decoders.Distinct
	ports       []PortCount
	routes      uint8
	hours       []hourCount // in the order in which they came
	sweep       sweep
}

// maxPorts bounds the ports of a campaign that are told apart; messages to further ones count in Messages alone.
const maxPorts = 32

// maxName bounds a kept From or To, in octets.
const maxName = 256

// newRecord opens a campaign, in the memory of one that is no more where there is such.
func newRecord(r *record, form *text.Form, m *decoders.Message, slot int32, born uint64) *record {
	if r == nil {
		r = new(record)
	}
	*r = record{id: idOf(form), slot: slot, born: born}
	r.reps, r.forms, r.aliases = r.alone.rep[:0], r.alone.form[:0], r.alone.alias[:0]
	r.from, r.to, r.sample = cut(m.From.Shown, maxName), cut(m.To.Shown, maxName), cut(m.Text.Shown, maxSample)
	r.size = int64(unsafe.Sizeof(*r)) + recordIndex + int64(len(r.from)+len(r.to)+len(r.sample))
	r.addForm(form)
	return r
}

// tallySize is what the counts of keys take while there are none.
const tallySize = int64(unsafe.Sizeof([kinds]tally{}))

// recordIndex is about what the maps and the heap take for one campaign, in octets.
const recordIndex = 160

// formIndex is about what one more form takes: its key here and in the map, its alias.
const formIndex = 120

// cut is at most n octets of s, in memory of its own where it is shorter, so that a long text is not held for its beginning.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(strings.Clone(s[:n]), "")
}

func (r *record) addForm(form *text.Form) { r.addName(nameOf(form)) }

func (r *record) addName(name formName) {
	r.forms = append(r.forms, name)
	r.alias(name.after("tpl1-"))
	r.size += formIndex
}

// alias adds one; its octets are counted where it comes from.
func (r *record) alias(alias string) {
	if len(r.aliases) == 0 {
		r.aliases = append(r.aliases, alias)
	} else if i, ok := slices.BinarySearch(r.aliases, alias); !ok {
		r.aliases = slices.Insert(slices.Clone(r.aliases), i, alias) // views that were handed out keep their order
	}
}

// addRep gives a campaign one more representative; its octets are counted in its size, but for its shingles.
func (t *Tracker) addRep(r *record, rep *text.Form) {
	r.reps = append(r.reps, rep)
	r.size += rep.Octets() + int64(unsafe.Sizeof(rep))
	t.countMade(r)
}

// countMade counts those shingles of a campaign's representatives that were made by now, whatever for.
func (t *Tracker) countMade(r *record) {
	for i, rep := range r.reps {
		if rep.Sorted() {
			t.shinglesOf(r, i)
		}
	}
}

// shinglesOf are the shingles of a campaign's representative, which it holds from then on.
func (t *Tracker) shinglesOf(r *record, i int) []uint32 {
	s := t.sorter.Shingles(r.reps[i])
	if r.sorted>>i&1 == 0 {
		r.sorted |= 1 << i
		r.made += int64(4 * len(s))
		t.made += int64(4 * len(s))
	}
	return s
}

// begin opens a part with the packet time of its first packet.
func (r *record) begin(part time.Time) {
	r.open, r.opening, r.part = true, true, part
	r.sums = sums{ports: r.alone.port[:0], hours: r.alone.hour[:0]}
}

// count adds a message to the open part; at is when it was heard, which for a partial message is later than its packets. It says whether the campaign
// has a key that it had not.
func (r *record) count(m *decoders.Message, at time.Time, f *text.Features) (advertised bool) {
	if r.messages == 0 || m.Time.Before(r.first) {
		r.first = m.Time
	}
	if r.messages == 0 || at.After(r.last) {
		r.last = at
	}
	r.messages++
	if m.First {
		r.submissions++
	}
	r.size += r.sources.Add(m.Src.Addr()) + r.targets.Add(m.Dst.Addr())
	r.port(m.Dst.Port())
	r.routes |= 1 << m.Route
	r.size += r.hour(m.Time)
	r.sweep.count(m.Dst.Addr())
	if m.Route == decoders.RouteRPC {
		r.tool.count(m)
	}
	return f != nil && r.advertise(f, m.Time)
}

// advertise counts what the text names, and says whether any of it is new here.
func (r *record) advertise(f *text.Features, at time.Time) (news bool) {
	if len(f.Domains)+len(f.URLs)+len(f.Phones)+len(f.Emails) == 0 {
		return false
	}
	if r.keys == nil {
		r.keys = new([kinds]tally)
		r.size += tallySize
	}
	for kind, values := range [kinds][]string{f.Domains, f.URLs, f.Phones, f.Emails} {
		for n, v := range values {
			grown := r.keys[kind].add(n, v, at)
			r.size += grown
			news = news || grown != 0
		}
	}
	return news
}

// top is the most frequent keys of a kind.
func (r *record) top(kind int) []Key {
	if r.keys == nil {
		return nil
	}
	return r.keys[kind].top()
}

func (r *record) port(port uint16) {
	for i := range r.ports {
		if r.ports[i].Port == port {
			r.ports[i].Count++
			return
		}
	}
	if len(r.ports) < maxPorts {
		r.ports = append(r.ports, PortCount{port, 1})
	}
}
