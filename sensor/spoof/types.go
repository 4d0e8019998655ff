package spoof

import (
	"net/netip"
	"time"

	"popupwatch/sensor/spoof/proof"
)

// State is how far the source address of a claim can be believed (SPOOF-AND-CAMPAIGNS 1).
type State uint8

// The six states.
const (
	Unknown State = iota
	ForgedCertain
	NonroutableLeak
	ForgedProbable
	ReachableUnbound
	GenuineBound
)

// StateCount is the number of states.
const StateCount = 6

// String is the word that stands in events.
func (s State) String() string {
	return [...]string{"unknown", "forged_certain", "nonroutable_leak", "forged_probable", "reachable_unbound", "genuine_bound"}[s]
}

// Forged says whether the state speaks against the address having sent anything.
func (s State) Forged() bool { return s == ForgedCertain || s == ForgedProbable }

// ClaimKey names a claim: one source address in one campaign, or one class, and one hour (CONTRACT.md 2.0).
type ClaimKey struct {
	Source   netip.Addr
	Campaign string    // campaign id; empty for probes and exploit attempts
	Class    string    // ClassPopup, ClassProbe or ClassExploit
	Hour     time.Time // start of the hour of the message's first frame, UTC
}

// Evidence is one row of the ledger, as it stands in events. Packets are frame numbers, at most 16.
type Evidence struct {
	ID       string // E10, R1, ...
	Group    string // "G1" ... "G6"; "rule" for what is no matter of weight
	Decibans float64
	Text     string // a sentence an analyst can sign
	Packets  []uint64
}

// Posterior is the probability that the address is forged, for three priors.
type Posterior struct{ P10, P50, P90 float64 }

// Assessment is the state of one claim at one moment. Evidence is owned by the receiver.
type Assessment struct {
	Time      time.Time // the document's time
	Key       ClaimKey
	Part      time.Time
	State     State
	Previous  State // state before this assessment; equal to State if unchanged
	NewSource bool  // first claim of this source in this campaign
	Changed   bool  // a document is due because the state changed (or the claim is new and not Unknown)
	Final     bool  // the claim closed: its last document

	Reportable       bool
	Refusals         []string // words for the gates that keep a proven claim from being reportable; shared, read-only
	Decibans         float64
	Posterior        Posterior
	Evidence         []Evidence
	Conflict         bool
	Emitter          string
	Messages         uint64
	Targets          uint64
	TargetsEstimated bool
	First, Last      time.Time

	proof proof.Genuine
}

// Proof is the latest proof of the claim, valid only while its state is GenuineBound. It is never stored: an assessment that was has none.
func (a *Assessment) Proof() proof.Genuine { return a.proof }
