package campaign

import "time"

// spread says how widely the open part was sent.
func (r *record) spread() Spread {
	seconds := uint64(max(r.last.Sub(r.first), time.Minute) / time.Second)
	return Spread{
		Sources: r.sources.Few(), Targets: r.targets.Few(),
		PerMinute: int(r.messages * 60 / seconds), States: &r.states,
	}
}
