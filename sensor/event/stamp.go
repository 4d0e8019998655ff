package event

import (
	"time"
)

// stamper writes times as RFC 3339 in UTC with nine digits of a second, in quotes. It keeps the text of the last day and the whole of
// the last time: the times of one document lie close together.
type stamper struct {
	day     int64 // days since 1970
	date    [10]byte
	warm    bool
	lastSec int64
	lastNs  int
	last    [stampLength]byte
	held    bool
}

// stampLength is the length of "2004-05-06T07:08:09.123456789Z" with its quotes.
const stampLength = 32

// The first and last second that RFC 3339 can write. A pcapng file may claim the year 500000.
const (
	minSecond = -62167219200 // 0000-01-01T00:00:00Z
	maxSecond = 253402300799 // 9999-12-31T23:59:59Z
)

// append appends t as a JSON string; nothing for the zero time. Times outside the years 0 to 9999 are drawn to the nearest end.
func (s *stamper) append(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	sec, ns := t.Unix(), t.Nanosecond()
	if !s.held || sec != s.lastSec || ns != s.lastNs {
		s.render(sec, ns)
	}
	return append(b, s.last[:]...)
}

// appendNamed appends a name and a time; nothing for the zero time.
func (s *stamper) appendNamed(b []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	b = append(b, name...)
	b = s.append(b, t)
	return append(b, ',')
}

func (s *stamper) render(sec int64, ns int) {
	s.lastSec, s.lastNs, s.held = sec, ns, true
	switch {
	case sec < minSecond:
		sec, ns = minSecond, 0
	case sec > maxSecond:
		sec, ns = maxSecond, 999999999
	}
	day := sec / 86400
	if sec%86400 < 0 {
		day--
	}
	if !s.warm || day != s.day {
		s.day, s.warm = day, true
		time.Unix(day*86400, 0).UTC().AppendFormat(s.date[:0], time.DateOnly)
	}
	s.spell(int(sec-day*86400), ns)
}

// spell fills last from the second of the day and the nanosecond.
func (s *stamper) spell(second, ns int) {
	l := &s.last
	l[0], l[11], l[14], l[17], l[20], l[30], l[31] = '"', 'T', ':', ':', '.', 'Z', '"'
	copy(l[1:11], s.date[:])
	pair(l[12:14], second/3600)
	pair(l[15:17], second/60%60)
	pair(l[18:20], second%60)
	high, low := uint32(ns)/100000, uint32(ns)%100000 // 32 bits divide quicker, and the two halves side by side
	pair(l[21:23], int(high/100))
	pair(l[23:25], int(high%100))
	l[25] = byte('0' + low/10000)
	pair(l[26:28], int(low/100%100))
	pair(l[28:30], int(low%100))
}

const twoDigits = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849" +
	"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

func pair(b []byte, n int) {
	copy(b, twoDigits[2*n:2*n+2])
}
