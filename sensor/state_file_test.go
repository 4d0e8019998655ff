package sensor_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/sensor"
	"popupwatch/sensor/sink"
)

// stateFile writes the state of a short run and gives its path and octets.
func stateFile(t *testing.T, c sensor.Config) (path string, octets []byte) {
	t.Helper()
	s := sensor.New(c, sink.NewNDJSON("test", io.Discard))
	carry(t, s, mixture(t, 40, 3*time.Second, 10, 3), new(bytes.Buffer))
	path = filepath.Join(t.TempDir(), "popupwatch.state")
	if err := errors.Join(s.Suspend(), sensor.WriteState(path, s)); err != nil {
		t.Fatal(err)
	}
	octets, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, octets
}

// opened is a sensor that takes a state.
func opened(c sensor.Config) *sensor.Sensor {
	s := sensor.New(c, sink.NewNDJSON("test", io.Discard))
	s.Open(&list{})
	return s
}

// summed gives octets a sum that is right.
func summed(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(bytes.Clone(b), sum[:]...)
}

func TestAStateFileIsReadBack(t *testing.T) {
	c := config(t)
	path, _ := stateFile(t, c)
	s := opened(c)
	aside, err := sensor.ReadState(path, s)
	if err != nil || aside != "" || s.Frames() != 40 {
		t.Errorf("set aside %q, %v, %d frames", aside, err, s.Frames())
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file may be read by others: %v, %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(path + "?*"); len(left) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// counter is a state besides the sensor's.
type counter int

func (c *counter) Save(enc *gob.Encoder) error { return enc.Encode(int(*c)) }
func (c *counter) Load(dec *gob.Decoder) error { return dec.Decode((*int)(c)) }

func TestWhatElseSurvivesStandsInTheSameFile(t *testing.T) {
	c := config(t)
	path, three, back, missing := filepath.Join(t.TempDir(), "state"), counter(3), counter(0), counter(0)
	if err := sensor.WriteState(path, opened(c), &three); err != nil {
		t.Fatal(err)
	}
	if aside, err := sensor.ReadState(path, opened(c), &back); aside != "" || err != nil || back != three {
		t.Errorf("%d came back; set aside %q, %v", back, aside, err)
	}
	if aside, err := sensor.ReadState(path, opened(c), &back, &missing); aside == "" || err != nil {
		t.Errorf("one part too many: set aside %q, %v", aside, err)
	}
}

func TestNoStateFileIsNoState(t *testing.T) {
	s := opened(config(t))
	if aside, err := sensor.ReadState(filepath.Join(t.TempDir(), "none"), s); aside != "" || err != nil {
		t.Errorf("set aside %q, %v", aside, err)
	}
}

// holds says that a damaged file was set aside under the next name, as it was, and left the sensor empty.
func holds(t *testing.T, path string, damaged []byte, s *sensor.Sensor, what string, at int) {
	t.Helper()
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	aside, err := sensor.ReadState(path, s)
	if err != nil || aside != path+".damaged-1" {
		t.Fatalf("%s %d: set aside as %q, %v", what, at, aside, err)
	}
	kept, err := os.ReadFile(aside)
	if err != nil || !bytes.Equal(kept, damaged) || s.Frames() != 0 || s.Messages() != 0 || len(s.Summary().Campaigns) != 0 {
		t.Fatalf("%s %d: the file was changed, or the sensor is not empty (%v)", what, at, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s %d: still there", what, at)
	}
	if err := os.Remove(aside); err != nil {
		t.Fatal(err)
	}
}

func TestEveryDamagedOctetAndEveryTruncationIsFound(t *testing.T) {
	c := config(t)
	path, whole := stateFile(t, c)
	s := opened(c)
	for i := 0; i < len(whole); i += max(len(whole)/200, 1) {
		b := bytes.Clone(whole)
		b[i] ^= 1 << (i % 8)
		holds(t, path, b, s, "octet", i)
	}
	for n := 0; n < len(whole); n += 1 + n/256 {
		holds(t, path, whole[:n], s, "octets left:", n)
	}
	for n := len(whole) - 64; n < len(whole); n++ {
		holds(t, path, whole[:n], s, "octets left:", n)
	}
}

// What has the right sum and is none of ours is found as well, and leaves a sensor that works.
func TestAStateThatCannotBeDecodedLeavesTheSensorEmpty(t *testing.T) {
	c := config(t)
	path, whole := stateFile(t, c)
	body := whole[:len(whole)-sha256.Size]
	version := bytes.Clone(body)
	version[9]++
	for what, b := range map[string][]byte{
		"cut in the middle": body[:len(body)/2], "cut before the end": body[:len(body)-1], "something follows": append(bytes.Clone(body), 0),
		"another version": version, "another magic": append([]byte("P"), body[1:]...), "the header alone": body[:12+len("replay")],
	} {
		s := opened(c)
		holds(t, path, summed(b), s, what, len(b))
		again(t, c, s)
	}
}

// again holds that a sensor whose state could not be read works as a new one.
func again(t *testing.T, c sensor.Config, s *sensor.Sensor) {
	t.Helper()
	path, _ := stateFile(t, c)
	if aside, err := sensor.ReadState(path, s); aside != "" || err != nil || s.Frames() != 40 {
		t.Errorf("after damage: set aside %q, %v, %d frames", aside, err, s.Frames())
	}
}

func TestTheStateOfAnotherSensorIsRefusedAndStays(t *testing.T) {
	c := config(t)
	path, whole := stateFile(t, c)
	c.Event.Sensor = "other"
	aside, err := sensor.ReadState(path, opened(c))
	if aside != "" || err == nil || !strings.Contains(err.Error(), "--sensor") {
		t.Errorf("set aside %q, %v", aside, err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, whole) {
		t.Errorf("the file was changed: %v", err)
	}
}

func TestDamagedFilesTakeTheFirstFreeName(t *testing.T) {
	c := config(t)
	path := filepath.Join(t.TempDir(), "state")
	for _, want := range []string{".damaged-1", ".damaged-2"} {
		if err := os.WriteFile(path, []byte("no state"), 0o600); err != nil {
			t.Fatal(err)
		}
		if aside, err := sensor.ReadState(path, opened(c)); aside != path+want || err != nil {
			t.Errorf("set aside as %q, %v", aside, err)
		}
	}
}

// A write that fails leaves what was, and nothing beside it.
func TestAFailedWriteLeavesTheOldState(t *testing.T) {
	c := config(t)
	path, whole := stateFile(t, c)
	unopened := sensor.New(c, sink.NewNDJSON("test", io.Discard))
	if err := sensor.WriteState(path, unopened); err == nil {
		t.Error("a sensor that was not opened was written")
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, whole) {
		t.Errorf("the old state was changed: %v", err)
	}
	if err := sensor.WriteState(filepath.Join(path, "below", "a file"), opened(c)); err == nil || !strings.Contains(err.Error(), "writable") {
		t.Errorf("%v", err)
	}
}

// A sensor that has taken frames takes no state: it would count twice.
func TestAStateIsLoadedBeforeTheFirstFrame(t *testing.T) {
	c := config(t)
	path, _ := stateFile(t, c)
	s := sensor.New(c, sink.NewNDJSON("test", io.Discard))
	carry(t, s, []decoders.Frame{template(t)}, new(bytes.Buffer))
	if aside, err := sensor.ReadState(path, s); aside != "" || err == nil {
		t.Errorf("set aside %q, %v", aside, err)
	}
}
