package simulate

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Classes of packets, in truth files.
const (
	ClassGenuine    = "genuine"    // a popup, or part of its exchange, from the host that holds the address
	ClassForged     = "forged"     // from somebody who wrote another's address
	ClassLegit      = "legit"      // a popup that somebody wants: print server, backup, helpdesk
	ClassOurs       = "ours"       // from one of our own hosts
	ClassInnocent   = "innocent"   // what the holder of a claimed address answers
	ClassBackground = "background" // all else
)

// step is what a packet is in its exchange, for the baselines.
type step uint8

const (
	stepOther step = iota
	stepCall
	stepAnswer    // to a callback, whatever it says
	stepHandshake // the third segment of a TCP handshake, with the number that the server expects
)

// Truth is what is known of one packet and no sensor can know.
type Truth struct {
	Frame     uint64
	Class     string
	Family    string // sort of sender or forger
	Campaign  uint32 // number of the mail-shot; 0 for none
	Host      uint32 // who sent it; 0: one of our own, or the network
	Claimed   address
	Owner     int  // who holds the claimed address
	Popup     bool // the packet completes a popup
	Genuine   bool // the host that sent it holds the claimed address
	Legit     bool
	Proof     bool // a complete exchange proves this popup, if all of it is captured
	Copy      bool // the span port showed it a second time
	Adversary string

	step  step
	ttl   uint8
	hops  uint8 // true distance of the holder of the claimed address
	alive bool  // the holder answers pings
	odd   bool  // the filter of CAIDA refuses it
	tcp   bool
}

// line is Truth as it stands in a truth file.
type line struct {
	Frame         uint64 `json:"frame"`
	TrueHost      string `json:"true_host"`
	ClaimedAddr   string `json:"claimed_addr"`
	AddrOwner     string `json:"addr_owner"`
	Class         string `json:"class"`
	Family        string `json:"family,omitempty"`
	Campaign      uint32 `json:"campaign,omitempty"`
	Popup         bool   `json:"popup"`
	Genuine       bool   `json:"genuine"`
	Legit         bool   `json:"legit"`
	ProofExpected bool   `json:"proof_expected"`
	Copy          bool   `json:"copy,omitempty"`
	Adversary     string `json:"adversary,omitempty"`
}

// MarshalJSON gives the line of a truth file.
func (t Truth) MarshalJSON() ([]byte, error) {
	return json.Marshal(line{
		Frame: t.Frame, TrueHost: hostName(t.Host), ClaimedAddr: t.Claimed.netip().String(), AddrOwner: ownerName(t.Owner), Class: t.Class,
		Family: t.Family, Campaign: t.Campaign, Popup: t.Popup, Genuine: t.Genuine, Legit: t.Legit, ProofExpected: t.Proof, Copy: t.Copy,
		Adversary: t.Adversary,
	})
}

func hostName(host uint32) string {
	if host == 0 {
		return "network"
	}
	return fmt.Sprintf("host-%d", host)
}

func ownerName(owner int) string {
	switch owner {
	case ownerUnrouted:
		return "unrouted"
	case ownerSpecial:
		return "special"
	case ownerHome:
		return "home"
	}
	return "as" + strconv.Itoa(owner)
}
