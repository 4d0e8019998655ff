package event

// netbiosFields tell what the NetBIOS session or datagram around a popup says (RFC 1002 4.3, 4.4).
func netbiosFields() []Field {
	return object("popupwatch.netbios", inMessage, appendNetBIOS, "What the NetBIOS session or datagram around the popup says; absent on the road of RPC.",
		Field{Path: "calling", Type: "keyword", About: "Name that the sender gives itself, with its suffix: ALICE<03>. Nobody checks it."},
		Field{Path: "called", Type: "keyword", About: "Name that it calls, with its suffix, the Messenger's is <03>: a host, a group, or * for all. Absent where no session request was seen."},
		Field{Path: "source.ip", Type: "ip", About: "Source that the NetBIOS datagram names. It may be another than that of the IP header: address translation, a relay, or a lie."},
		Field{Path: "source.port", Type: "long", About: "Its port."},
	)
}

func appendNetBIOS(b []byte, e *Event) []byte {
	m := e.Message
	calling, called := m.Calling, m.Called
	if m.Session != nil {
		calling, called = m.Session.Calling, m.Session.Called
	}
	if calling == "" && called == "" {
		return b
	}
	start := len(b)
	b = append(b, '{')
	b = appendGuarded(b, e.private(), `"calling":`, calling)
	b = appendGuarded(b, e.private(), `"called":`, called)
	if m.Inner.IsValid() {
		b = append(b, `"source":{`...)
		b = e.builder.addresses.appendNamed(b, `"ip":`, m.Inner.Addr())
		b = appendCounted(b, `"port":`, uint64(m.Inner.Port()))
		b[len(b)-1] = '}'
		b = append(b, ',')
	}
	return closeObject(b, start)
}
