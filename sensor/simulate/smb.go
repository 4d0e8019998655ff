package simulate

import "encoding/binary"

// The types of a NetBIOS session packet (RFC 1002 4.3.1).
const (
	sessionMessage  = 0x00
	sessionRequest  = 0x81
	sessionPositive = 0x82
)

// appendSession appends a packet of the NetBIOS session service.
func appendSession(b []byte, kind byte, body []byte) []byte {
	b = append(b, kind, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

// appendName appends a NetBIOS name in its first-level encoding, with a suffix.
func appendName(b []byte, name string, suffix byte) []byte {
	b = append(b, 32)
	for i := range 16 {
		o := byte(' ')
		switch {
		case i == 15:
			o = suffix
		case i < len(name):
			o = name[i]
		}
		b = append(b, 'A'+o>>4, 'A'+o&15)
	}
	return append(b, 0)
}

// appendSessionRequest appends a request for the Messenger of a host.
func appendSessionRequest(b []byte, called, calling string) []byte {
	return appendSession(b, sessionRequest, appendName(appendName(nil, called, 3), calling, 3))
}

// appendSMB appends a message of SMB_COM_SEND_MESSAGE: a popup in one block, or the server's reply to it ([MS-MSRP] 2.2.3).
func appendSMB(b []byte, reply bool, data []byte) []byte {
	m := make([]byte, 35, 35+len(data))
	copy(m, "\xffSMB\xd0")
	if reply {
		m[9] = 0x80
	}
	binary.LittleEndian.PutUint16(m[33:], uint16(len(data)))
	return appendSession(b, sessionMessage, append(m, data...))
}

// blockOf is the data of a popup in one block.
func blockOf(from, to, text string) []byte {
	b := append(append([]byte{4}, from...), 0, 4)
	b = append(append(b, to...), 0, 1)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	return append(b, text...)
}
