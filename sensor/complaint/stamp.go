package complaint

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Stamp is a time as a log writes it. Without Zone the time is what the log's clock showed; without Year its year is 0.
type Stamp struct {
	Time              time.Time
	Known, Year, Zone bool
	Lent              bool // the zone stands not in the line: Complaint.Zone lent it
}

// lend gives a time without a zone one.
func (s Stamp) lend(zone *time.Location) Stamp {
	if zone == nil || !s.Known || s.Zone {
		return s
	}
	t := s.Time
	s.Time = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	s.Zone, s.Lent = true, true
	return s
}

// String says the time, and what is not said of it.
func (s Stamp) String() string {
	if s.Lent {
		s.Lent = false
		return s.String() + " if the zone is the one that was named"
	}
	switch {
	case !s.Known:
		return "time not said"
	case !s.Year && s.Zone:
		return s.Time.UTC().Format("Jan _2 15:04:05") + " UTC, year not said"
	case !s.Year:
		return s.Time.Format("Jan _2 15:04:05") + ", neither year nor time zone said"
	case !s.Zone:
		return s.Time.Format(time.DateTime) + ", time zone not said"
	}
	return s.Time.UTC().Format(time.DateTime) + " UTC"
}

// dateOrder says how a form writes 6/3/2004.
type dateOrder uint8

const (
	orderUnsaid dateOrder = iota // by the country of who wrote the log
	orderMonth
	orderDay
)

// stampExprs are the ways to write a time, the more telling first. Their groups: y, m (number), b (name), d, h, i, s, f, ap, z.
var stampExprs = [...]string{
	`(?P<y>[12]\d{3})[-/](?P<m>\d\d?)[-/](?P<d>\d\d?)(?:T|[ ,_-]+)(?P<h>\d\d?):(?P<i>\d\d):(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?(?: ?(?P<z>Z|UTC|GMT|[+-]\d\d?:?\d\d))?`,
	`(?P<d>\d\d?) (?P<b>[A-Z][a-z]{2}) (?P<y>[12]\d{3}),? (?P<h>\d\d):(?P<i>\d\d):(?P<s>\d\d)(?: \(?(?P<z>UTC|GMT|[+-]\d{4}))?`,
	`(?P<b>[A-Z][a-z]{2})[a-z]*[ /]+(?P<d>\d\d?)(?:[ ,/]+(?P<y>[12]\d{3}))?,? (?P<h>\d\d?):(?P<i>\d\d):(?P<s>\d\d)(?:\.(?P<f>\d{1,9}))?(?: (?P<ap>[AP]M))?(?: (?P<z>UTC|GMT|[+-]\d{4}))?(?: (?P<y2>[12]\d{3}))?`,
	`(?P<n1>\d\d?)/(?P<n2>\d\d?)(?:/(?P<y>[12]\d{3}))?[ ,-]+(?:Time: ?)?(?P<h>\d\d?):(?P<i>\d\d):(?P<s>\d\d)(?:\.(?P<f>\d{1,9}))?(?: (?P<ap>[AP]M))?(?: (?P<z>UTC|GMT|[+-]\d{4}))?`,
}

// clock reads times out of lines.
type clock struct {
	exprs [len(stampExprs)]*regexp.Regexp
}

func newClock() *clock {
	c := &clock{}
	for i, e := range stampExprs {
		c.exprs[i] = regexp.MustCompile(`(?:^|[^0-9A-Za-z])` + e)
	}
	return c
}

// read finds the time of a line: of several the one that says most, of these the first. A log server writes its own time before the
// firewall's, often without year and zone.
func (c *clock) read(line string, order dateOrder) (best Stamp) {
	for _, e := range c.exprs {
		for _, found := range e.FindAllStringSubmatch(line, maxStamps) {
			if s, ok := stampOf(fields(e, found), order); ok && s.says() > best.says() {
				best = s
			}
		}
	}
	return best
}

// maxStamps is how many times of one kind are looked at in a line.
const maxStamps = 4

// says is how much a time says: zone before year before day.
func (s Stamp) says() (n int) {
	for i, is := range []bool{s.Known, s.Year, s.Zone} {
		if is {
			n |= 1 << i
		}
	}
	return n
}

// fields gives the groups that took part in a match, by name.
func fields(e *regexp.Regexp, found []string) map[string]string {
	out := map[string]string{}
	for i, name := range e.SubexpNames() {
		if name != "" && found[i] != "" {
			out[name] = found[i]
		}
	}
	return out
}

// stampOf makes a time of the parts. A date that can be read as two days is not known.
func stampOf(f map[string]string, order dateOrder) (Stamp, bool) {
	year, month, day := number(f["y"]+f["y2"]), number(f["m"]), number(f["d"])
	if f["b"] != "" {
		month = monthNamed(f["b"])
	}
	if f["n1"] != "" {
		var sure bool
		if month, day, sure = monthAndDay(number(f["n1"]), number(f["n2"]), order); !sure {
			return Stamp{}, false
		}
	}
	hour, minute, second := number(f["h"]), number(f["i"]), number(f["s"])
	switch {
	case f["ap"] == "PM" && hour < 12:
		hour += 12
	case f["ap"] == "AM" && hour == 12:
		hour = 0
	}
	nano := number((f["f"] + "000000000")[:9])
	zone, said := zoneOf(f["z"])
	at := time.Date(year, time.Month(month), day, hour, minute, second, nano, zone)
	if month < 1 || month > 12 || at.Day() != day || hour > 23 || minute > 59 || second > 60 {
		return Stamp{}, false
	}
	return Stamp{Time: at, Known: true, Year: year != 0, Zone: said}, true
}

// monthAndDay tells month and day apart, by the form or because only one of them can be a month.
func monthAndDay(a, b int, order dateOrder) (month, day int, sure bool) {
	switch {
	case order == orderMonth:
		return a, b, true
	case order == orderDay:
		return b, a, true
	case a > 12:
		return b, a, true
	case b > 12 || a == b:
		return a, b, true
	}
	return 0, 0, false
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func monthNamed(name string) int {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	at := strings.Index(names, name)
	if at < 0 || at%3 != 0 {
		return 0
	}
	return at/3 + 1
}

// zoneOf reads Z, UTC, GMT, +0200, +02:00 and +2:00. Names of other zones are taken as not said: several zones bear the same.
func zoneOf(s string) (zone *time.Location, said bool) {
	switch s {
	case "":
		return time.UTC, false
	case "Z", "UTC", "GMT":
		return time.UTC, true
	}
	digits := strings.ReplaceAll(s[1:], ":", "")
	hours, minutes := number(digits[:len(digits)-2]), number(digits[len(digits)-2:])
	if hours > 14 || minutes > 59 {
		return time.UTC, false
	}
	offset := hours*3600 + minutes*60
	if s[0] == '-' {
		offset = -offset
	}
	return time.FixedZone(s, offset), true
}
