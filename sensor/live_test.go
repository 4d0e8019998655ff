package sensor_test

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/capture/veth"
)

// longest is what a wire of a test takes: MTU 9000 and a MAC header.
const longest = 9014

// onWire gives the frames of all captures and vectors that an Ethernet wire can carry, and says which files have others, and why.
func onWire(t *testing.T) (frames []decoders.Frame, left map[string]string) {
	t.Helper()
	left = map[string]string{}
	for _, path := range allCaptures(t) {
		for _, f := range readAll(t, path) {
			switch {
			case f.Link != 1:
				left[filepath.Base(path)] = "no Ethernet"
			case len(f.Data) < f.Len:
				left[filepath.Base(path)] = "frames that the capture cut"
			case len(f.Data) > longest || len(f.Data) < 14:
				left[filepath.Base(path)] = "frames of another length than a wire takes"
			default:
				frames = append(frames, f)
			}
		}
	}
	return frames, left
}

// allCaptures are all files of testdata that may hold frames.
func allCaptures(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(testdata, func(path string, d fs.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(path, ".pcap") || strings.HasSuffix(path, ".pcapng")) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d captures, %v", len(paths), err)
	}
	slices.Sort(paths)
	return paths
}

// heard is a live source that notes what it gave.
type heard struct {
	*capture.Live
	frames []decoders.Frame
}

func (h *heard) Next() (decoders.Frame, error) {
	f, err := h.Live.Next()
	if err == nil && !f.Tick {
		kept := f
		kept.Data = bytes.Clone(f.Data)
		h.frames = append(h.frames, kept)
	}
	return f, err
}

// Interface has no name: the events of a file have none.
func (h *heard) Interface(int) decoders.Interface { return decoders.Interface{} }

// stamped gives sent the times at which its frames were heard; those that the kernel's filter kept back get that of the frame before.
func stamped(t *testing.T, sent, heard []decoders.Frame) []decoders.Frame {
	t.Helper()
	out, at := slices.Clone(sent), heard[0].Time
	for i := range out {
		if len(heard) > 0 && bytes.Equal(heard[0].Data, out[i].Data) {
			at, heard = heard[0].Time, heard[1:]
		}
		out[i].Time, out[i].Seq, out[i].Iface = at, uint64(i+1), 0
	}
	if len(heard) > 0 {
		t.Fatalf("%d frames came that were not sent, or in another order", len(heard))
	}
	return out
}

// numbers are the frames that evidence cites: frames that the kernel keeps back have none.
var numbers = regexp.MustCompile(`"(handshake_)?packets":\[[0-9,]*\],?|,?"packets":\[[0-9,]*\]`)

// told gives the documents of a run but the sensor's counts, sorted: a tick may release one before another.
func told(events string) []string {
	var lines []string
	for line := range strings.Lines(events) {
		if !strings.Contains(line, `"dataset":"popupwatch.sensor"`) {
			lines = append(lines, numbers.ReplaceAllString(line, ""))
		}
	}
	slices.Sort(lines)
	return lines
}

func TestAWireGivesTheEventsOfAReplay(t *testing.T) {
	a, b := veth.Pair(t)
	frames, left := onWire(t)
	for name, why := range left {
		t.Logf("not on the wire: %s: %s", name, why)
	}
	live, err := capture.OpenLive(capture.LiveConfig{
		Interfaces: []capture.LiveInterface{{Name: b}}, Filter: capture.KernelFilter{Tunnels: true}.Expression(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	sender := veth.Open(t, a)
	for i := range frames {
		sender.Send(t, frames[i].Data)
		if i%64 == 0 {
			time.Sleep(time.Microsecond) // a veth's backlog holds a thousand frames
		}
	}
	live.Stop()
	h := &heard{Live: live}
	onTheWire := roadOf(t, config(t), h)
	fromFile := roadOf(t, config(t), &list{frames: stamped(t, frames, h.frames)})
	if diff := cmp.Diff(told(fromFile.events), told(onTheWire.events)); diff != "" {
		t.Errorf("events of the wire (-replay +wire):\n%s", diff)
	}
	if onTheWire.summary.Messages < 50 {
		t.Errorf("%d popups on the wire", onTheWire.summary.Messages)
	}
	if received, dropped, _ := live.Kernel(); dropped > 0 || received != uint64(len(h.frames)) {
		t.Errorf("%d received, %d dropped, %d heard", received, dropped, len(h.frames))
	}
	t.Logf("%d frames sent, %d passed the kernel's filter, %d popups", len(frames), len(h.frames), onTheWire.summary.Messages)
}

var _ sensor.Kernel = (*capture.Live)(nil)
