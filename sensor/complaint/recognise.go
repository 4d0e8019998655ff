package complaint

import (
	"bytes"
	"regexp"
)

// Kind is what a file is, by its content.
type Kind uint8

// The kinds.
const (
	KindLines   Kind = iota // of a log, or anything else that people write
	KindReport              // XARF, as JSON
	KindMail                // an e-mail
	KindEvents              // of popupwatch, one JSON document a line
	KindCapture             // pcap or pcapng
)

// String is the word for people.
func (k Kind) String() string {
	return [...]string{"text", "XARF report", "e-mail", "popupwatch events", "capture"}[k]
}

// captureMarks are the first octets of pcap, in either order and resolution, and of pcapng.
var captureMarks = [...]string{"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a"}

// mailHead is the first line of an e-mail, or of one in a mailbox file.
var mailHead = regexp.MustCompile(`^(?:From |(?i:return-path|received|delivered-to|mime-version|from|to|subject|date|message-id|x-[a-z-]+|content-type|auto-submitted|dkim-signature): )`)

// Recognise tells from the beginning of a file's content what it is; a few KiB are enough. What is compressed has to be inflated before.
func Recognise(head []byte) Kind {
	for _, mark := range captureMarks {
		if bytes.HasPrefix(head, []byte(mark)) {
			return KindCapture
		}
	}
	text := bytes.TrimLeft(head, " \t\r\n\ufeff")
	first, _, _ := bytes.Cut(text, []byte("\n"))
	switch {
	case bytes.HasPrefix(text, []byte("{")) && bytes.Contains(first, []byte(`"popupwatch`)):
		return KindEvents
	case bytes.HasPrefix(text, []byte("{")):
		return KindReport
	case mailHead.Match(first) && bytes.Contains(text, []byte("\n")):
		return KindMail
	}
	return KindLines
}
