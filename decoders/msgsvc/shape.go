package msgsvc

// Shape says whether a popup is an attempt at the buffer of the service (MS03-043, CVE-2003-0717), or only long, or badly made. Long
// adverts are real: two of 53 that were caught had 1,308 octets of Text.
type Shape uint8

// The shapes, each weaker than the next where several hold: ShapeExploit wins, then ShapeMalformed.
const (
	ShapeNone      Shape = iota
	ShapeLong            // Text above 1,024 octets, and no more than that
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
func (t Trait) Words() []string {
	var words []string
	for i, w := range traitWords {
		if t&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return words
}

var traitWords = [...]string{
	"text-above-1024", "text-above-2200", "line-breaks-256", "line-break-run-64", "non-text-octets", "equal-octets-run-64", "name-above-256",
	"known-exploit-activity", "actual-gt-max", "offset-nonzero", "string-beyond-body",
}
