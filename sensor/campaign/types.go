package campaign

import (
	"time"

	"popupwatch/decoders"
)

// ID is a campaign's name for ever: "cmp1-" and 80 bits of SHA-256 of the normal form of its first message, lower-case base32 (16 letters, no padding).
type ID string

// Membership says which campaign a message belongs to. Aliases is a view, sorted, valid until the next Join.
type Membership struct {
	ID      ID
	Aliases []string
	Opened  bool // this message opened the campaign, or a new part of it
	Spread  Spread
}

// Spread is how widely the open part of a campaign was sent so far, the message at hand among it.
type Spread struct {
	Sources, Targets int                 // 1,025 stands for all above 1,024
	PerMinute        int                 // messages a minute since the part began, which took one at least
	States           *[StateCount]uint64 // sources by state, of all parts; a view
}

// Standing is what the rules say of a message or campaign, in words that this package need not understand. Level orders them.
type Standing struct {
	Score   float64
	Level   int    // 0 clean, 1 suspect, 2 spam
	Verdict string // the word for Level
	Rules   []string
	Lure    string
}

// Facts is what the other judges found out about a message of a campaign, or about one of its sources.
type Facts struct {
	HasStanding bool
	Standing    Standing

	HasSource  bool // the states below are set
	NewSource  bool // first claim of this source in this campaign: Previous does not count
	Previous   int  // index of the source's state before
	State      int  // index of its state now (spoof.State)
	Emitter    string
	Reportable bool
}

// StateCount is how many states of a source there are; the index is spoof.State.
const StateCount = 6

// Count is a number of distinct things: exact up to 1,024, estimated above.
type Count struct {
	N         uint64
	Estimated bool
}

func countOf(d *decoders.Distinct) Count {
	n, estimated := d.Count()
	return Count{n, estimated}
}

// Key is something that the texts of a campaign advertise, and when.
type Key struct {
	Value       string
	Count       uint64
	First, Last time.Time
}

// PortCount says how many messages went to a destination port.
type PortCount struct {
	Port  uint16
	Count uint64
}

// Cause says why an Update is written.
type Cause uint8

// The causes of an update.
const (
	CauseOpened  Cause = iota // the first message of a campaign or of a new part
	CauseVerdict              // the verdict changed
	CausePeriod               // campaign.update has passed and there are new messages
	CauseClosed               // the part closed: idle, evicted, or end of input
)

// Update is the state of one campaign at one moment. Slices are owned by the receiver.
type Update struct {
	Time    time.Time // the document's time
	Cause   Cause
	Worse   bool // the verdict is worse than any before: an alert is due if Level says spam (first) or higher than before
	ID      ID
	Aliases []string
	Part    time.Time

	First, Last time.Time
	Messages    uint64
	Submissions uint64
	Sources     Count
	Targets     Count
	Ports       []PortCount // ascending
	Routes      []string    // words, sorted

	Domains, URLs, Phones, Emails    []Key // most frequent first, ties by value; at most 16 each
	SampleFrom, SampleTo, SampleText string
	Template                         string
	Standing                         Standing
	SourcesByState                   [StateCount]uint64
	Emitters                         []string
	ReportableSources                uint64

	Hours    []HourCount // of the part, the latest 24 that had messages, in the order in which they came
	Sweep    string      // order of the targets: up, down, strided, random, or empty
	Tool     []string    // marks that nine of ten calls bear, sorted
	Language string      // of the sample, as far as it shows
	Related  []Relation  // to other campaigns that are remembered, at most 8
	Atlas    []string    // names under which history knows it, sorted
}

// Final says whether the update ends a part.
func (u *Update) Final() bool { return u.Cause == CauseClosed }
