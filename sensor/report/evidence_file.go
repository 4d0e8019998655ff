package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/sensor/spoof"
)

// PacketWriter is where packets and their comments go; capture.PacketFile is one.
type PacketWriter interface {
	Add(f *decoders.Frame, comments []string) error
}

// Kept is what became of the packets.
type Kept struct {
	Packets uint64 `json:"packets"`
	Left    uint64 `json:"left"`   // were to be kept, and found no room
	Gone    uint64 `json:"gone"`   // are cited by a last word, and were not at hand any more when it was said, or found no room
	Unsaid  uint64 `json:"unsaid"` // times that there was no room for a verdict or a finding
}

// String is a sentence for people.
func (k Kept) String() string {
	s := fmt.Sprintf("%d packets behind popups and evidence", k.Packets)
	if k.Left > 0 {
		s += fmt.Sprintf("; %d more found no room", k.Left)
	}
	if k.Gone > 0 {
		s += fmt.Sprintf("; %d that the evidence cites are not among them", k.Gone)
	}
	if k.Unsaid > 0 {
		s += fmt.Sprintf("; %d verdicts and findings found no room", k.Unsaid)
	}
	return s
}

// Kept says what was kept so far.
func (e *Evidence) Kept() Kept {
	gone := map[uint64]bool{}
	for i := range e.claims {
		for _, row := range e.claims[i].rows {
			for _, seq := range row.Packets {
				if e.kept[seq] == nil {
					gone[seq] = true
				}
			}
		}
	}
	return Kept{Packets: uint64(len(e.kept)), Left: e.left, Gone: uint64(len(gone)), Unsaid: e.unsaid}
}

// Save writes the packets in the order of their numbers, each with what there is to say of it. It is called once, when the road has ended.
func (e *Evidence) Save(to PacketWriter) error {
	if err := errors.Join(e.err, e.spool.w.Flush()); err != nil {
		return err
	}
	says := e.sentences()
	var data []byte
	for _, seq := range slices.Sorted(maps.Keys(e.kept)) {
		k := e.kept[seq]
		data = slices.Grow(data[:0], k.n)[:k.n]
		if err := e.spool.get(k.at, data); err != nil {
			return err
		}
		f := k.Frame
		f.Data = data
		if err := to.Add(&f, e.comments(k, says[seq])); err != nil {
			return err
		}
	}
	return nil
}

// Discard gives the spool up.
func (e *Evidence) Discard() error { return e.spool.file.Close() }

// maxSentence is how many characters of a sentence become a comment.
const maxSentence = 1000

// said is a sentence on a packet: of which claim, how strong.
type said struct {
	claim    int32 // 1 + index; 0: of a finding
	rule     bool  // it decides alone
	decibans float64
	text     string
}

// sentences gives what the last words say of each packet.
func (e *Evidence) sentences() map[uint64][]said {
	out := map[uint64][]said{}
	for i := range e.claims {
		for _, row := range e.claims[i].rows {
			text := fmt.Sprintf("Evidence %s (%s, %+.1f dB): %s", row.ID, row.Group, row.Decibans, row.Text)
			s := said{int32(i + 1), row.Group == "rule", row.Decibans, e.config.Line(text, maxSentence)}
			for _, seq := range row.Packets {
				if e.kept[seq] != nil {
					out[seq] = append(out[seq], s)
				}
			}
		}
	}
	for key, c := range e.cited { // in any order: comments are sorted
		for _, text := range c.sentences {
			s := said{0, false, 0, e.config.Line("Finding "+key.class+": "+text, maxSentence)}
			for _, seq := range c.packets {
				if e.kept[seq] != nil {
					out[seq] = append(out[seq], s)
				}
			}
		}
	}
	return out
}

// comments are the note on a packet, the verdict on its claim, and the sentences that cite it: those of its own claim first, then what
// decides alone, then the strongest; each once.
func (e *Evidence) comments(k *keptFrame, says []said) []string {
	var out []string
	if k.note > 0 {
		out = append(out, e.notes[k.note])
	}
	own := k.claim
	if i := slices.IndexFunc(says, func(s said) bool { return s.claim > 0 }); own == 0 && i >= 0 {
		own = says[i].claim
	}
	if own > 0 {
		out = append(out, e.claims[own-1].verdict())
	} else if k.note > 0 {
		out = append(out, "There was no room for the verdict on its source.")
	}
	slices.SortStableFunc(says, func(a, b said) int {
		return cmp.Or(-compareBool(a.claim == own, b.claim == own), -compareBool(a.rule, b.rule), -cmp.Compare(a.decibans, b.decibans), cmp.Compare(a.text, b.text))
	})
	more := 0
	seen := map[string]bool{}
	for _, s := range says {
		switch text := s.text; {
		case seen[text]:
		case len(seen) == maxLines:
			more++
		default:
			seen[text] = true
			out = append(out, text)
		}
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("%d more sentences cite this packet.", more))
	}
	if len(out) == 0 {
		out = append(out, "An earlier document cited this packet, the last one does not.")
	}
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// verdict is the last word on the source of a claim, as one comment.
func (c *claimNote) verdict() string {
	about := "campaign " + c.key.Campaign
	if c.key.Class != spoof.ClassPopup {
		about = c.key.Class
	}
	s := fmt.Sprintf("Verdict on the address written here, %s (%s, hour of %s): %s, %+.1f dB: %s.", c.key.Source, about,
		c.key.Hour.UTC().Format(time.DateTime), c.state, c.decibans, wordsOf(c.state.String()).meaning)
	if c.conflict {
		s += " The evidence contradicts itself."
	}
	if c.state != spoof.GenuineBound {
		s += " Do not report it."
	}
	return s
}
