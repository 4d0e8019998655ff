package capture

import (
	"io"
	"path/filepath"
	"testing"
)

// traffic writes a capture of n frames of 600 octets, a second apart.
func traffic(tb testing.TB, name string, n int) string {
	tb.Helper()
	s := sample{data: string(make([]byte, 600))}
	var samples []sample
	for i := range n {
		s.sec = uint32(i)
		samples = append(samples, s)
	}
	return write(tb, tb.TempDir(), name, pcapOf(littleEndian, magicMicro, 1, samples...))
}

func TestNextAllocatesNothing(t *testing.T) {
	const runs = 3000
	f := func(name, expr string, paths ...string) {
		t.Helper()
		files, err := Open(paths, Config{Filter: expr})
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		next := func() {
			if _, err := files.Next(); err != nil {
				t.Fatal(err)
			}
		}
		next() // opens what overlaps
		next()
		if n := testing.AllocsPerRun(runs, next); n != 0 {
			t.Errorf("%s: %v allocations per frame, want 0", name, n)
		}
	}
	a, b := traffic(t, "a", runs+10), traffic(t, "b", runs+10)
	ng := write(t, t.TempDir(), "ng", pcapngTraffic(runs+10))
	f("pcap", "", a)
	f("pcapng", "", ng)
	f("merged", "", a, b, ng)
	f("filtered", "udp port 135 and len > 10", a)
}

func pcapngTraffic(n int) []byte {
	l := littleEndian
	parts := [][]byte{section(l), interfaceOf(l, 1, 0)}
	s := sample{data: string(make([]byte, 600))}
	for i := range n {
		parts = append(parts, enhanced(l, 0, uint64(i)*1_000_000, s))
	}
	return join(parts...)
}

// BenchmarkNext reports the time of a frame of 600 octets, all in: read(2) from the page cache, walk, merge.
func BenchmarkNext(b *testing.B) {
	const frames = 100_000
	plain := traffic(b, "a", frames)
	for _, c := range []struct {
		name, expr string
		paths      []string
	}{
		{"pcap", "", []string{plain}},
		{"pcap filtered", "udp and (dst port 135 or dst portrange 1026-1028)", []string{plain}},
		{"pcapng", "", []string{write(b, b.TempDir(), "ng", pcapngTraffic(frames))}},
		{"merge of two", "", []string{plain, traffic(b, "b", frames)}},
	} {
		b.Run(filepath.Base(c.name), func(b *testing.B) {
			b.ReportAllocs()
			var f *Files
			for b.Loop() {
				f = nextOrAgain(b, f, c.paths, c.expr)
			}
			f.Close()
			b.SetBytes(600)
		})
	}
}

// nextOrAgain takes a frame, and begins anew at the end.
func nextOrAgain(b *testing.B, f *Files, paths []string, expr string) *Files {
	if f != nil {
		_, err := f.Next()
		if err == nil {
			return f
		}
		if err != io.EOF {
			b.Fatal(err)
		}
		f.Close()
	}
	f, err := Open(paths, Config{Filter: expr})
	if err != nil {
		b.Fatal(err)
	}
	return f
}
