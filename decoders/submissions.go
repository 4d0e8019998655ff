package decoders

import (
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
)

// submissionWindow is how long after the first message of a submission another one belongs to it (CONTRACT.md 2.0).
const submissionWindow = time.Minute

// submissions remembers the calls of the last minute: which messages are one submission, which calls returned, which answers belong to a call.
type submissions struct {
	secret inet.Secret
	calls  generations[callMark]
}

// callMark is the first call under one key. Its fields are exported for the state file.
type callMark struct {
	First int64 // packet time
	Stub  uint32
	Ports uint32
}

func newSubmissions(most int) submissions {
	return submissions{secret: inet.NewSecret(), calls: newGenerations[callMark](submissionWindow, most)}
}

// note keeps the call of key k and between those ports, whose stub has that sum, and says whether it is the first of its submission, and whether the same call, ports included, was there before.
// Keys: (addresses, activity, sequence); that and the stub, where another text has the first, since tools freeze the activity; that and
// the ports, for calls of a submission after its first. So an ordinary popup costs one entry and one look-up.
func (s *submissions) note(now time.Time, k uint64, src, dst uint16, stub uint32) (first, again bool) {
	mark := callMark{now.UnixNano(), stub, uint32(src)<<16 | uint32(dst)}
	was, known := s.calls.get(k)
	if !known {
		s.calls.put(k, mark, now)
		return true, false
	}
	stubKey := mix(k, uint64(mark.Stub))
	taken := near(mark.First, was.First, submissionWindow)
	member := taken && was.Stub == mark.Stub
	if !member {
		was, member = s.recent(stubKey, mark.First)
	}
	portsKey := mix(stubKey, uint64(mark.Ports)<<1|1)
	_, again = s.recent(portsKey, mark.First)
	again = again || member && was.Ports == mark.Ports
	if !again {
		s.calls.put(portsKey, mark, now)
	}
	switch {
	case member:
	case taken:
		s.calls.put(stubKey, mark, now)
	default:
		s.calls.put(k, mark, now)
	}
	return !member, again
}

// answers says whether h, on its way from src to dst, belongs to a call that went the other way in the last minute.
func (s *submissions) answers(now time.Time, src, dst netip.Addr, h *dcerpc.Header) bool {
	_, ok := s.recent(s.key(dst, src, h), now.UnixNano())
	return ok
}

func (s *submissions) recent(k uint64, at int64) (callMark, bool) {
	m, ok := s.calls.get(k)
	return m, ok && near(at, m.First, submissionWindow)
}

func (s *submissions) key(src, dst netip.Addr, h *dcerpc.Header) uint64 {
	return callKey(between(s.secret, src, dst, h.Activity), h)
}

// callKey is the key of a call in its activity, whose hash with its addresses is k.
func callKey(k uint64, h *dcerpc.Header) uint64 { return mix(k, uint64(h.Sequence)<<1) }

// mix joins two hashes.
func mix(a, b uint64) uint64 {
	a ^= b * 0x9e3779b97f4a7c15
	return a*0xbf58476d1ce4e5b9 ^ a>>29
}
