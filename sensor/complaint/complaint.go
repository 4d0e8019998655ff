package complaint

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
)

// The bounds of a Complaint. What is beyond is counted.
const (
	maxSights = 10_000
	maxUnread = 1_000
	maxLine   = 64 << 10 // octets
	maxKept   = 300      // octets of a line that is kept because it was not understood
)

// Unread is a line that was not understood, or a part of a report that is not read.
type Unread struct {
	File  string
	Line  int // 0 for what is no line
	Text  string
	Names bool // it names the address in question
}

// Attachment is a piece of evidence that is no text: a capture, mostly.
type Attachment struct {
	Name string
	Data []byte
}

// Counts says what became of the lines of one file; they add up to Lines.
type Counts struct {
	File     string
	Kind     Kind
	Lines    int
	Told     int // about the address in question
	Others   int // about other addresses
	Silent   int // blank lines, comments, headings
	Unread   int
	Repeated int // of Told: what was told before
}

// Complaint gathers what files say about one address. The zero Complaint is not ready: New makes one. Not safe for use by several
// goroutines.
type Complaint struct {
	Sights      []Sight // about the address in question, each once, in the order in which they were told
	MoreSights  int     // beyond the bound
	Unread      []Unread
	MoreUnread  int // beyond the bound
	Attachments []Attachment
	Files       []Counts
	Zone        *time.Location // of times that name none, where the complainant told it besides; nil: not told

	source netip.Addr
	named  *regexp.Regexp // the address, in a line
	forms  []compiled
	times  *clock
	seen   map[string]int // Sights, by what they say
	last   int            // Sight of the line before; -1 for none
}

// New makes a Complaint about an address.
func New(source netip.Addr) *Complaint {
	named := regexp.MustCompile(`(?:^|[^0-9A-Fa-f.:])` + regexp.QuoteMeta(source.String()) + `(?:$|[^0-9A-Fa-f])`)
	return &Complaint{source: source, named: named, forms: compile(), times: newClock(), seen: map[string]int{}, last: -1}
}

// counts begins a file.
func (c *Complaint) counts(file string, k Kind) *Counts {
	c.Files = append(c.Files, Counts{File: file, Kind: k})
	c.last = -1
	return &c.Files[len(c.Files)-1]
}

// line reads one line of a file.
func (c *Complaint) line(of *Counts, text string) {
	of.Lines++
	text = strings.TrimRight(strings.TrimLeft(text, "> \ufeff"), " \r")
	if silent(text) {
		of.Silent++
		return
	}
	if n, ok := repetition(text); ok {
		c.repeat(of, n)
		return
	}
	for i := range c.forms {
		if s, ok := c.forms[i].read(text, c.times); ok {
			s.File, s.Line = of.File, of.Lines
			c.tell(of, s)
			return
		}
	}
	c.last = -1
	of.Unread++
	c.unread(of.File, of.Lines, text)
}

// silent says whether a line says nothing: blank, a comment, a heading of a known log.
func silent(text string) bool {
	for _, head := range []string{"#", "ZoneAlarm Logging Client", "type,date,time,source,destination", "severity, timestamp", "Time Format:"} {
		if strings.HasPrefix(strings.TrimSpace(text), head) {
			return true
		}
	}
	return strings.Trim(text, " \t-=*_") == ""
}

// repetition reads what syslog writes instead of a line that it would write again.
func repetition(text string) (n int, ok bool) {
	_, rest, found := strings.Cut(text, "last message repeated ")
	if !found {
		return 0, false
	}
	if _, err := fmt.Sscanf(rest, "%d time", &n); err != nil || n < 1 || n > 1e9 {
		return 0, false
	}
	return n, true
}

// repeat adds repetitions to the line before.
func (c *Complaint) repeat(of *Counts, n int) {
	if c.last < 0 {
		of.Others++ // the repetition of a line about somebody else, or of one that was not understood
		return
	}
	of.Told++
	of.Repeated++
	c.Sights[c.last].Count += n
}

// tell takes a sight. What was told before is counted only: a datagram that two programs logged is one datagram.
func (c *Complaint) tell(of *Counts, s Sight) {
	c.last = -1
	if s.Src.Addr() != c.source {
		of.Others++
		return
	}
	of.Told++
	s.Stamp = s.Stamp.lend(c.Zone)
	key := s.key()
	i, known := c.seen[key]
	if known && s.ID != 0 && c.Sights[i].ID != 0 && s.ID != c.Sights[i].ID {
		key += fmt.Sprint(" ", s.ID)
		i, known = c.seen[key]
	}
	switch {
	case known:
		of.Repeated++
		c.Sights[i].Told++
	case len(c.Sights) == maxSights:
		c.MoreSights++
	default:
		s.Told = 1
		i = len(c.Sights)
		c.seen[key] = i
		c.Sights = append(c.Sights, s)
	}
	if known || i < len(c.Sights) && c.seen[key] == i {
		c.last = i
	}
}

// key is what makes two tellings one: everything that both would say, to the second.
func (s *Sight) key() string {
	at := "-"
	if s.Stamp.Known {
		at = s.Stamp.Time.UTC().Truncate(time.Second).Format(time.DateTime)
	}
	return fmt.Sprint(s.Proto, " ", s.Src, " ", s.Dst, " ", at, " ", s.Stamp.Year, s.Stamp.Zone)
}

// unread keeps what was not understood.
func (c *Complaint) unread(file string, line int, text string) {
	if len(c.Unread) == maxUnread {
		c.MoreUnread++
		return
	}
	names := c.named.MatchString(text)
	if len(text) > maxKept {
		text = strings.ToValidUTF8(text[:maxKept], "") + " ..."
	}
	c.Unread = append(c.Unread, Unread{file, line, strings.Clone(text), names})
}
