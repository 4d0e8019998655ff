package texts

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// Road is how a message travels.
type Road uint8

// The roads.
const (
	Datagram  Road = iota // one-way RPC over UDP to a guessed port, from outside: spam
	Call                  // an RPC call over UDP that is answered
	Session               // SMB
	Mailslot              // NetBIOS datagram
	Misrouted             // an RPC call that came from outside though it is legitimate
)

// Message is one popup and the truth of it.
type Message struct {
	At             time.Duration // since the stream began
	From, To, Text []byte        // octets as sent
	Language       string
	Family         string // the campaign that it is of; empty where it is of two
	Legitimate     string // kind of legitimate popup; empty: spam
	Lure           string // what spam tempts with
	Level          Level
	Poison         Poison
	Road           Road
	Source, Target uint32 // numbers of hosts
}

// Options choose a stream.
type Options struct {
	Split    Split
	Seed     uint64
	Levels   []Level // each message is of one of them, all as often; nil: L0
	Families int     // 0: 48
	Notices  int     // templates of legitimate popups mixed in; 0: 8
	Poison   float64 // share of poisonous messages among spam
}

// maker makes one stream.
type maker struct {
	Options
	params  Params
	grammar *grammar
	r       *rand.Rand
	writer  writer
	all     []Message
}

func newMaker(o Options, name string) *maker {
	m := &maker{Options: o, params: ParamsOf(o.Split), grammar: readGrammar(o.Split), r: NewRand(o.Split, name, o.Seed)}
	m.writer = writer{params: &m.params, r: m.r}
	if m.Families == 0 {
		m.Families = 48
	}
	if m.Notices == 0 {
		m.Notices = 8
	}
	if len(m.Levels) == 0 {
		m.Levels = []Level{L0}
	}
	return m
}

// Stream is the messages of all campaigns in the order of time.
func Stream(o Options) []Message {
	m := newMaker(o, "stream")
	families := families(m.grammar, &m.params, m.Families, m.r)
	for _, f := range families {
		for range m.size() {
			m.spam(f, families)
		}
	}
	for _, i := range m.r.Perm(len(m.grammar.notices))[:min(m.Notices, len(m.grammar.notices))] {
		for range m.size() {
			m.notice(&m.grammar.notices[i])
		}
	}
	return m.sorted()
}

// Legitimate is n popups of all kinds in the order of time.
func Legitimate(split Split, seed uint64, n int) []Message {
	m := newMaker(Options{Split: split, Seed: seed}, "legitimate")
	for i := range n {
		m.notice(&m.grammar.notices[i%len(m.grammar.notices)])
	}
	return m.sorted()
}

func (m *maker) sorted() []Message {
	slices.SortStableFunc(m.all, func(a, b Message) int { return int(a.At/time.Millisecond - b.At/time.Millisecond) })
	return m.all
}

// size is how many messages a campaign has.
func (m *maker) size() int {
	n := float64(m.params.Smallest) * math.Pow(1-m.r.Float64(), -1/m.params.Alpha)
	return int(min(n, float64(m.params.Largest)))
}

func (m *maker) span() time.Duration { return time.Duration(m.params.Days) * 24 * time.Hour }

// spam adds one message of a family.
func (m *maker) spam(f *family, others []*family) {
	at, level := m.r.Float64(), m.Levels[m.r.IntN(len(m.Levels))]
	a := f.affiliates[m.r.IntN(len(f.affiliates))]
	if level >= L1 {
		site := a.fill.site
		a.fill = newFill(f.topic.language, m.r)
		if level == L1 {
			a.fill.site = site
		}
	}
	swap := func() bool { return level >= L2 && m.r.Float64() < synonymRate }
	out := Message{
		At: time.Duration(at * float64(m.span())), Language: f.topic.language, Family: f.name, Lure: f.topic.lure, Level: level,
		Source: m.r.Uint32(), Target: m.r.Uint32N(1 << 16),
	}
	sentences := f.spoken(at, swap, m.r)
	if m.r.Float64() < m.Poison {
		sentences = m.poison(&out, sentences, &a, others, at)
	}
	words := m.writer.write(sentences, f.separator, f.topic.language, &a.fill, level)
	m.add(out, a.from, a.to, words)
}

// add encodes a message and keeps it.
func (m *maker) add(out Message, from, to, words string) {
	page := pageOf(out.Language, m.params.GermanPage)
	out.From, out.To, out.Text = encode(page, from), encode(page, to), encode(page, words)
	m.all = append(m.all, out)
}

// notice adds one legitimate popup.
func (m *maker) notice(n *notice) {
	out := Message{
		At: time.Duration(m.r.Float64() * float64(m.span())), Language: n.language, Family: "notice " + strconv.Itoa(n.number), Legitimate: n.kind,
		Source: m.r.Uint32N(40), Target: m.r.Uint32N(200),
	}
	out.Road = []Road{Session, Session, Session, Session, Session, Session, Session, Session, Session, Session, Mailslot, Mailslot, Mailslot, Mailslot, Mailslot, Call, Call, Call, Call, Misrouted}[m.r.IntN(20)]
	p := newPlaces(m.r)
	m.add(out, p.fill(n.from), p.fill(n.to), p.fill(n.text))
}
