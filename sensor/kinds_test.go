package sensor

import (
	"io"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/event"
)

// nowhere is a source without frames.
type nowhere struct{}

func (nowhere) Next() (decoders.Frame, error)    { return decoders.Frame{}, io.EOF }
func (nowhere) Interface(int) decoders.Interface { return decoders.Interface{} }

// The mapping is closed: a kind of what is shed that the table does not list would be kept and never found.
func TestEveryKindOfShedStandsInTheTable(t *testing.T) {
	listed := map[string]bool{}
	for _, f := range event.Fields() {
		if kind, ok := strings.CutPrefix(f.Path, "popupwatch.sensor.shed."); ok {
			listed[kind] = true
		}
	}
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{Rules: set, Rollup: time.Minute}, nil)
	s.Open(nowhere{})
	for _, kind := range s.shed() {
		if !listed[kind.Name] {
			t.Errorf("popupwatch.sensor.shed.%s is counted and not in the table", kind.Name)
		}
		delete(listed, kind.Name)
	}
	for kind := range listed {
		t.Errorf("popupwatch.sensor.shed.%s is in the table and never counted", kind)
	}
}
