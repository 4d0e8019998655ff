package decoders

import (
	"time"

	"popupwatch/decoders/inet"
	"popupwatch/decoders/wire"
)

// Reason says what became of a frame; see wire.Reason.
type Reason = wire.Reason

// LinkType is a libpcap link type (DLT as stored in files); see inet.LinkType.
type LinkType = inet.LinkType

// Frame is one captured frame, or a tick. Data is borrowed from the source until its next Next.
type Frame struct {
	Seq      uint64    // number of the frame over the whole run, from 1; 0 for a tick
	Time     time.Time // packet time, UTC
	Data     []byte    // the captured octets; len(Data) <= Len
	Len      int       // octets on the wire
	Link     LinkType
	Iface    int  // index for Source.Interface
	Tick     bool // no frame: a live source waited, and Time is now
	Filtered bool // --filter refuses it: it is counted and nothing else
}

// Role says how traffic reaches an interface; it decides what a source address there can show.
type Role uint8

// The roles of an interface.
const (
	RoleSpan     Role = iota // copies of both directions; also every file
	RoleExternal             // only what comes in from outside
	RoleAccess               // own users, source addresses enforced
)

// Interface is where frames come from: an interface of this machine, or one that a file names.
type Interface struct {
	Name string // interface name, or the one in a pcapng file; empty where a file has none
	Path string // the file's path as it was found; empty for a live interface
	Link LinkType
	Role Role
	Snap uint32 // octets of a frame that are captured at most; 0 is no limit, or not known
}
