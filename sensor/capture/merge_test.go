package capture

import (
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// timed writes a file whose frames have these seconds; the data of each is the file's name and the second.
func timed(t testing.TB, dir, name string, seconds ...uint32) string {
	t.Helper()
	var samples []sample
	for _, s := range seconds {
		samples = append(samples, sample{sec: s, data: fmt.Sprintf("%s%d", filepath.Base(name), s)})
	}
	return write(t, dir, name, pcapOf(littleEndian, magicMicro, 1, samples...))
}

func TestFilesAreMergedByTimeWithTiesToTheEarlierPath(t *testing.T) {
	f := func(want string, files ...[]uint32) {
		t.Helper()
		dir := t.TempDir()
		var paths []string
		for i, seconds := range files {
			paths = append(paths, timed(t, dir, string(rune('a'+i)), seconds...))
		}
		all, _ := readAll(t, Config{}, paths...)
		if got := strings.Join(data(all), " "); got != want {
			t.Errorf("merged %v: %s, want %s", files, got, want)
		}
		for i, g := range all {
			if g.Seq != uint64(i+1) {
				t.Errorf("frame %d has number %d", i+1, g.Seq)
			}
		}
	}
	f("a1 b2 a3 b4", []uint32{1, 3}, []uint32{2, 4})
	f("b1 b2 a3 a4", []uint32{3, 4}, []uint32{1, 2})
	f("a1 a1 b1 b1 c1", []uint32{1, 1}, []uint32{1, 1}, []uint32{1})
	f("a1 b1 c1 b2 c2 a3", []uint32{1, 3}, []uint32{1, 2}, []uint32{1, 2})
	f("b4 a5 a9", []uint32{5, 9}, []uint32{4}, nil)
	f("b1 a2 b3", []uint32{2}, []uint32{1, 3}, nil)
}

func TestTimeThatGoesBackInAFileKeepsTheFilesOrder(t *testing.T) {
	dir := t.TempDir()
	all, reports := readAll(t, Config{}, timed(t, dir, "a", 5, 1, 9), timed(t, dir, "b", 4, 6))
	if got := strings.Join(data(all), " "); got != "b4 a5 a1 b6 a9" {
		t.Errorf("merged %s", got)
	}
	if want := time.Unix(1, 0).UTC(); !reports[0].First.Equal(want) {
		t.Errorf("first %v, want the least time %v", reports[0].First, want)
	}
}

func TestFileCutInTwoGivesTheSameFrames(t *testing.T) {
	dir := t.TempDir()
	whole, _ := readAll(t, Config{}, timed(t, dir, "x", 1, 2, 2, 3, 7))
	for cut := range 6 {
		seconds := []uint32{1, 2, 2, 3, 7}
		timed(t, dir, fmt.Sprintf("%d/1/x", cut), seconds[:cut]...)
		timed(t, dir, fmt.Sprintf("%d/2/x", cut), seconds[cut:]...)
		parts, _ := readAll(t, Config{}, filepath.Join(dir, fmt.Sprint(cut)))
		if diff := cmp.Diff(whole, parts); diff != "" {
			t.Errorf("cut after %d frames (-whole +parts):\n%s", cut, diff)
		}
	}
}

func TestMergeIsThatOfAStableSort(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		dir := t.TempDir()
		var seconds []uint32
		var paths []string
		count := make(map[uint32]int)
		for i := range 20 {
			var own []uint32
			s := uint32(r.IntN(30))
			for range r.IntN(10) {
				s += uint32(r.IntN(3))
				own = append(own, s)
				count[s]++
			}
			seconds = append(seconds, own...)
			paths = append(paths, timed(t, dir, fmt.Sprintf("%02d", i), own...))
		}
		all, _ := readAll(t, Config{}, paths...)
		if len(all) != len(seconds) {
			t.Fatalf("%d frames, want %d", len(all), len(seconds))
		}
		for i := 1; i < len(all); i++ {
			a, b := all[i-1], all[i]
			if a.Time > b.Time || a.Time == b.Time && a.Path > b.Path {
				t.Fatalf("%+v comes before %+v", a, b)
			}
		}
	}
}

func TestOnlyFilesThatOverlapAreOpen(t *testing.T) {
	dir := t.TempDir()
	for i := range 700 {
		timed(t, dir, fmt.Sprintf("%03d", i), uint32(2*i), uint32(2*i+3))
	}
	f, err := Open([]string{dir}, Config{BlockSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	most, frames := 0, 0
	for ; ; frames++ {
		_, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, len(f.open))
	}
	if most > 3 || frames != 1400 {
		t.Errorf("%d files open at once (want 3 at most), %d frames", most, frames)
	}
}

func TestMoreFilesThanMayBeOpenAreAnErrorAndNoDisorder(t *testing.T) {
	dir := t.TempDir()
	for i := range maxOpen {
		timed(t, dir, fmt.Sprintf("%04d", i), 1, 2)
	}
	if all, _ := readAll(t, Config{BlockSize: 100}, dir); len(all) != 2*maxOpen {
		t.Errorf("%d frames of %d files, want %d", len(all), maxOpen, 2*maxOpen)
	}
	timed(t, dir, "one more", 1, 2)
	f, err := Open([]string{dir}, Config{BlockSize: 100})
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
	if frames != maxOpen || !strings.Contains(err.Error(), "more than 512 files") {
		t.Errorf("%d frames, error %v", frames, err)
	}
}

func TestReportsAndProgressAddUp(t *testing.T) {
	dir := t.TempDir()
	f, err := Open([]string{timed(t, dir, "a", 10, 30), timed(t, dir, "b", 20), timed(t, dir, "none")}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if done, total := f.Progress(); done != 0 || total != 24+19+19+24+19+24 {
		t.Errorf("progress %d of %d before the first frame", done, total)
	}
	for err == nil {
		_, err = f.Next()
	}
	at := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	want := []FileReport{
		{Path: filepath.Join(dir, "a"), Frames: 2, Bytes: 6, First: at(10), Last: at(30)},
		{Path: filepath.Join(dir, "b"), Frames: 1, Bytes: 3, First: at(20), Last: at(20)},
		{Path: filepath.Join(dir, "none")},
	}
	if diff := cmp.Diff(want, f.Reports()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if done, total := f.Progress(); done != total {
		t.Errorf("progress %d of %d at the end", done, total)
	}
	if _, err := f.Next(); err != io.EOF {
		t.Errorf("after the end: %v, want io.EOF again", err)
	}
}

func TestNextAfterCloseIsTheEnd(t *testing.T) {
	dir := t.TempDir()
	f, err := Open([]string{timed(t, dir, "a", 1, 2), timed(t, dir, "b", 1, 2)}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Next(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := f.Next(); err != io.EOF {
		t.Errorf("error %v, want io.EOF", err)
	}
	f.Close()
}
