package sensor

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/sensor/campaign"
)

func uuid(i int) (u dcerpc.UUID) {
	binary.BigEndian.PutUint64(u[:], uint64(i)+1)
	return u
}

func popupOf(i int, length uint16) *decoders.Message {
	m := &decoders.Message{}
	m.RPC.Activity, m.Marks.UDPLength = uuid(i), length
	return m
}

func TestActivitiesTieQuotesToCampaignsAsLongAsThereIsRoom(t *testing.T) {
	ties := newTies(0)
	const popups = 1000
	for i := range popups {
		ties.note(popupOf(i, 100), "cmp1-a")
		if len(ties.current) > ties.most || len(ties.before) > ties.most {
			t.Fatalf("%d and %d activities, want %d at most", len(ties.current), len(ties.before), ties.most)
		}
	}
	if ties.activity(uuid(popups-1)) != "cmp1-a" || ties.activity(uuid(0)) != "" {
		t.Error("the last is forgotten, or the first is not")
	}
	if got := len(ties.current) + len(ties.before) + int(ties.forgotten); got != popups {
		t.Errorf("%d remembered or forgotten, want %d", got, popups)
	}
}

func TestALengthThatTwoCampaignsShareSaysNothing(t *testing.T) {
	ties := newTies(1 << 20)
	for _, one := range []struct {
		length uint16
		id     campaign.ID
	}{{100, "cmp1-a"}, {200, "cmp1-a"}, {100, "cmp1-b"}, {100, "cmp1-a"}, {200, "cmp1-a"}} {
		ties.note(popupOf(1, one.length), one.id)
	}
	if ties.lengths[100] != "" || ties.lengths[200] != "cmp1-a" {
		t.Errorf("%q and %q", ties.lengths[100], ties.lengths[200])
	}
	for i := range 1 << 16 {
		ties.note(popupOf(1, uint16(i)), "cmp1-a")
	}
	if len(ties.lengths) != mostLengths {
		t.Errorf("%d lengths, want %d at most", len(ties.lengths), mostLengths)
	}
}

func TestTiesSurviveARestartAndFitIntoLess(t *testing.T) {
	ties := newTies(0)
	for i := range 100 {
		ties.note(popupOf(i, uint16(i)), "cmp1-a")
	}
	var state bytes.Buffer
	if err := ties.Save(gob.NewEncoder(&state)); err != nil {
		t.Fatal(err)
	}
	again := newTies(0)
	if err := again.Load(gob.NewDecoder(bytes.NewReader(state.Bytes()))); err != nil {
		t.Fatal(err)
	}
	if len(again.current) != len(ties.current) || len(again.before) != len(ties.before) || len(again.lengths) != 100 {
		t.Errorf("%d, %d, %d loaded", len(again.current), len(again.before), len(again.lengths))
	}
	less := newTies(0)
	less.most = 10
	if err := less.Load(gob.NewDecoder(bytes.NewReader(state.Bytes()))); err != nil {
		t.Fatal(err)
	}
	if len(less.current) > 10 || len(less.before) > 10 || less.forgotten == 0 {
		t.Errorf("%d, %d loaded, %d forgotten", len(less.current), len(less.before), less.forgotten)
	}
}
