package event

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// drain renders what is due.
func drain(t interface{ Fatalf(string, ...any) }, next func() *Event) []map[string]any {
	var v []map[string]any
	for e := next(); e != nil; e = next() {
		v = append(v, decoded(t, e.JSON()))
	}
	return v
}

func count(v map[string]any, path string) uint64 {
	n, _ := at(v, path).(json.Number)
	i, _ := n.Int64()
	return uint64(i)
}

// flood is a popup number i, from source s to destination d, at second sec.
func flood(s, d int, sec time.Duration) *decoders.Message {
	m := sampleMessage()
	m.Time = sampleTime.Truncate(time.Minute).Add(sec * time.Second)
	m.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(s >> 8), byte(s)}), 1000)
	m.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, byte(d >> 8), byte(d)}), 1026)
	return m
}

func (r *Rollup) take(m *decoders.Message, id campaign.ID) bool {
	return r.Add(m, campaign.Membership{ID: id}, rules.Verdict{Class: rules.Spam}, nil, decoders.DirectionInbound)
}

func TestRollupKeepsEveryMessageCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := sampleBuilder()
		r := NewRollup(b, RollupConfig{Period: time.Minute, Sources: rapid.IntRange(1, 5).Draw(t, "sources"), Memory: rapid.Int64Range(1, 64<<10).Draw(t, "memory")})
		var docs []map[string]any
		added, ids := rapid.IntRange(0, 80).Draw(t, "messages"), map[any]bool{}
		for range added {
			m := flood(rapid.IntRange(0, 9).Draw(t, "source"), rapid.IntRange(0, 9).Draw(t, "target"), time.Duration(rapid.IntRange(0, 300).Draw(t, "second")))
			r.Advance(m.Time)
			r.take(m, campaign.ID(rapid.SampledFrom([]string{"cmp1-a", "cmp1-b"}).Draw(t, "campaign")))
			docs = append(docs, drain(t, r.Next)...)
		}
		r.Finish()
		docs = append(docs, drain(t, r.Next)...)
		var sum uint64
		for _, v := range docs {
			sum += count(v, "popupwatch.message.count")
			ids[at(v, "event.id")] = true
		}
		if len(ids) != len(docs) {
			t.Fatalf("%d documents have %d ids", len(docs), len(ids))
		}
		if sum != uint64(added) || r.held != 0 || len(r.buckets) != 0 {
			t.Fatalf("%d messages went in, %d came out; %d documents, %d buckets left", added, sum, r.held, len(r.buckets))
		}
	})
}

func TestRollupDocumentHasTheFirstMessagesFields(t *testing.T) {
	b := sampleBuilder()
	r := NewRollup(b, RollupConfig{Period: time.Minute})
	for i := range 70 {
		m := flood(1, i, time.Duration(10+i/2))
		m.Src = netip.AddrPortFrom(m.Src.Addr(), uint16(1000+i))
		r.Advance(m.Time)
		if !r.take(m, "cmp1-a") {
			t.Fatal("a popup was not taken")
		}
	}
	r.Advance(sampleTime.Truncate(time.Minute).Add(59 * time.Second))
	if v := drain(t, r.Next); v != nil {
		t.Fatalf("due before the bucket's end: %v", v)
	}
	r.Advance(sampleTime.Truncate(time.Minute).Add(time.Minute))
	docs := drain(t, r.Next)
	if len(docs) != 1 {
		t.Fatalf("%d documents, want 1", len(docs))
	}
	v := docs[0]
	got := map[string]any{"destination.ip": at(v, "destination.ip"), "source.port": at(v, "source.port"), "community": at(v, "network.community_id"),
		"destinations": len(at(v, "popupwatch.message.destinations").([]any)), "count": count(v, "popupwatch.message.count"),
		"targets": count(v, "popupwatch.message.targets"), "time": at(v, "@timestamp"), "last": at(v, "popupwatch.message.last_seen"), "source": at(v, "source.ip")}
	want := map[string]any{"destination.ip": nil, "source.port": nil, "community": nil, "destinations": 64, "count": uint64(70), "targets": uint64(70),
		"time": "2004-05-06T07:08:10.000000000Z", "last": "2004-05-06T07:08:44.000000000Z", "source": "198.51.0.1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

func TestRollupSourcesBeyondTheLimitShareOneDocumentWithoutSource(t *testing.T) {
	r := NewRollup(sampleBuilder(), RollupConfig{Period: time.Minute})
	const sources = 3000
	for i := range sources {
		r.take(flood(i, 1, 1), "cmp1-a")
	}
	r.Finish()
	docs := drain(t, r.Next)
	if len(docs) != RollupSources+1 {
		t.Fatalf("%d documents, want %d", len(docs), RollupSources+1)
	}
	rest := docs[RollupSources]
	if rest["source"] != nil || at(rest, "popupwatch.source") != nil || count(rest, "popupwatch.message.count") != sources-RollupSources {
		t.Errorf("the rest: %v", rest)
	}
	n := float64(count(rest, "popupwatch.message.sources"))
	if want := float64(sources - RollupSources); n < want*0.85 || n > want*1.15 || at(rest, "popupwatch.message.sources_estimated") != true {
		t.Errorf("sources %v (estimated %v), want about %v", n, at(rest, "popupwatch.message.sources_estimated"), want)
	}
	if docs[0]["source"] == nil || at(docs[0], "popupwatch.message.sources") != nil {
		t.Errorf("the first: %v", docs[0])
	}
}

func TestRollupBeyondItsMemoryClosesTheFirstBucketEarly(t *testing.T) {
	one := NewRollup(sampleBuilder(), RollupConfig{Period: time.Minute})
	one.take(flood(1, 1, 1), "cmp1-0")
	r := NewRollup(sampleBuilder(), RollupConfig{Period: time.Minute, Memory: 3 * one.held})
	var closed []any
	for i := range 5 {
		r.take(flood(1, 1, 1), campaign.ID(fmt.Sprint("cmp1-", i)))
		if r.held > r.config.Memory {
			t.Errorf("holds %d octets, want %d at most", r.held, r.config.Memory)
		}
		for _, v := range drain(t, r.Next) {
			closed = append(closed, at(v, "popupwatch.campaign.id"))
		}
	}
	if diff := cmp.Diff([]any{"cmp1-0", "cmp1-1"}, closed); diff != "" || r.Early() != 2 {
		t.Errorf("%d closed early (-want +got):\n%s", r.Early(), diff)
	}
}

// heap is how many octets live on the heap.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestRollupTakesNoMoreThanItsMemory(t *testing.T) {
	for name, message := range map[string]func(i int) *decoders.Message{
		"many targets": func(i int) *decoders.Message { return flood(0, i%3000, 1) },
		"many sources": func(i int) *decoders.Message { return flood(i, 1, 1) },
		"long texts": func(i int) *decoders.Message {
			m := flood(i, 1, 1)
			m.Text = text.String{Shown: strings.Repeat("x", 5000+i%2), Raw: strings.Repeat("y", 5000)}
			m.Features = &text.Features{Form: text.FormOf(make([]uint32, 4096))}
			return m
		},
	} {
		const memory = 2 << 20
		r, most, before := NewRollup(sampleBuilder(), RollupConfig{Period: time.Minute, Memory: memory}), int64(0), heap()
		for i := range 60000 {
			r.take(message(i), campaign.ID(fmt.Sprint("cmp1-", i/3000)))
			for r.Next() != nil {
			}
			if i%6000 == 5999 {
				most = max(most, heap()-before)
			}
		}
		if runtime.KeepAlive(r); most > memory {
			t.Errorf("%s: takes %d octets, want %d at most (weighed: %d)", name, most, int64(memory), r.held)
		}
	}
}

func TestRollupLeavesExploitsAndAPeriodOfZeroAlone(t *testing.T) {
	if NewRollup(sampleBuilder(), RollupConfig{}).take(flood(1, 1, 1), "cmp1-a") {
		t.Error("a period of 0 took a message")
	}
	r := NewRollup(sampleBuilder(), RollupConfig{Period: time.Minute})
	a := &spoof.Assessment{Key: spoof.ClaimKey{Class: "exploit"}}
	if r.Add(flood(1, 1, 1), campaign.Membership{}, rules.Verdict{}, a, decoders.DirectionInbound) {
		t.Error("an exploit attempt was rolled up")
	}
}

func finalClaim(i int, state spoof.State) *spoof.Assessment {
	a := sampleClaim()
	a.Key.Source = netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)})
	a.State, a.Messages = state, 1
	return a
}

func TestClaimsBeyondTheLimitShareOneDocumentForEachState(t *testing.T) {
	r := NewClaimRollup(sampleBuilder(), 10, 0)
	for i := range 30 {
		if !r.Add(finalClaim(i, spoof.State(i%3))) {
			t.Fatal("a final claim was not taken")
		}
	}
	if r.Add(finalClaim(99, spoof.GenuineBound)) || r.Add(&spoof.Assessment{}) {
		t.Error("a proven or an open claim was taken")
	}
	r.Advance(sampleTime.Truncate(time.Hour).Add(time.Hour))
	if v := drain(t, r.Next); v != nil {
		t.Fatalf("due before the claims of the hour closed: %v", v)
	}
	r.Advance(sampleTime.Truncate(time.Hour).Add(time.Hour + claimGrace))
	var got []any
	for _, v := range drain(t, r.Next) {
		got = append(got, at(v, "popupwatch.source.state"), count(v, "popupwatch.source.claims"), count(v, "popupwatch.source.messages"), v["source"], at(v, "popupwatch.source.final"))
	}
	want := []any{"unknown", uint64(10), uint64(10), nil, true, "forged_certain", uint64(10), uint64(10), nil, true, "nonroutable_leak", uint64(10), uint64(10), nil, true}
	if diff := cmp.Diff(want, got); diff != "" || r.held != 0 {
		t.Errorf("%d held; documents (-want +got):\n%s", r.held, diff)
	}
}

func TestClaimsUpToTheLimitAndBeyondTheMemoryKeepTheirOwnDocuments(t *testing.T) {
	r := NewClaimRollup(sampleBuilder(), 10, 3*groupOctets+4*assessmentOctets(finalClaim(0, spoof.Unknown)))
	n := 0
	for i := range 6 {
		a := finalClaim(i, spoof.Unknown)
		a.Key.Campaign = fmt.Sprint("cmp1-", i/2)
		r.Add(a)
		if r.held > r.memory {
			t.Errorf("holds %d octets, want %d at most", r.held, r.memory)
		}
		n += len(drain(t, r.Next))
	}
	if n != 2 || r.Early() != 1 {
		t.Errorf("%d documents of %d hours early, want 2 of 1", n, r.Early())
	}
	r.Finish()
	if n += len(drain(t, r.Next)); n != 6 || r.held != 0 {
		t.Errorf("%d documents of 6 claims, %d octets left", n, r.held)
	}
}

func TestAnHourToldEarlyStillSharesBeyondItsLimit(t *testing.T) {
	const limit = 20
	r := NewClaimRollup(sampleBuilder(), limit, 3*groupOctets+8*assessmentOctets(finalClaim(0, spoof.Unknown)))
	alone, shared := 0, uint64(0)
	see := func() {
		for _, v := range drain(t, r.Next) {
			if n := count(v, "popupwatch.source.claims"); n > 0 {
				shared += n
			} else {
				alone++
			}
		}
	}
	for i := range 300 {
		a := finalClaim(i, spoof.Unknown)
		a.Key.Campaign = fmt.Sprint("cmp1-", i%3)
		r.Add(a)
		see()
	}
	r.Finish()
	if see(); alone > 3*limit || alone+int(shared) != 300 || r.held != 0 {
		t.Errorf("%d claims alone, %d share, %d octets left; want %d alone at most, 300 in all, 0", alone, shared, r.held, 3*limit)
	}
}

func TestClaimRollupTakesNoMoreThanItsMemory(t *testing.T) {
	const memory = 1 << 20
	r, most, before := NewClaimRollup(sampleBuilder(), 0, memory), int64(0), heap()
	for i := range 20000 {
		a := finalClaim(i, spoof.Unknown)
		a.Key.Campaign = fmt.Sprint("cmp1-", i/700)
		a.Evidence = slices.Repeat([]spoof.Evidence{{ID: "E1", Text: strings.Repeat("x", 150+i%2), Packets: make([]uint64, 16)}}, 5)
		r.Add(a)
		for r.Next() != nil {
		}
		if i%2000 == 1999 {
			most = max(most, heap()-before)
		}
	}
	if runtime.KeepAlive(r); most > memory {
		t.Errorf("takes %d octets, want %d at most (weighed: %d)", most, memory, r.held)
	}
}
