package decoders

import (
	"encoding/gob"
	"errors"
	"maps"
	"slices"
	"time"
)

// savedBatch is how many entries are encoded at once: alone, each would cost a message of its own; all together, a copy of the whole.
const savedBatch = 1024

// savedGenerations comes before the entries of both.
type savedGenerations struct {
	Began           time.Time
	Current, Before int
}

type savedEntry[V any] struct {
	Key   uint64
	Value V
}

// save writes all entries, each generation ascending by key; change is applied to what is written of each value.
func (g *generations[V]) save(enc *gob.Encoder, change func(*V)) error {
	if err := enc.Encode(&savedGenerations{g.began, len(g.current), len(g.before)}); err != nil {
		return err
	}
	if err := saveEntries(enc, g.current, change); err != nil {
		return err
	}
	return saveEntries(enc, g.before, change)
}

func saveEntries[V any](enc *gob.Encoder, of map[uint64]V, change func(*V)) error {
	some := make([]savedEntry[V], 0, savedBatch)
	for keys := range slices.Chunk(slices.Sorted(maps.Keys(of)), savedBatch) {
		some = some[:0]
		for _, k := range keys {
			some = append(some, savedEntry[V]{k, of[k]})
			change(&some[len(some)-1].Value)
		}
		if err := enc.Encode(some); err != nil {
			return err
		}
	}
	return nil
}

// load reads what save wrote into empty generations; change is applied to each value. Where there are more than fit, those with the
// highest keys are forgotten, which is as good as any: a generation knows no order.
func (g *generations[V]) load(dec *gob.Decoder, change func(*V)) error {
	var head savedGenerations
	if err := dec.Decode(&head); err != nil {
		return err
	}
	g.began = head.Began
	if err := g.loadEntries(dec, g.current, head.Current, change); err != nil {
		return err
	}
	return g.loadEntries(dec, g.before, head.Before, change)
}

func (g *generations[V]) loadEntries(dec *gob.Decoder, into map[uint64]V, n int, change func(*V)) error {
	for n > 0 {
		var some []savedEntry[V] // new each time: gob leaves alone what is zero in the file
		if err := dec.Decode(&some); err != nil {
			return err
		}
		if len(some) == 0 || len(some) > n {
			return errors.New("decode entries: not as many as announced")
		}
		n -= len(some)
		for i := range some {
			if len(into) >= g.most {
				g.shed++
				continue
			}
			change(&some[i].Value)
			into[some[i].Key] = some[i].Value
		}
	}
	return nil
}
