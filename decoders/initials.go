package decoders

import (
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
)

// Initials is what the initial sequence numbers of a server's TCP connections show: whether somebody who saw one could tell the next, and so
// acknowledge what he never received (RFC 6528 section 1).
type Initials struct {
	Compared uint16 // numbers that could be compared with the one before, within the last hour
	Near     uint16 // of these, numbers that lay close to it, or a multiple of 64,000 away
}

// Predictable says whether at least every fourth number of the server was near the one before. One drawn at random is so once in 500.
func (i Initials) Predictable() bool { return i.Near > 0 && 4*i.Near >= i.Compared }

// What counts as near: NT4 and its like count milliseconds, or add 64,000 at each connection and half second; Windows 2000 adds some ten
// thousand. Guessing among 2^22 numbers takes a few seconds of a fast line.
const (
	nearNumber  = 1 << 22
	stepNumber  = 64000
	mostSteps   = 4 * 3600 // steps of 64,000 that are taken for such: two hours of connections every second
	initialSpan = time.Hour
	initialCost = 2 * 56
)

// initials remembers the last initial sequence number of each server. It forgets its older half when it is full.
type initials struct {
	secret inet.Secret
	seen   generations[initial]
}

type initial struct {
	number uint32
	Initials
}

func newInitials(secret inet.Secret, memory int64) initials {
	return initials{secret, newGenerations[initial](initialSpan, int(memory/initialCost))}
}

// note takes the number of a connection that a server accepted.
func (s *initials) note(server netip.Addr, number uint32, now time.Time) {
	k := s.key(server)
	i, known := s.seen.get(k)
	if known && i.number == number {
		return // the same connection in another frame
	}
	if known {
		i.Compared += min(1, ^i.Compared)
		if near32(i.number, number) {
			i.Near += min(1, ^i.Near)
		}
	}
	i.number = number
	s.seen.put(k, i, now)
}

// near32 says whether one number can be told from another.
func near32(a, b uint32) bool {
	d := int64(int32(b - a))
	if d < 0 {
		d = -d
	}
	return d < nearNumber || d%stepNumber == 0 && d/stepNumber <= mostSteps
}

func (s *initials) of(server netip.Addr) Initials {
	i, _ := s.seen.get(s.key(server))
	return i.Initials
}

func (s *initials) key(server netip.Addr) uint64 {
	return between(s.secret, server, server, dcerpc.UUID{})
}
