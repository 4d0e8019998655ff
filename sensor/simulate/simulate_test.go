package simulate_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popupwatch/rules"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/event"
	"popupwatch/sensor/simulate"
	"popupwatch/sensor/spoof"
)

// road is the real one, with the built-in rules.
func road(t testing.TB) simulate.Road {
	t.Helper()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	return func(e *simulate.Evaluation) error {
		return sensor.New(sensor.Config{Rules: set, Home: []netip.Prefix{simulate.Home()}}, e).Run(e)
	}
}

// evaluate evaluates scenarios at the small scale.
func evaluate(t testing.TB, road simulate.Road, names ...string) []simulate.Result {
	t.Helper()
	specs, err := simulate.Find(names)
	if err != nil {
		t.Fatal(err)
	}
	all, err := simulate.Evaluate(specs, simulate.Scale{Seeds: 1, Split: simulate.Test}, road, func(*simulate.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Nobody innocent is blamed in any scenario that counts, and every popup that was captured comes back as one message.
func TestNobodyInnocentIsBlamed(t *testing.T) {
	all := evaluate(t, road(t), "*")
	for i := range all {
		r := &all[i]
		if r.Blamed > 0 && r.Scenario.Excluded == "" {
			t.Errorf("%s: %d of %d innocent claims blamed:\n%s", r.Scenario.Name, r.Blamed, r.Innocent, strings.Join(r.Blames, "\n"))
		}
		if r.Messages != r.Popups || r.Strays > 0 {
			t.Errorf("%s: %d popups, %d messages, and %d that nobody sent", r.Scenario.Name, r.Popups, r.Messages, r.Strays)
		}
		if r.Open > 0 || r.LegitReportable > 0 || r.Certain > 0 {
			t.Errorf("%s: %d claims without a last document, %d wanted popups reportable, %d genuine claims forged_certain", r.Scenario.Name, r.Open, r.LegitReportable, r.Certain)
		}
	}
	senders := simulate.Result{}
	for i := range all {
		if all[i].Scenario.Kind == simulate.KindGenuine {
			senders.Genuine, senders.Probable = senders.Genuine+all[i].Genuine, senders.Probable+all[i].Probable
		}
	}
	if senders.Probable*2000 > senders.Genuine {
		t.Errorf("%d of %d claims of genuine senders called forged_probable", senders.Probable, senders.Genuine)
	}
	if total := simulate.Total(all); total.Innocent < 30_000 || total.Genuine < 10_000 {
		t.Errorf("only %d innocent and %d genuine claims", total.Innocent, total.Genuine)
	}
}

// Whoever answered a callback that nobody else could know, or acknowledged what only he received, is proven: always where all was captured,
// nineteen times of twenty where 1 % was lost.
func TestCompleteExchangesProve(t *testing.T) {
	all := evaluate(t, road(t), "callers*", "smb*", "botnet-callers", "botnet-nat-callers", "a14-*", "x-proof-room", "x-both-ways-busy")
	for i := range all {
		r, bar := &all[i], 1.0
		if r.Scenario.Lossy() {
			bar = 0.95
		}
		if got := float64(r.Proofs.Are) / float64(r.Proofs.Of); got < bar || r.Proofs.Of == 0 {
			t.Errorf("%s: %d of %d proven", r.Scenario.Name, r.Proofs.Are, r.Proofs.Of)
		}
	}
}

// Forgers are seen as issue 7 asks: 99.9 % of uniform addresses, 99 % behind a counter, 95 % behind one TTL.
func TestForgersAreSeen(t *testing.T) {
	all := evaluate(t, road(t), "forge-*")
	for i := range all {
		r := &all[i]
		if got := float64(r.Forged.Are) / float64(r.Forged.Of); got < r.Scenario.Bar.Required() {
			t.Errorf("%s: %.4f of the claims called forged, want %.4f", r.Scenario.Name, got, r.Scenario.Bar.Required())
		}
	}
}

// With an order that means nothing no counter is found: forgers whom only their counter betrays stay unknown, and no genuine sender is accused.
func TestAShuffledOrderAccusesNobody(t *testing.T) {
	specs, err := simulate.Find([]string{"forge-counter", "botnet-*", "one-way"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := simulate.Evaluate(specs, simulate.Scale{Seeds: 1, Split: simulate.Test, Shuffle: true}, road(t), func(*simulate.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if r := &all[i]; r.Forged.Are > r.Forged.Of/100 || r.Probable > r.Genuine/100 || r.Certain > 0 {
			t.Errorf("%s: %d of %d forged claims and %d of %d genuine ones called forged", r.Scenario.Name, r.Forged.Are, r.Forged.Of, r.Probable, r.Genuine)
		}
	}
}

// A road that calls every source genuine is caught: the evaluator counts each innocent claim.
func TestARoadThatBlamesIsCaught(t *testing.T) {
	honest := road(t)
	all := evaluate(t, func(e *simulate.Evaluation) error {
		return sensor.New(sensor.Config{Rules: mustRules(t), Home: []netip.Prefix{simulate.Home()}}, accuser{e}).Run(e)
	}, "forge-routed", "callers")
	if r := &all[0]; r.Blamed != r.Innocent || r.Innocent == 0 {
		t.Errorf("%d of %d innocent claims counted as blamed", r.Blamed, r.Innocent)
	}
	if r := &all[1]; r.Proofs.Are != r.Proofs.Of || r.Proofs.Of == 0 || r.Blamed != 0 {
		t.Errorf("callers: %d of %d proven, %d blamed", r.Proofs.Are, r.Proofs.Of, r.Blamed)
	}
	if r := evaluate(t, honest, "forge-routed")[0]; r.Blamed != 0 {
		t.Errorf("the real road: %d blamed", r.Blamed)
	}
}

func mustRules(t testing.TB) *rules.Set {
	t.Helper()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// accuser makes a verdict of genuine of everything before it is scored.
type accuser struct{ to *simulate.Evaluation }

func (a accuser) Emit(e *event.Event) error {
	if e.Set != event.SetSource {
		return a.to.Emit(e)
	}
	changed, source := *e, e.Source.Clone()
	source.State = spoof.GenuineBound
	changed.Source = source
	return a.to.Emit(&changed)
}

// written gives the capture and truth of a stream.
func written(t testing.TB, name string, o simulate.Options) (capture, truth []byte) {
	t.Helper()
	specs, err := simulate.Find([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	var c, tr bytes.Buffer
	if _, err := simulate.Write(simulate.New(specs[0], o), &c, &tr); err != nil {
		t.Fatal(err)
	}
	return c.Bytes(), tr.Bytes()
}

// The same seed gives the same octets; another seed, or the other split, gives others.
func TestSeedsChooseTheOctets(t *testing.T) {
	o := simulate.Options{Seed: 3, Size: 60}
	first, truth := written(t, "everyday", o)
	second, again := written(t, "everyday", o)
	if !bytes.Equal(first, second) || !bytes.Equal(truth, again) {
		t.Error("two streams of one seed differ")
	}
	for _, other := range []simulate.Options{{Seed: 4, Size: 60}, {Seed: 3, Size: 60, Split: simulate.Test}} {
		if third, _ := written(t, "everyday", other); bytes.Equal(first, third) {
			t.Errorf("%+v gives the octets of %+v", other, o)
		}
	}
}

// A capture file holds as many packets as its truth has lines, in packet time, and every scenario gives some.
func TestEveryScenarioCanBeWritten(t *testing.T) {
	for _, s := range simulate.Scenarios() {
		content, truth := written(t, s.Name, simulate.Options{Seed: 1, Size: 40})
		name := filepath.Join(t.TempDir(), "x.pcap")
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if n, lines := framesIn(t, name, strings.HasSuffix(s.Name, "-step")), bytes.Count(truth, []byte("\n")); n != lines || n == 0 {
			t.Errorf("%s: %d frames, %d lines of truth", s.Name, n, lines)
		}
	}
}

func framesIn(t testing.TB, name string, steps bool) (n int) {
	t.Helper()
	files, err := capture.Open([]string{name}, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for {
		f, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		at := f.Time.UnixNano()
		if at < last && !steps {
			t.Errorf("%s: frame %d goes back in time", name, f.Seq)
		}
		last = at
		n++
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUpperBounds(t *testing.T) {
	for _, c := range []struct {
		k, n     uint64
		from, to float64
	}{{0, 1_000_000, 2.99e-6, 3.0e-6}, {1, 1000, 4.7e-3, 4.8e-3}, {0, 0, 1, 1}, {1000, 10000, 0.105, 0.106}} {
		if got := simulate.UpperBound(c.k, c.n); got < c.from || got > c.to {
			t.Errorf("%d of %d: %g, want %g to %g", c.k, c.n, got, c.from, c.to)
		}
	}
}
