package simulate

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"popupwatch/sensor/simulate/texts"
)

// Split is a space of seeds. What is tuned on one must be shown on the other: they share no stream of random numbers, and differ in the grammar
// of texts and in parameters of the world.
type Split = texts.Split

// The splits.
const (
	Dev  = texts.Dev  // for development
	Test = texts.Test // for tests and published figures
)

// newRand gives the random numbers of one use: split and name choose the half of the state that no seed reaches.
func newRand(split Split, name string, seed uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte("popupwatch " + split.String() + " " + name))
	return rand.New(rand.NewPCG(h.Sum64(), seed))
}

// mixed is a hash of a number, for what must stay the same however often it is asked.
func mixed(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// gap is a time between two events of a Poisson process, in nanoseconds.
func gap(r *rand.Rand, mean float64) int64 {
	return int64(-math.Log(1-r.Float64()) * mean * float64(second))
}

// Packet time is in nanoseconds.
const (
	microsecond int64 = 1000
	millisecond       = 1000 * microsecond
	second            = 1000 * millisecond
	minute            = 60 * second
	hour              = 60 * minute
)
