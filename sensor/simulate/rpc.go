package simulate

import (
	"encoding/binary"
	"math/rand/v2"

	"popupwatch/decoders/dcerpc"
)

// uuid holds the octets as a little-endian PDU carries them.
type uuid [16]byte

// newUUID is a random one, version 4.
func newUUID(r *rand.Rand) (u uuid) {
	binary.LittleEndian.PutUint64(u[:], r.Uint64())
	binary.LittleEndian.PutUint64(u[8:], r.Uint64())
	return u.versioned(4)
}

func (u uuid) versioned(version byte) uuid {
	u[7] = u[7]&0x0f | version<<4
	u[8] = u[8]&0x3f | 0x80
	return u
}

// clockUUID is a time-based one, version 1: who knows the node and the time knows it.
func clockUUID(now int64, node uint64) (u uuid) {
	binary.LittleEndian.PutUint64(u[:], uint64(now/100)+0x01b21dd213814000)
	binary.BigEndian.PutUint64(u[8:], node&0xffffffffffff)
	return u.versioned(1)
}

// pdu is the header of a connectionless PDU, little-endian.
type pdu struct {
	kind      dcerpc.Type
	flags     dcerpc.Flags
	flags2    uint8
	of        dcerpc.UUID
	activity  uuid
	boot      uint32
	version   uint32
	sequence  uint32
	operation uint16
	fragment  uint16
	serial    uint16
}

// begin appends the header; finish writes the length of the body that was appended after it.
func (p *pdu) begin(b []byte) []byte {
	b = append(b, 4, byte(p.kind), byte(p.flags), p.flags2, 0x10, 0, 0, byte(p.serial>>8))
	b = append(b, make([]byte, 16)...)
	of := p.of.Little()
	b = append(b, of[:]...)
	b = append(b, p.activity[:]...)
	b = binary.LittleEndian.AppendUint32(b, p.boot)
	b = binary.LittleEndian.AppendUint32(b, p.version)
	b = binary.LittleEndian.AppendUint32(b, p.sequence)
	b = binary.LittleEndian.AppendUint16(b, p.operation)
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, p.fragment)
	return append(b, 0, byte(p.serial))
}

func finish(b []byte, start int) []byte {
	binary.LittleEndian.PutUint16(b[start+74:], uint16(len(b)-start-dcerpc.HeaderSize))
	return b
}

// appendString appends an NDR string with its NUL, padded to 4.
func appendString(b []byte, s string) []byte {
	n := uint32(len(s) + 1)
	b = binary.LittleEndian.AppendUint32(b, n)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, n)
	b = append(append(b, s...), 0)
	for ; n%4 != 0; n++ {
		b = append(b, 0)
	}
	return b
}

// appendCall appends a NetrSendMessage.
func appendCall(b []byte, p *pdu, from, to, text string) []byte {
	p.kind, p.of, p.version = dcerpc.TypeRequest, dcerpc.MessengerSend, 1
	start := len(b)
	b = p.begin(b)
	b = appendString(b, from)
	b = appendString(b, to)
	b = appendString(b, text)
	return finish(b, start)
}

// appendCallback appends conv_who_are_you2 about an activity.
func appendCallback(b []byte, activity uuid, sequence uint32, asked uuid, boot uint32) []byte {
	p := pdu{
		kind: dcerpc.TypeRequest, flags: dcerpc.FlagIdempotent | dcerpc.FlagNoFack, flags2: 4, of: dcerpc.Conversation, activity: activity, version: 3,
		sequence: sequence, operation: dcerpc.WhoAreYou2,
	}
	start := len(b)
	b = append(p.begin(b), asked[:]...)
	return finish(binary.LittleEndian.AppendUint32(b, boot), start)
}

// appendAnswer appends the answer to a callback: the sequence number of the call, the client's address space, a status.
func appendAnswer(b []byte, activity uuid, sequence uint32, called uint32, space uuid, status uint32) []byte {
	p := pdu{
		kind: dcerpc.TypeResponse, flags: dcerpc.FlagNoFack, of: dcerpc.Conversation, activity: activity, version: 3, sequence: sequence,
		operation: dcerpc.WhoAreYou2,
	}
	start := len(b)
	b = binary.LittleEndian.AppendUint32(p.begin(b), called)
	b = append(b, space[:]...)
	return finish(binary.LittleEndian.AppendUint32(b, status), start)
}

// appendControl appends a PDU of the call itself: a response with its return code, an acknowledgement.
func appendControl(b []byte, kind dcerpc.Type, activity uuid, sequence, boot uint32) []byte {
	p := pdu{kind: kind, flags: dcerpc.FlagNoFack, of: dcerpc.MessengerSend, activity: activity, version: 1, sequence: sequence, boot: boot}
	start := len(b)
	b = p.begin(b)
	if kind == dcerpc.TypeResponse {
		b = binary.LittleEndian.AppendUint32(b, 0)
	}
	return finish(b, start)
}
