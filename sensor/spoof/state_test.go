package spoof

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// flooded is a Judge after messages of as many sources in a hundred campaigns, and the final documents it gave by then, by claim.
func flooded(memory int64, messages int) (*Judge, map[string]int) {
	j, closed := New(Config{Memory: memory}), map[string]int{}
	for i := range messages {
		flood(j, i, closed)
	}
	return j, closed
}

func flood(j *Judge, i int, closed map[string]int) {
	m := popup(fmt.Sprintf("24.%d.%d.%d", i>>16&255, i>>8&255, i&255), noon.Add(time.Duration(i)*time.Millisecond))
	j.Observe(m, fmt.Sprint("cmp1-", i%100), false)
	drain(j.Due, m.Time, closed)
}

func drain(next func(time.Time) (*Assessment, bool), at time.Time, closed map[string]int) {
	for a, ok := next(at); ok; a, ok = next(at) {
		if a.Final {
			closed[a.Key.Source.String()+a.Key.Campaign]++
		}
	}
}

// reloaded gives a new Judge what another saved.
func reloaded(t *testing.T, j *Judge, memory int64) (next *Judge, octets []byte) {
	t.Helper()
	var b bytes.Buffer
	began := time.Now()
	if err := j.Save(gob.NewEncoder(&b)); err != nil {
		t.Fatal(err)
	}
	saved := time.Since(began)
	next, octets = New(Config{Memory: memory}), b.Bytes()
	if err := next.Load(gob.NewDecoder(bytes.NewReader(octets))); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d claims: %d octets, saved in %v, loaded in %v", j.claims.used(), len(octets), saved, time.Since(began)-saved)
	return next, octets
}

func TestAHundredThousandClaimsSurviveARestart(t *testing.T) {
	const claims = 100_000
	j, closed := flooded(0, claims)
	next, _ := reloaded(t, j, 0)
	if next.claims.used() != claims || next.Shed != 0 {
		t.Errorf("%d claims, %d shed", next.claims.used(), next.Shed)
	}
	again := map[string]int{}
	drain(j.Finish, noon, closed)
	drain(next.Finish, noon, again)
	if diff := cmp.Diff(closed, again); diff != "" || len(closed) != claims {
		t.Errorf("%d claims close; without and with a restart (-want +got):\n%.1000s", len(closed), diff)
	}
}

// Where there is less memory, claims that are open come out, those that are closed are forgotten; then no more is held than there is room for.
func TestClaimsFitIntoLessMemory(t *testing.T) {
	const claims = 20_000
	for name, closeHalf := range map[string]bool{"all open": false, "half of them closed": true} {
		t.Run(name, func(t *testing.T) {
			j, closed := flooded(0, claims)
			memory := int64(1000*claimCost+j.held)*trustShare/(trustShare-1) + 1
			if closeHalf {
				for range claims / 2 {
					a, _ := j.Finish(noon)
					closed[a.Key.Source.String()+a.Key.Campaign]++
				}
			}
			next, _ := reloaded(t, j, memory)
			drain(next.Due, noon, closed)
			if next.full() || len(next.claims.touched) > 1000 || len(next.claims.chunks) > 1 || next.keep != 0 {
				t.Errorf("%d places in %d chunks after Due", len(next.claims.touched), len(next.claims.chunks))
			}
			if want := uint64(claims - 1000); next.Shed != want {
				t.Errorf("%d shed, want %d", next.Shed, want)
			}
			for i := claims; i < claims+3000; i++ {
				flood(next, i, closed)
			}
			drain(next.Finish, noon, closed)
			for key, n := range closed {
				if n != 1 {
					t.Fatalf("%s has %d final documents", key, n)
				}
			}
			if len(closed) != claims+3000 {
				t.Errorf("%d claims closed, want %d", len(closed), claims+3000)
			}
		})
	}
}

// Every truncation of a state is an error, never a panic.
func TestACutStateIsAnError(t *testing.T) {
	j, _ := flooded(0, 600)
	_, octets := reloaded(t, j, 0)
	for n := 0; n < len(octets); n += 1 + n/64 {
		if err := New(Config{}).Load(gob.NewDecoder(bytes.NewReader(octets[:n]))); err == nil {
			t.Errorf("%d of %d octets are taken for a state", n, len(octets))
		}
	}
}
