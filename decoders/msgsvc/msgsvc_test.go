package msgsvc

import (
	"encoding/binary"
	"slices"
	"testing"

	"popupwatch/decoders/wire"
)

// stub writes the three strings with the counts that are given, in one byte order.
func stub(order binary.AppendByteOrder, strings ...String) []byte {
	var b []byte
	for _, s := range strings {
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
		b = order.AppendUint32(b, s.Max)
		b = order.AppendUint32(b, s.Offset)
		b = order.AppendUint32(b, s.Actual)
		b = append(b, s.Octets...)
	}
	return b
}

func text(s string) String {
	return String{Max: uint32(len(s)), Actual: uint32(len(s)), Octets: []byte(s)}
}

func good() []String { return []String{text("FROM\x00"), text("TO\x00"), text("hello\x00")} }

func TestBothByteOrdersGiveOnePopup(t *testing.T) {
	for _, big := range []bool{false, true} {
		var order binary.AppendByteOrder = binary.LittleEndian
		if big {
			order = binary.BigEndian
		}
		p, reason := Parse(stub(order, good()...), big)
		if reason != wire.None || string(p.From.Octets)+string(p.To.Octets)+string(p.Text.Octets) != "FROM\x00TO\x00hello\x00" || p.Trailing != 0 {
			t.Errorf("big %v: %v, %+v", big, reason, p)
		}
	}
}

// Every prefix of a good stub is refused, until one octet of the Text is there; from then on it is a popup whose text is not whole.
func TestEveryPrefixIsRefusedOrPartial(t *testing.T) {
	whole := stub(binary.LittleEndian, good()...)
	firstOfText := len(whole) - 5
	for n := range whole {
		p, reason := Parse(whole[:n], false)
		if n < firstOfText && (reason == wire.None || p.From.Octets != nil || p.Text.Octets != nil) {
			t.Errorf("%d octets: %v, %+v", n, reason, p)
		}
		if n >= firstOfText && (reason != wire.None || p.Text.Whole()) {
			t.Errorf("%d octets: %v, whole %v", n, reason, p.Text.Whole())
		}
	}
}

func TestWhatIsNoStringIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		strings []String
		want    wire.Reason
	}{
		"From beyond the stub":     {[]String{{Max: 9, Actual: 900}, text("TO\x00"), text("x")}, wire.StubMalformed},
		"To beyond the stub":       {[]String{text("F\x00"), {Max: 9, Actual: 0xffffffff}}, wire.StubMalformed},
		"an offset beyond the max": {[]String{{Max: 5, Offset: 6}, text("TO\x00"), text("x")}, wire.StubMalformed},
		"no Text at all":           {[]String{text("F\x00"), text("TO\x00")}, wire.StubShort},
		"a Text without octets":    {[]String{text("F\x00"), text("TO\x00"), {Max: 5, Actual: 5}}, wire.StubNoText},
		"nothing":                  {nil, wire.StubShort},
	} {
		if _, reason := Parse(stub(binary.LittleEndian, c.strings...), false); reason != c.want {
			t.Errorf("%s: %v, want %v", name, reason.String(), c.want.String())
		}
	}
}

func TestAnEmptyTextIsAPopup(t *testing.T) {
	p, reason := Parse(stub(binary.LittleEndian, text("F\x00"), text("T\x00"), String{}), false)
	if reason != wire.None || p.Anomalies(false) != ZeroLength {
		t.Errorf("%v, anomalies %v", reason, p.Anomalies(false).Words())
	}
}

func TestAnomalies(t *testing.T) {
	for want, s := range map[Anomaly]String{
		0:                {Max: 3, Actual: 3, Octets: []byte("hi\x00")},
		ActualGreaterMax: {Max: 2, Actual: 3, Octets: []byte("hi\x00")},
		OffsetNonzero:    {Max: 4, Offset: 1, Actual: 3, Octets: []byte("hi\x00")},
		NoNUL:            {Max: 2, Actual: 2, Octets: []byte("hi")},
		EmbeddedNUL:      {Max: 5, Actual: 5, Octets: []byte("h\x00i\x00\x00")},
		StringBeyondBody: {Max: 9, Actual: 9, Octets: []byte("hi")},
		StubTrailing:     {Max: 3, Actual: 3, Octets: []byte("hi\x00....more")},
	} {
		p, reason := Parse(stub(binary.LittleEndian, text("F\x00"), text("T\x00"), s), false)
		if got := p.Anomalies(false); reason != wire.None || got != want {
			t.Errorf("%v: %v, want %v", reason.String(), got.Words(), want.Words())
		}
	}
}

// What the capture cut is not the sender's doing.
func TestACutTextIsNoAnomaly(t *testing.T) {
	p, _ := Parse(stub(binary.LittleEndian, text("F\x00"), text("T\x00"), String{Max: 9, Actual: 9, Octets: []byte("hi")}), false)
	if got := p.Anomalies(true); got != 0 {
		t.Errorf("%v", got.Words())
	}
}

func TestEachAnomalyHasItsWord(t *testing.T) {
	words := Anomaly(AnomalyCount - 1).Words()
	if len(words) != len(anomalyWords) || slices.Contains(words, "") || 1<<len(words) != AnomalyCount {
		t.Errorf("%d words for %d sets", len(words), AnomalyCount)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(stub(binary.LittleEndian, good()...), false)
	f.Add(stub(binary.BigEndian, good()...), true)
	f.Fuzz(func(t *testing.T, b []byte, big bool) {
		p, reason := Parse(b, big)
		if reason != wire.None {
			if p.From.Octets != nil || p.To.Octets != nil || p.Text.Octets != nil || p.Trailing != 0 {
				t.Fatal("a refused stub gave a result")
			}
			return
		}
		var order binary.AppendByteOrder = binary.LittleEndian
		if big {
			order = binary.BigEndian
		}
		again := stub(order, p.From, p.To, p.Text)
		q, reason := Parse(again, big)
		if reason != wire.None || string(q.From.Octets) != string(p.From.Octets) || string(q.Text.Octets) != string(p.Text.Octets) || q.Text.Actual != p.Text.Actual {
			t.Fatalf("what parses must parse again as written: %v", reason)
		}
		if !p.Text.Whole() && p.Trailing != 0 {
			t.Fatal("octets after a text that ends the stub")
		}
		Glimpse(b, big)
	})
}
