package report

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"popupwatch/sensor/event"
	"popupwatch/sensor/spoof"
	"popupwatch/sensor/store"
)

// desk notes what a sink asks of its keeper.
type desk []string

func (d *desk) KeepDraft(s store.Draft) { *d = append(*d, "keep "+s.ID) }
func (d *desk) WithdrawDraft(id string) { *d = append(*d, "withdraw "+id) }
func (d *desk) WithdrawSource(source string, since time.Time) {
	*d = append(*d, fmt.Sprintf("withdraw all of %s since %s", source, since.UTC().Format(time.DateTime)))
}

func claim(change func(*spoof.Assessment)) *spoof.Assessment {
	a := &spoof.Assessment{
		Time: noon, State: spoof.Unknown, Part: noon, First: noon, Last: noon, Final: true,
		Key: spoof.ClaimKey{Source: netip.MustParseAddr("192.0.2.7"), Campaign: "cmp1-a", Class: spoof.ClassPopup, Hour: noon.Truncate(time.Hour)},
	}
	change(a)
	return a
}

func sinkWith(t *testing.T, keep Keeper, known ...store.Draft) *Drafts {
	t.Helper()
	form, err := NewForm(Reporter{})
	if err != nil {
		t.Fatal(err)
	}
	return NewDrafts(form, keep, known)
}

func emit(t *testing.T, d *Drafts, a *spoof.Assessment) {
	t.Helper()
	if err := d.Emit(event.NewBuilder(event.Config{Sensor: "test"}).Source(a)); err != nil {
		t.Fatal(err)
	}
}

func TestAClaimWithoutItsProofMakesNoDraft(t *testing.T) {
	var told desk
	d := sinkWith(t, &told)
	for s := range spoof.State(spoof.StateCount) {
		emit(t, d, claim(func(a *spoof.Assessment) { a.State, a.Reportable = s, true }))
	}
	if len(told) > 0 || d.Made() > 0 {
		t.Errorf("%q, %d made", told, d.Made())
	}
}

func TestAContradictedClaimWithdrawsTheDraftsOfItsSource(t *testing.T) {
	first := claim(func(*spoof.Assessment) {})
	known := store.Draft{ID: reportID(first), Source: "192.0.2.7"}
	for name, c := range map[string]struct {
		change func(*spoof.Assessment)
		want   []string
	}{
		"conflict":                     {func(a *spoof.Assessment) { a.Conflict = true }, []string{"withdraw all of 192.0.2.7 since 2026-11-24 12:00:00"}},
		"forged after all":             {func(a *spoof.Assessment) { a.State = spoof.ForgedProbable }, []string{"withdraw all of 192.0.2.7 since 2026-11-24 12:00:00"}},
		"bound no longer":              {func(*spoof.Assessment) {}, []string{"withdraw " + known.ID}},
		"another claim, unknown":       {func(a *spoof.Assessment) { a.Key.Campaign = "cmp1-b" }, nil},
		"restored from a state":        {func(a *spoof.Assessment) { a.State = spoof.GenuineBound }, nil},
		"restored, then contradicted":  {func(a *spoof.Assessment) { a.State, a.Conflict = spoof.GenuineBound, true }, []string{"withdraw all of 192.0.2.7 since 2026-11-24 12:00:00"}},
		"another source, contradicted": {func(a *spoof.Assessment) { a.Key.Source, a.Conflict = netip.MustParseAddr("192.0.2.8"), true }, nil},
	} {
		var told desk
		emit(t, sinkWith(t, &told, known), claim(c.change))
		if !slices.Equal(told, c.want) {
			t.Errorf("%s: %q, want %q", name, told, c.want)
		}
	}
}

func TestAReportsIdIsThatOfItsClaim(t *testing.T) {
	id := reportID(claim(func(*spoof.Assessment) {}))
	if again := reportID(claim(func(a *spoof.Assessment) {
		a.Time, a.Messages, a.Last = noon.Add(time.Minute), 7, noon.Add(time.Minute)
	})); again != id {
		t.Errorf("a later document of the claim makes %s of %s", again, id)
	}
	if other := reportID(claim(func(a *spoof.Assessment) { a.Key.Hour = noon.Add(time.Hour) })); other == id {
		t.Error("two claims have one id")
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	r := newRecent[int, int](100)
	for i := range 1000 {
		r.put(i, i)
		r.put(max(i-50, 0), -i) // the place stays
	}
	if len(r.values) != 100 || len(r.order) != 100 || !r.forgot || r.has(899) || !r.has(900) {
		t.Errorf("%d values, %d places, forgot %v", len(r.values), len(r.order), r.forgot)
	}
	d := sinkWith(t, new(desk))
	for i := range maxKept + 10 {
		d.remember(fmt.Sprint(i), fmt.Sprint("source ", i/2))
	}
	if len(d.sources) != (maxKept+1)/2 || d.sources["source 4"] != 0 || d.sources["source 5"] != 2 {
		t.Errorf("%d sources, %d, %d", len(d.sources), d.sources["source 4"], d.sources["source 5"])
	}
}
