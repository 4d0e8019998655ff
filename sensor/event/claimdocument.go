package event

import (
	"time"

	"popupwatch/sensor/spoof"
)

// ClaimDocument is what a reader takes of a document of the source set (CONTRACT.md 2.3), or of another document about a claim. Whoever writes
// a file can write anything: nothing in it is a proof, and none can be made from it.
type ClaimDocument struct {
	Time  time.Time `json:"@timestamp"`
	Event struct {
		Dataset string `json:"dataset"`
	} `json:"event"`
	Observer struct {
		Name string `json:"name"`
	} `json:"observer"`
	Source struct {
		IP string `json:"ip"`
	} `json:"source"`
	Popupwatch struct {
		Campaign struct {
			ID string `json:"id"`
		} `json:"campaign"`
		Message struct {
			Count uint64 `json:"count"`
		} `json:"message"`
		Source ClaimFields `json:"source"`
	} `json:"popupwatch"`
}

// ClaimFields is popupwatch.source.
type ClaimFields struct {
	State      string           `json:"state"`
	Reportable bool             `json:"reportable"`
	ClaimID    string           `json:"claim_id"`
	Class      string           `json:"class"`
	Hour       time.Time        `json:"hour"`
	Part       time.Time        `json:"part"`
	Decibans   float64          `json:"decibans"`
	Posterior  *ClaimPosterior  `json:"posterior"`
	Evidence   []spoof.Evidence `json:"evidence"`
	Conflict   bool             `json:"conflict"`
	RefusedBy  []string         `json:"refused_by"`
	Emitter    string           `json:"emitter"`
	Messages   uint64           `json:"messages"`
	Targets    uint64           `json:"targets"`
	Claims     uint64           `json:"claims"`
	First      time.Time        `json:"first_seen"`
	Last       time.Time        `json:"last_seen"`
	Final      bool             `json:"final"`
}

// ClaimPosterior is the probability that the address is forged, for priors of 0.1, 0.5 and 0.9.
type ClaimPosterior struct {
	P10 float64 `json:"p10"`
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
}

// CallsProven says whether the fields call the claim reportable, as only a proven one can be.
func (c *ClaimFields) CallsProven() bool {
	return c.Reportable && c.State == spoof.GenuineBound.String()
}
