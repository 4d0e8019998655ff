package smb

import (
	"bytes"

	"popupwatch/decoders/netbios"
	"popupwatch/decoders/wire"
)

// HeaderSize is the length of the SMB header, in octets ([MS-CIFS] 2.2.3.1).
const HeaderSize = 32

// Command is the command of an SMB message.
type Command uint8

// The commands of the Messenger ([MS-MSRP] 2.2.3), and those with which a session begins on which they may follow.
const (
	SendMessage    Command = 0xD0 // a whole popup
	SendBroadcast  Command = 0xD1
	ForwardName    Command = 0xD2
	CancelForward  Command = 0xD3
	MachineName    Command = 0xD4
	SendStart      Command = 0xD5 // From and To of a popup in blocks
	SendEnd        Command = 0xD6
	SendText       Command = 0xD7 // a block of its text
	Echo           Command = 0x2B
	TreeConnect    Command = 0x70
	TreeDisconnect Command = 0x71
	Negotiate      Command = 0x72
	SessionSetup   Command = 0x73
	Logoff         Command = 0x74
	TreeConnectX   Command = 0x75
)

// Messenger says whether a command is one of the Messenger's.
func (c Command) Messenger() bool { return c >= SendMessage && c <= SendText }

// Opens says whether a command may come before one of the Messenger's: some servers insist on a negotiation (WIRE.md 5).
func (c Command) Opens() bool {
	return c == Echo || c >= TreeConnect && c <= TreeConnectX
}

// Header is what the SMB header says ([MS-CIFS] 2.2.3.1).
type Header struct {
	Command            Command
	Status             uint32 // error class, code; 0 in requests
	Reply              bool
	Flags              uint8
	Flags2             uint16
	TID, PID, UID, MID uint16
}

// flagReply is set in what a server sends.
const flagReply = 0x80

// Begins says whether octets begin an SMB header and which command it has; five octets are enough.
func Begins(b []byte) (Command, bool) {
	c := wire.NewCursor(b, false)
	magic := c.Bytes(4)
	command := Command(c.U8())
	return command, !c.Err() && bytes.Equal(magic, []byte("\xffSMB"))
}

// Compatible says whether octets, be they fewer than five, can begin an SMB header of a command that is followed.
func Compatible(b []byte) bool {
	if len(b) < 5 {
		return bytes.HasPrefix([]byte("\xffSMB"), b)
	}
	command, ok := Begins(b)
	return ok && (command.Messenger() || command.Opens())
}

// Find gives where the session packet of a Messenger's command begins in octets of which the beginning is lost; it says no where there is none.
func Find(b []byte, direct bool) (at int, ok bool) {
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte("\xffSMB"))
		if i < 0 {
			return 0, false
		}
		from += i + 1
		if at = from - 1 - netbios.HeaderSize; at >= 0 && Heads(b[at:], direct) {
			return at, true
		}
	}
}

// Heads says whether octets begin with a session packet that can carry a command of the Messenger.
func Heads(b []byte, direct bool) bool {
	h, ok := netbios.ParseHeader(b, direct)
	if !ok || h.Type != netbios.TypeMessage || h.Length < HeaderSize+3 {
		return false
	}
	c := wire.NewCursor(b, false)
	c.Skip(netbios.HeaderSize)
	command, ok := Begins(c.UpTo(5))
	return ok && command.Messenger()
}

// parseHeader reads the header.
func parseHeader(c *wire.Cursor) (h Header, ok bool) {
	if !bytes.Equal(c.Bytes(4), []byte("\xffSMB")) {
		return Header{}, false
	}
	h = Header{Command: Command(c.U8()), Status: c.U32(), Flags: c.U8(), Flags2: c.U16()}
	c.Skip(12) // the high half of the PID, the signature, two octets that are reserved
	h.TID, h.PID, h.UID, h.MID = c.U16(), c.U16(), c.U16(), c.U16()
	h.Reply = h.Flags&flagReply != 0
	return h, !c.Err()
}
