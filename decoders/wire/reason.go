package wire

// Reason says what became of one frame. It is one byte, satisfies error and indexes an array of counters, so that
// refusing a frame costs nothing. Every frame gets exactly one Reason, Message included: the counters' sum is the number of frames.
//
// To add a reason: 1 add the constant before reasonCount; 2 add its word and its sentence to reasonTable at the same place;
// 3 return it where the frame ends; 4 add a vector that ends there. Words are part of the output (CONTRACT.md 2.4) and are never renamed.
type Reason uint8

// The reasons, in the order of the road: file, link, network, transport, RPC, stub, NetBIOS; then TCP and SMB.
const (
	None Reason = iota // no decision yet; never counted

	Message   // completed at least one popup
	Signal    // a control PDU or an answer that bears on a source
	Fragment  // an IP or RPC fragment that waits for others
	Duplicate // a copy of a datagram that was already read
	ICMPQuote // an ICMP error that quotes a popup

	Filtered // refused by --filter
	Empty    // a record without octets

	LinkType    // link type that is not read
	NotIP       // ARP, LLDP, ... : no IP inside
	Truncated   // snap length or damage cut a header that was needed
	Nesting     // more tunnels or tags in one another than are followed
	IPMalformed // lengths or versions of an IP header contradict each other

	FragmentMalformed // an IP fragment beyond the end, misaligned, or without end
	FragmentOverlap   // an IP fragment that contradicts octets already there
	FragmentShed      // an IP fragment that no memory was left for

	TransportOther // TCP of other ports and whatever else is neither UDP nor ICMP
	ICMPOther      // ICMP that quotes no popup
	UDPMalformed   // UDP header cut or its length below 8
	UDPOther       // UDP that is no RPC, on a port that is not watched
	NotRPC         // UDP that is no RPC, on a watched port

	RPCTruncated // begins as an RPC header, but has fewer than 80 octets
	RPCType      // header in order but for a PDU type above 10
	RPCInterface // connectionless RPC of another interface
	RPCVersion   // the Messenger interface in another version than 1.0
	RPCOperation // the Messenger interface, another operation than 0
	RPCFragment  // an RPC fragment that cannot be used: number or size out of bounds
	RPCShed      // an RPC fragment that no memory was left for

	StubShort     // the stub ends before the counts of the Text
	StubMalformed // From or To do not lie within the stub
	StubNoText    // counts say there is a Text, but none of its octets is there
	StubEncrypted // the stub is sealed (authentication level privacy)

	NetBIOSMalformed  // a NetBIOS datagram whose header is cut or whose names cannot be read
	NetBIOSOther      // a NetBIOS datagram of another kind, or to another mailslot than the Messenger's
	MailslotMalformed // data of the Messenger's mailslot without From or To

	TCPMalformed  // TCP of port 139 or 445 whose header is cut or contradicts itself
	Stream        // a segment of a followed connection: handshake, acknowledgement, a part of something
	StreamAgain   // a segment that brings only octets that had come before
	StreamOverlap // a segment that contradicts octets that had come before
	StreamOutside // a segment whose numbers fit to nothing in its connection
	SMBOther      // TCP of port 139 or 445 that carries nothing of the Messenger
	SMBMalformed  // a command of the Messenger whose names or text cannot be read

	reasonCount
)

// ReasonCount is the number of reasons: the size of an array of counters.
const ReasonCount = int(reasonCount)

type reasonWords struct{ word, sentence string }

func (r Reason) words() reasonWords {
	if int(r) < len(reasonTable) {
		return reasonTable[r]
	}
	return reasonTable[None]
}

// String is the word that stands in events and summaries.
func (r Reason) String() string { return r.words().word }

// Sentence says in words for people what the reason means.
func (r Reason) Sentence() string { return r.words().sentence }

// Error makes a Reason an error.
func (r Reason) Error() string { return r.words().sentence }

var reasonTable = [...]reasonWords{
	None:              {"none", "not decided"},
	Message:           {"message", "completed a popup"},
	Signal:            {"signal", "an answer or control PDU that bears on a source"},
	Fragment:          {"fragment", "a fragment that waited for others"},
	Duplicate:         {"duplicate", "a copy of a datagram already read"},
	ICMPQuote:         {"icmp_quote", "an ICMP error that quotes a popup"},
	Filtered:          {"filtered", "refused by the capture filter"},
	Empty:             {"empty", "a record without octets"},
	LinkType:          {"link_type", "a link type that is not read"},
	NotIP:             {"not_ip", "no IP inside"},
	Truncated:         {"truncated", "a header cut by the snap length"},
	Nesting:           {"nesting", "tunnels or tags nested too deep"},
	IPMalformed:       {"ip_malformed", "an IP header that contradicts itself"},
	FragmentMalformed: {"fragment_malformed", "an IP fragment of impossible place or size"},
	FragmentOverlap:   {"fragment_overlap", "an IP fragment that contradicts an earlier one"},
	FragmentShed:      {"fragment_shed", "an IP fragment that no memory was left for"},
	TransportOther:    {"transport_other", "TCP of other ports, or another transport"},
	ICMPOther:         {"icmp_other", "ICMP that quotes no popup"},
	UDPMalformed:      {"udp_malformed", "a UDP header that is cut or contradicts itself"},
	UDPOther:          {"udp_other", "UDP without RPC on another port"},
	NotRPC:            {"not_rpc", "UDP without RPC on a watched port"},
	RPCTruncated:      {"rpc_truncated", "an RPC header cut short"},
	RPCType:           {"rpc_type", "an RPC header of unknown PDU type"},
	RPCInterface:      {"rpc_interface", "RPC of another interface"},
	RPCVersion:        {"rpc_version", "the Messenger interface in another version"},
	RPCOperation:      {"rpc_operation", "another operation of the Messenger interface"},
	RPCFragment:       {"rpc_fragment", "an RPC fragment of impossible number or size"},
	RPCShed:           {"rpc_shed", "an RPC fragment that no memory was left for"},
	StubShort:         {"stub_short", "a stub that ends before the counts of its text"},
	StubMalformed:     {"stub_malformed", "a stub whose names cannot be read"},
	StubNoText:        {"stub_no_text", "a stub that has none of its text's octets"},
	StubEncrypted:     {"stub_encrypted", "a sealed stub"},
	NetBIOSMalformed:  {"netbios_malformed", "a NetBIOS datagram that cannot be read"},
	NetBIOSOther:      {"netbios_other", "a NetBIOS datagram that carries no popup"},
	MailslotMalformed: {"mailslot_malformed", "a mailslot write without the names of a popup"},
	TCPMalformed:      {"tcp_malformed", "a TCP header on port 139 or 445 that is cut or contradicts itself"},
	Stream:            {"stream", "a segment of a connection that is followed"},
	StreamAgain:       {"stream_again", "a segment of octets that had come before"},
	StreamOverlap:     {"stream_overlap", "a segment that contradicts an earlier one"},
	StreamOutside:     {"stream_outside", "a segment whose numbers fit to nothing"},
	SMBOther:          {"smb_other", "TCP on port 139 or 445 without Messenger traffic"},
	SMBMalformed:      {"smb_malformed", "a Messenger command that cannot be read"},
}
