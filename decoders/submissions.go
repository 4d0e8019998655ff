package decoders

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
)

// submissionWindow is how long after the first message of a submission another one belongs to it (CONTRACT.md 2.0).
const submissionWindow = time.Minute

// submissions remembers the calls of the last minute: which messages are one submission, which calls returned, which answers belong to a call.
type submissions struct {
	seed  maphash.Seed
	calls generations[callMark]
}

// callMark is the first call under one key.
type callMark struct {
	first int64 // packet time
	stub  uint32
	ports uint32
}

func newSubmissions(most int) submissions {
	return submissions{seed: maphash.MakeSeed(), calls: newGenerations[callMark](submissionWindow, most)}
}

// note keeps the call and says whether it is the first of its submission, and whether the same call, ports included, was there before.
// Keys: (addresses, activity, sequence); that and the stub, where another text has the first, since tools freeze the activity; that and
// the ports, for calls of a submission after its first. So an ordinary popup costs one entry and one look-up.
func (s *submissions) note(now time.Time, src, dst netip.AddrPort, h *dcerpc.Header, stub []byte) (first, again bool) {
	mark := callMark{now.UnixNano(), uint32(maphash.Bytes(s.seed, stub)), uint32(src.Port())<<16 | uint32(dst.Port())}
	k := s.key(src.Addr(), dst.Addr(), h)
	was, known := s.calls.get(k)
	if !known {
		s.calls.put(k, mark, now)
		return true, false
	}
	stubKey := mix(k, uint64(mark.stub))
	taken := near(mark.first, was.first, submissionWindow)
	member := taken && was.stub == mark.stub
	if !member {
		was, member = s.recent(stubKey, mark.first)
	}
	portsKey := mix(stubKey, uint64(mark.ports)<<1|1)
	_, again = s.recent(portsKey, mark.first)
	again = again || member && was.ports == mark.ports
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
	return m, ok && near(at, m.first, submissionWindow)
}

func (s *submissions) key(src, dst netip.Addr, h *dcerpc.Header) uint64 {
	var b [52]byte
	a16, b16 := src.As16(), dst.As16()
	copy(b[:], a16[:])
	copy(b[16:], b16[:])
	copy(b[32:], h.Activity[:])
	binary.LittleEndian.PutUint32(b[48:], h.Sequence)
	return maphash.Bytes(s.seed, b[:])
}

// mix joins two hashes.
func mix(a, b uint64) uint64 {
	a ^= b * 0x9e3779b97f4a7c15
	return a*0xbf58476d1ce4e5b9 ^ a>>29
}
