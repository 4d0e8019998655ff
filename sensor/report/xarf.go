package report

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// Why messaging/spam: what the address did is to send an unsolicited message to be read by people; protocol "other" is there for what is
// neither mail nor chat. The types of connection tell of attacks on a service, by counts that one message has not.
const (
	xarfVersion  = "4.2.0"
	xarfCategory = "messaging"
	xarfType     = "spam"
)

// Reporter is who reports: the operator of the sensor.
type Reporter struct {
	Org     string `json:"org"`
	Contact string `json:"contact"`
	Domain  string `json:"domain"`
}

// Named says whether somebody is named.
func (r Reporter) Named() bool { return r.Org != "" && r.Contact != "" && r.Domain != "" }

// nobody stands in a draft until popupwatch report is told who reports; without that it refuses.
func nobody() Reporter {
	return Reporter{"reporter not configured", "nobody@reporter.invalid", "reporter.invalid"}
}

// facts are what a report says, in plain values: the rendering needs no proof, so that it can be tested without one. Only Form.Build turns
// facts into a Draft.
type facts struct {
	id          string
	at          time.Time
	source      netip.AddrPort
	destination netip.AddrPort
	campaign    string
	rule        string
	limit       string // what the proof does not show
	seen        string // what was seen, in a sentence
	internal    bool   // a ticket for our own network
	messages    uint64
	message     string // the popup as shown; text from the network
	evidence    []string
	packets     []uint64
}

// xarf is a report of XARF 4.2.0, messaging/spam, in the order in which people read it.
type xarf struct {
	Version        string     `json:"xarf_version"`
	ID             string     `json:"report_id"`
	Timestamp      string     `json:"timestamp"`
	Reporter       Reporter   `json:"reporter"`
	Sender         Reporter   `json:"sender"`
	Source         string     `json:"source_identifier"`
	SourcePort     uint16     `json:"source_port"`
	Category       string     `json:"category"`
	Type           string     `json:"type"`
	Protocol       string     `json:"protocol"`
	EvidenceSource string     `json:"evidence_source"`
	Description    string     `json:"description"`
	Evidence       []evidence `json:"evidence"`
	Tags           []string   `json:"tags"`
}

// evidence is one item of it.
type evidence struct {
	ContentType string `json:"content_type"`
	Description string `json:"description"`
	Payload     string `json:"payload"` // base64
	Hash        string `json:"hash"`
	Size        int    `json:"size"`
}

// The lengths that the schema allows, in characters, and what is kept of one item, in octets.
const (
	maxDescription = 1000
	maxItem        = 64 << 10
)

// render writes the report.
func (f *facts) render(r Reporter) ([]byte, error) {
	scope := "external"
	if f.internal {
		scope = "internal"
	}
	out := xarf{
		Version: xarfVersion, ID: f.id, Timestamp: f.at.UTC().Format(time.RFC3339Nano), Reporter: r, Sender: r,
		Source: f.source.Addr().Unmap().String(), SourcePort: f.source.Port(), Category: xarfCategory, Type: xarfType, Protocol: "other",
		EvidenceSource: "automated_filter", Description: cut(f.seen+" Limit: "+f.limit, maxDescription),
		Tags: []string{"campaign:" + f.campaign, "proof:" + strings.NewReplacer("R2''", "access", "R2'", "tcp", "R2", "callback").Replace(f.rule), "scope:" + scope},
	}
	out.Evidence = append(out.Evidence, item("The message as a Windows Messenger would show it, UTF-8. Its text, names and sites are the sender's words.", f.message),
		item("What was seen, what shows that this address received and answered, and what that does not show.", f.log()))
	return json.MarshalIndent(out, "", "  ")
}

// log is the second item of evidence: the observation, line by line.
func (f *facts) log() string {
	var b strings.Builder
	fmt.Fprintf(&b, "time of the message (UTC): %s\n", f.at.UTC().Format(time.RFC3339Nano))
	fmt.Fprintf(&b, "from %s (port %d) to %s (port %d)\n", f.source.Addr(), f.source.Port(), f.destination.Addr(), f.destination.Port())
	fmt.Fprintf(&b, "messages of this address in this campaign and hour: %d\n", f.messages)
	fmt.Fprintf(&b, "rule of the proof: %s; frames of our capture that show it: %s\n", f.rule, strings.Trim(fmt.Sprint(f.packets), "[]"))
	fmt.Fprintf(&b, "limit: %s\n", f.limit)
	for _, e := range f.evidence {
		fmt.Fprintf(&b, "evidence: %s\n", e)
	}
	return b.String()
}

// item makes an item of evidence out of text.
func item(about, text string) evidence {
	payload := []byte(text[:min(len(text), maxItem)])
	sum := sha256.Sum256(payload)
	return evidence{
		ContentType: "text/plain", Description: about, Payload: base64.StdEncoding.EncodeToString(payload),
		Hash: "sha256:" + hex.EncodeToString(sum[:]), Size: len(payload),
	}
}

// cut shortens text to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
