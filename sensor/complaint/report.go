package complaint

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// MaxReport is the most octets of a report or an e-mail that are read.
const MaxReport = 32 << 20

// xarf is what of a report is read: XARF v4 in its own names, the older JSON form in Report.
type xarf struct {
	Version    string     `json:"xarf_version"`
	Category   string     `json:"category"`
	Type       string     `json:"type"`
	Source     string     `json:"source_identifier"`
	SourcePort int        `json:"source_port"`
	Target     string     `json:"destination_ip"`
	TargetPort int        `json:"destination_port"`
	Protocol   string     `json:"protocol"`
	Timestamp  string     `json:"timestamp"`
	Evidence   []evidence `json:"evidence"`
	Report     *oldReport `json:"Report"`
}

// evidence is a piece of it, base64.
type evidence struct {
	ContentType string `json:"content_type"`
	Payload     string `json:"payload"`
}

// oldReport is the report of the JSON form before v4.
type oldReport struct {
	ReportClass, ReportType, Date, SourceIP, DestinationIP, Protocol string
	SourcePort, DestinationPort                                      int
	Samples                                                          []oldSample
}

type oldSample struct {
	ContentType, Payload string
	Base64Encoded        *bool
}

// ReadReport reads a XARF report. The error says that it is none; nothing of it is told then.
func (c *Complaint) ReadReport(file string, content []byte) error {
	var x xarf
	if err := json.Unmarshal(bytes.TrimPrefix(content, []byte("\ufeff")), &x); err != nil {
		return fmt.Errorf("read %s: no JSON: %w", file, err)
	}
	if x.Report != nil {
		x.adopt()
	}
	if x.Source == "" && len(x.Evidence) == 0 {
		return fmt.Errorf("read %s: %w", file, errNoReport)
	}
	c.claim(c.counts(file, KindReport), &x)
	for i, e := range x.Evidence {
		c.piece(fmt.Sprintf("%s evidence %d", file, i+1), e)
	}
	return nil
}

var errNoReport = errors.New("JSON, but no XARF: it has neither source_identifier nor SourceIp, and no evidence")

// adopt takes the old form into the names of the new one.
func (x *xarf) adopt() {
	o := x.Report
	x.Category, x.Type, x.Source, x.SourcePort = o.ReportClass, o.ReportType, o.SourceIP, o.SourcePort
	x.Target, x.TargetPort, x.Protocol, x.Timestamp = o.DestinationIP, o.DestinationPort, o.Protocol, o.Date
	for _, s := range o.Samples {
		if s.Base64Encoded != nil && !*s.Base64Encoded {
			s.Payload = base64.StdEncoding.EncodeToString([]byte(s.Payload))
		}
		x.Evidence = append(x.Evidence, evidence{s.ContentType, s.Payload})
	}
}

// claim makes a sight of what the report says itself.
func (c *Complaint) claim(of *Counts, x *xarf) {
	of.Lines++
	source, err := netip.ParseAddr(x.Source)
	if err != nil {
		of.Unread++
		c.unread(of.File, 0, "source "+x.Source)
		return
	}
	target, _ := netip.ParseAddr(x.Target) // where it is none, the report names no target that can be looked for
	s := Sight{
		File: of.File, Form: "XARF", Proto: protocol(x.Protocol), Count: 1, Subject: strings.Trim(x.Category+"/"+x.Type, "/"),
		Src: netip.AddrPortFrom(source, portOf(x.SourcePort)), Dst: netip.AddrPortFrom(target, portOf(x.TargetPort)),
	}
	if at, err := time.Parse(time.RFC3339Nano, x.Timestamp); err == nil {
		s.Stamp = Stamp{Time: at, Known: true, Year: true, Zone: true}
	} else {
		s.Stamp = c.times.read(x.Timestamp, orderUnsaid)
	}
	c.tell(of, s)
}

func portOf(n int) uint16 {
	if n < 0 || n > 65535 {
		return 0
	}
	return uint16(n)
}

// piece reads a piece of evidence: a capture is put aside, text is read line by line.
func (c *Complaint) piece(name string, e evidence) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.Payload), ""))
	if err != nil {
		of := c.counts(name, KindLines)
		of.Lines, of.Unread = 1, 1
		c.unread(name, 0, "evidence that is no base64")
		return
	}
	c.attached(name, e.ContentType, data)
}

// attached reads what is attached to a report or an e-mail.
func (c *Complaint) attached(name, contentType string, data []byte) {
	switch kind := Recognise(data); {
	case kind == KindCapture, bytes.HasPrefix(data, []byte("\x1f\x8b")), bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd")):
		c.Attachments = append(c.Attachments, Attachment{name, data})
	case strings.HasPrefix(contentType, "text/"), contentType == "", contentType == "application/octet-stream" && !bytes.ContainsRune(data, 0):
		if err := c.lines(c.counts(name, KindLines), bytes.NewReader(data)); err != nil {
			c.unread(name, 0, err.Error()) // a reader over memory has none; told all the same
		}
	default:
		of := c.counts(name, KindLines)
		of.Lines, of.Unread = 1, 1
		c.unread(name, 0, "evidence of type "+contentType+" is not read")
	}
}
