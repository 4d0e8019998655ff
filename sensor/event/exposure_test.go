package event

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/smb"
)

func TestAnsweringHomeHostsAreExposed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*decoders.Signal)
		dir    decoders.Direction
		want   []any
	}{
		"return code 0":          {func(*decoders.Signal) {}, decoders.DirectionOutbound, []any{"message_accepted"}},
		"another return code":    {func(s *decoders.Signal) { s.Status = 0x8e1 }, decoders.DirectionOutbound, []any{"message_refused"}},
		"callback":               {func(s *decoders.Signal) { s.Fact = decoders.FactCallback }, decoders.DirectionOutbound, []any{"callback"}},
		"reject, dynamic port":   {func(s *decoders.Signal) { s.Fact = decoders.FactReject }, decoders.DirectionOutbound, []any{"call_refused"}},
		"fault, dynamic port":    {func(s *decoders.Signal) { s.Fact = decoders.FactFault }, decoders.DirectionOutbound, []any{"call_refused"}},
		"reject of the mapper":   {func(s *decoders.Signal) { s.Fact, s.Src = decoders.FactReject, addrPort("192.0.2.8:135") }, decoders.DirectionOutbound, []any{"mapper_refused"}},
		"fack of the called":     {func(s *decoders.Signal) { s.Fact = decoders.FactFack }, decoders.DirectionOutbound, []any{"call_held"}},
		"fack, call not seen":    {func(s *decoders.Signal) { s.Fact, s.Exchange = decoders.FactFack, decoders.Exchange{} }, decoders.DirectionOutbound, nil},
		"forwarded":              {func(s *decoders.Signal) { s.Exchange.Call.Dst = addrPort("192.0.2.8:135") }, decoders.DirectionOutbound, []any{"message_accepted", "mapper_forwarded"}},
		"ack of a client":        {func(s *decoders.Signal) { s.Fact = decoders.FactAck }, decoders.DirectionOutbound, nil},
		"denial of a bystander":  {func(s *decoders.Signal) { s.Fact = decoders.FactCallbackAnswer }, decoders.DirectionOutbound, nil},
		"colleague to colleague": {func(*decoders.Signal) {}, decoders.DirectionInternal, nil},
		"somebody else's host":   {func(*decoders.Signal) {}, decoders.DirectionInbound, nil},
		"no home networks":       {func(*decoders.Signal) {}, decoders.DirectionUnknown, nil},
		"nobody's":               {func(*decoders.Signal) {}, decoders.DirectionExternal, nil},
		"session granted":        {func(s *decoders.Signal) { overSMB(s, decoders.SessionGranted, 0) }, decoders.DirectionOutbound, []any{"netbios_session"}},
		"SMB success":            {func(s *decoders.Signal) { overSMB(s, decoders.SessionAnswered, 0) }, decoders.DirectionOutbound, []any{"smb_accepted"}},
		"SMB error":              {func(s *decoders.Signal) { overSMB(s, decoders.SessionAnswered, 0x160002) }, decoders.DirectionOutbound, nil},
		"session refused":        {func(s *decoders.Signal) { overSMB(s, decoders.SessionRefused, 0) }, decoders.DirectionOutbound, nil},
		"SMB success, inside":    {func(s *decoders.Signal) { overSMB(s, decoders.SessionAnswered, 0) }, decoders.DirectionInternal, nil},
	} {
		f := homeFindings()
		s := answerOf(decoders.FactResponse, sampleTime)
		c.change(s)
		f.Signal(s, &Context{Direction: c.dir})
		var got []any
		for _, d := range told(t, f) {
			got = append(got, at(d, "popupwatch.finding.kind"))
			if at(d, "destination.ip") != "192.0.2.8" || at(d, "event.action") != ActionExposedHost || at(d, "event.outcome") != "success" || toFloat2(at(d, "event.severity")) != severityHigh {
				t.Errorf("%s: %v", name, d)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: kinds (-want +got):\n%s", name, diff)
		}
	}
}

// overSMB makes a signal one of a connection to the Messenger.
func overSMB(s *decoders.Signal, stage decoders.SessionStage, status uint32) {
	s.Kind, s.Session = decoders.SignalStream, &decoders.Session{Stage: stage, Command: smb.SendMessage, Status: status}
}

func toFloat2(x any) float64 {
	f, _ := x.(interface{ Float64() (float64, error) }).Float64()
	return f
}

// Every exposure has its sentences, and stands in the table of fields.
func TestEveryExposureHasItsWords(t *testing.T) {
	about := ""
	for _, f := range Fields() {
		if f.Path == "popupwatch.finding.kind" {
			about = f.About
		}
	}
	for _, x := range exposures {
		if !strings.Contains(about, string(x.kind)) || !strings.HasSuffix(x.seen, ".") || !strings.HasSuffix(x.shows, ".") || !strings.Contains(x.seen, "%s") {
			t.Errorf("%+v: %q", x, about)
		}
	}
}

// An interface that hears only what comes in heard a forged answer.
func TestNoHostIsExposedByWhatCameInFromOutside(t *testing.T) {
	c := atHome()
	c.Interface = func(int) decoders.Interface { return decoders.Interface{Name: "wan0", Role: decoders.RoleExternal} }
	f := NewFindings(NewBuilder(c), 0)
	if f.Signal(answerOf(decoders.FactResponse, sampleTime), &Context{Direction: decoders.DirectionOutbound}); f.Next() != nil {
		t.Error("a finding")
	}
}

func TestAnExposedHostIsToldOnceADayAndKind(t *testing.T) {
	f := homeFindings()
	day := sampleTime.Truncate(24 * time.Hour)
	var got []string
	note := func() {
		for e := f.Next(); e != nil; e = f.Next() {
			got = append(got, fmt.Sprint(e.Kind, " ", e.Finding.Kind, " ", e.Finding.Count, " ", e.Time.Sub(day)))
		}
	}
	for hour := range 50 {
		at := day.Add(time.Duration(hour) * time.Hour)
		f.Advance(at)
		note()
		f.Signal(answerOf(decoders.FactResponse, at), &Context{Direction: decoders.DirectionOutbound})
		note()
	}
	f.Finish()
	note()
	want := []string{"alert message_accepted 1 0s", "state message_accepted 24 24h0m0s", "alert message_accepted 1 24h0m0s",
		"state message_accepted 24 48h0m0s", "alert message_accepted 1 48h0m0s", "state message_accepted 2 49h0m0s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}
