package sensor_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/smb"
	"popupwatch/decoders/wire"
	"popupwatch/sensor/capture"
)

// sent is one popup of the test below, and what must be read of it: octets on the wire, as shown, and what smbd hands to its message command,
// which is the same with LF for CR LF.
type sent struct{ typed, octets, shown, handed string }

func sambaTexts(t *testing.T) []sent {
	t.Helper()
	long := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz,", 43) + "end"
	const falls = "Größe – 5 €" // into UTF-8, which smbd then takes for CP850
	misread, err := charmap.CodePage850.NewDecoder().String(falls)
	if err != nil {
		t.Fatal(err)
	}
	x := strings.Repeat("x", 128)
	return []sent{
		{"hi", "hi", "hi", "hi"},
		{x[1:], x[1:], x[1:], x[1:]}, // one block
		{x, x, x, x},                 // two
		{long, long, long, long},
		{"one\ntwo\n\nfour", "one\r\ntwo\r\n\r\nfour", "one\r\ntwo\r\n\r\nfour", "one\ntwo\n\nfour"},
		{"Grüße aus dem Büro, André", "Gr\x81\xe1e aus dem B\x81ro, Andr\x82", "Grüße aus dem Büro, André", "Grüße aus dem Büro, André"},
		{falls, falls, falls, misread},
	}
}

// smbclient writes to the name of a host that runs Samba's smbd and nmbd, over a wire: what was typed, what is decoded and what smbd hands over
// are the same, and all else that the programs say to each other and to everybody is no popup and no probe. smbd 4.17 still takes all four
// commands that bring a popup, with status 0: D5, D7 and D6 from smbclient, which sends no other, and D0, here from a sender of a few lines.
//
// No program of Debian's packages samba, samba-common-bin, samba-libs and smbclient sends to \MAILSLOT\MESSNGR: the name is in none of their
// files. The mailslots that nmbd sends to are the browser's.
func TestSmbdAndNmbdAreReadExactly(t *testing.T) {
	near, far := sambaWire(t)
	live, err := capture.OpenLive(capture.LiveConfig{Interfaces: []capture.LiveInterface{{Name: near}}, Ring: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	h := startSamba(t, near, far)
	texts := sambaTexts(t)
	for _, text := range texts {
		h.send(t, text.typed)
	}
	texts = append(texts, sent{"", "by hand\x14at once", "by hand\x14at once", "by hand\x14at once"})
	sendByHand(t, texts[len(texts)-1].octets)
	h.awaitElection(t)
	time.Sleep(time.Second) // what is on its way
	live.Stop()
	listener := &heard{Live: live}
	out := roadOf(t, homeConfig(t, receiverIP+"/32"), listener)
	if out.summary.Messages != uint64(len(texts)) {
		t.Errorf("%d popups, want %d", out.summary.Messages, len(texts))
	}
	popups, chatter := reread(listener.frames)
	checkPopups(t, popups, texts)
	checkHanded(t, h.handed(t), texts)
	checkChatter(t, chatter)
	checkFindings(t, out.events)
}

func checkPopups(t *testing.T, popups []decoders.Message, texts []sent) {
	t.Helper()
	if len(popups) != len(texts) {
		t.Fatalf("%d popups, want %d", len(popups), len(texts))
	}
	for i := range popups {
		m, want := &popups[i], texts[i]
		if m.From.Shown != "alice" || m.To.Shown != "DESKTOP42" || m.Text.Raw != want.octets || m.Text.Shown != want.shown || m.Partial || len(m.Anomalies) != 0 {
			t.Errorf("%q to %q: %q shown as %q, want %q as %q; partial %v, anomalies %v",
				m.From.Shown, m.To.Shown, m.Text.Raw, m.Text.Shown, want.octets, want.shown, m.Partial, m.Anomalies)
		}
		command, blocks := smb.SendStart, (len(want.octets)+126)/127 // what smbclient puts into one
		if want.typed == "" {
			command, blocks = smb.SendMessage, 0
		}
		s := m.Session
		if s.Called != "DESKTOP42<03>" || s.Calling != "SENDERBOX<00>" || s.Command != command || int(s.Blocks) != blocks || s.Handshake() != "complete" ||
			s.Evidence.Ends[reassembly.Client].Acked < 2 || m.Src.Addr().String() != senderIP || m.Dst.String() != receiverIP+":139" {
			t.Errorf("%q: want %v in %d blocks: %v to %v, %+v", m.Text.Shown, command, blocks, m.Src, m.Dst, s)
		}
	}
}

func checkHanded(t *testing.T, handed [][2]string, texts []sent) {
	t.Helper()
	if len(handed) != len(texts) {
		t.Fatalf("smbd handed over %d popups, want %d: %q", len(handed), len(texts), handed)
	}
	for i, got := range handed {
		if got[0] != texts[i].handed || got[1] != "alice" {
			t.Errorf("smbd handed over %q from %q, want %q", got[0], got[1], texts[i].handed)
		}
	}
}

// checkChatter holds that nmbd's datagrams were there to be taken for something, and are known for what they are.
func checkChatter(t *testing.T, chatter map[string]decoders.Reason) {
	t.Helper()
	want := map[string]decoders.Reason{
		"137: query": wire.UDPOther, "137: registration": wire.UDPOther,
		"138: host announcement": wire.NetBIOSOther, "138: election": wire.NetBIOSOther,
	}
	for what, reason := range want {
		if got := chatter[what]; got != reason {
			t.Errorf("%s is %s, want %s", what, got.String(), reason.String())
		}
	}
	for what, reason := range chatter {
		if reason != wire.UDPOther && reason != wire.NetBIOSOther {
			t.Errorf("%s is %s", what, reason.String())
		}
	}
}

// checkFindings holds that the host is exposed, twice, and that nothing else is found.
func checkFindings(t *testing.T, events string) {
	t.Helper()
	var kinds []string
	for _, f := range findingsOf(t, events) {
		p := &f.Popupwatch.Finding
		if f.Event.Kind == "alert" {
			kinds = append(kinds, p.Class+" "+p.Kind+" "+f.Destination.IP)
		}
	}
	slices.Sort(kinds)
	if want := []string{"messenger_exposed_host netbios_session " + receiverIP, "messenger_exposed_host smb_accepted " + receiverIP}; !slices.Equal(kinds, want) {
		t.Errorf("findings %q, want %q", kinds, want)
	}
}

// reread decodes frames: popups, and what became of each kind of datagram to the ports of NetBIOS; wire.None where it was not always the same.
func reread(frames []decoders.Frame) (popups []decoders.Message, chatter map[string]decoders.Reason) {
	d := decoders.NewDecoder(decoders.Config{Interface: func(int) decoders.Interface { return decoders.Interface{} }})
	var r decoders.Result
	chatter = map[string]decoders.Reason{}
	for i := range frames {
		reason := d.Decode(frames[i], &r)
		popups = append(popups, slices.Clone(r.Messages)...)
		var p inet.Packet
		if p.Parse(frames[i].Link, frames[i].Data) != wire.None || p.Proto != inet.ProtoUDP {
			continue
		}
		u, _ := inet.ParseUDP(p.Payload)
		what := netbiosKind(u.DstPort, u.Payload)
		if before, seen := chatter[what]; what != "" && seen && before != reason {
			reason = wire.None
		}
		if what != "" {
			chatter[what] = reason
		}
	}
	return popups, chatter
}

// netbiosKind names what datagrams of NetBIOS are for: by the operation of the name service (RFC 1002 4.2.1.1), by the browser's command
// ([MS-BRWS] 2.2).
func netbiosKind(port uint16, b []byte) string {
	const browse = "\\MAILSLOT\\BROWSE\x00"
	switch at := bytes.Index(b, []byte(browse)) + len(browse); {
	case port == 137 && len(b) > 2:
		return "137: " + map[byte]string{0: "query", 5: "registration"}[b[2]>>3&15]
	case port == 138 && at >= len(browse) && at < len(b):
		return "138: " + map[byte]string{1: "host announcement", 8: "election"}[b[at]]
	case port == 138:
		return "138"
	}
	return ""
}

// sendByHand sends a popup in one command, behind the negotiation that smbd insists on before it (WIRE.md 5).
func sendByHand(t *testing.T, text string) {
	t.Helper()
	c, err := net.DialTimeout("tcp4", receiverIP+":139", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	popup := "\x04alice\x00\x04DESKTOP42\x00\x01" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + text
	for _, packet := range []string{
		session(0x81, encoded("DESKTOP42", 3)+encoded("SENDERBOX", 0)),
		session(0, command(0x72, "\x02NT LM 0.12\x00")),
		session(0, command(0xd0, popup)),
	} {
		if _, err := io.WriteString(c, packet); err != nil {
			t.Fatal(err)
		}
		var head [4]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			t.Fatal(err)
		}
		reply := make([]byte, binary.BigEndian.Uint16(head[2:]))
		if _, err := io.ReadFull(c, reply); err != nil {
			t.Fatal(err)
		}
		if head[0] != 0x82 && (len(reply) < 9 || binary.LittleEndian.Uint32(reply[5:]) != 0) {
			t.Fatalf("smbd answers %x %x to %q", head, reply, packet)
		}
	}
}

// session is a packet of the session service.
func session(kind byte, body string) string {
	return string([]byte{kind, 0}) + string(binary.BigEndian.AppendUint16(nil, uint16(len(body)))) + body
}

// command is an SMB message without words.
func command(code byte, data string) string {
	return "\xffSMB" + string([]byte{code}) + strings.Repeat("\x00", 27) + "\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(data)))) + data
}

// encoded is a NetBIOS name in its first-level form (RFC 1001 14.1).
func encoded(name string, suffix byte) string {
	out := []byte{32}
	for _, c := range append([]byte(name+strings.Repeat(" ", 15-len(name))), suffix) {
		out = append(out, 'A'+c>>4, 'A'+c&15)
	}
	return string(append(out, 0))
}
