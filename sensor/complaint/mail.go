package complaint

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// The bounds of an e-mail.
const (
	maxNesting = 8
	maxParts   = 200
)

// ReadMail reads an e-mail: its text line by line, XARF reports in it (JSON, or the keyed lines of version 0.2), captures attached.
func (c *Complaint) ReadMail(file string, r io.Reader) error {
	m, err := mail.ReadMessage(io.LimitReader(r, MaxReport))
	if err != nil {
		return fmt.Errorf("read %s: no e-mail: %w", file, err)
	}
	p := &parts{c: c, file: file}
	p.read(part{
		contentType: m.Header.Get("Content-Type"), encoding: m.Header.Get("Content-Transfer-Encoding"), body: m.Body,
	}, 0)
	return nil
}

// parts reads the parts of an e-mail, and numbers those that are no container.
type parts struct {
	c    *Complaint
	file string
	n    int
}

type part struct {
	contentType, encoding string
	body                  io.Reader
}

func (p *parts) read(in part, depth int) {
	kind, parameters, err := mime.ParseMediaType(in.contentType)
	if err != nil {
		kind = "text/plain"
	}
	switch {
	case p.n >= maxParts || depth > maxNesting:
		p.c.unread(p.file, 0, "the e-mail has more parts, or parts in parts, than are read")
	case strings.HasPrefix(kind, "multipart/"):
		p.each(multipart.NewReader(in.body, parameters["boundary"]), depth)
	case kind == "message/rfc822":
		p.message(in, depth)
	default:
		p.n++
		p.leaf(fmt.Sprintf("%s part %d", p.file, p.n), kind, in)
	}
}

// each reads the parts of a container. One that is cut short is told as far as it goes.
func (p *parts) each(all *multipart.Reader, depth int) {
	for {
		one, err := all.NextRawPart()
		if err == io.EOF { //nolint:errorlint // NextRawPart gives it bare
			return
		}
		if err != nil {
			p.c.unread(p.file, 0, "the e-mail is cut short or damaged: "+err.Error())
			return
		}
		if p.n >= maxParts {
			p.c.unread(p.file, 0, "the e-mail has more parts than are read")
			return
		}
		p.read(part{one.Header.Get("Content-Type"), one.Header.Get("Content-Transfer-Encoding"), one}, depth+1)
	}
}

// message reads an e-mail in the e-mail.
func (p *parts) message(in part, depth int) {
	m, err := mail.ReadMessage(in.body)
	if err != nil {
		p.c.unread(p.file, 0, "an e-mail in the e-mail is none: "+err.Error())
		return
	}
	p.read(part{m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body}, depth+1)
}

// leaf reads a part that holds no others.
func (p *parts) leaf(name, kind string, in part) {
	data, err := io.ReadAll(decoded(in))
	if err != nil {
		p.c.unread(name, 0, "this part is cut short or damaged: "+err.Error())
	}
	text := bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(text, []byte("{")) && (kind == "application/json" || kind == "text/plain"):
		if err := p.c.ReadReport(name, text); err != nil {
			p.c.unread(name, 0, err.Error())
		}
	case kind == "text/html":
		p.c.counts(name, KindLines) // the same once more, in another dress
	case bytes.Contains(data, []byte("Report-Type:")) && bytes.Contains(data, []byte("Source:")):
		p.keyed(name, data)
	default:
		p.c.attached(name, kind, data)
	}
}

func decoded(in part) io.Reader {
	switch strings.ToLower(strings.TrimSpace(in.encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, in.body)
	case "quoted-printable":
		return quotedprintable.NewReader(in.body)
	}
	return in.body
}

// keyed reads the keyed lines of X-ARF 0.2.
func (p *parts) keyed(name string, data []byte) {
	of := p.c.counts(name, KindReport)
	keys := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok {
			keys[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	x := xarf{
		Category: keys["Category"], Type: keys["Report-Type"], Source: keys["Source"], SourcePort: within(keys["Source-Port"], 65535),
		Target: keys["Destination"], TargetPort: within(keys["Port"], 65535), Timestamp: keys["Date"], Protocol: keys["Protocol"],
	}
	if x.Protocol == "" && (keys["Service"] == "udp" || keys["Service"] == "tcp" || keys["Service"] == "icmp") {
		x.Protocol = keys["Service"]
	}
	p.c.claim(of, &x)
}
