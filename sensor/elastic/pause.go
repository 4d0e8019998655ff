package elastic

import (
	"context"
	"math/rand/v2"
	"time"
)

// The bounds of a pause between two tries.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// pauses are the time between tries: each is drawn from zero to a bound that doubles with every failure in a row (full jitter), so that many
// sensors do not come back at once.
type pauses struct {
	first    time.Duration // firstPause; shorter in tests
	failures int
}

// next is the pause after one more failure, not shorter than the server asked for.
func (p *pauses) next(least time.Duration) time.Duration {
	bound := min(p.first<<min(p.failures, 16), longestPause)
	p.failures++
	return max(least, time.Duration(rand.Int64N(int64(bound)+1)))
}

// over forgets failures: something went through.
func (p *pauses) over() { p.failures = 0 }

// sleep waits, and says whether it was not interrupted.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
