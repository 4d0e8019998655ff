package capture

import (
	"bytes"
	"errors"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// FuzzFiles reads octets as standard input, and holds: no panic, the window stays in its bound, the frames' data is within the input, damage
// is within the input, and the size of the blocks does not show.
func FuzzFiles(f *testing.F) {
	for _, glob := range []string{"vectors/*.pcap*", "captures/wireshark-wiki_messenger.pcap"} {
		paths, _ := filepath.Glob("../../testdata/" + glob)
		for _, path := range paths {
			octets, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			if len(octets) < 20_000 {
				f.Add(octets)
			}
		}
	}
	l := littleEndian
	ng := join(section(l), interfaceOf(l, 1, 4, option(l, optionName, 'x'), option(l, optionUnit, 0x8a)), enhanced(l, 0, 1, sample{data: "abc"}),
		block(l, blockSimple, 9, 0, 0, 0, 1, 2, 3, 4), obsolete(l, 0, 1, sample{data: "d"}), block(l, 77, 1), section(bigEndian),
		interfaceOf(bigEndian, 276, 0), enhanced(bigEndian, 0, 5, sample{data: "e"}))
	f.Add(ng)
	f.Add(gzipped(f, ng))
	f.Add(zstdOf(f, ng))
	f.Add(pcapOf(bigEndian, magicModified, 1, sample{data: "abc", wire: 9}))
	f.Fuzz(func(t *testing.T, octets []byte) {
		small, large := drink(t, octets, 50), drink(t, octets, defaultBlock)
		if small.frames == 0 && small.damage != "" && large.damage != "" {
			// A broken deflate stream of a few octets: the inflater gives out what it has before its error, or not, by the size it is asked
			// for. Where no frame was readable either way, what is wrong may be said in two ways.
			small.damage = large.damage
		}
		if small != large {
			t.Errorf("in small blocks %+v, in large ones %+v", small, large)
		}
	})
}

// drunk is what a run gave, short enough to compare.
type drunk struct {
	frames, octets uint64
	sum            uint64
	damage         string
}

func drink(t *testing.T, octets []byte, size int) drunk {
	f, err := Open([]string{"-"}, Config{Stdin: bytes.NewReader(octets), BlockSize: size})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := fnv.New64a()
	for {
		frame, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(frame.Data) > frame.Len || frame.Time.Year() < 1970 || cap(f.open[0].buf) > maxBlock {
			t.Fatalf("%d octets of %d at %v, window of %d", len(frame.Data), frame.Len, frame.Time, cap(f.open[0].buf))
		}
		sum.Write(frame.Data)
		sum.Write([]byte(frame.Time.String()))
	}
	r := f.Reports()[0]
	var d *DamageError
	if r.Err != nil && !errors.As(r.Err, &d) {
		t.Fatalf("error %v, want a DamageError", r.Err)
	}
	if plain := d == nil || !d.Inflated; plain && len(octets) >= 4 && compressed(octets) == nil && r.Bytes > uint64(len(octets)) {
		t.Fatalf("%d octets of frames in %d", r.Bytes, len(octets))
	}
	if d != nil && !d.Inflated && d.Offset > int64(len(octets)) {
		t.Fatalf("damage at octet %d of %d", d.Offset, len(octets))
	}
	words := ""
	if d != nil {
		words = d.Error()
	}
	return drunk{r.Frames, r.Bytes, sum.Sum64(), words}
}
