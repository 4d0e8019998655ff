package campaign

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/text"
)

// tool is what the calls of a campaign have in common besides their text (WIRE.md 3.2): habits of the program that made them. It spans all parts.
type tool struct {
	Calls  uint64
	Flags  dcerpc.Flags // of the first call
	Room   uint32       // octets of its From, NUL included
	LastID uint16
	Habits [habits]uint64 // calls that had each
	Tails  [2]tail        // the two most frequent ends of activity UUIDs, about
}

// The habits that are counted.
const (
	sameFlags = iota
	sameRoom  // From and To take as many octets as in the first call, more than their words need
	staleNames
	sumZero
	idZero
	idCounts
	hasObject
	habits
)

// tail is the second half of an activity UUID, and in how many submissions it stood.
type tail struct {
	Octets uint64
	Count  uint64
	First  uint64 // first half of the first one
	Varies bool   // the first half was another one, too: the tail is the tool's, not one call's
}

// count looks at one call.
func (t *tool) count(m *decoders.Message) {
	if t.Calls++; t.Calls == 1 {
		t.Flags, t.Room, t.LastID = m.RPC.Flags, m.From.Actual, m.Marks.ID
	}
	for habit, has := range [habits]bool{
		sameFlags: m.RPC.Flags == t.Flags, sameRoom: m.From.Actual == t.Room && m.To.Actual == t.Room && roomy(&m.From) && roomy(&m.To),
		staleNames: stale(m.From.Raw) || stale(m.To.Raw), sumZero: m.Marks.UDPSumZero, idZero: m.Marks.ID == 0 && m.Marks.DontFragment && !m.Marks.IPv6,
		idCounts: t.Calls > 1 && m.Marks.ID != 0 && m.Marks.ID-t.LastID-1 < 8, hasObject: m.RPC.Object != dcerpc.UUID{},
	} {
		if has {
			t.Habits[habit]++
		}
	}
	t.LastID = m.Marks.ID
	if m.First {
		t.tail(&m.RPC.Activity)
	}
}

// roomy says whether a name takes more octets than its words and one NUL.
func roomy(s *text.String) bool { return int(s.Actual) > strings.IndexByte(s.Raw+"\x00", 0)+1 }

// stale says whether something stands after the first NUL of a name.
func stale(raw string) bool {
	i := strings.IndexByte(raw, 0)
	return i >= 0 && strings.Trim(raw[i:], "\x00") != ""
}

// tail counts the second half of an activity: one that most have stays, whatever comes between.
func (t *tool) tail(activity *dcerpc.UUID) {
	first, octets := binary.BigEndian.Uint64(activity[:8]), binary.BigEndian.Uint64(activity[8:])
	for i := range t.Tails {
		if x := &t.Tails[i]; x.Count > 0 && x.Octets == octets {
			x.Count++
			x.Varies = x.Varies || x.First != first
			return
		}
	}
	for i := range t.Tails {
		if x := &t.Tails[i]; x.Count == 0 {
			*x = tail{Octets: octets, Count: 1, First: first}
			return
		}
	}
	t.Tails[0].Count--
	t.Tails[1].Count--
}

// constant is the end of the activity UUIDs that is the tool's own.
func (t *tool) constant() (octets uint64, ok bool) {
	for _, x := range t.Tails {
		if x.Varies && x.Count > 1 {
			return x.Octets, true
		}
	}
	return 0, false
}

// marks are words for what nine of ten calls have, sorted.
func (t *tool) marks() (all []string) {
	if t == nil || t.Calls == 0 {
		return nil
	}
	for habit, word := range [habits]string{
		sameFlags: "flags_" + hex.EncodeToString([]byte{byte(t.Flags)}), sameRoom: "names_of_" + strconv.Itoa(int(t.Room)), staleNames: "names_stale",
		sumZero: "udp_checksum_zero", idZero: "ip_id_zero", idCounts: "ip_id_counts", hasObject: "object_set",
	} {
		of := t.Calls
		if habit == idCounts {
			of--
		}
		if of > 0 && 10*t.Habits[habit] >= 9*of {
			all = append(all, word)
		}
	}
	if octets, ok := t.constant(); ok {
		all = append(all, "uuid_tail_"+tailWord(octets))
	}
	slices.Sort(all)
	return all
}

func tailWord(octets uint64) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, octets))
}
