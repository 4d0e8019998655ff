package smb

import (
	"bytes"

	"popupwatch/decoders/wire"
)

// transaction is SMB_COM_TRANSACTION, the command that writes to a mailslot ([MS-CIFS] 2.2.4.33, [MS-MAIL]).
const transaction = 0x25

// messengerSlot is the mailslot of the Messenger ([MS-MSRP]). Names of mailslots are compared without case ([MS-MAIL]).
const messengerSlot = `\MAILSLOT\MESSNGR`

// headerSize is the length of the SMB header, in octets ([MS-CIFS] 2.2.3.1): offsets count from its first.
const headerSize = 32

// Mailslot is a popup written to the Messenger's mailslot. The strings are views, their NUL included where it is there.
//
//	From NUL To NUL Text NUL
type Mailslot struct {
	From, To, Text []byte
	Data           []byte // all of it
	NoText         bool   // nothing follows To
	NoFinalNUL     bool   // Text ends with the data
	Trailing       int    // octets after the NUL of Text
	Short          bool   // fewer octets are there than DataCount promises
}

// ParseMailslot reads an SMB transaction that writes to the Messenger's mailslot. The data stand where DataOffset says: some senders pad
// them, some do not, and one leaves a stray octet before them. Reasons: wire.NetBIOSOther where b is another command or another mailslot,
// wire.NetBIOSMalformed where it is cut before the mailslot's name ends, wire.MailslotMalformed where From or To are not there.
func ParseMailslot(b []byte) (Mailslot, wire.Reason) {
	if !IsTransaction(b) {
		return Mailslot{}, wire.NetBIOSOther
	}
	c := wire.NewCursor(b, false)
	c.Skip(headerSize)
	count, at, ok := dataPlace(&c)
	c.Skip(2) // octets that follow
	name, end := c.Bytes(len(messengerSlot)), c.U8()
	switch {
	case !ok || c.Err():
		return Mailslot{}, wire.NetBIOSMalformed
	case end != 0 || !bytes.EqualFold(name, []byte(messengerSlot)):
		return Mailslot{}, wire.NetBIOSOther
	}
	data := wire.NewCursor(b, false)
	data.Skip(at)
	m := Mailslot{Short: count > data.Remaining(), Data: data.UpTo(count)}
	if at < headerSize || !m.split() {
		return Mailslot{}, wire.MailslotMalformed
	}
	return m, wire.None
}

// dataPlace reads the words of a transaction: how many octets of data there are and where they begin, counted from the SMB header.
func dataPlace(c *wire.Cursor) (count, at int, ok bool) {
	words := int(c.U8())
	parameters := wire.NewCursor(c.Bytes(2*words), false)
	parameters.Skip(22) // totals, limits, flags, timeout, parameters
	count, at = int(parameters.U16()), int(parameters.U16())
	return count, at, !parameters.Err()
}

// split cuts the data into its strings. From and To must end with a NUL, the Text need not.
func (m *Mailslot) split() bool {
	var ok bool
	rest := m.Data
	if m.From, rest, ok = cutString(rest); !ok {
		return false
	}
	if m.To, rest, ok = cutString(rest); !ok {
		return false
	}
	m.NoText = len(rest) == 0
	m.Text, rest, ok = cutString(rest)
	m.NoFinalNUL = !ok && !m.NoText
	m.Trailing = len(rest)
	return true
}

// cutString cuts a string behind its NUL; without one the string is all there is.
func cutString(b []byte) (s, rest []byte, ok bool) {
	before, rest, ok := bytes.Cut(b, []byte{0})
	c := wire.NewCursor(b, false)
	if !ok {
		return b, nil, false
	}
	return c.Bytes(len(before) + 1), rest, true
}

// IsTransaction says whether b begins as a write to a mailslot does.
func IsTransaction(b []byte) bool {
	c := wire.NewCursor(b, false)
	magic, command := c.Bytes(4), c.U8()
	return !c.Err() && bytes.Equal(magic, []byte("\xffSMB")) && command == transaction
}
