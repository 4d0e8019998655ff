package event

import (
	"time"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// Set is a data set: which of the five sorts of documents an event is.
type Set uint8

// The data sets (CONTRACT.md 2.1).
const (
	SetMessage Set = iota
	SetSource
	SetCampaign
	SetFinding
	SetSensor

	setCount
)

// SetCount is the number of data sets.
const SetCount = int(setCount)

// String is event.dataset, e.g. "popupwatch.message".
func (s Set) String() string {
	return [...]string{"popupwatch.message", "popupwatch.source", "popupwatch.campaign", "popupwatch.finding", "popupwatch.sensor"}[s]
}

// StreamType is data_stream.type: "metrics" for the sensor's counts, else "logs".
func (s Set) StreamType() string {
	if s == SetSensor {
		return "metrics"
	}
	return "logs"
}

// Stream is the name of the data stream that holds the set in a namespace, e.g. "logs-popupwatch.message-default".
func (s Set) Stream(namespace string) string {
	return s.StreamType() + "-" + s.String() + "-" + namespace
}

// The words of event.kind.
const (
	KindEvent  = "event"
	KindAlert  = "alert"
	KindState  = "state"
	KindMetric = "metric"
)

// The words of event.action.
const (
	ActionPopup           = "messenger_popup"
	ActionExploit         = "messenger_exploit_attempt"
	ActionProbe           = "messenger_probe"
	ActionBackscatter     = "spoof_backscatter"
	ActionExposedHost     = "messenger_exposed_host"
	ActionInsideSender    = "messenger_inside_sender"
	ActionSourceAssessed  = "source_assessed"
	ActionSourceFinal     = "source_final"
	ActionCampaignOpened  = "campaign_opened"
	ActionCampaignUpdated = "campaign_updated"
	ActionCampaignClosed  = "campaign_closed"
	ActionSensorStats     = "sensor_stats"
)

// Event is one document. It refers to its parts and copies none. It belongs to the Builder that made it and is valid until that Builder
// makes the next: a sink must not keep it, nor change it.
type Event struct {
	Set      Set
	Time     time.Time // @timestamp: packet time
	Kind     string
	Action   string
	Outcome  string // success, failure, unknown; empty for the sensor's counts
	Severity int    // 0, 21, 47, 73 or 99
	Risk     float64

	Message    *decoders.Message // SetMessage; of a rolled-up one the first
	Membership campaign.Membership
	Verdict    rules.Verdict
	Direction  decoders.Direction
	Rolled     *Rolled // SetMessage: what a bucket gathered; nil for a message of its own

	Source   *spoof.Assessment // SetSource, SetMessage: the claim as known at that moment; may be nil for a message
	Claims   *SharedClaims     // SetSource: the claims that share this document; nil for a claim of its own
	Campaign *campaign.Update  // SetCampaign
	Finding  *Finding          // SetFinding
	Stats    *Stats            // SetSensor

	start, end   time.Time // event.start, event.end
	tag          string    // what is to be thought of the address; empty without one
	threat       *threat
	claim        [claimIDLength]byte
	hasClaim     bool
	community    [communityLength]byte
	hasCommunity bool
	identity     [idLength]byte

	conclusion *conclusion // while it is written; nil where nothing is remembered
	piece      int         // the conclusion's next piece

	builder *Builder
	line    []byte
}

// ID is event.id, which is the document's _id: 128 bits in lower-case hexadecimal.
func (e *Event) ID() string { return string(e.identity[:]) }

// ClaimID is popupwatch.source.claim_id; empty where no claim is known.
func (e *Event) ClaimID() string {
	if !e.hasClaim {
		return ""
	}
	return string(e.claim[:])
}

// Stream is the name of the data stream that the document belongs to.
func (e *Event) Stream() string { return e.builder.streams[e.Set] }

// JSON is the document in one line, without the line's end. It is rendered once for all sinks; a view, valid until the Builder makes
// the next event.
func (e *Event) JSON() []byte {
	if len(e.line) == 0 {
		e.line = e.AppendJSON(e.line)
	}
	return e.line
}

// AppendJSON appends the document in one line, without the line's end.
func (e *Event) AppendJSON(b []byte) []byte {
	return e.builder.programs[e.Set].run(b, e)
}

// Count is how many popups a message document stands for: 1 unless rolled up; 0 for the other data sets.
func (e *Event) Count() uint64 {
	switch {
	case e.Set != SetMessage:
		return 0
	case e.Rolled != nil:
		return e.Rolled.Count
	}
	return 1
}

// Reportable says whether the document is that of one claim and says that its source is reportable: what nobody doubts but the gates of
// popupwatch report.
func (e *Event) Reportable() bool {
	return e.Set == SetSource && e.Claims == nil && e.Source != nil && reportable(e.Source)
}

// namesSource says whether the document may carry source.*: no alert may, unless the address is proven, because analysts' tools group
// alerts by source.ip and would blame whoever stands there (CONTRACT.md 2.1).
func (e *Event) namesSource() bool {
	if e.Rolled != nil && e.Rolled.Rest {
		return false
	}
	return e.Kind != KindAlert || e.proven()
}

// proven says whether the source of the document is proven.
func (e *Event) proven() bool {
	return e.Source != nil && e.Source.State == spoof.GenuineBound
}
