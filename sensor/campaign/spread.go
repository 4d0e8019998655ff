package campaign

// spread says how widely the open part was sent.
func (r *record) spread() Spread {
	s := Spread{Sources: r.sources.Few(), Targets: r.targets.Few(), PerMinute: int(r.messages), States: &r.states}
	if seconds := r.seconds(); seconds > 60 {
		s.PerMinute = int(r.messages * 60 / uint64(seconds))
	}
	return s
}

// seconds is how many whole ones the open part has lasted.
func (r *record) seconds() int64 {
	n := r.last.Unix() - r.first.Unix()
	if r.last.Nanosecond() < r.first.Nanosecond() {
		n--
	}
	return n
}
