package main

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// left is a UDP datagram of a made capture.
type left struct {
	at       time.Time
	src, dst string
	ttl      uint8
}

// pcapOf writes datagrams as a capture of raw IPv4.
func pcapOf(t *testing.T, all ...left) string {
	t.Helper()
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0)
	for _, one := range all {
		src, dst := netip.MustParseAddrPort(one.src), netip.MustParseAddrPort(one.dst)
		ip := append([]byte{0x45, 0, 0, 32, 0, 1, 0, 0, one.ttl, 17, 0, 0}, append(src.Addr().AsSlice(), dst.Addr().AsSlice()...)...)
		ip = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(ip, src.Port()), dst.Port())
		ip = append(ip, 0, 12, 0, 0, 'a', 'b', 'c', 'd')
		b = binary.LittleEndian.AppendUint32(b, uint32(one.at.Unix()))
		b = binary.LittleEndian.AppendUint32(b, uint32(one.at.Nanosecond()/1000))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(ip)))
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(ip))), ip...)
	}
	name := filepath.Join(t.TempDir(), "egress.pcap")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const (
	accused    = "203.0.113.7:32771"
	complained = "198.51.100.20:1026"
	lineOfLog  = "2004-06-03T14:22:01Z gate kernel: SRC=203.0.113.7 DST=198.51.100.20 LEN=528 TTL=46 ID=31337 PROTO=UDP SPT=32771 DPT=1026 LEN=508\n"
)

// judged gives the page over a line of a log and a capture.
func judged(t *testing.T, line, capture string, flags ...string) string {
	t.Helper()
	var out, errors bytes.Buffer
	args := append([]string{"exonerate", "--source", "203.0.113.7", "--home", "203.0.113.0/24"}, flags...)
	if status := run(append(args, "-", capture), stdio{strings.NewReader(line), &out, &errors}); status != exitOK {
		t.Fatalf("status %d: %s", status, errors.String())
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// What the accused network's own capture shows, and what it does not show, is told for what it is worth.
func TestOwnCapturesAreComparedForWhatTheyAreWorth(t *testing.T) {
	noon := time.Date(2004, 6, 3, 14, 22, 1, 0, time.UTC)
	others := []left{}
	for m := -20; m <= 20; m++ {
		others = append(others, left{noon.Add(time.Duration(m)*time.Minute + time.Second), "203.0.113.9:1", "192.0.2.1:53", 63})
	}
	early := others[:10]
	gap := append(append([]left{}, others[:5]...), others[36:]...)
	unzoned := strings.Replace(lineOfLog, "Z ", " ", 1)
	with := func(all []left, more ...left) []left { return append(append([]left{}, all...), more...) }
	for name, c := range map[string]struct {
		line  string
		all   []left
		want  string
		never string
	}{
		"shown":               {lineOfLog, with(others, left{noon.Add(time.Minute), accused, complained, 63}), "In short - A capture of its own network shows packets that fit 1 packet", "Nothing that was given proves"},
		"shown by its words":  {lineOfLog, with(others, left{noon.Add(time.Minute), accused, complained, 63}), "is shown: 1 packet from 203.0.113.7:32771 to 198.51.100.20:1026", "take no step"},
		"another source port": {lineOfLog, with(others, left{noon, "203.0.113.7:1024", complained, 63}), "may be shown: 1 packet to that target, but from another source port", "is not shown from"},
		"another hour":        {lineOfLog, with(others, left{noon.Add(15 * time.Minute), accused, complained, 63}), "is not shown from 2004-06-03 14:17:01 to 2004-06-03 14:27:01 UTC, while 11 frames left the network then, 0 of them from 203.0.113.7", " is shown: "},
		"absent":              {lineOfLog, others, "covers the time of 1 packet and does not show it", "Nothing proves that it did not"},
		"a neighbour's":       {lineOfLog, with(others, left{noon, "203.0.113.8:32771", complained, 63}), "is not shown from", " is shown: "},
		"not covered":         {lineOfLog, early, "nothing can be said. The capture does not cover its time", "does not show it"},
		"a gap":               {lineOfLog, gap, "but neither is anything else that left the network then", "does not show it"},
		"no zone":             {unzoned, others, "covers only part of the time in which it may have left (2004-06-03 00:17:01 to 2004-06-04 04:27:01 UTC)", "does not show it"},
		"the other end's":     {lineOfLog, []left{{noon, accused, complained, 46}}, "it may have been taken at the other end", " is shown: "},
		"from far away":       {lineOfLog, with(others, left{noon, accused, complained, 46}), "arrived from far away by its TTL", " is shown: "},
		"nothing leaves":      {lineOfLog, []left{{noon, complained, accused, 46}}, "It shows nothing that leaves the home networks", "does not show it"},
	} {
		got := judged(t, c.line, pcapOf(t, c.all...))
		if !strings.Contains(got, c.want) || strings.Contains(got, c.never) {
			t.Errorf("%s: %q is there: %v; %q is there: %v\n%s", name, c.want, strings.Contains(got, c.want), c.never, strings.Contains(got, c.never), got)
		}
	}
	if got := judged(t, lineOfLog, pcapOf(t, with(others, left{noon.Add(15 * time.Minute), accused, complained, 63})...), "--skew", "16m"); !strings.Contains(got, " is shown: ") {
		t.Errorf("a clock that is off by more than usual: %s", got)
	}
}

// Whatever the evidence, the draft accuses nobody and the page calls nobody guilty or innocent.
func TestTheAnswerAccusesNobody(t *testing.T) {
	noon := time.Date(2004, 6, 3, 14, 22, 1, 0, time.UTC)
	for _, all := range [][]left{nil, {{noon, accused, complained, 63}, {noon, accused, "192.0.2.1:53", 63}}} {
		got := strings.ToLower(judged(t, lineOfLog, pcapOf(t, all...)))
		for _, word := range []string{"guilty", "innocent", "culprit", "attacker", "hacker", "infected", "our customer", "sent by your"} {
			if strings.Contains(got, word) {
				t.Errorf("%q is on the page: %s", word, got)
			}
		}
	}
}

// Where the packets prove something, the page says so as plainly.
func TestWhatIsProvenIsNotHidden(t *testing.T) {
	capture := filepath.Join(repository, "sensor", "report", "testdata", "proven.pcapng")
	for home, want := range map[string]string{
		"193.11.84.0/24": "The packets show that the address received something because of a message and answered it (1 claim)",
		"24.64.8.0/24":   "only with --home of the network where that was taken",
	} {
		var out, errors bytes.Buffer
		if run([]string{"exonerate", "--source", "24.64.8.1", "--home", home, capture}, stdio{strings.NewReader(""), &out, &errors}) != exitOK {
			t.Fatal(errors.String())
		}
		got := strings.Join(strings.Fields(out.String()), " ")
		if !strings.Contains(got, want) {
			t.Errorf("--home %s: no %q in\n%s", home, want, got)
		}
		if proven := strings.HasPrefix(home, "193"); proven == strings.Contains(got, "we take no step") || proven == strings.Contains(got, "Nothing that was given proves") || proven == strings.Contains(got, "does not show packets whose sender had to") {
			t.Errorf("--home %s: what to answer does not go with what is proven:\n%s", home, got)
		}
	}
}
