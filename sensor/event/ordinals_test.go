package event

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Ordinals count as a list of all keys of the time would, up to its room.
func TestOrdinalsCountAsAListWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o ordinals
		var all []uint64
		for i, key := range rapid.SliceOfN(rapid.Uint64Range(0, 700), 0, ordinalRoom+50).Draw(t, "keys") {
			want := 0
			for _, k := range all {
				if k == key {
					want++
				}
			}
			if len(all) < ordinalRoom {
				all = append(all, key)
			}
			if got := o.next(time.Unix(1, 0), key); got != want {
				t.Fatalf("key %d, the %dth: ordinal %d, want %d", key, i, got, want)
			}
		}
		if got := o.next(time.Unix(2, 0), 1); got != 0 {
			t.Fatalf("at another time: ordinal %d", got)
		}
	})
}
