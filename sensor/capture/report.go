package capture

import (
	"math"
	"time"
)

// FileReport says what one file gave. Owned by the caller.
type FileReport struct {
	Path   string    // as it was found; "-" for standard input
	Frames uint64    // frames delivered, those that the filter refuses too
	Bytes  uint64    // captured octets in them
	First  time.Time // least packet time, UTC; zero without frames
	Last   time.Time // greatest packet time, UTC; zero without frames
	Err    error     // nil, *DamageError, *FilterError, or why the file could not be opened any more
}

// tally counts what a file gives.
type tally struct {
	path          string
	frames, bytes uint64
	first, last   int64 // nanoseconds since 1970
	err           error
}

func newTally(path string) tally {
	return tally{path: path, first: math.MaxInt64, last: math.MinInt64}
}

// count adds a frame of n octets.
func (t *tally) count(n int, nanos int64) {
	t.frames++
	t.bytes += uint64(n)
	t.first, t.last = min(t.first, nanos), max(t.last, nanos)
}

func (t *tally) report() FileReport {
	r := FileReport{Path: t.path, Frames: t.frames, Bytes: t.bytes, Err: t.err}
	if t.frames > 0 {
		r.First, r.Last = time.Unix(0, t.first).UTC(), time.Unix(0, t.last).UTC()
	}
	return r
}
