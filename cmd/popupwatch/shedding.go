package main

import (
	"log/slog"
	"time"

	"popupwatch/sensor"
)

// shedding tells when the sensor begins to forget for want of room, and when that is over.
type shedding struct {
	total uint64
	begun uint64    // total when it began
	last  time.Time // when something was shed; zero where it is over
}

// calm is how long nothing must have been shed until that is over.
const calm = time.Minute

func (s *shedding) look(c *sensor.Counts, now time.Time, log *slog.Logger) {
	before := s.total
	s.total = 0
	for _, t := range c.Shed {
		if t.Name != "texts" { // a cache: what it forgot is computed again
			s.total += t.N
		}
	}
	switch {
	case s.total > before && s.last.IsZero():
		s.last, s.begun = now, before
		log.Warn("memory is full: what was remembered longest is given up, and counted (limits.memory)", "shed", s.total-before)
	case s.total > before:
		s.last = now
	case !s.last.IsZero() && now.Sub(s.last) >= calm:
		s.last = time.Time{}
		log.Info("nothing was given up for a minute", "shed", s.total-s.begun)
	}
}
