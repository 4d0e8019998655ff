package handout

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// number writes a count with commas, as the console does.
func number(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// count writes a count with its word.
func count(n uint64, word string) string {
	switch {
	case n == 1:
		return "1 " + word
	case strings.HasSuffix(word, "s"):
		return number(n) + " " + word + "es"
	}
	return number(n) + " " + word + "s"
}

// octets writes a size.
func octets(n uint64) string {
	units := [...]string{"KiB", "MiB", "GiB", "TiB"}
	if n < 1024 {
		return count(n, "octet")
	}
	size, i := float64(n)/1024, 0
	for ; size >= 1024 && i < len(units)-1; i++ {
		size /= 1024
	}
	return fmt.Sprintf("%.1f %s", size, units[i])
}

// clock is a moment in UTC to the second, and day its day.
func clock(t time.Time) string { return written(t, time.DateTime) }
func day(t time.Time) string   { return written(t, time.DateOnly) }

func written(t time.Time, form string) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(form)
}

// span is how long it is from one moment to another, in words.
func span(from, to time.Time) string {
	seconds := max(0, to.Sub(from).Round(time.Second)/time.Second)
	for _, u := range [...]struct {
		name   string
		length time.Duration
	}{{"year", 31556952}, {"day", 86400}, {"hour", 3600}, {"minute", 60}} {
		if seconds >= u.length {
			return count(uint64((seconds+u.length/2)/u.length), u.name)
		}
	}
	return count(uint64(seconds), "second")
}

// stamp is a moment as csrss wrote it in the message box, for the United States.
func stamp(t time.Time) string { return t.UTC().Format("1/2/2006 3:04:05 PM") }

// decibans writes a weight with its sign.
func decibans(n float64) string {
	switch {
	case n > 0:
		return fmt.Sprintf("+%.1f", n)
	case n < 0:
		return fmt.Sprintf("−%.1f", -n)
	}
	return "0.0"
}

// spaced writes the words of events for people: forged_certain becomes "forged certain".
func spaced(word string) string { return strings.ReplaceAll(word, "_", " ") }

// run is text from the network: as it is, or the number of one character that would not be seen or would turn the direction of reading.
type run struct{ Text, Hidden string }

// The characters of a text that are shown at most.
const (
	maxText  = 8000
	maxField = 300
	maxTitle = 120
)

// plain divides text from the network into runs, at most n characters of it. Lines stay lines; where they must not, they are hidden.
func plain(text string, n int, lines bool) (runs []run, left int) {
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			runs = append(runs, run{Text: b.String()})
			b.Reset()
		}
	}
	characters := []rune(text)
	shown := min(n, len(characters))
	for _, r := range characters[:shown] {
		if !unseen(r) || r == '\t' || r == '\n' && lines {
			b.WriteRune(r)
			continue
		}
		flush()
		runs = append(runs, run{Hidden: fmt.Sprintf("%04X", r)})
	}
	flush()
	return runs, len(characters) - shown
}

// unseen says whether a reader would not see a character, or be misled by it.
func unseen(r rune) bool {
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || strings.ContainsRune("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", r) || !unicode.IsGraphic(r)
}
