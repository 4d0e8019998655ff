package decoders_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
)

// Offsets in an Ethernet frame with an IPv4 header of 20 octets and a connectionless PDU.
const (
	atSource      = 26
	atDestination = 30
	atPDU         = 42
	atInterface   = atPDU + 24
	atActivity    = atPDU + 40
	atSequence    = atPDU + 64
)

// facts says of each signal: the fact, and the frames of call, callback and answer that it refers to.
func facts(signals []decoders.Signal) (out []string) {
	for i := range signals {
		e := &signals[i].Exchange
		out = append(out, fmt.Sprintf("%d %v %d %d %d", signals[i].Frame, signals[i].Fact, e.Call.Frame, e.Callback.Frame, e.Answer.Frame))
	}
	return out
}

// Real programs and the Windows form: each fact with the frames that it rests on.
func TestConversationsBecomeFacts(t *testing.T) {
	for name, want := range map[string][]string{
		"05_way2_exchange":       {"2 callback 1 2 0", "3 callback_answer 1 2 3", "4 response 1 2 3", "5 ack 1 2 3"},
		"real_dce_plain":         {"2 callback 1 2 0", "3 callback_answer 1 2 3", "4 response 1 2 3", "5 response 1 2 3", "6 ack 1 2 3"},
		"real_dce_plain_2calls":  {"2 callback 1 2 0", "3 callback_answer 1 2 3", "4 response 1 2 3", "6 response 5 0 0", "7 response 5 0 0", "8 ack 5 0 0"},
		"real_dce_epmap135":      {"2 callback 1 2 0", "3 callback_answer 1 2 3", "4 response 1 2 3", "6 response 5 0 0", "7 response 5 0 0", "8 ack 5 0 0"},
		"real_dce_epmap135_idem": {"2 response 1 0 0"},
		"real_dce_idem_frag": {"2 fack 1 0 0", "3 callback 1 3 0", "6 callback_answer 1 3 6", "7 fack 1 3 6", "8 fack 1 3 6", "11 fack 10 3 6",
			"12 response 10 3 6", "13 response 10 3 6", "14 ack 10 3 6"},
	} {
		if diff := cmp.Diff(want, facts(decode(vectorFrames(t, name)).signals)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	var kinds []string
	for _, s := range decode(vectorFrames(t, "13_responses_and_control")).signals {
		kinds = append(kinds, s.Fact.String())
	}
	want := []string{"response", "response", "response", "response", "fault", "reject", "reject", "ping", "working", "nocall", "ack", "fack", "cancel", "cancel_ack"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("control PDUs (-want +got):\n%s", diff)
	}
}

// What a proof asks of an exchange (who was called, who asked, what came back) is there with its ends and marks.
func TestAnExchangeCarriesWhatAProofAsks(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	s := decode(in).signals[1]
	e := s.Exchange
	if !e.Popup || e.Flags != 0x08 || e.Sequence != 0 || e.Activity != decode(in[:1]).messages[0].RPC.Activity {
		t.Errorf("call %+v", e)
	}
	if e.Call.Src != e.Callback.Dst || e.Call.Src.Addr() != s.Src.Addr() || e.Call.TTL != s.Marks.TTL || !e.Call.Time.Equal(in[0].Time) || e.Callback.Src != s.Dst {
		t.Errorf("ends: call %+v, callback %+v, answer %v to %v", e.Call, e.Callback, s.Src, s.Dst)
	}
	if e.CallbackOperation != 1 || e.CallbackActivity != s.PDU.Activity || e.CallbackSole != decoders.Yes {
		t.Errorf("callback %+v", e)
	}
	if !s.HasStatus || s.Status != 0 || s.Returned != 0 || e.Answers != 1 || e.Differ {
		t.Errorf("answer %+v", s)
	}
	if !e.Forwarded(1026) || e.Forwarded(135) {
		t.Error("a call to the endpoint mapper that another port answers was forwarded")
	}
}

// Ports do not join a conversation, and servers' wrong interfaces do not part it.
func TestActivityAndSequenceJoinAConversation(t *testing.T) {
	want := facts(decode(vectorFrames(t, "05_way2_exchange")).signals)
	in := vectorFrames(t, "05_way2_exchange")
	for i, f := range in {
		in[i] = changed(f, 0, func(b []byte) { b[atPort-2]++; b[atPort] ^= 0x40 })
		in[i].Seq = f.Seq
	}
	for _, i := range []int{2, 3} {
		in[i].Data[atInterface]++
	}
	if diff := cmp.Diff(want, facts(decode(in).signals)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	late := vectorFrames(t, "05_way2_exchange")
	late[3].Data[atSequence]++
	if got := decode(late).signals[2].Exchange; got.Call.Frame != 0 {
		t.Errorf("an answer to another call found this one: %+v", got)
	}
}

// Where one direction is missing, what is left says so: nothing is made up.
func TestOneDirectionOfAConversation(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	for name, c := range map[string]struct {
		frames []decoders.Frame
		want   []string
	}{
		"the caller's":         {[]decoders.Frame{in[0], in[2], in[4]}, []string{"3 callback_answer 0 0 0", "5 ack 1 0 0"}},
		"the called host's":    {[]decoders.Frame{in[1], in[3]}, []string{"2 callback 0 2 0", "4 response 0 0 0"}},
		"the call is missing":  {in[1:], []string{"2 callback 0 2 0", "3 callback_answer 0 2 3", "4 response 0 0 0", "5 ack 0 0 0"}},
		"the callback is late": {[]decoders.Frame{in[0], in[2], in[1]}, []string{"3 callback_answer 0 0 0", "2 callback 1 2 0"}},
	} {
		if diff := cmp.Diff(c.want, facts(decode(c.frames).signals)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// otherHost makes one end, whose address stands at at, of a frame another one.
func otherHost(f decoders.Frame, at int, after time.Duration) decoders.Frame {
	out := changed(f, after, func(b []byte) { b[at+3] ^= 0x55 })
	out.Seq = f.Seq + 100
	return out
}

// Prime and forge: the attacker makes a call of his own, learns the activity of the callback, and answers in another's name.
func TestACallbackActivityThatOthersSawIsNotSole(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	attack := []decoders.Frame{
		otherHost(in[0], atSource, 0), otherHost(in[1], atDestination, time.Second), // the attacker's own call and what he learns
		changed(in[0], 10*time.Minute, nothing), changed(in[1], 10*time.Minute, nothing), changed(in[2], 10*time.Minute, nothing),
	}
	got := decode(attack).signals
	if last := got[len(got)-1].Exchange; last.CallbackSole != decoders.No || last.Answers != 1 {
		t.Errorf("sole: %v of %d signals", last.CallbackSole, len(got))
	}
}

// A host that denies and a forger who affirms: the second answer says that they differ.
func TestAnswersThatDiffer(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	denial := changed(in[2], time.Millisecond, func(b []byte) {
		binary.LittleEndian.PutUint32(b[atPDU+80+20:], 0x1c00000a)
		b[atID] = 7
	})
	again := changed(in[2], time.Millisecond, func(b []byte) { b[atID] = 8 })
	for name, c := range map[string]struct {
		second decoders.Frame
		differ bool
	}{"denial": {denial, true}, "the same again": {again, false}} {
		got := decode([]decoders.Frame{in[0], in[1], in[2], c.second}).signals
		if e := got[2].Exchange; e.Answers != 2 || e.Differ != c.differ || e.Answer.Frame != in[2].Seq {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// An answer that no callback asked for is a signal with an empty exchange: who guesses activities shows himself.
func TestAGuessedAnswerFindsNoCallback(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	guess := changed(in[2], 0, func(b []byte) { b[atActivity+9]++ })
	got := decode([]decoders.Frame{in[0], in[1], guess}).signals[1]
	if got.Fact != decoders.FactCallbackAnswer || got.Exchange != (decoders.Exchange{}) {
		t.Errorf("%v, %+v", got.Fact, got.Exchange)
	}
}

// One PDU that makes a call one-way makes all of it so: else a forger would send one of each kind.
func TestFlagsOfACallAddUp(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	oneWay := changed(in[0], time.Millisecond, func(b []byte) { b[atPDU+2] |= 0x20; b[atID] = 9 })
	got := decode(slices.Insert(slices.Clone(in), 1, oneWay)).signals[0].Exchange
	if got.Flags != 0x28 || got.Call.Frame != in[0].Seq {
		t.Errorf("%+v", got)
	}
}

// A minute after the call an answer finds it no more.
func TestCallsAreRememberedForAMinute(t *testing.T) {
	in := vectorFrames(t, "real_dce_plain")
	for after, want := range map[time.Duration]uint64{59 * time.Second: 1, time.Minute: 0} {
		got := decode([]decoders.Frame{in[0], {}, changed(in[3], in[0].Time.Add(after).Sub(in[3].Time), nothing)}).signals
		if len(got) != 1 || got[0].Exchange.Call.Frame != want {
			t.Errorf("after %v: %v", after, facts(got))
		}
	}
}

// A flood of invented callers pushes calls out, never a callback with the call it is about, and stays in its bound.
func TestAFloodOfCallsLeavesCallbacksAlone(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	d := newDecoder()
	var r decoders.Result
	d.Decode(in[0], &r)
	d.Decode(in[1], &r)
	for i := range 5000 {
		f := changed(in[0], 0, func(b []byte) { binary.BigEndian.PutUint32(b[atSource:], 0xcb007100+uint32(i)) })
		if d.Decode(f, &r) != wire.Message {
			t.Fatal("no popup")
		}
	}
	if d.Shed().Exchanges == 0 {
		t.Error("nothing was shed")
	}
	d.Decode(in[2], &r)
	if got := r.Signals[0].Exchange; got.Call.Frame != in[0].Seq || got.Callback.Frame != in[1].Seq || got.Answers != 1 {
		t.Errorf("%+v", got)
	}
}

// A flood of callbacks forgets activities early; what is forgotten is not taken for whole when it comes again.
func TestAFloodOfCallbacksIsBounded(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	d := newDecoder()
	var r decoders.Result
	d.Decode(in[0], &r)
	for i := range 5000 {
		f := changed(in[1], time.Duration(i)*time.Millisecond, func(b []byte) {
			binary.BigEndian.PutUint32(b[atActivity:], uint32(i))
			binary.BigEndian.PutUint16(b[atID:], uint16(i+1))
		})
		d.Decode(f, &r)
	}
	if d.Shed().Exchanges == 0 {
		t.Error("nothing was shed")
	}
	again := changed(in[1], 6*time.Second, func(b []byte) {
		binary.BigEndian.PutUint32(b[atActivity:], 0)
		binary.LittleEndian.PutUint32(b[atActivity+24:], 1)
	})
	d.Decode(again, &r)
	if got := r.Signals[0].Exchange; got.CallbackSequence != 1 || got.CallbackSole != decoders.Unknown {
		t.Errorf("%d, sole %v", got.CallbackSequence, got.CallbackSole)
	}
}

// An activity whose numbers were seen from the first on is known; one number that is missing may have gone to anybody.
func TestACallbackActivityIsKnownFromItsFirstNumber(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	for name, c := range map[string]struct {
		numbers []uint32
		want    decoders.Known
	}{
		"the first": {[]uint32{0}, decoders.Yes}, "in order": {[]uint32{0, 1, 2}, decoders.Yes}, "again": {[]uint32{0, 0, 1}, decoders.Yes},
		"a late one": {[]uint32{1}, decoders.Unknown}, "one is missing": {[]uint32{0, 2}, decoders.Unknown}, "the greatest": {[]uint32{1<<32 - 1}, decoders.Unknown},
	} {
		d := newDecoder()
		var r decoders.Result
		d.Decode(in[0], &r)
		for i, n := range c.numbers {
			d.Decode(changed(in[1], time.Duration(i)*2*time.Second, func(b []byte) {
				binary.LittleEndian.PutUint32(b[atActivity+24:], n)
				binary.BigEndian.PutUint16(b[atID:], uint16(i+1))
			}), &r)
		}
		if got := r.Signals[0].Exchange.CallbackSole; got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
