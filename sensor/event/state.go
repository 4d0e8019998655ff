package event

import (
	"encoding/gob"
	"errors"
	"fmt"
	"time"
)

// savedBuilder is what tells equal documents apart. Caches are left out: nothing but speed depends on them.
type savedBuilder struct {
	Times   [setCount]time.Time
	Keys    [setCount][]uint64
	Buckets []savedOrdinal // by their place in the ring
	Next    int
}

// savedOrdinal is how many documents of a bucket were equal so far.
type savedOrdinal struct {
	Key   uint64
	Count int
}

// Save writes what numbers equal documents: after a restart no id stands twice (CONTRACT.md 2.0).
func (b *Builder) Save(enc *gob.Encoder) error {
	s := savedBuilder{Next: b.buckets.next}
	for i := range b.ordinals {
		s.Times[i], s.Keys[i] = b.ordinals[i].time, b.ordinals[i].keys
	}
	for _, k := range b.buckets.keys {
		s.Buckets = append(s.Buckets, savedOrdinal{k, b.buckets.count[k]})
	}
	if err := enc.Encode(&s); err != nil {
		return fmt.Errorf("save ordinals: %w", err)
	}
	return nil
}

// Load reads what Save wrote into a new Builder.
func (b *Builder) Load(dec *gob.Decoder) error {
	var s savedBuilder
	if err := dec.Decode(&s); err != nil {
		return fmt.Errorf("load ordinals: %w", err)
	}
	for i := range b.ordinals {
		b.ordinals[i] = ordinals{time: s.Times[i]}
		for _, key := range s.Keys[i][:min(len(s.Keys[i]), ordinalRoom)] {
			b.ordinals[i].remember(key)
		}
	}
	if len(s.Buckets) > bucketRoom || s.Next < 0 || s.Next > 0 && s.Next >= len(s.Buckets) {
		return errors.New("load ordinals: more than there is room for")
	}
	b.buckets.next = s.Next
	for _, o := range s.Buckets {
		b.buckets.keys = append(b.buckets.keys, o.Key)
		b.buckets.count[o.Key] = o.Count
	}
	return nil
}
