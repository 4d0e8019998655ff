package campaign

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// HourCount says how many messages came in an hour.
type HourCount struct {
	Hour  time.Time // its beginning
	Count uint64
}

// maxHours bounds the hours of a part that are told: the latest ones that had messages.
const maxHours = 24

type hourCount struct {
	Hour  int64 // since 1970
	Count uint64
}

// hour counts a message in its hour, and returns by how many octets that grew.
func (s *sums) hour(at time.Time) (grown int64) {
	hour := at.Unix() / 3600
	for i := len(s.hours) - 1; i >= 0; i-- {
		if s.hours[i].Hour == hour {
			s.hours[i].Count++
			return 0
		}
	}
	switch len(s.hours) {
	case 1:
		s.hours = append(make([]hourCount, 0, maxHours), s.hours...)
		grown = hoursSize
	case maxHours:
		s.hours = s.hours[:copy(s.hours, s.hours[1:])]
	}
	s.hours = append(s.hours, hourCount{hour, 1})
	return grown
}

// hoursSize is what the hours take where they are more than one.
const hoursSize = maxHours * 16

// dropHours forgets the hours, and returns how many octets that gives back.
func (s *sums) dropHours() (given int64) {
	if len(s.hours) > 1 {
		given = hoursSize
	}
	s.hours = nil
	return given
}

func (s *sums) hourly() (all []HourCount) {
	for _, h := range s.hours {
		all = append(all, HourCount{time.Unix(h.Hour*3600, 0).UTC(), h.Count})
	}
	return all
}

// sweep is how the targets of a part follow each other, as far as IPv4 addresses tell.
type sweep struct {
	Last      uint32
	Step      uint32 // between the last two, modulo 2^32
	Heard     bool
	Ups, Down uint32
	Even      uint32 // steps equal to the one before
}

func (s *sweep) count(target netip.Addr) {
	if !target.Is4() {
		return
	}
	a := target.As4()
	at := binary.BigEndian.Uint32(a[:])
	if !s.Heard || at == s.Last {
		s.Last, s.Heard = at, true
		return
	}
	step := at - s.Last
	if step == s.Step {
		s.Even++
	}
	if at > s.Last {
		s.Ups++
	} else {
		s.Down++
	}
	s.Last, s.Step = at, step
}

// leastSteps is how many steps a sweep must have before it has an order.
const leastSteps = 8

// order is the word for the order in which targets came: up, down, strided (always as far), or random; empty where that does not show.
func (s *sweep) order() string {
	n := s.Ups + s.Down
	if n < leastSteps {
		return ""
	}
	nearest := s.Step == 1 || s.Step == ^uint32(0)
	switch {
	case 10*(s.Even+1) >= 8*n && !nearest:
		return "strided"
	case 10*s.Ups >= 9*n:
		return "up"
	case 10*s.Down >= 9*n:
		return "down"
	case 10*s.Ups >= 3*n && 10*s.Down >= 3*n:
		return "random"
	}
	return ""
}
