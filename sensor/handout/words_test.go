package handout

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/store"
	"popupwatch/sensor/view"
)

func TestNumbersAndTimesInWords(t *testing.T) {
	at := time.Date(2004, 2, 3, 13, 4, 5, 0, time.UTC)
	for got, want := range map[string]string{
		number(0): "0", number(999): "999", number(1000): "1,000", number(math.MaxUint64): "18,446,744,073,709,551,615",
		count(1, "popup"): "1 popup", count(2, "address"): "2 addresses", octets(1023): "1,023 octets", octets(1024): "1.0 KiB", octets(math.MaxUint64): "16777216.0 TiB",
		clock(at): "2004-02-03 13:04:05", day(time.Time{}): "never", stamp(at): "2/3/2004 1:04:05 PM", stamp(at.Add(-13 * time.Hour)): "2/3/2004 12:04:05 AM",
		span(at, at): "0 seconds", span(at, at.Add(90*time.Minute)): "2 hours", span(at, at.AddDate(3, 0, 0)): "3 years", span(at.Add(time.Hour), at): "0 seconds ",
		decibans(-5): "−5.0", decibans(3.04): "+3.0", decibans(0): "0.0", spaced("forged_certain"): "forged certain",
	} {
		if got != strings.TrimSpace(want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestHiddenCharactersAreShown(t *testing.T) {
	runs, left := plain("a\u202eb\nc\td\x00", 100, false)
	if got := fmt.Sprint(runs, left); got != "[{a } { 202E} {b } { 000A} {c\td } { 0000}] 0" {
		t.Errorf("%q", got)
	}
	if runs, left = plain("a\nbcd", 3, true); left != 2 || runs[0].Text != "a\nb" {
		t.Errorf("%q, %d left", runs, left)
	}
	if runs, left = plain("ééé", 3, false); left != 0 || len(runs) != 1 {
		t.Errorf("%q, %d left", runs, left)
	}
	if runs, left = plain("", 3, false); left != 0 || len(runs) != 0 {
		t.Errorf("%q, %d left", runs, left)
	}
}

func TestAddressesAreWithheld(t *testing.T) {
	names := &redactor{map[string]bool{"192.0.2.1": true, "2001:db8::1": true}, func(a string) bool { return a == "203.0.113.7" }}
	for sentence, want := range map[string]string{
		"From 192.0.2.1 to 192.0.2.2.":           "From 192.0.2.1 to [address withheld].",
		"It is 203.0.113.7:1026, 203.0.113.7/24": "It is [address withheld]:1026, [address withheld]",
		"2001:DB8::1 and 2001:db8::2: both":      "2001:DB8::1 and [address withheld]: both",
		"::ffff:203.0.113.7 fe80::1%eth0 ::":     "[address withheld] [address withheld] [address withheld]",
		"[2001:db8::2]:80":                       "[[address withheld]]:80",
		"at 16:41:13 TTL 64, version 5.1.2600.0": "at 16:41:13 TTL 64, version 5.1.2600.0",
		"a: b, cafe: x":                          "a: b, cafe: x",
		"1.2.3.4.5 and 300.1.1.1":                "1.2.3.4.5 and 300.1.1.1",
		"":                                       "",
	} {
		if got := names.sentence(sentence); got != want {
			t.Errorf("%q: %q, want %q", sentence, got, want)
		}
	}
	if got := names.text("http://203.0.113.7:80/x http://198.51.100.1/ 192.0.2.1"); got != "http://[address withheld]:80/x http://198.51.100.1/ 192.0.2.1" {
		t.Error(got)
	}
}

// Bars stand in the picture, and are as long as their counts.
func TestChartsShowTheirCounts(t *testing.T) {
	line := &store.Timeline{Step: 60, At: []int64{0, 60, 120}, Spam: []uint64{10, 0, 5}, Suspect: []uint64{0, 0, 5}, Clean: []uint64{0, 0, 0}, Exploit: []uint64{0, 0, 0}}
	p := overTime(line, "Popups", 190)
	room := coordinate(190 - chartHead - chartFoot)
	if len(p.Boxes) != 3 || p.Boxes[0].H != room || p.Boxes[1].H != room/2 || p.Boxes[2].H != room/2 || p.Boxes[2].Y+p.Boxes[2].H != p.Boxes[1].Y {
		t.Errorf("%+v", p.Boxes)
	}
	for _, b := range p.Boxes {
		if b.X < chartLeft || b.X+b.W > p.Width || b.Y < 0 || b.Y+b.H > p.Height {
			t.Errorf("%+v leaves the picture", b)
		}
	}
	if !strings.Contains(p.Says, "20 popups from 1970-01-01 00:00 to 1970-01-01 00:02, at most 10 in 1 minute") {
		t.Error(p.Says)
	}
	if overTime(&store.Timeline{Step: 1}, "", 190) != nil {
		t.Error("a picture of nothing")
	}
	if bars := shares([]store.Named{{Name: "a", Count: 4}, {Name: "b", Count: 1}}, func(s string) string { return s }); bars[0].Percent != 100 || bars[1].Percent != 25 {
		t.Errorf("%+v", bars)
	}
}

// Each bar begins where the one before ended, and the words stay in the picture.
func TestAWaterfallAddsUp(t *testing.T) {
	rows := []view.Evidence{{ID: "E10", Group: "G1", Decibans: 13}, {ID: "R1", Group: "rule"}, {ID: "E20", Group: "G2", Decibans: 14}, {ID: "E30", Group: "G3", Decibans: -40}}
	p := waterfall(rows, -13)
	if len(p.Boxes) != 3 || p.Boxes[0].X+p.Boxes[0].W != p.Boxes[1].X || math.Abs(float64(p.Boxes[2].X+p.Boxes[2].W-p.Boxes[1].X-p.Boxes[1].W)) > 1e-9 {
		t.Errorf("%+v", p.Boxes)
	}
	for _, b := range p.Boxes {
		if b.X < 0 || b.X+b.W > p.Width {
			t.Errorf("%+v leaves the picture", b)
		}
	}
	if p.Boxes[2].Class != "against" || p.Boxes[0].Class != "for" || !strings.Contains(p.Says, "−13.0 decibans; G1 +13.0, G2 +14.0, G3 −40.0") {
		t.Error(p)
	}
	if waterfall(rows[1:2], 0) != nil {
		t.Error("a waterfall of nothing that weighs")
	}
}
