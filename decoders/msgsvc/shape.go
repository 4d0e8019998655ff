package msgsvc

import (
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/wire"
)

// Shape says whether a popup is an attempt at the buffer of the service (MS03-043, CVE-2003-0717), or only long, or badly made. Long
// adverts are real: two of 53 that were caught had 1,308 octets of Text.
type Shape uint8

// The shapes, each weaker than the next where several hold: ShapeExploit wins, then ShapeMalformed.
const (
	ShapeNone      Shape = iota
	ShapeLong            // Text above 1,024 octets, and nothing else
	ShapeMalformed       // counts that a receiver refuses: actual above max, an offset, a Text beyond the stub
	ShapeExploit         // one of the shapes of the published attempts (WIRE.md 4)
)

// String is the shape as one word; empty for none.
func (s Shape) String() string {
	return [...]string{"", "long", "malformed", "exploit"}[min(s, ShapeExploit)]
}

// Trait is a set of what made a Shape.
type Trait uint16

// The traits; the words are part of the output.
const (
	LongText      Trait = 1 << iota // Text above 1,024 octets
	BigText                         // Text above 2,200 octets
	BreakCount                      // a big Text with at least 256 octets 0x14
	BreakRun                        // a big Text with 64 octets 0x14 in a row
	NonText                         // a big Text of which a tenth is no text
	EqualRun                        // a big Text with 64 equal octets that are no text in a row
	LongName                        // From or To above 256 octets
	KnownActivity                   // the activity of a published attempt
	BadCounts                       // an actual_count above its max_count
	BadOffset                       // an offset that is not 0
	BeyondStub                      // the Text's count goes beyond the stub
	traitEnd
)

// TraitCount is the number of different sets.
const TraitCount = int(traitEnd)

// Words gives the words of a set, in the order of the constants.
func (t Trait) Words() []string { return wire.Words(t, traitWords[:]) }

var traitWords = [...]string{
	"text-above-1024", "text-above-2200", "line-breaks-256", "line-break-run-64", "non-text-octets", "equal-octets-run-64", "name-above-256",
	"known-exploit-activity", "actual-gt-max", "offset-nonzero", "string-beyond-body",
}

// The bounds of WIRE.md 4.
const (
	longText   = 1024
	bigText    = 2200
	longName   = 256
	breakCount = 256
	runLength  = 64
)

// lineBreak is the octet that a receiver expands to CR LF: many of them make a Text grow in its buffer.
const lineBreak = 0x14

// published are activities of published attempts, as little-endian PDUs carry them.
var published = [...][16]byte{{0xff, 0xff, 0xff, 0xff, 0x42, 0x69, 0x73, 0x68, 0x6b, 0x65, 0x6b, 0x32, 0x30, 0x30, 0x33, 0xff}}

// Shape says what a popup is besides a popup, and what of it says so. cut says that octets are missing that were sent: then the counts are
// believed. An activity is that of a call; the zero UUID on other roads.
func (p *Popup) Shape(activity dcerpc.UUID, cut bool) (Shape, Trait) {
	t := p.counts(cut) | p.size(cut)
	if t&BigText != 0 {
		t |= contents(p.Text.Octets)
	}
	for _, known := range published {
		if activity.Little() == known || activity == dcerpc.UUID(known) {
			t |= KnownActivity
		}
	}
	switch {
	case t&(BreakCount|BreakRun|NonText|EqualRun|LongName|KnownActivity) != 0:
		return ShapeExploit, t
	case t&(BadCounts|BadOffset|BeyondStub) != 0:
		return ShapeMalformed, t
	case t != 0:
		return ShapeLong, t
	}
	return ShapeNone, 0
}

// counts are the traits of what a receiver's runtime refuses.
func (p *Popup) counts(cut bool) (t Trait) {
	for _, s := range []*String{&p.From, &p.To, &p.Text} {
		if s.Actual > s.Max {
			t |= BadCounts
		}
		if s.Offset != 0 {
			t |= BadOffset
		}
	}
	if !cut && !p.Text.Whole() {
		t |= BeyondStub
	}
	return t
}

// size are the traits of length. What a Text promises beyond its stub was never sent.
func (p *Popup) size(cut bool) (t Trait) {
	n := uint64(len(p.Text.Octets))
	if cut {
		n = uint64(p.Text.Actual)
	}
	if n > longText {
		t |= LongText
	}
	if n > bigText {
		t |= BigText
	}
	if p.From.Actual > longName || p.To.Actual > longName {
		t |= LongName
	}
	return t
}

// contents are the traits of what a big Text is made of.
func contents(text []byte) (t Trait) {
	breaks, others, run := 0, 0, 0
	for i, o := range text {
		if i > 0 && o != text[i-1] {
			run = 0
		}
		run++
		class := classOf(o)
		if o == lineBreak {
			breaks++
		}
		if class == control {
			others++
		}
		switch {
		case run < runLength:
		case o == lineBreak:
			t |= BreakRun
		case class != written:
			t |= EqualRun
		}
	}
	if breaks >= breakCount {
		t |= BreakCount
	}
	if len(text) > 0 && 10*others >= len(text) {
		t |= NonText
	}
	return t
}

// octetClass is what an octet may be in a text of some OEM code page.
type octetClass uint8

const (
	written octetClass = iota // printable ASCII, white space, a line break, a piece of a frame (CP437 b0 to df)
	letter                    // a letter of some page: adverts in Russian or Chinese are full of them, but none repeats one
	control                   // nothing that a text has
)

func classOf(o byte) octetClass {
	switch {
	case o >= 0xb0 && o <= 0xdf, o >= 0x20 && o < 0x7f, o >= '\t' && o <= '\r', o == lineBreak, o == 0:
		return written
	case o >= 0x80:
		return letter
	}
	return control
}
