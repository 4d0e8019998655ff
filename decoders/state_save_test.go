package decoders_test

import (
	"bytes"
	"encoding/gob"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
)

// restart gives a new decoder what another saved.
func restart(t *testing.T, d *decoders.Decoder, c decoders.Config) *decoders.Decoder {
	t.Helper()
	var b bytes.Buffer
	if err := d.Save(gob.NewEncoder(&b)); err != nil {
		t.Fatal(err)
	}
	next := decoders.NewDecoder(c)
	if err := next.Load(gob.NewDecoder(&b)); err != nil {
		t.Fatal(err)
	}
	return next
}

// named is a decoder's configuration with interfaces of these names.
func named(memory int64, names ...string) decoders.Config {
	return decoders.Config{Memory: memory, Interface: func(i int) decoders.Interface { return decoders.Interface{Name: names[i]} }}
}

func TestCopiesAndRepetitionsAreToldOverARestart(t *testing.T) {
	f := popupFrame(t)
	noID := changed(f, 0, func(b []byte) { b[atID], b[atID+1] = 0, 0 })
	other := changed(noID, time.Millisecond, nothing)
	other.Iface = 1
	for name, c := range map[string]struct {
		first, second decoders.Frame
		want          decoders.Reason
	}{
		"a copy":              {f, changed(f, time.Millisecond, nothing), wire.Duplicate},
		"too late for a copy": {f, changed(f, time.Second, nothing), wire.Message},
		"no id, the interface of the same name under another number": {noID, other, wire.Message},
		"no id, an interface of another name":                        {noID, changed(noID, time.Millisecond, nothing), wire.Duplicate},
	} {
		t.Run(name, func(t *testing.T) {
			var r decoders.Result
			d := decoders.NewDecoder(named(1<<20, "eth0", "eth1"))
			d.Decode(c.first, &r)
			d = restart(t, restart(t, d, named(1<<20, "eth1", "eth0")), named(1<<20, "eth1", "eth0"))
			if got := d.Decode(c.second, &r); got != c.want {
				t.Errorf("%v, want %v", got.String(), c.want.String())
			}
		})
	}
}

func TestRetransmissionsAreToldOverARestart(t *testing.T) {
	f := popupFrame(t)
	var r decoders.Result
	d := newDecoder()
	d.Decode(f, &r)
	d = restart(t, d, named(1<<20, ""))
	d.Decode(changed(f, 59*time.Second, func(b []byte) { b[atID]++ }), &r)
	if len(r.Messages) != 1 || r.Messages[0].First || !r.Messages[0].Retransmit {
		t.Errorf("%d popups; the repetition is taken for a new submission", len(r.Messages))
	}
}

// What does not fit is shed and counted.
func TestWindowsFitIntoLessMemory(t *testing.T) {
	f := popupFrame(t)
	var r decoders.Result
	d := decoders.NewDecoder(named(16<<20, ""))
	const popups = 2000
	for i := range popups {
		d.Decode(changed(f, 0, func(b []byte) { b[atID], b[atID+1], b[33], b[32] = byte(i>>8)|1, byte(i), byte(i), byte(i>>8) }), &r)
	}
	next := restart(t, d, named(160<<10, ""))
	if s := next.Shed(); s.Copies == 0 || s.Submissions == 0 || s.Copies >= popups || s.Submissions >= popups {
		t.Errorf("shed %+v", s)
	}
}
