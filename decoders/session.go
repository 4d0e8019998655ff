package decoders

import (
	"net/netip"

	"popupwatch/decoders/netbios"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/smb"
)

// SessionStage says at what point of a connection its facts were taken.
type SessionStage uint8

// The stages of a connection to the Messenger.
const (
	SessionPopup    SessionStage = iota // at a popup that it carried: in Message alone, no signal
	SessionGranted                      // the server took the session to a name of the Messenger
	SessionRefused                      // the server refused it: Refusal says why
	SessionElse                         // the server names another place: Retarget
	SessionAnswered                     // the server answered a command of the Messenger: Command, Status
	SessionControl                      // the client sent another command of the Messenger than a popup: Command
	SessionOver                         // the last signal of a connection: nothing more will be seen of it
)

// String is a word for people.
func (s SessionStage) String() string {
	return [...]string{"popup", "granted", "refused", "retarget", "answered", "control", "over"}[s]
}

// Session is what a TCP connection to the Messenger shows up to one of its points: who its ends say they are, and what they could know of each
// other. Whoever forges the client's address cannot acknowledge what the server sends. It is owned and can be stored.
type Session struct {
	Ends     reassembly.StreamKey
	Evidence reassembly.Evidence
	Stage    SessionStage

	Called, Calling string // names of the session request with their suffixes, "DESKTOP42<03>"; empty where none was seen
	Refusal         netbios.Refusal
	Retarget        netip.AddrPort // SessionElse: where the client is to connect instead
	Command         smb.Command
	Status          uint32 // SessionAnswered: 0 is success
	Group           uint16 // message group of a popup in blocks; it means nothing to most servers
	Blocks          uint32 // of a popup: blocks that its text came in; 0 where it came in one command
	Initials        Initials
	Popups          uint32 // popups that the connection carried up to here
	Answers         uint32 // commands of the Messenger that the server answered with success
}

// Handshake says how much of the handshake was seen: "complete" where all three segments fit, "partial" where one or two are missing, "none".
func (s *Session) Handshake() string {
	e := &s.Evidence
	switch {
	case e.Handshake():
		return "complete"
	case e.SYN != 0 || e.SYNACK != 0:
		return "partial"
	}
	return "none"
}

// ServerSeen says whether anything that the server sent was captured.
func (s *Session) ServerSeen() bool { return s.Evidence.Ends[reassembly.Server].Packets > 0 }
