package msgsvc

import (
	"slices"
	"strings"
	"testing"

	"popupwatch/decoders/dcerpc"
)

func whole(text string) String {
	return String{Max: uint32(len(text)), Actual: uint32(len(text)), Octets: []byte(text)}
}

func popupOf(text string) Popup {
	return Popup{From: whole("A\x00"), To: whole("B\x00"), Text: whole(text)}
}

const sentence = "Your computer is at risk. Visit www.example.com today!\r\n"

func prose(n int) string { return strings.Repeat(sentence, n/len(sentence)+1)[:n] }

func TestShapesOfTexts(t *testing.T) {
	cyrillic := strings.Repeat("\x8f\xe0\xa8\xa2\xa5\xe2 \x8c\xa8\xe0! ", 300) // CP866
	chinese := strings.Repeat("\xc4\xe3\xba\xc3\xca\xc0\xbd\xe7", 400)         // CP936
	for name, c := range map[string]struct {
		text  string
		want  Shape
		words string
	}{
		"short":                     {prose(400), ShapeNone, ""},
		"1,024":                     {prose(1024), ShapeNone, ""},
		"1,025":                     {prose(1025), ShapeLong, "text-above-1024"},
		"real advert of 1,308":      {prose(1308), ShapeLong, "text-above-1024"},
		"short, full of breaks":     {prose(700) + strings.Repeat("\x14", 300), ShapeNone, ""},
		"2,200 with breaks":         {prose(1900) + strings.Repeat("\x14", 300), ShapeLong, "text-above-1024"},
		"long prose":                {prose(4000), ShapeLong, "text-above-1024 text-above-2200"},
		"long prose with a frame":   {prose(3000) + strings.Repeat("\xc4", 78), ShapeLong, "text-above-1024 text-above-2200"},
		"long prose with a rule":    {prose(3000) + strings.Repeat("=", 78), ShapeLong, "text-above-1024 text-above-2200"},
		"long Russian":              {cyrillic, ShapeLong, "text-above-1024 text-above-2200"},
		"long Chinese":              {chinese, ShapeLong, "text-above-1024 text-above-2200"},
		"63 breaks in a row":        {prose(2300) + strings.Repeat("\x14", 63), ShapeLong, "text-above-1024 text-above-2200"},
		"64 breaks in a row":        {prose(2300) + strings.Repeat("\x14", 64), ShapeExploit, "text-above-1024 text-above-2200 line-break-run-64"},
		"256 breaks, none in a row": {prose(2200) + strings.Repeat("a\x14", 256), ShapeExploit, "text-above-1024 text-above-2200 line-breaks-256"},
		"63 octets 90":              {prose(2300) + strings.Repeat("\x90", 63), ShapeLong, "text-above-1024 text-above-2200"},
		"64 octets 90":              {prose(2300) + strings.Repeat("\x90", 64) + prose(100), ShapeExploit, "text-above-1024 text-above-2200 equal-octets-run-64"},
		"a tenth is no text":        {prose(2250) + strings.Repeat("\x01\x02\x03\x7f\x1b", 50), ShapeExploit, "text-above-1024 text-above-2200 non-text-octets"},
	} {
		p := popupOf(c.text)
		got, traits := p.Shape(dcerpc.UUID{}, false)
		if words := strings.Join(traits.Words(), " "); got != c.want || words != c.words {
			t.Errorf("%s: %q (%s), want %q (%s)", name, got, words, c.want, c.words)
		}
	}
}

func TestShapesOfNamesCountsAndActivities(t *testing.T) {
	little := dcerpc.UUID{0xff, 0xff, 0xff, 0xff, 0x69, 0x42, 0x68, 0x73, 0x6b, 0x65, 0x6b, 0x32, 0x30, 0x30, 0x33, 0xff}
	for name, c := range map[string]struct {
		change   func(p *Popup)
		activity dcerpc.UUID
		cut      bool
		want     Shape
		words    string
	}{
		"plain":                  {func(*Popup) {}, dcerpc.UUID{}, false, ShapeNone, ""},
		"From of 256":            {func(p *Popup) { p.From = whole(prose(256)) }, dcerpc.UUID{}, false, ShapeNone, ""},
		"From of 257":            {func(p *Popup) { p.From = whole(prose(257)) }, dcerpc.UUID{}, false, ShapeExploit, "name-above-256"},
		"To of 257":              {func(p *Popup) { p.To = whole(prose(257)) }, dcerpc.UUID{}, false, ShapeExploit, "name-above-256"},
		"a published activity":   {func(*Popup) {}, little, false, ShapeExploit, "known-exploit-activity"},
		"actual above max":       {func(p *Popup) { p.Text.Max-- }, dcerpc.UUID{}, false, ShapeMalformed, "actual-gt-max"},
		"an offset":              {func(p *Popup) { p.To.Offset = 1 }, dcerpc.UUID{}, false, ShapeMalformed, "offset-nonzero"},
		"a count beyond":         {func(p *Popup) { p.Text.Actual, p.Text.Max = 5000, 5000 }, dcerpc.UUID{}, false, ShapeMalformed, "string-beyond-body"},
		"the same, but cut":      {func(p *Popup) { p.Text.Actual, p.Text.Max = 5000, 5000 }, dcerpc.UUID{}, true, ShapeLong, "text-above-1024 text-above-2200"},
		"malformed exploit":      {func(p *Popup) { p.Text = whole(prose(2300) + strings.Repeat("\x14", 64)); p.Text.Max = 1 }, dcerpc.UUID{}, false, ShapeExploit, "text-above-1024 text-above-2200 line-break-run-64 actual-gt-max"},
		"cut before its content": {func(p *Popup) { p.Text.Actual, p.Text.Octets = 3000, []byte(strings.Repeat("\x90", 200)) }, dcerpc.UUID{}, true, ShapeExploit, "text-above-1024 text-above-2200 equal-octets-run-64 actual-gt-max"},
	} {
		p := popupOf("text\x00")
		c.change(&p)
		got, traits := p.Shape(c.activity, c.cut)
		if words := strings.Join(traits.Words(), " "); got != c.want || words != c.words {
			t.Errorf("%s: %q (%s), want %q (%s)", name, got, words, c.want, c.words)
		}
	}
}

func TestEveryTraitHasAWord(t *testing.T) {
	words := Trait(TraitCount - 1).Words()
	if len(words) != len(traitWords) || slices.Contains(words, "") || 1<<len(words) != TraitCount {
		t.Errorf("%d words for %d sets", len(words), TraitCount)
	}
}
