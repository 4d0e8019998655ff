package reassembly

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"popupwatch/decoders/wire"
)

type (
	testStreams = Streams[string, int]
	testStream  = Stream[string, int]
	testSegment = Segment[string]
)

// conversation makes segments of one connection, a millisecond apart, and gives them to a table.
type conversation struct {
	t     *testing.T
	table *testStreams
	key   StreamKey
	frame uint64
	now   time.Time
	step  time.Duration
	isn   [2]uint32
	last  *testStream
}

func streamKey(port uint16) StreamKey {
	return StreamKey{netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port), netip.MustParseAddrPort("192.0.2.2:139")}
}

// startsWithM is what opens a connection of which no SYN was seen, in these tests.
func startsWithM(_ StreamKey, _ End, data []byte) bool { return data[0] == 'M' }

func converse(t *testing.T) *conversation {
	return &conversation{t: t, table: NewStreams[string, int](1<<20, startsWithM), key: streamKey(1050), now: start, step: time.Millisecond, isn: [2]uint32{1000, 9000}}
}

// add gives a segment to the table; what it says is ready for the reader stays unread.
func (c *conversation) add(g testSegment) wire.Reason {
	c.frame++
	c.now = c.now.Add(c.step)
	g.Key, g.Frame, g.Time, g.TTL = c.key, c.frame, c.now, 64
	s, reason := c.table.Add(&g)
	if c.last = s; s != nil {
		c.table.Update(s, 0, c.now)
	}
	return reason
}

// say sends octets of an end, from the offset of its stream on; everything of the other end up to heard is acknowledged.
func (c *conversation) say(from End, offset int, data string, heard int) wire.Reason {
	return c.add(testSegment{From: from, Seq: c.isn[from] + 1 + uint32(offset), Ack: c.isn[from.Other()] + 1 + uint32(heard), ACK: true, Data: []byte(data), Meta: data})
}

func (c *conversation) shake() {
	c.add(testSegment{From: Client, Seq: c.isn[Client], SYN: true})
	c.add(testSegment{From: Server, Seq: c.isn[Server], Ack: c.isn[Client] + 1, SYN: true, ACK: true})
	c.say(Client, 0, "", 0)
}

func (c *conversation) unread(e End, want string) {
	c.t.Helper()
	if got := string(c.last.Unread(e)); got != want {
		c.t.Errorf("unread %q, want %q", got, want)
	}
}

func TestAHandshakeShowsWhoKnewWhichNumbers(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 0, "hello", 0)
	c.say(Server, 0, "welcome", 5)
	c.say(Server, 7, "!", 5)
	c.say(Client, 5, "", 8)
	e := &c.last.Evidence
	if !e.Handshake() || e.SYN != 1 || e.SYNACK != 2 || e.Acknowledged != 3 {
		t.Errorf("handshake %d, %d, %d", e.SYN, e.SYNACK, e.Acknowledged)
	}
	if e.Ends[Client].Acked != 2 || e.Ends[Server].Acked != 1 || e.Ends[Client].AckedBeyond != 0 || e.Ends[Client].ISN != 1000 {
		t.Errorf("ends %+v", e.Ends)
	}
	if c.last.pool != &c.table.pools[poolJoined] {
		t.Error("not among the connections of which both ends are seen")
	}
}

// Who writes another's address does not see the server's numbers.
func TestABlindSenderShowsNoHandshake(t *testing.T) {
	c := converse(t)
	c.add(testSegment{From: Client, Seq: 1000, SYN: true})
	c.add(testSegment{From: Server, Seq: 9000, Ack: 1001, SYN: true, ACK: true})
	c.add(testSegment{From: Client, Seq: 1001, Ack: 4711, ACK: true, Data: []byte("hello")})
	if e := &c.last.Evidence; e.Handshake() || e.Ends[Client].Acked != 0 {
		t.Errorf("%+v", e)
	}
	c.add(testSegment{From: Client, Seq: 1006, RST: true}) // the owner of the address, had it been his SYN's number
	if e := &c.last.Evidence; e.Ends[Client].Reset != 4 || !c.last.Over() {
		t.Errorf("the reset is not seen: %+v", e.Ends[Client])
	}
}

func TestAnInnocentHostsResetIsSeen(t *testing.T) {
	c := converse(t)
	c.add(testSegment{From: Client, Seq: 1000, SYN: true})
	c.add(testSegment{From: Server, Seq: 9000, Ack: 1001, SYN: true, ACK: true})
	if c.add(testSegment{From: Client, Seq: 1002, RST: true}); c.last.Over() || c.last.Evidence.Ends[Client].Outside != 1 {
		t.Error("a RST with a wrong number ended the connection")
	}
	if c.add(testSegment{From: Client, Seq: 1001, RST: true}); !c.last.Over() {
		t.Error("the RST that fits did not")
	}
}

func TestAServersResetRefusesTheSYN(t *testing.T) {
	c := converse(t)
	c.add(testSegment{From: Client, Seq: 1000, SYN: true})
	if c.add(testSegment{From: Server, Seq: 0, Ack: 1001, RST: true, ACK: true}); !c.last.Over() || c.last.Evidence.Ends[Server].Reset != 2 {
		t.Errorf("%+v", c.last.Evidence.Ends[Server])
	}
}

func TestTheFirstOctetsStay(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 0, "abc", 0)
	for _, row := range []struct {
		offset int
		data   string
		want   wire.Reason
	}{
		{0, "abc", wire.StreamAgain}, {2, "", wire.Stream}, {-1, "x", wire.StreamAgain}, // a keep-alive
		{0, "aXc", wire.StreamOverlap}, {6, "gh", wire.Stream}, {5, "fG", wire.StreamOverlap}, {3, "deF", wire.StreamOverlap}, {2, "cdefgh", wire.StreamAgain},
		{1 << 19, "far", wire.StreamOutside}, {-(1 << 19), "far", wire.StreamOutside},
	} {
		if got := c.say(Client, row.offset, row.data, 0); got != row.want {
			t.Errorf("%q at %d: %v, want %v", row.data, row.offset, got.String(), row.want.String())
		}
	}
	c.unread(Client, "abcdefgh")
	if seen := c.last.Evidence.Ends[Client]; seen.Overlaps != 3 || seen.Outside != 2 {
		t.Errorf("%+v", seen)
	}
}

func TestAHoleIsSteppedOverWhenItsTimeIsOver(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 0, "abc", 0)
	c.say(Client, 6, "ghi", 0)
	since := c.now
	if _, _, ok := c.table.Release(since.Add(holeWait - 1)); ok {
		t.Fatal("given up too early")
	}
	s, left, ok := c.table.Release(since.Add(holeWait))
	if !ok || left || !s.GivesUp(Client, since.Add(holeWait)) || !s.Due.Equal(since.Add(holeWait)) {
		t.Fatalf("given %v, left %v", ok, left)
	}
	s.Take(Client, 3, nil)
	if lost := s.Step(Client); lost != 3 || string(s.Unread(Client)) != "ghi" {
		t.Errorf("%d octets lost, then %q", lost, s.Unread(Client))
	}
	c.table.Update(s, 0, since.Add(holeWait))
	if _, _, ok := c.table.Release(since.Add(holeWait)); ok {
		t.Error("the hole is given twice")
	}
	if c.say(Client, 3, "def", 0) != wire.StreamAgain {
		t.Error("what was given up came in")
	}
}

func TestEachHoleHasItsOwnTime(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 3, "def", 0)
	c.now = c.now.Add(holeWait - time.Second)
	c.say(Client, 9, "jkl", 0)
	c.say(Client, 0, "abc", 0) // fills the first hole; the second is younger
	if _, _, ok := c.table.Release(c.now.Add(2 * time.Second)); ok {
		t.Error("the second hole is given up at the time of the first")
	}
}

func TestTooMuchBeyondAHoleStepsOverIt(t *testing.T) {
	c := converse(t)
	c.shake()
	for i := range maxHeld + 1 {
		if c.last.GivesUp(Client, c.now) {
			t.Fatalf("given up with %d segments beyond", i)
		}
		c.say(Client, 10+2*i, "x", 0)
	}
	if !c.last.GivesUp(Client, c.now) {
		t.Error("not given up")
	}
}

func TestSegmentsAreNamedByWhatTheyBrought(t *testing.T) {
	c := converse(t)
	c.shake() // frames 1 to 3
	c.say(Client, 0, "ab", 0)
	c.say(Client, 4, "ef", 0)
	c.say(Client, 2, "cd", 0)
	for _, want := range []struct {
		n      int
		frames []uint64
		meta   string
	}{{1, []uint64{4}, "ab"}, {2, []uint64{4, 6}, "ab"}, {1, []uint64{6}, "cd"}, {9, []uint64{5}, "ef"}, {1, nil, ""}} {
		got := c.last.Take(Client, want.n, nil)
		if !slices.Equal(got.Frames, want.frames) || got.Meta != want.meta {
			t.Errorf("%d octets from %v of %q, want %v of %q", want.n, got.Frames, got.Meta, want.frames, want.meta)
		}
	}
}

func TestAConnectionIsPickedUpInTheMiddle(t *testing.T) {
	c := converse(t)
	if reason := c.say(Client, 500, "other", 0); reason != wire.SMBOther || c.last != nil || len(c.table.streams) != 0 {
		t.Errorf("%v, %d connections", reason.String(), len(c.table.streams))
	}
	c.say(Client, 500, "Messenger", 0)
	c.say(Client, 509, "!", 0)
	c.unread(Client, "Messenger!")
	if e := &c.last.Evidence; e.SYN != 0 || e.Handshake() {
		t.Errorf("%+v", e)
	}
}

// The ports are used again, and the end of the connection before was not seen.
func TestANewConnectionTakesThePlaceOfAnOldOne(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 0, "old", 0)
	c.isn = [2]uint32{5_000_000, 77}
	if reason := c.add(testSegment{From: Client, Seq: c.isn[Client], SYN: true}); reason != wire.StreamOutside {
		t.Errorf("a SYN alone, which anybody can send: %v", reason.String())
	}
	c.add(testSegment{From: Server, Seq: c.isn[Server], Ack: c.isn[Client] + 1, SYN: true, ACK: true})
	c.say(Client, 0, "new", 0)
	c.unread(Client, "new")
	if e := &c.last.Evidence; !e.Handshake() || e.SYN != 5 {
		t.Errorf("%+v", e)
	}
	old, left, ok := c.table.Release(c.now)
	if !ok || !left || string(old.Unread(Client)) != "old" || !old.Over() {
		t.Error("the old connection did not come out")
	}
}

func TestAForgedSYNEndsNothing(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 0, "abc", 0)
	c.add(testSegment{From: Client, Seq: 77777, SYN: true})
	c.add(testSegment{From: Client, Seq: 88888, RST: true})
	c.add(testSegment{From: Client, Seq: 1000, FIN: true})
	c.say(Client, 3, "def", 0)
	c.unread(Client, "abcdef")
	if c.last.Over() || c.last.Done(Client) {
		t.Error("ended")
	}
}

// A RST that reaches the sensor alone hides nothing: the client goes on, and so does the sensor.
func TestAResetThatNobodyBelievesHidesNothing(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 0, "abc", 0)
	c.last.Take(Client, 3, nil)
	if c.add(testSegment{From: Client, Seq: 1004, RST: true}); !c.last.Over() {
		t.Fatal("not over")
	}
	c.say(Client, 3, "def", 0)
	c.unread(Client, "def")
	if c.last.Over() || c.last.Evidence.Ends[Client].Reset != 5 || c.last.pool != &c.table.pools[poolJoined] {
		t.Errorf("over %v, %+v", c.last.Over(), c.last.Evidence.Ends[Client])
	}
}

// The answer to a SYN that was lost tells where its client begins.
func TestASYNACKTellsWhereTheClientBegins(t *testing.T) {
	c := converse(t)
	c.add(testSegment{From: Server, Seq: 9000, Ack: 1001, SYN: true, ACK: true})
	c.say(Client, 3, "def", 0)
	c.say(Client, 0, "abc", 0)
	c.unread(Client, "abcdef")
	if e := &c.last.Evidence; e.Handshake() || c.last.Midway(Client) || e.Acknowledged == 0 {
		t.Errorf("%+v", e)
	}
}

func TestBothFINsEndAConnection(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 0, "abc", 0)
	if c.add(testSegment{From: Client, Seq: 1004, Ack: 9001, ACK: true, FIN: true}); !c.last.Done(Client) || c.last.Over() {
		t.Error("the client is done, the connection is not over")
	}
	if c.add(testSegment{From: Server, Seq: 9001, Ack: 1005, ACK: true, FIN: true}); !c.last.Over() || c.last.Evidence.Ends[Server].AckedBeyond != 0 {
		t.Errorf("over %v, %+v", c.last.Over(), c.last.Evidence.Ends[Server])
	}
	if _, _, ok := c.table.Release(c.now.Add(waitClosed - 1)); ok {
		t.Error("no time for a late RST")
	}
	s, left, ok := c.table.Release(c.now.Add(waitClosed))
	if !ok || !left || s.Evidence.Ends[Client].FIN != 5 || len(c.table.streams) != 0 {
		t.Error("did not leave")
	}
}

// Whatever the cuts, the order and the repetitions, and wherever the numbers wrap, the stream is the one that was sent.
func TestAnySegmentationGivesTheStream(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sent := rapid.SliceOfN(rapid.Byte(), 1, 400).Draw(rt, "stream")
		c := converse(t)
		c.isn = [2]uint32{rapid.Uint32().Draw(rt, "client"), rapid.Uint32().Draw(rt, "server")}
		c.shake()
		type part struct{ from, to int }
		var parts []part
		for at := 0; at < len(sent); {
			n := rapid.IntRange(1, min(60, len(sent)-at)).Draw(rt, "cut")
			parts = append(parts, part{max(0, at-rapid.IntRange(0, 5).Draw(rt, "overlap")), at + n})
			at += n
		}
		parts = append(parts, rapid.SliceOfN(rapid.SampledFrom(parts), 0, 10).Draw(rt, "again")...)
		var got []byte
		for _, p := range rapid.Permutation(parts).Draw(rt, "order") {
			c.say(Client, p.from, string(sent[p.from:p.to]), 0)
			n := rapid.IntRange(0, 50).Draw(rt, "taken")
			got = append(got, c.last.Unread(Client)[:min(n, len(c.last.Unread(Client)))]...)
			c.last.Take(Client, n, nil)
		}
		got = append(got, c.last.Unread(Client)...)
		if !bytes.Equal(got, sent) {
			rt.Fatalf("got %x, sent %x", got, sent)
		}
	})
}
