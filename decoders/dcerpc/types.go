package dcerpc

// UUID holds the sixteen octets in canonical (printing) order, whatever the byte order of the PDU was.
type UUID [16]byte

// MapperPort is the UDP port of the endpoint mapper, which forwards calls of the interfaces that it knows ([MS-RPCE] 4.5).
const MapperPort = 135

// Flags is the flags1 octet of a connectionless PDU (C706 12.6.3.1).
type Flags uint8

// The flags of flags1.
const (
	FlagForwarded  Flags = 0x01 // reserved: only inside a host
	FlagLastFrag   Flags = 0x02
	FlagFrag       Flags = 0x04
	FlagNoFack     Flags = 0x08
	FlagMaybe      Flags = 0x10
	FlagIdempotent Flags = 0x20
	FlagBroadcast  Flags = 0x40
	FlagReserved   Flags = 0x80
)

// Type is the PDU type, 0 to 10.
type Type uint8

// The PDU types (C706 12.1).
const (
	TypeRequest Type = iota
	TypePing
	TypeResponse
	TypeFault
	TypeWorking
	TypeNoCall
	TypeReject
	TypeAck
	TypeCancel
	TypeFack
	TypeCancelAck
)

// Header is the header of a connectionless PDU, 80 octets (C706 12.6.3.1). Owned and comparable.
type Header struct {
	Type      Type
	Flags     Flags
	Flags2    uint8
	BigEndian bool
	EBCDIC    bool
	Object    UUID
	Interface UUID
	Activity  UUID
	Boot      uint32 // server boot time, Unix seconds; 0 where the client does not know it yet
	Version   uint32 // interface version: major in the low 16 bits
	Sequence  uint32
	Operation uint16
	IfHint    uint16
	ActHint   uint16
	Length    uint16 // octets of body in this PDU, as the header says
	Fragment  uint16
	Auth      uint8
	Serial    uint16
}

// Call is what is known of the call that carried a popup: the header of its first fragment and how it came.
type Call struct {
	Header
	Fragments uint16 // RPC fragments it came in; 1 where it was whole
}
