package report_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/event"
	"popupwatch/sensor/report"
	"popupwatch/sensor/spoof"
	"popupwatch/sensor/spoof/proof"
	"popupwatch/sensor/store"
)

var update = flag.Bool("update", false, "write the capture of the proven sender anew")

// proven is a capture of three popups of one campaign whose sender proves each time that he sent it. It is made of vector 05.
const proven = "testdata/proven.pcapng"

var (
	sender  = netip.MustParseAddr("24.64.8.1")
	victim  = netip.MustParseAddr("193.11.84.72")
	morning = time.Date(2003, 6, 2, 8, 0, 0, 0, time.UTC)
)

// Offsets into a frame: Ethernet, IPv4 without options, UDP, the RPC header, its body.
const (
	idAt       = 14 + 4
	srcAt      = 14 + 12
	dstAt      = 14 + 16
	activityAt = 42 + 40
	bodyAt     = 42 + 80
)

// exchange gives the five frames of vector 05, in one-second steps: call, callback, answer, response, acknowledgement; the nth of a campaign.
func exchange(t *testing.T, at time.Time, n byte) (out []decoders.Frame) {
	t.Helper()
	files, err := capture.Open([]string{"../../testdata/vectors/05_way2_exchange.pcap"}, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	for f, err := files.Next(); err == nil; f, err = files.Next() {
		f.Data, f.Time = slices.Clone(f.Data), at.Add(time.Duration(len(out))*time.Second)
		for _, place := range []int{srcAt, dstAt} {
			a := victim
			if f.Data[place+3] == 5 {
				a = sender
			}
			copy(f.Data[place:], a.AsSlice())
		}
		f.Data[11], f.Data[activityAt] = 0xa1, 0x80+n
		if f.Data[srcAt] == victim.As4()[0] {
			f.Data[11] = 0xb2
		}
		if len(out) == 1 || len(out) == 2 {
			f.Data[activityAt] = n
		}
		f.Data[idAt+1] += n
		out = append(out, f)
	}
	out[0] = saying(out[0], "WINDOWS REGISTRY ALERT\nCritical errors were found! To repair your registry visit www.fixmyregistry.com now, download and install the scanner.")
	copy(out[1].Data[bodyAt:], out[0].Data[activityAt:activityAt+16])
	return out
}

// saying gives a call another text.
func saying(f decoders.Frame, text string) decoders.Frame {
	le, be := binary.LittleEndian, binary.BigEndian
	b := slices.Clone(f.Data[:bodyAt])
	for _, s := range []string{"SYSTEM", "ALERT", text} {
		for len(b)%4 != bodyAt%4 {
			b = append(b, 0)
		}
		n := uint32(len(s) + 1)
		b = le.AppendUint32(le.AppendUint32(le.AppendUint32(b, n), 0), n)
		b = append(append(b, s...), 0)
	}
	be.PutUint16(b[16:], uint16(len(b)-14))
	be.PutUint16(b[38:], uint16(len(b)-34))
	le.PutUint16(b[116:], uint16(len(b)-bodyAt))
	f.Data, f.Len = b, len(b)
	return f
}

// The capture is what this test makes of the vector: nobody has to trust a file.
func TestTheCaptureOfTheProvenSenderIsMadeOfTheVector(t *testing.T) {
	var b bytes.Buffer
	w := capture.NewPacketFile(&b, func(int) decoders.Interface { return decoders.Interface{Name: "span0", Link: 1, Snap: 65535} }, "popupwatch", "made of vector 05")
	for n := range byte(3) {
		for _, f := range exchange(t, morning.Add(time.Duration(n)*2*time.Minute), n) {
			if err := w.Add(&f, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	watched := decoders.Frame{Time: morning.Add(30 * time.Minute), Link: 1, Len: 60, Data: make([]byte, 60)}
	if err := errors.Join(w.Add(&watched, nil), w.Close()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(proven, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(proven); err != nil || !bytes.Equal(have, b.Bytes()) {
		t.Errorf("%s is not what the vector makes (%v): go test ./sensor/report -run Capture -update", proven, err)
	}
}

// onRoad carries the capture along the road and calls f for each event.
type onRoad func(*event.Event) error

// Emit calls f.
func (f onRoad) Emit(e *event.Event) error { return f(e) }

func carry(t *testing.T, to onRoad) {
	t.Helper()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	files, err := capture.Open([]string{filepath.FromSlash(proven)}, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	c := sensor.Config{Rules: set, Home: []netip.Prefix{netip.MustParsePrefix("193.11.84.0/24")}, Event: event.Config{Sensor: "replay", Version: "test"}}
	if err := sensor.New(c, to).Run(files); err != nil {
		t.Fatal(err)
	}
}

func form(t *testing.T) *report.Form {
	t.Helper()
	f, err := report.NewForm(report.Reporter{Org: "Example", Contact: "cert@example.org", Domain: "example.org"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Only the proof of the claim's own address makes a draft, and only while nothing speaks against it.
func TestADraftIsMadeOfTheProofOfItsOwnClaimAlone(t *testing.T) {
	f, built := form(t), 0
	carry(t, func(e *event.Event) error {
		if !e.Reportable() || !e.Source.Proof().Valid() {
			return nil
		}
		built++
		g, view := e.Source.Proof(), report.CampaignView{ID: e.Source.Key.Campaign, Verdict: "spam", Text: "text"}
		if d, err := f.Build(g, e.Source, view); err != nil || !d.Valid() || d.Source().Addr() != sender {
			t.Errorf("%v, %v", d, err)
		}
		for want, change := range map[error]func(*proof.Genuine, *spoof.Assessment, *report.CampaignView){
			report.ErrNoProof:       func(g *proof.Genuine, _ *spoof.Assessment, _ *report.CampaignView) { *g = proof.Genuine{} },
			report.ErrOtherSource:   func(_ *proof.Genuine, a *spoof.Assessment, _ *report.CampaignView) { a.Key.Source = victim },
			report.ErrNotReportable: func(_ *proof.Genuine, a *spoof.Assessment, _ *report.CampaignView) { a.Conflict = true },
			report.ErrNotSpam:       func(_ *proof.Genuine, _ *spoof.Assessment, c *report.CampaignView) { c.Verdict = "suspect" },
		} {
			g, a, view := g, e.Source.Clone(), view
			change(&g, a, &view)
			if d, err := f.Build(g, a, view); !errors.Is(err, want) || d.Valid() {
				t.Errorf("%v, want %v", err, want)
			}
		}
		refusesOtherClaims(t, f, e.Source, view)
		return nil
	})
	if built == 0 {
		t.Error("no claim was reportable")
	}
}

// refusesOtherClaims holds that a proof alone is not enough: what the road decided of the claim is asked again.
func refusesOtherClaims(t *testing.T, f *report.Form, of *spoof.Assessment, view report.CampaignView) {
	t.Helper()
	for name, change := range map[string]func(*spoof.Assessment){
		"another state":   func(a *spoof.Assessment) { a.State = spoof.ReachableUnbound },
		"not reportable":  func(a *spoof.Assessment) { a.Reportable = false },
		"a gate is shut":  func(a *spoof.Assessment) { a.Refusals = []string{spoof.RefusedLoss} },
		"another class":   func(a *spoof.Assessment) { a.Key.Class = spoof.ClassExploit },
		"a contradiction": func(a *spoof.Assessment) { a.Conflict = true },
	} {
		a := of.Clone()
		change(a)
		if d, err := f.Build(of.Proof(), a, view); !errors.Is(err, report.ErrNotReportable) || d.Valid() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// desk notes what the sink asks of its keeper.
type desk struct {
	kept      []store.Draft
	withdrawn int
}

func (d *desk) KeepDraft(s store.Draft)          { d.kept = append(d.kept, s) }
func (d *desk) WithdrawDraft(string)             { d.withdrawn++ }
func (d *desk) WithdrawSource(string, time.Time) { d.withdrawn++ }
func (d *desk) last() store.Draft                { return d.kept[len(d.kept)-1] }
func (d *desk) contradict(s *report.Drafts, a *spoof.Assessment) error {
	a.Conflict = true
	return s.Emit(event.NewBuilder(event.Config{Sensor: "replay"}).Source(a))
}

func TestTheRoadDraftsForAProvenSender(t *testing.T) {
	var d desk
	drafts := report.NewDrafts(form(t), &d, nil)
	var last *spoof.Assessment
	carry(t, func(e *event.Event) error {
		if e.Set == event.SetSource {
			last = e.Source.Clone()
		}
		return drafts.Emit(e)
	})
	if len(d.kept) == 0 || drafts.Refused() > 0 || d.withdrawn > 0 {
		t.Fatalf("%d drafts, %d refused (%v), %d withdrawn", len(d.kept), drafts.Refused(), drafts.Reason(), d.withdrawn)
	}
	text := string(d.last().Document)
	for _, part := range []string{
		`"source_identifier": "24.64.8.1"`, `"source_port": `, `"timestamp": "2003-06-02T08:0`, "an on-path party could imitate this",
		"answered a challenge sent by 193.11.84.72",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not said:\n%s", part, text)
		}
	}
	if d.last().Source != "24.64.8.1" || d.last().ID != d.kept[0].ID {
		t.Errorf("%+v", d.last())
	}
	if err := d.contradict(drafts, last); err != nil || d.withdrawn != 1 {
		t.Errorf("%d withdrawn after a contradiction, %v", d.withdrawn, err)
	}
}
