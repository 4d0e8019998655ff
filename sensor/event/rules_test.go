package event

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// drawEvent makes a document of any of the four kinds that can name or hint at an address, and says which addresses it knows.
func drawEvent(t *rapid.T, b *Builder) (*Event, netip.Addr) {
	m := drawMessage(t)
	src := m.Src.Addr()
	if rapid.Bool().Draw(t, "names the source in its text") {
		m.Text.Shown = drawText(t, "before") + src.String() + drawText(t, "after")
	}
	a := &spoof.Assessment{Time: m.Time, Key: spoof.ClaimKey{Source: src, Class: rapid.SampledFrom([]string{"popup", "exploit"}).Draw(t, "class")},
		State: spoof.State(rapid.IntRange(0, spoof.StateCount-1).Draw(t, "state"))}
	v := rules.Verdict{Class: rules.Class(rapid.IntRange(0, 2).Draw(t, "verdict"))}
	switch Set(rapid.IntRange(0, 3).Draw(t, "set")) {
	case SetSource:
		return b.Source(a), src
	case SetCampaign:
		return b.Campaign(&campaign.Update{Time: m.Time, Worse: true, Cause: campaign.Cause(rapid.IntRange(0, 3).Draw(t, "cause")),
			Standing: campaign.Standing{Level: int(v.Class), Verdict: v.Class.String()}, SampleText: m.Text.Shown}), src
	case SetFinding:
		f := &Finding{Class: rapid.SampledFrom([]string{ActionExploit, ActionProbe, ActionBackscatter, ActionInsideSender}).Draw(t, "finding"),
			Time: m.Time, Src: m.Src, Dst: m.Dst, QuoteSrc: m.Dst, Again: rapid.Bool().Draw(t, "again")}
		if rapid.Bool().Draw(t, "assessed") {
			f.Source = a
		}
		return b.Finding(f), src
	}
	return b.Message(m, campaign.Membership{}, v, a, decoders.DirectionInbound), src
}

func TestNoAlertCarriesSourceUnlessProven(t *testing.T) {
	b, alerts := sampleBuilder(), 0
	rapid.Check(t, func(t *rapid.T) {
		e, src := drawEvent(t, b)
		v := decoded(t, e.JSON())
		if at(v, "event.kind") != KindAlert {
			return
		}
		alerts++
		if proven := e.Source != nil && e.Source.State == spoof.GenuineBound; !proven && v["source"] != nil {
			t.Fatalf("an alert carries source:\n%s", e.JSON())
		}
		if e.Set == SetFinding && !e.proven() && at(v, "popupwatch.claimed.ip") != src.String() {
			t.Fatalf("an alert lacks popupwatch.claimed.ip:\n%s", e.JSON())
		}
	})
	if alerts == 0 {
		t.Error("no alert was drawn")
	}
}

func TestLineForPeopleNamesNoUnprovenAddress(t *testing.T) {
	b := sampleBuilder()
	rapid.Check(t, func(t *rapid.T) {
		e, src := drawEvent(t, b)
		line := at(decoded(t, e.JSON()), "message").(string)
		if strings.Contains(line, src.String()) && !e.proven() {
			t.Fatalf("%q names %v", line, src)
		}
		for _, r := range line {
			if drivesTerminal(r) {
				t.Fatalf("%q has %U in it", line, r)
			}
		}
	})
}

func TestRelatedAddressesAreDestinationsAndProvenSources(t *testing.T) {
	b, m, claim := sampleBuilder(), sampleMessage(), sampleClaim()
	for state := range spoof.State(spoof.StateCount) {
		claim.State = state
		want := []any{"192.0.2.8"}
		if state == spoof.GenuineBound {
			want = append(want, "198.51.100.7")
		}
		e := b.Message(m, campaign.Membership{}, rules.Verdict{}, claim, decoders.DirectionInbound)
		if diff := cmp.Diff(want, at(decoded(t, e.JSON()), "related.ip")); diff != "" {
			t.Errorf("%v (-want +got):\n%s", state, diff)
		}
	}
}

func TestOnlyAProvenSourceIsReportable(t *testing.T) {
	b, claim := sampleBuilder(), sampleClaim()
	claim.Reportable = true // a fault elsewhere must not get out
	for state := range spoof.State(spoof.StateCount) {
		claim.State = state
		got := at(decoded(t, b.Source(claim).JSON()), "popupwatch.source.reportable")
		if want := state == spoof.GenuineBound; got != want {
			t.Errorf("%v: reportable %v, want %v", state, got, want)
		}
	}
}

func TestTagSaysWhatToThinkOfTheAddress(t *testing.T) {
	want := [spoof.StateCount]string{"source-unverified", "source-forged", "source-unverified", "source-forged", "source-unverified", "source-proven"}
	b, claim := sampleBuilder(), sampleClaim()
	for state := range spoof.State(spoof.StateCount) {
		claim.State = state
		if diff := cmp.Diff([]any{want[state]}, at(decoded(t, b.Source(claim).JSON()), "tags")); diff != "" {
			t.Errorf("%v (-want +got):\n%s", state, diff)
		}
	}
}

func TestExcerptHidesAddressesAndShowsControls(t *testing.T) {
	for text, want := range map[string]string{
		"call 198.51.100.7 now":                "call [address] now",
		"http://198.51.100.7/x":                "http://[address]/x",
		"x1.2.3.4y":                            "x[address]y",
		"2001:db8::1 and ::1 and fe80::1%eth0": "[address] and [address] and [address]%eth0",
		"deadbeef::1":                          "dead[address]",
		"::ffff:1.2.3.4.":                      "[address]",
		"1:2:3:4:5:6:7:8":                      "[address]",
		"at 12:30:45 of 1.2.3":                 "at 12:30:45 of 1.2.3",
		"a\x14\x14b \r\n c":                    "a b c",
		"\x1b[31m\u202e":                       "<U+001B>[31m<U+202E>",
		"say \"no\" \\":                        `say \"no\" \\`,
		"\xff\u00e9":                           "\ufffdé",
		strings.Repeat("ab ", 40):              strings.Repeat("ab ", 26) + "ab...",
		strings.Repeat("1", 500):               strings.Repeat("1", 80) + "...",
	} {
		if got := string(appendExcerpt(nil, text)); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

// The vectors are those of corelight/community-id-spec.
func TestCommunityIDIsThatOfTheSpecification(t *testing.T) {
	for _, v := range []struct {
		src, dst string
		protocol uint8
		want     string
	}{
		{"192.168.1.52:54585", "8.8.8.8:53", protocolUDP, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{"8.8.8.8:53", "192.168.1.52:54585", protocolUDP, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{"128.232.110.120:34855", "66.35.250.204:80", protocolTCP, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	} {
		id, ok := communityID(addrPort(v.src), addrPort(v.dst), v.protocol)
		if got := string(id[:]); !ok || got != v.want {
			t.Errorf("%s to %s: %s, want %s", v.src, v.dst, got, v.want)
		}
	}
	if _, ok := communityID(addrPort("[::1]:1"), addrPort("1.2.3.4:5"), protocolUDP); ok {
		t.Error("ends of two families have an id, want none")
	}
}

func TestEqualMessagesGetOrdinalsAndOthersDifferentIDs(t *testing.T) {
	id := func(b *Builder, change func(*decoders.Message)) string {
		m := sampleMessage()
		change(m)
		return b.Message(m, sampleMembership(), sampleVerdict(), nil, decoders.DirectionInbound).ID()
	}
	seen, b := map[string]string{}, sampleBuilder()
	changes := map[string]func(*decoders.Message){
		"same": func(*decoders.Message) {}, "time": func(m *decoders.Message) { m.Time = m.Time.Add(1) },
		"source": func(m *decoders.Message) { m.Src = addrPort("198.51.100.8:31337") }, "port": func(m *decoders.Message) { m.Src = addrPort("198.51.100.7:1") },
		"route": func(m *decoders.Message) { m.Route = decoders.RouteSMB }, "ttl": func(m *decoders.Message) { m.Marks.TTL++ },
		"ip id": func(m *decoders.Message) { m.Marks.ID++ }, "octets": func(m *decoders.Message) { m.Octets = append(m.Octets, 0) },
	}
	for name, change := range changes {
		got := id(sampleBuilder(), change)
		if other, has := seen[got]; has {
			t.Errorf("%s and %s have one id", name, other)
		}
		seen[got] = name
	}
	first, second := id(b, changes["same"]), id(b, changes["same"])
	if seen[first] != "same" || seen[second] != "" {
		t.Errorf("first of two equals %s, second %s; want the id of one alone, then a new one", first, second)
	}
	if again := id(sampleBuilder(), func(m *decoders.Message) { m.Text = shown("other"); m.Anomalies = nil }); again != first {
		t.Error("a conclusion changed the id")
	}
}

func TestOrdinalsBeyondTheirRoomAreForgotten(t *testing.T) {
	var o ordinals
	for i := range ordinalRoom + 5 {
		o.next(sampleTime, uint64(i))
	}
	if got := len(o.keys); got != ordinalRoom {
		t.Errorf("remembers %d, want %d", got, ordinalRoom)
	}
	last := ordinalRoom + 4
	if known, beyond := o.next(sampleTime, 0), o.next(sampleTime, uint64(last)); known != 1 || beyond != 0 {
		t.Errorf("ordinals %d and %d, want 1 for one remembered and 0 for one beyond", known, beyond)
	}
	if got := o.next(sampleTime.Add(1), 0); got != 0 {
		t.Errorf("ordinal %d at another time, want 0", got)
	}
}

func TestClaimIDIsOneForAClaimAndSensor(t *testing.T) {
	b, claim := sampleBuilder(), sampleClaim()
	want := b.Source(claim).ClaimID()
	if !strings.HasPrefix(want, "clm1-") || len(want) != claimIDLength {
		t.Errorf("claim id %q has another form", want)
	}
	claim.Key.Hour = claim.Key.Hour.In(time.FixedZone("east", 3600))
	if got := b.Message(sampleMessage(), sampleMembership(), sampleVerdict(), claim, decoders.DirectionInbound).ClaimID(); got != want {
		t.Errorf("message says %s, source %s", got, want)
	}
	other := NewBuilder(Config{Sensor: "other"})
	if got := other.Source(claim).ClaimID(); got == want {
		t.Error("two sensors have one claim id")
	}
}

func TestPrivacyGovernsCleanPopupsOnly(t *testing.T) {
	secret := "Lunch with Alice at noon"
	for _, p := range []Privacy{PrivacyKeep, PrivacyHash, PrivacyDrop} {
		c := sampleConfig()
		c.Privacy = p
		b := NewBuilder(c)
		m := sampleMessage()
		m.Text, m.From = shown(secret), shown(secret)
		m.Text.Exact, m.Features.Domains = false, []string{secret}
		for class := range rules.Class(3) {
			line := string(b.Message(m, sampleMembership(), rules.Verdict{Class: class}, nil, decoders.DirectionInternal).JSON())
			if got, want := strings.Contains(line, "Alice") || strings.Contains(line, `"raw"`), p == PrivacyKeep || class != rules.Clean; got != want {
				t.Errorf("privacy %v, %v: text seen %v, want %v: %s", p, class, got, want, line)
			}
			if got, want := strings.Contains(line, `"text":"sha256:`), p == PrivacyHash && class == rules.Clean; got != want {
				t.Errorf("privacy %v, %v: pseudonym %v, want %v", p, class, got, want)
			}
			u := sampleUpdate()
			u.SampleText, u.Template, u.Domains[0].Value, u.Standing.Level = secret, secret, secret, int(class)
			line = string(b.Campaign(u).JSON())
			if got, want := strings.Contains(line, "Alice"), p == PrivacyKeep || class != rules.Clean; got != want {
				t.Errorf("privacy %v, %v: campaign text seen %v, want %v: %s", p, class, got, want, line)
			}
		}
	}
}

func TestAlertsAreEventsWithoutAlerts(t *testing.T) {
	c := sampleConfig()
	c.Alerts = false
	u := sampleUpdate()
	if got := NewBuilder(c).Campaign(u).Kind; got != KindEvent {
		t.Errorf("alerts off: kind %s, want event", got)
	}
	for _, v := range []struct {
		cause campaign.Cause
		worse bool
		level int
		want  string
	}{
		{campaign.CauseOpened, true, 2, KindAlert}, {campaign.CauseOpened, true, 1, KindState}, {campaign.CauseOpened, false, 2, KindState},
		{campaign.CauseVerdict, true, 2, KindAlert}, {campaign.CauseVerdict, true, 1, KindAlert}, {campaign.CauseVerdict, false, 2, KindState},
		{campaign.CausePeriod, true, 2, KindState}, {campaign.CauseClosed, true, 2, KindState},
	} {
		u.Cause, u.Worse, u.Standing.Level = v.cause, v.worse, v.level
		if got := sampleBuilder().Campaign(u).Kind; got != v.want {
			t.Errorf("%+v: kind %s", v, got)
		}
	}
}

func TestSeverityAndTechniqueOfPopups(t *testing.T) {
	exploit := rules.Verdict{Hits: []rules.Hit{{Rule: "ms03_043", Category: "exploit"}}}
	for _, v := range []struct {
		name      string
		verdict   rules.Verdict
		dir       decoders.Direction
		severity  int
		technique any
	}{
		{"clean", rules.Verdict{Score: -3}, decoders.DirectionInternal, 0, nil},
		{"advert", rules.Verdict{Score: 30, Class: rules.Spam, Lure: "diploma"}, decoders.DirectionInbound, 21, nil},
		{"no lure", rules.Verdict{Score: 9, Class: rules.Spam}, decoders.DirectionInbound, 21, nil},
		{"lure", rules.Verdict{Score: 9, Class: rules.Spam, Lure: "fake_update"}, decoders.DirectionUnknown, 21, "T1566"},
		{"suspect", rules.Verdict{Score: 4, Class: rules.Suspect}, decoders.DirectionInbound, 47, nil},
		{"home sends", rules.Verdict{Score: 9, Class: rules.Spam}, decoders.DirectionOutbound, 73, nil},
		{"exploit", exploit, decoders.DirectionInbound, 47, "T1190"},
		{"exploit inside", exploit, decoders.DirectionInternal, 73, "T1210"},
	} {
		line := decoded(t, sampleBuilder().Message(sampleMessage(), sampleMembership(), v.verdict, nil, v.dir).JSON())
		got := []any{toFloat(at(line, "event.severity").(json.Number)), at(line, "threat.technique.id")}
		if diff := cmp.Diff([]any{float64(v.severity), v.technique}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.name, diff)
		}
	}
}

func TestBucketOrdinalsBeyondTheirRoomForgetTheFirst(t *testing.T) {
	o := bucketOrdinals{count: map[uint64]int{}}
	for i := range bucketRoom + 1 {
		o.ordinal(uint64(i))
	}
	if len(o.keys) != bucketRoom || len(o.count) != bucketRoom {
		t.Errorf("remembers %d and %d, want %d", len(o.keys), len(o.count), bucketRoom)
	}
	if second, first := o.ordinal(1), o.ordinal(0); second != 1 || first != 0 {
		t.Errorf("ordinals %d and %d, want 1 for one remembered and 0 for the first", second, first)
	}
}
