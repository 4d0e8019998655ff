package campaign

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestTallyKeepsKeysThatReturnAmongInventedOnes(t *testing.T) {
	var keys tally
	for i := range 10_000 {
		at := start.Add(time.Duration(i) * time.Second)
		keys.add(0, fmt.Sprintf("random%d.com", i), at)
		if i >= 500 && i%10 == 0 {
			keys.add(0, "helpfixpc.com", at)
		}
	}
	if len(keys.keys) != maxTracked {
		t.Errorf("%d keys, want %d", len(keys.keys), maxTracked)
	}
	top := keys.top()
	if len(top) != maxShown || top[0].Value != "helpfixpc.com" || top[0].Count < 900 {
		t.Errorf("top %v", top)
	}
	if !slices.IsSortedFunc(top, func(a, b Key) int { return int(b.Count) - int(a.Count) }) {
		t.Error("not sorted")
	}
}

func TestTallyOfAFullTableAllocatesNothingForInventedKeys(t *testing.T) {
	var keys tally
	names := make([]string, 2000)
	for i := range names {
		names[i] = fmt.Sprintf("random%d.com", i)
		if i < 500 {
			keys.add(0, names[i], start)
		}
	}
	i := 500
	if n := testing.AllocsPerRun(1000, func() { keys.add(0, names[i], start); i++ }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestKeyIsCutToItsBound(t *testing.T) {
	var keys tally
	keys.add(0, string(make([]byte, 10_000)), start)
	if n := len(keys.keys[0].Value); n != maxValue {
		t.Errorf("%d octets, want %d", n, maxValue)
	}
}

func TestKeyRemembersItsFirstAndLastTime(t *testing.T) {
	var keys tally
	for _, hour := range []time.Duration{5, 3, 9} {
		keys.add(0, "x.com", start.Add(hour*time.Hour))
	}
	if k := keys.keys[0]; k.Count != 3 || !k.First.Equal(start.Add(3*time.Hour)) || !k.Last.Equal(start.Add(9*time.Hour)) {
		t.Errorf("%+v", k)
	}
}

// TestKeysAreCountedWhereverTheyStand says the same keys in changing order, in which a place of the last text is most often that of another key.
func TestKeysAreCountedWhereverTheyStand(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	var keys tally
	want := map[string]uint64{}
	for range 5000 {
		for n := range rnd.IntN(7) {
			v := fmt.Sprintf("site%d.com", rnd.IntN(12))
			keys.add(n, v, start)
			want[v]++
		}
	}
	for _, k := range keys.keys {
		if k.Count != want[k.Value] {
			t.Errorf("%s is counted %d times, want %d", k.Value, k.Count, want[k.Value])
		}
		delete(want, k.Value)
	}
	if len(want) > 0 {
		t.Errorf("not counted: %v", want)
	}
}
