package complaint

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

var alleged = netip.MustParseAddr("203.0.113.7")

// told reads lines of one file.
func told(t *testing.T, lines ...string) *Complaint {
	t.Helper()
	c := New(alleged)
	if err := c.ReadLines("mail.txt", strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryFormReadsItsExample(t *testing.T) {
	for _, f := range forms {
		c := told(t, f.like)
		if len(c.Sights) != 1 {
			t.Errorf("%s: %d sights, not understood: %v\n%s", f.name, len(c.Sights), c.Unread, f.like)
			continue
		}
		s := c.Sights[0]
		if s.Form != f.name || s.Dst.Port() != 1026 && s.Src.Port() != 32771 {
			t.Errorf("%s: read as %s: %s", f.name, s.Form, &s)
		}
		if s.Proto != "udp" && strings.Contains(strings.ToLower(f.like), "udp ") {
			t.Errorf("%s: protocol %q", f.name, s.Proto)
		}
		if s.Stamp.Known && (s.Stamp.Time.Minute() != 22 || s.Stamp.Year && s.Stamp.Time.Year() != 2004 || s.Stamp.Time.Month() != time.June) {
			t.Errorf("%s: time %v", f.name, s.Stamp)
		}
		if dated := strings.Contains(f.like, ":22:0"); dated != s.Stamp.Known {
			t.Errorf("%s: time known %v", f.name, s.Stamp.Known)
		}
	}
}

func TestWhatALineDoesNotSayIsNotRead(t *testing.T) {
	for _, c := range []struct {
		line, want string
	}{
		{"Jun  3 14:22:01 gate kernel: IN=eth0 SRC=203.0.113.7 DST=198.51.100.20 LEN=48 TTL=110 ID=7 DF PROTO=TCP SPT=4012 DPT=445 WINDOW=64240 RES=0x00 SYN URGP=0",
			"TCP from 203.0.113.7:4012 to 198.51.100.20:445, flags S, TTL 110, Jun  3 14:22:01, neither year nor time zone said"},
		{"2004-06-03T14:22:01.5+02:00 gate kernel: SRC=203.0.113.7 DST=198.51.100.20 LEN=48 TTL=110 ID=7 PROTO=ICMP TYPE=8 CODE=0",
			"ICMP from 203.0.113.7 to 198.51.100.20, TTL 110, 2004-06-03 12:22:01 UTC"},
		{"Jun  3 14:23:06 rtr 4711: *Jun  3 2004 12:23:05.123 UTC: %SEC-6-IPACCESSLOGP: list 101 denied udp 203.0.113.7(1) -> 198.51.100.26(1026), 3 packets",
			"UDP from 203.0.113.7:1 to 198.51.100.26:1026, 3 packets by the log's count, 2004-06-03 12:23:05 UTC"},
		{"203.0.113.7 1026", "a packet of an unnamed protocol from 203.0.113.7 to port 1026 of an unnamed target, time not said"},
		{"Thu Jun  3 14:22:01 2004 Blocked incoming TCP packet from 203.0.113.7:80 to 198.51.100.20:4012",
			"TCP from 203.0.113.7:80 to 198.51.100.20:4012, 2004-06-03 14:22:01, time zone not said"},
		{"14:22:01.1 IP 203.0.113.7.80 > 198.51.100.20.4012: Flags [S.], seq 1, ack 2, win 5", "TCP from 203.0.113.7:80 to 198.51.100.20:4012, flags SA, time not said"},
		{"Date: 6/3/2004 Time: 02:22:01 PM Rule \"x\" blocked. Inbound UDP packet. Local address,service is (HOME,1026). Remote address,service is (203.0.113.7,32771).",
			"UDP from 203.0.113.7:32771 to port 1026 of an unnamed target, time not said"}, // June or March
		{"2004-06-03 14:22:01 DROP TCP 203.0.113.7 198.51.100.20 4012 445 48 S 1 0 64240 - - - RECEIVE",
			"TCP from 203.0.113.7:4012 to 198.51.100.20:445, flags S, 2004-06-03 14:22:01, time zone not said"},
	} {
		if got := told(t, c.line); len(got.Sights) != 1 || got.Sights[0].String() != c.want {
			t.Errorf("%s\ngave %v (not understood: %v)\nwant %s", c.line, got.Sights, got.Unread, c.want)
		}
	}
}

func TestAZoneIsLentToTimesThatNameNone(t *testing.T) {
	c := New(alleged)
	c.Zone = time.FixedZone("", 2*3600)
	if err := c.ReadLines("f", strings.NewReader(forms[11].like+"\n"+strings.Replace(forms[12].like, "1026", "1027", 1)+"\n203.0.113.7 1026\n")); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"2004-06-03 12:22:01 UTC if the zone is the one that was named", "2004-06-03 12:22:01 UTC", "time not said"} {
		if got := c.Sights[i].Stamp.String(); got != want {
			t.Errorf("line %d: %q, want %q", i+1, got, want)
		}
	}
}

func TestEverySightHasItsLimits(t *testing.T) {
	sight := func(proto, flags string, port uint16) *Sight {
		return &Sight{Proto: proto, Flags: flags, Src: netip.AddrPortFrom(alleged, 4000), Dst: netip.AddrPortFrom(alleged, port), Stamp: Stamp{Known: true, Year: true, Zone: true}}
	}
	for want, s := range map[Limit]*Sight{
		PopupPort: sight("udp", "", 1026), OneDatagram: sight("udp", "", 53), OneICMP: sight("icmp", "", 0), FlagsUnsaid: sight("tcp", "", 80),
		Answer: sight("tcp", "SA", 80), OpeningOnly: sight("tcp", "S", 80), MidConnection: sight("tcp", "AP", 80), ProtocolUnsaid: sight("", "", 80),
	} {
		got := s.Limits()
		if !slices.Contains(got, want) || !slices.Contains(got, NoPayload) || slices.Contains(got, NoZone) {
			t.Errorf("%s: %v", s, got)
		}
	}
	bare := (&Sight{}).Limits()
	for _, l := range []Limit{NoSourcePort, NoTarget, NoTime} {
		if !slices.Contains(bare, l) {
			t.Errorf("a bare sight lacks %q", l)
		}
	}
	for l := range limitCount {
		if !strings.HasSuffix(l.String(), ".") && !strings.HasSuffix(l.String(), ").") {
			t.Errorf("limit %d is no sentence: %q", l, l)
		}
	}
}

func TestEveryLineIsCountedOnce(t *testing.T) {
	line := forms[0].like
	c := told(t, "Dear abuse desk, 203.0.113.7 attacks me!", "", line, line, strings.Replace(line, "ID=31337", "ID=31338", 1),
		"Jun  3 14:22:09 gate last message repeated 4 times", strings.Replace(line, "203.0.113.7", "203.0.113.70", 1), "> "+line, "203.0.113.70 did too",
		strings.Repeat("x", maxLine+10))
	f := c.Files[0]
	if f.Lines != 10 || f.Told+f.Others+f.Silent+f.Unread != f.Lines {
		t.Errorf("the counts do not add up: %+v", f)
	}
	if len(c.Sights) != 2 || c.Sights[0].Told != 3 || c.Sights[1].Count != 5 || f.Repeated != 3 || f.Others != 1 {
		t.Errorf("sights %v, counts %+v", c.Sights, f)
	}
	if len(c.Unread) != 3 || c.Unread[0].Line != 1 || !c.Unread[0].Names || c.Unread[1].Names || c.Unread[2].Line != 10 {
		t.Errorf("not understood: %+v", c.Unread)
	}
}

func TestWhatIsBeyondTheBoundIsCounted(t *testing.T) {
	c := New(alleged)
	of := c.counts("f", KindLines)
	for i := range maxSights + 5 {
		c.tell(of, Sight{Src: netip.AddrPortFrom(alleged, 1), Stamp: Stamp{Time: time.Unix(int64(i), 0), Known: true, Year: true, Zone: true}})
	}
	for range maxUnread + 5 {
		c.line(of, "what is this?")
	}
	if len(c.Sights) != maxSights || c.MoreSights != 5 || len(c.Unread) != maxUnread || c.MoreUnread != 5 {
		t.Errorf("%d and %d sights, %d and %d not understood", len(c.Sights), c.MoreSights, len(c.Unread), c.MoreUnread)
	}
}

func TestWindowsTextIsRead(t *testing.T) {
	for name, big := range map[string]bool{"little": false, "big": true} {
		var b bytes.Buffer
		for _, u := range utf16.Encode([]rune("\ufeff" + forms[11].like + "\r\n𝄞\r\n")) {
			if big {
				b.Write([]byte{byte(u >> 8), byte(u)})
			} else {
				b.Write([]byte{byte(u), byte(u >> 8)})
			}
		}
		c := New(alleged)
		if err := c.ReadLines("log", &b); err != nil || len(c.Sights) != 1 || len(c.Unread) != 1 || c.Unread[0].Text != "𝄞" {
			t.Errorf("%s end first: %v, %v %v", name, err, c.Sights, c.Unread)
		}
	}
}

const reportV4 = `{"xarf_version":"4.2.0","category":"connection","type":"port_scan","timestamp":"2004-06-03T12:22:01Z","source_identifier":"203.0.113.7",
"source_port":32771,"destination_ip":"198.51.100.20","destination_port":1026,"protocol":"udp","evidence":[{"content_type":"text/plain","payload":"%s"},
{"content_type":"application/vnd.tcpdump.pcap","payload":"%s"},{"content_type":"image/png","payload":"iVBORw=="},{"content_type":"text/plain","payload":"!"}]}`

func TestReportsOfAllVersionsAreReadWithTheirEvidence(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	v4 := fmt.Sprintf(reportV4, b64([]byte(forms[0].like)), b64([]byte("\xd4\xc3\xb2\xa1\x02\x00")))
	v3 := `{"Version":"3","ReporterInfo":{},"Report":{"ReportClass":"Activity","ReportType":"Port-Scan","Date":"2004-06-03T12:22:01Z","SourceIp":"203.0.113.7",
"SourcePort":32771,"DestinationIp":"198.51.100.20","DestinationPort":1026,"Protocol":"udp","Samples":[{"ContentType":"text/plain","Payload":"` + b64([]byte(forms[0].like)) + `"}]}}`
	keyed := "Reported-From: a@example.net\nCategory: abuse\nReport-Type: port-scan\nService: udp\nPort: 1026\nSource: 203.0.113.7\nDate: Thu, 03 Jun 2004 14:22:01 +0200\nVersion: 0.2\n"
	mailOf := func(kind, second string) string {
		return "From: a@example.net\r\nSubject: abuse\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nDear all,\r\n--B\r\nContent-Type: " + kind +
			"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64([]byte(second)) + "\r\n--B\r\nContent-Type: text/plain; name=log\r\n\r\n" + forms[0].like + "\r\n--B--\r\n"
	}
	for name, content := range map[string]string{"v4": v4, "v3": v3, "v0.2": mailOf("text/plain", keyed), "JSON in a mail": mailOf("application/json", v3)} {
		c := New(alleged)
		var err error
		if kind := Recognise([]byte(content)); kind == KindReport {
			err = c.ReadReport(name, []byte(content))
		} else {
			err = c.ReadMail(name, strings.NewReader(content))
		}
		if err != nil || len(c.Sights) != 2 {
			t.Fatalf("%s: %v, %v", name, err, c.Sights)
		}
		if s := c.Sights[0]; !s.Stamp.Zone || s.Stamp.Time.UTC().Hour() != 12 || s.Dst.Port() != 1026 || s.Proto != "udp" {
			t.Errorf("%s: %s", name, &s)
		}
		if name == "v4" && (len(c.Attachments) != 1 || len(c.Unread) != 2) {
			t.Errorf("v4: attached %v, not read %v", c.Attachments, c.Unread)
		}
	}
	for _, none := range []string{"{}", `{"source_identifier":`, `{"Report":{}}`} {
		if err := New(alleged).ReadReport("x", []byte(none)); err == nil {
			t.Errorf("%s is taken for a report", none)
		}
	}
}

func TestFilesAreRecognisedByTheirContent(t *testing.T) {
	for want, contents := range map[Kind][]string{
		KindCapture: {"\xd4\xc3\xb2\xa1\x02", "\x0a\x0d\x0d\x0a"},
		KindEvents:  {`{"@timestamp":"2004-06-03T14:22:01Z","popupwatch":{}}` + "\n"},
		KindReport:  {"\ufeff {\n \"xarf_version\": \"4.2.0\""},
		KindMail:    {"Return-Path: <a@example.net>\nFrom: a\n\nDear", "From a@example.net Thu Jun  3 2004\nTo: b\n\n"},
		KindLines:   {"", forms[0].like, "From what I see, 203.0.113.7 attacks me", "Date: 6/3/2004 Time: 1"},
	} {
		for _, content := range contents {
			if got := Recognise([]byte(content)); got != want {
				t.Errorf("%q is %s, not %s", content, got, want)
			}
		}
	}
}

// fresh makes an empty Complaint with the forms of another: compiling them takes longer than reading a line.
func fresh(of *Complaint) *Complaint {
	return &Complaint{source: of.source, named: of.named, forms: of.forms, times: of.times, seen: map[string]int{}, last: -1}
}

func FuzzLine(f *testing.F) {
	ready := New(alleged)
	for i := range forms {
		f.Add(forms[i].like)
	}
	f.Add("last message repeated 5 times")
	f.Fuzz(func(t *testing.T, text string) {
		c := fresh(ready)
		if err := c.ReadLines("f", strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		n := c.Files[0]
		if n.Told+n.Others+n.Silent+n.Unread != n.Lines || n.Repeated > n.Told {
			t.Fatalf("the counts do not add up: %+v", n)
		}
		for i := range c.Sights {
			if s := &c.Sights[i]; s.Src.Addr() != alleged || len(s.Limits()) < 2 || s.String() == "" {
				t.Fatalf("%s with limits %v", s, s.Limits())
			}
		}
	})
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(reportV4))
	f.Add([]byte("From: a\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nx\n--B--\n"))
	ready := New(alleged)
	f.Fuzz(func(_ *testing.T, content []byte) {
		c := fresh(ready)
		if c.ReadReport("f", content) != nil {
			_ = c.ReadMail("f", bytes.NewReader(content))
		}
	})
}
