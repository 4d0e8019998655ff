package store

import (
	"encoding/json"
	"time"
)

// Field is what a Term of a Filter asks for. The words of the console's query language are those of String.
type Field uint8

// The fields that can be asked for. Those of a text (FieldText, FieldFrom, FieldTo) ask the full-text index; all others are compared.
const (
	FieldText     Field = iota // words of the popup's text, a phrase, or a word's beginning with * behind it
	FieldFrom                  // the same of From
	FieldTo                    // the same of To
	FieldCampaign              // campaign.id, or one of its aliases
	FieldSource                // what is written as the sender: an address, or a prefix (192.0.2.0/24)
	FieldTarget                // whom it was sent to: an address, or a prefix
	FieldState                 // one of the six states of a source
	FieldVerdict               // spam, suspect, clean
	FieldDomain                // an advertised domain, and all below it
	FieldURL
	FieldPhone
	FieldEmail
	FieldRoute  // rpc_udp, smb_tcp, mailslot_udp
	FieldPort   // destination port: a number, compared
	FieldScore  // a number, compared
	FieldSensor // observer.name
	FieldAction // event.action
	FieldLure
	FieldRule // a scoring rule that hit
	FieldLanguage

	fieldCount
)

// FieldCount is the number of fields.
const FieldCount = int(fieldCount)

// String is the field's word in the query language, e.g. "campaign".
func (f Field) String() string {
	return [...]string{"text", "from", "to", "campaign", "source", "target", "state", "verdict", "domain", "url", "phone", "email", "route", "port",
		"score", "sensor", "action", "lure", "rule", "language"}[f]
}

// Compare is how a Term compares numbers; fields that hold none know Equal alone.
type Compare uint8

// The comparisons.
const (
	Equal Compare = iota
	AtLeast
	AtMost
)

// Term is one condition: the field compares with any of the values, or with none of them.
type Term struct {
	Field   Field
	Not     bool
	Compare Compare
	Values  []string // at least one
}

// Filter says which events are meant: those of a packet time in [From, To), an open end where it is zero, for which all terms hold.
type Filter struct {
	From, To time.Time
	Terms    []Term
}

// Page says which part of an answer is wanted: Limit rows (1 to 500) behind Cursor. A Cursor is the Next of the answer before, opaque,
// empty at the beginning; it stays good while events arrive and are purged.
type Page struct {
	Cursor string
	Limit  int
	Oldest bool   // first; else the newest
	Sort   string // of campaigns: messages (default), last_seen, first_seen, score, sources; of sources: messages (default), last_seen, decibans
}

// MessageRow is one popup in the table of messages. Text is cut to 300 characters.
type MessageRow struct {
	ID       string    `json:"id"` // event.id
	Time     time.Time `json:"time"`
	Action   string    `json:"action"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Text     string    `json:"text"`
	Verdict  string    `json:"verdict"`
	Score    float64   `json:"score"`
	Lure     string    `json:"lure,omitempty"`
	Campaign string    `json:"campaign"`
	Source   string    `json:"source"` // as the sender wrote it; empty where a rolled-up document has none
	State    string    `json:"state"`  // of the claim, the newest that is known, not that of the message's moment
	Target   string    `json:"target"` // the first, where there are several
	Port     int       `json:"port"`
	Route    string    `json:"route"`
	Sensor   string    `json:"sensor"`
	Count    uint64    `json:"count"` // popups that the document stands for
	Domains  []string  `json:"domains,omitempty"`
}

// MessagePage is an answer of Messages. Count is of popup documents that the filter means, up to a bound (CountIsLeast).
type MessagePage struct {
	Rows         []MessageRow `json:"rows"`
	Next         string       `json:"next,omitempty"` // empty at the end
	Count        uint64       `json:"count"`
	CountIsLeast bool         `json:"count_is_least"` // there are more than Count
}

// Named is a count of something that has a name.
type Named struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// Timeline are counts of popups in buckets of Step seconds; At are their beginnings, seconds since 1970, empty buckets among them. At most
// 400 buckets.
type Timeline struct {
	Step    int64    `json:"step"`
	At      []int64  `json:"at"`
	Spam    []uint64 `json:"spam"`
	Suspect []uint64 `json:"suspect"`
	Clean   []uint64 `json:"clean"`
	Exploit []uint64 `json:"exploit"` // attempts, which have no verdict
}

// Overview is what came in a time, under a filter. Partial says that the filter meant more than could be counted within the bound of work,
// and that the newest were counted.
type Overview struct {
	From      time.Time         `json:"from"`
	To        time.Time         `json:"to"`
	Timeline  Timeline          `json:"timeline"`
	Messages  uint64            `json:"messages"`
	Campaigns uint64            `json:"campaigns"`
	Sources   uint64            `json:"sources"` // claimed
	Targets   uint64            `json:"targets"`
	Verdicts  map[string]uint64 `json:"verdicts"`
	States    map[string]uint64 `json:"states"` // sources by their newest state, all six named
	Routes    []Named           `json:"routes"`
	Ports     []Named           `json:"ports"`
	Top       []CampaignRow     `json:"top"` // ten campaigns of most messages
	Findings  []Named           `json:"findings"`
	Frames    uint64            `json:"frames"`
	Dropped   uint64            `json:"dropped"` // by kernel and interface
	Shed      uint64            `json:"shed"`    // by the sensor, all kinds but caches
	Partial   bool              `json:"partial"`
}

// Sample is a popup's three texts.
type Sample struct {
	From string `json:"from"`
	To   string `json:"to"`
	Text string `json:"text"`
}

// CampaignRow is one campaign over all its parts and sensors.
type CampaignRow struct {
	ID         string            `json:"id"`
	Verdict    string            `json:"verdict"`
	Score      float64           `json:"score"`
	Lure       string            `json:"lure,omitempty"`
	Language   string            `json:"language,omitempty"`
	Template   string            `json:"template,omitempty"`
	Sample     Sample            `json:"sample"`
	Messages   uint64            `json:"messages"`
	Sources    uint64            `json:"sources"`
	Targets    uint64            `json:"targets"`
	First      time.Time         `json:"first_seen"`
	Last       time.Time         `json:"last_seen"`
	Domains    []string          `json:"domains,omitempty"` // advertised, at most 10
	States     map[string]uint64 `json:"sources_by_state"`
	Reportable uint64            `json:"reportable_sources"`
	Sensors    []string          `json:"sensors"`
	Atlas      []string          `json:"atlas,omitempty"`
}

// CampaignPage is an answer of Campaigns.
type CampaignPage struct {
	Rows    []CampaignRow `json:"rows"`
	Next    string        `json:"next,omitempty"`
	Partial bool          `json:"partial,omitempty"` // of the popups that the filter means only the newest were looked at
}

// Key is an advertised site, phone or mailbox with its first and last day.
type Key struct {
	Value string    `json:"value"`
	Count uint64    `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// Variant is one wording of a campaign; an event's id stands for it.
type Variant struct {
	Sample
	Event    string    `json:"event"` // event.id of one popup that says so
	CodePage string    `json:"code_page"`
	Count    uint64    `json:"count"`
	First    time.Time `json:"first_seen"`
	Last     time.Time `json:"last_seen"`
}

// Part is one part of a campaign on one sensor.
type Part struct {
	Part     time.Time `json:"part"`
	First    time.Time `json:"first_seen"`
	Last     time.Time `json:"last_seen"`
	Messages uint64    `json:"messages"`
	Sensor   string    `json:"sensor"`
	Final    bool      `json:"final"`
}

// Campaign is all that is known of one campaign. Lists are bounded: 50 variants, 100 parts, 100 keys of a kind, 50 sources, 50 targets.
type Campaign struct {
	CampaignRow
	Aliases  []string         `json:"aliases"`
	Parts    []Part           `json:"parts"`
	Life     Timeline         `json:"life"`
	Keys     map[string][]Key `json:"keys"` // domains, urls, phones, emails
	Ports    []Named          `json:"ports"`
	Routes   []Named          `json:"routes"`
	Tool     []string         `json:"tool"`
	Related  json.RawMessage  `json:"related,omitempty"` // popupwatch.campaign.related as the event has it
	Variants []Variant        `json:"variants"`
	Wordings uint64           `json:"wordings"` // how many there are, up to the bound of what is kept
	Claimed  []SourceRow      `json:"claimed"`  // sources of most messages
	Networks []Named          `json:"networks"` // of targets (/24, /48), those of most messages
	Document json.RawMessage  `json:"document"` // the newest
}

// SourceRow is one address that senders wrote, over all its claims. State is that of the newest claim.
type SourceRow struct {
	IP         string            `json:"ip"`
	State      string            `json:"state"`
	States     map[string]uint64 `json:"states"` // claims by state
	Reportable bool              `json:"reportable"`
	Decibans   float64           `json:"decibans"` // of the newest claim
	Messages   uint64            `json:"messages"`
	Campaigns  uint64            `json:"campaigns"`
	Claims     uint64            `json:"claims"`
	First      time.Time         `json:"first_seen"`
	Last       time.Time         `json:"last_seen"`
}

// SourcePage is an answer of Sources.
type SourcePage struct {
	Rows    []SourceRow `json:"rows"`
	Next    string      `json:"next,omitempty"`
	Partial bool        `json:"partial,omitempty"` // as of a CampaignPage
}

// Source is all that is known of one address: the newest document of each claim and part, newest first, at most 100, and the drafts.
type Source struct {
	SourceRow
	Documents []json.RawMessage `json:"documents"` // of the source set, as the events have them
	Left      uint64            `json:"left"`      // claims beyond the bound
	Drafts    []string          `json:"drafts"`    // ids
}

// FindingRow is one finding, its newest document.
type FindingRow struct {
	ID       string          `json:"id"`
	Time     time.Time       `json:"time"`
	Class    string          `json:"class"`
	Severity int             `json:"severity"`
	Count    uint64          `json:"count"`
	Campaign string          `json:"campaign,omitempty"`
	Sensor   string          `json:"sensor"`
	Says     string          `json:"says"` // the document's message
	Document json.RawMessage `json:"document"`
}

// FindingPage is an answer of Findings.
type FindingPage struct {
	Rows []FindingRow `json:"rows"`
	Next string       `json:"next,omitempty"`
}

// SensorView is what the sensor set says of a time: sums, and counts over time. Frames is the sum of Reasons; AddsUp says whether it is.
type SensorView struct {
	Sensors  []string          `json:"sensors"`
	Frames   uint64            `json:"frames"`
	Octets   uint64            `json:"bytes"`
	Messages uint64            `json:"messages"`
	AddsUp   bool              `json:"adds_up"`
	Reasons  []Named           `json:"reasons"`
	Kernel   map[string]uint64 `json:"kernel"` // received, dropped, interface_dropped
	Shed     map[string]uint64 `json:"shed"`
	Queue    map[string]uint64 `json:"queue"` // of the newest document that has it
	Ports    []PortCount       `json:"ports"`
	Step     int64             `json:"step"` // seconds
	At       []int64           `json:"at"`
	FramesAt []uint64          `json:"frames_at"`
	PopupsAt []uint64          `json:"popups_at"`
	LostAt   []uint64          `json:"lost_at"` // dropped and shed
}

// PortCount is what arrived at one port, whether it could be decoded or not.
type PortCount struct {
	Port      int    `json:"port"`
	Datagrams uint64 `json:"datagrams"`
	Octets    uint64 `json:"bytes"`
	Sources   uint64 `json:"sources"`
}

// Kept is what the store holds, and what it gave up.
type Kept struct {
	Events  map[string]uint64 `json:"events"` // by the last word of the data set
	First   time.Time         `json:"first"`  // packet time; zero in an empty store
	Last    time.Time         `json:"last"`
	Arrived time.Time         `json:"arrived"` // when the newest came, by the clock
	Octets  int64             `json:"octets"`  // of the file
	Limit   int64             `json:"limit"`   // octets
	Days    int               `json:"days"`    // kept after arrival; 0: without end
	Purged  uint64            `json:"purged"`  // events given up for age or room
	Shed    uint64            `json:"shed"`    // events that could not be written
	Queued  int64             `json:"queued"`  // documents that wait for delivery
}

// Arrival is one event as it came, for a live tail: Seq grows with each.
type Arrival struct {
	Seq      int64           `json:"seq"`
	Set      string          `json:"set"` // the last word of the data set
	Message  *MessageRow     `json:"message,omitempty"`
	Document json.RawMessage `json:"document,omitempty"` // of the other sets
}
