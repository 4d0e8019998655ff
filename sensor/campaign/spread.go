package campaign

import "time"

// spread says how widely the open part was sent.
func (r *record) spread() Spread {
	minutes := max(r.last.Sub(r.first), time.Minute).Minutes()
	return Spread{
		Sources: r.sources.Few(), Targets: r.targets.Few(),
		PerMinute: int(float64(r.messages) / minutes), States: &r.states,
	}
}
