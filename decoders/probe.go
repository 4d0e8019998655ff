package decoders

// Probe is what looks for the Messenger service, or pokes at it, without being a popup.
type Probe uint8

// The probes. All but the first two name the service or one of its interfaces.
const (
	ProbeNone      Probe = iota
	ProbeShort           // at most two octets to a watched port, as the scans of November 2003 sent them
	ProbeDatagram        // no RPC, to a watched port of a host that asked nothing: given only where Solicited is No
	ProbeMapper          // a request to the endpoint mapper that names the Messenger's interface
	ProbeOperation       // a call of msgsvcsend, another operation than NetrSendMessage
	ProbeVersion         // a call of msgsvcsend in another version than 1.0
	ProbeNames           // a call of msgsvc over UDP: it adds, lists or deletes the names of a host ([MS-MSRP] 3.2.4)
	ProbeStub            // a NetrSendMessage that cannot be read: malformed, as a fuzzer or a broken exploit sends it
)

var probeWords = [...]string{
	"none", "short_datagram", "other_datagram", "endpoint_mapper", "other_operation", "other_version", "message_names", "malformed_stub",
}

// String is the probe as one word.
func (p Probe) String() string {
	if int(p) < len(probeWords) {
		return probeWords[p]
	}
	return probeWords[ProbeNone]
}
