package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstdOf(t testing.TB, b []byte, options ...zstd.EOption) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out, options...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err = z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// many is a capture of n frames, longer than all blocks of a ring.
func many(n int) []byte {
	var samples []sample
	for i := range n {
		samples = append(samples, sample{sec: uint32(i), data: fmt.Sprintf("%d %s", i, strings.Repeat("x", 900))})
	}
	return pcapOf(littleEndian, magicMicro, 1, samples...)
}

func TestCompressedGivesWhatPlainGives(t *testing.T) {
	plain := many(2000)
	want, _ := readAll(t, Config{}, write(t, t.TempDir(), "a", plain))
	skippable := []byte("\x53\x2a\x4d\x18\x03\x00\x00\x00abc")
	f := func(name string, octets []byte) {
		t.Helper()
		path := write(t, t.TempDir(), "a", octets) // the name tells nothing
		all, reports := readAll(t, Config{}, path)
		if !cmp.Equal(want, all) || reports[0].Err != nil {
			t.Errorf("%s: %d frames, want the same %d; error %v", name, len(all), len(want), reports[0].Err)
		}
		piped, reports := readAll(t, Config{Stdin: bytes.NewReader(octets)}, "-")
		if len(piped) != len(want) || reports[0].Err != nil {
			t.Errorf("%s from a stream: %d frames, want %d; error %v", name, len(piped), len(want), reports[0].Err)
		}
	}
	f("gzip", gzipped(t, plain))
	f("zstd", zstdOf(t, plain))
	f("gzip of two members", append(gzipped(t, plain[:5000]), gzipped(t, plain[5000:])...))
	f("zstd of two frames", append(zstdOf(t, plain[:5000]), zstdOf(t, plain[5000:])...))
	f("zstd behind a skippable frame", append(skippable, zstdOf(t, plain)...))
}

func TestCutCompressedFileGivesWhatCanBeInflated(t *testing.T) {
	plain := many(300)
	for name, octets := range map[string][]byte{"gzip": gzipped(t, plain), "zstd": zstdOf(t, plain, zstd.WithEncoderCRC(true))} {
		all, reports := readAll(t, Config{}, write(t, t.TempDir(), "a", octets[:len(octets)-3]))
		var d *DamageError
		if !errors.As(reports[0].Err, &d) || !d.Inflated || !strings.Contains(d.Error(), "of the inflated stream") || d.Err == nil {
			t.Fatalf("%s: error %v", name, reports[0].Err)
		}
		if len(all) == 0 && name == "gzip" || d.Offset > int64(len(plain)) {
			t.Errorf("%s: %d frames, damage at octet %d of %d", name, len(all), d.Offset, len(plain))
		}
	}
}

func TestDamageInsideACompressedFileHasTheOffsetOfTheInflatedStream(t *testing.T) {
	plain := pcapOf(littleEndian, magicMicro, 1, sample{data: "abcd"}, sample{data: "lost"})
	_, reports := readAll(t, Config{}, write(t, t.TempDir(), "a", gzipped(t, plain[:len(plain)-1])))
	var d *DamageError
	if !errors.As(reports[0].Err, &d) || d.Offset != 44 || !d.Inflated {
		t.Errorf("error %v, want damage at octet 44 of the inflated stream", reports[0].Err)
	}
}

func TestCompressedFileThatIsNoneIsDamaged(t *testing.T) {
	for _, octets := range []string{"\x1f\x8b", "\x1f\x8b\x08\x00", "\x1f\x8b\xff\xff garbage garbage", "\x28\xb5\x2f\xfd", "\x28\xb5\x2f\xfd\xff\xff\xff\xff"} {
		all, reports := readAll(t, Config{}, write(t, t.TempDir(), "a", []byte(octets)))
		var d *DamageError
		if !errors.As(reports[0].Err, &d) || len(all) != 0 {
			t.Errorf("%q: %d frames, error %v", octets, len(all), reports[0].Err)
		}
	}
}

func TestZstdWindowIsBounded(t *testing.T) {
	plain := pcapOf(littleEndian, magicMicro, 1, sample{data: "a"})
	f := func(log byte, words string) {
		t.Helper()
		n := len(plain) // RFC 8878 3.1.1: magic, no flags, window, last raw block
		octets := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3, byte(n<<3 | 1), byte(n >> 5), 0}, plain...)
		_, reports := readAll(t, Config{Stdin: bytes.NewReader(octets)}, "-")
		if got := fmt.Sprint(reports[0].Err); !strings.Contains(got, words) {
			t.Errorf("window 2^%d: error %v, want %q", log, got, words)
		}
	}
	f(23, "<nil>")
	f(24, "windows of more than 8 MiB")
	f(31, "windows of more than 8 MiB")
}

// zeros counts what is read of it.
type zeros struct{ n int }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.n += len(p)
	return len(p), nil
}

func (z *zeros) Close() error { return nil }

func TestRingReadsAheadNoFurtherThanItsBlocks(t *testing.T) {
	src := &zeros{}
	g := newRing(src)
	if n, err := io.ReadFull(g, make([]byte, 1000)); n != 1000 || err != nil {
		t.Fatal(n, err)
	}
	g.Close()
	if src.n > ringBlocks*ringOctets {
		t.Errorf("%d octets were inflated ahead, more than the %d of the ring", src.n, ringBlocks*ringOctets)
	}
	if _, err := g.Read(make([]byte, 1)); err == nil {
		t.Error("a read after Close gives no error")
	}
}

func TestCloseWaitsForTheInflaters(t *testing.T) {
	dir := t.TempDir()
	a, b := write(t, dir, "a", gzipped(t, many(3000))), write(t, dir, "b", zstdOf(t, many(3000)))
	f, err := Open([]string{a, b}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t) // Open starts none
	for range 10 {
		if _, err := f.Next(); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	goleak.VerifyNone(t)
}

func TestCompressedFilesThatOverlapAreBounded(t *testing.T) {
	dir := t.TempDir()
	octets := gzipped(t, pcapOf(littleEndian, magicMicro, 1, sample{sec: 1, data: "a"}, sample{sec: 2, data: "b"}))
	for i := range maxInflating + 1 {
		write(t, dir, fmt.Sprintf("%02d", i), octets)
	}
	f, err := Open([]string{dir}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	frames := 0
	for err == nil {
		if _, err = f.Next(); err == nil {
			frames++
		}
	}
	if frames != maxInflating || !strings.Contains(err.Error(), "64 compressed") {
		t.Errorf("%d frames, error %v", frames, err)
	}
	os.Remove(dir + "/00")
	timed(t, dir, "plain", 1, 2) // is not counted among them
	if all, _ := readAll(t, Config{}, dir); len(all) != 2*maxInflating+2 {
		t.Errorf("%d frames of %d compressed files and a plain one", len(all), maxInflating)
	}
}
