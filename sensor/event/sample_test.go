package event

import (
	"net/netip"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/smb"
	"popupwatch/decoders/text"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// Hand-made parts: the engines that make them are others' packages.

var (
	sampleTime = time.Date(2004, 5, 6, 7, 8, 9, 123456000, time.UTC)
	sampleText = "STOP! WINDOWS REQUIRES IMMEDIATE ATTENTION.\x14\x14Windows has found CRITICAL SYSTEM ERRORS.\r\n" +
		"To fix the errors please do the following:\r\n1. Download Registry Cleaner from: www.example.com\r\n" +
		"2. Install it\r\n3. Run it and reboot your computer\r\nFAILURE TO ACT NOW MAY LEAD TO DATA LOSS AND CORRUPTION!"
)

func shown(s string) text.String { return text.String{Raw: s + "\x00", Shown: s, Exact: true} }

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func sampleMessage() *decoders.Message {
	return &decoders.Message{
		Time: sampleTime, Src: addrPort("198.51.100.7:31337"), Dst: addrPort("192.0.2.8:1026"),
		Marks:  inet.Marks{TTL: 113, ID: 4711, UDPLength: 512, VLANs: 2, VLAN: [2]uint16{100, 7}},
		Frames: []uint64{42}, From: shown("SYSTEM"), To: shown("ALERT"), Text: shown(sampleText), Page: "ascii",
		Features: &text.Features{Domains: []string{"example.com"}, URLs: []string{"www.example.com"}},
		RPC: dcerpc.Call{Fragments: 1, Header: dcerpc.Header{
			Flags: dcerpc.FlagIdempotent | dcerpc.FlagBroadcast, Sequence: 3, Serial: 4,
			Activity: dcerpc.UUID{0x0b, 0x6a, 0x2e, 0x54, 0x9c, 0x1d, 0x4f, 0x7a, 0x8a, 0x55, 0x31, 0xf0, 0xc4, 0xd2, 0xe6, 0xb1},
		}},
		Anomalies: []string{"no-nul"}, First: true, Octets: []byte(sampleText),
	}
}

// sampleSession is a connection on which everything happened.
func sampleSession() *decoders.Session {
	s := &decoders.Session{Called: "DESKTOP42<03>", Calling: "PRINTSRV<00>", Command: smb.SendStart, Blocks: 3, Group: 5, Popups: 1}
	s.Evidence = reassembly.Evidence{Began: sampleTime, Last: sampleTime, SYN: 39, SYNACK: 40, Acknowledged: 41, Ends: [2]reassembly.Seen{
		{Packets: 9, Data: 6, Acked: 4, AckedBeyond: 1, TTLLow: 113, TTLHigh: 113, Overlaps: 2, Holes: 3, Outside: 4, Reset: 44},
		{Packets: 7, Data: 4, Acked: 6, TTLLow: 127, TTLHigh: 127},
	}}
	return s
}

func sampleVerdict() rules.Verdict {
	return rules.Verdict{Score: 7.5, Class: rules.Spam, Lure: "registry_cleaner", Hits: []rules.Hit{
		{Rule: "registry_cleaner", Category: "lure", Ruleset: "default", Version: "1", Weight: 4, Description: "Offers a registry cleaner.", Lure: "registry_cleaner"},
		{Rule: "shouting", Category: "style", Ruleset: "default", Version: "1", Weight: 2, Description: "Mostly capitals."},
	}}
}

func sampleMembership() campaign.Membership {
	return campaign.Membership{ID: "cmp1-abcdefghijklmnop", Aliases: []string{"cmp1-qrstuvwxyz234567"}}
}

func sampleClaim() *spoof.Assessment {
	return &spoof.Assessment{
		Time: sampleTime.Add(time.Minute),
		Key: spoof.ClaimKey{Source: netip.MustParseAddr("198.51.100.7"), Campaign: "cmp1-abcdefghijklmnop", Class: "popup",
			Hour: sampleTime.Truncate(time.Hour)},
		Part: sampleTime, State: spoof.ForgedProbable, Previous: spoof.Unknown, Changed: true, Final: true,
		Decibans: 31.5, Posterior: spoof.Posterior{P10: 0.993, P50: 0.9993, P90: 0.99992},
		Evidence: []spoof.Evidence{
			{ID: "E20", Group: "G2", Decibans: 25, Text: "Seven sources share one IP ID counter.", Packets: []uint64{42, 43, 47}},
			{ID: "E10", Group: "G1", Decibans: 6.5, Text: "All sources arrive with the same TTL."},
		},
		Emitter: "em-1", Messages: 23, Targets: 11, First: sampleTime, Last: sampleTime.Add(50 * time.Second),
	}
}

func sampleUpdate() *campaign.Update {
	return &campaign.Update{
		Time: sampleTime, Cause: campaign.CauseOpened, Worse: true, ID: "cmp1-abcdefghijklmnop", Part: sampleTime,
		First: sampleTime, Last: sampleTime, Messages: 1, Submissions: 1,
		Sources: campaign.Count{N: 1}, Targets: campaign.Count{N: 2000, Estimated: true},
		Ports: []campaign.PortCount{{Port: 1026, Count: 1}, {Port: 1027, Count: 2}}, Routes: []string{"rpc_udp"},
		Domains:    []campaign.Key{{Value: "example.com", Count: 3, First: sampleTime, Last: sampleTime}},
		SampleFrom: "SYSTEM", SampleTo: "ALERT", SampleText: sampleText, Template: "stop windows requires",
		Standing:       campaign.Standing{Score: 7.5, Level: 2, Verdict: "spam", Rules: []string{"registry_cleaner"}, Lure: "registry_cleaner"},
		SourcesByState: [campaign.StateCount]uint64{spoof.Unknown: 1}, Emitters: []string{"em-1"},
		Hours: []campaign.HourCount{{Hour: sampleTime.Truncate(time.Hour), Count: 1}}, Sweep: "up", Tool: []string{"flags_28"}, Language: "en",
		Related: []campaign.Relation{{ID: "cmp1-ponmlkjihgfedcba", By: "site"}}, Atlas: []string{"registry_update"},
	}
}

func sampleQuote() *decoders.Signal {
	return &decoders.Signal{
		Kind: decoders.SignalQuote, Time: sampleTime, Frame: 9, Src: addrPort("203.0.113.9:0"), Dst: addrPort("192.0.2.8:0"),
		Marks: inet.Marks{TTL: 50, ID: 1}, ICMPType: 3, ICMPCode: 3, QuoteSrc: addrPort("192.0.2.8:666"), QuoteDst: addrPort("203.0.113.9:1026"),
		QuoteHasHeader: true, QuoteReach: decoders.ReachText, QuoteFrom: "SYSTEM", QuoteText: "STOP!",
		PDU: dcerpc.Header{Interface: dcerpc.MessengerSend, Activity: dcerpc.UUID{1}},
	}
}

func sampleStats() *Stats {
	s := &Stats{Start: sampleTime, End: sampleTime.Add(time.Minute), Frames: 12, Bytes: 3456, Matched: 5, Messages: 3, Live: true, KernelReceived: 12,
		Shed: []Tally{{"datagrams", 0}, {"claims", 2}}, Queue: []Tally{{"produced", 3}}}
	s.Reasons[1], s.Reasons[2] = 3, 9
	s.Ports[0] = PortStats{Port: 135, Datagrams: 4, Bytes: 99, Addresses: 2}
	return s
}

func sampleConfig() Config {
	return Config{Sensor: "replay", Hostname: "span1", Version: "1.0.0", Alerts: true}
}

func sampleBuilder() *Builder { return NewBuilder(sampleConfig()) }
