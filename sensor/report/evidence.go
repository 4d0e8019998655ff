package report

import (
	"fmt"
	"net/netip"
	"slices"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
	"popupwatch/sensor/event"
	"popupwatch/sensor/spoof"
)

// EvidenceConfig bounds what is kept. The zero value of each number is its default.
type EvidenceConfig struct {
	Dir     string // of the spool
	Packets int    // at most; default 100,000
	Octets  int64  // of packets, at most; default 256 MiB
	Ring    int64  // octets of memory for frames that may come to be cited; default 32 MiB

	Line func(text string, most int) string // makes text from the network one visible line of at most so many characters
}

// The defaults, and the bounds of what is said about packets. A claim or a text that finds no room is counted, and its packets say so.
const (
	EvidencePackets = 100_000
	EvidenceOctets  = 256 << 20
	evidenceRing    = 32 << 20
	maxClaims       = 1 << 15
	maxNotes        = 1 << 14 // different notes
	maxNoteText     = 300     // characters of a popup's text
	maxLines        = 24      // comments on a packet besides its note and verdict
)

// Evidence keeps the packets behind popups and evidence. It is a witness of the road, which sees frames, popups and claims, and a sink for
// findings. It belongs to the road's goroutine.
type Evidence struct {
	config EvidenceConfig
	ring   *ring
	spool  *spool
	kept   map[uint64]*keptFrame
	left   uint64 // frames that there was no room for
	err    error  // the first of the spool; nothing is kept after it

	claims []claimNote
	byKey  map[spoof.ClaimKey]int32
	unsaid uint64 // times that there was no room for a claim or a finding

	notes   []string
	noteIDs map[string]int32
	cited   map[findingKey]citation
}

// keptFrame is a frame whose octets are in the spool.
type keptFrame struct {
	decoders.Frame // without Data
	at             int64
	n              int
	note           int32 // index in notes
	claim          int32 // 1 + index in claims; 0 is none
}

// claimNote is what there is to say of a claim.
type claimNote struct {
	key      spoof.ClaimKey
	state    spoof.State
	decibans float64
	conflict bool
	rows     []spoof.Evidence
}

// citation is what the last document of a finding says, and the packets that show it.
type citation struct {
	sentences []string
	packets   []uint64
}

// findingKey names a finding over its documents.
type findingKey struct {
	class, kind        string
	subject            netip.Prefix
	src, dst           netip.Addr
	quoteSrc, quoteDst netip.AddrPort
	part               int64
}

// NewEvidence begins to keep packets.
func NewEvidence(c EvidenceConfig) (*Evidence, error) {
	if c.Packets <= 0 {
		c.Packets = EvidencePackets
	}
	if c.Octets <= 0 {
		c.Octets = EvidenceOctets
	}
	if c.Ring <= 0 {
		c.Ring = evidenceRing
	}
	s, err := newSpool(c.Dir)
	if err != nil {
		return nil, err
	}
	return &Evidence{
		config: c, ring: newRing(c.Ring), spool: s, kept: map[uint64]*keptFrame{}, byKey: map[spoof.ClaimKey]int32{},
		notes: []string{""}, noteIDs: map[string]int32{"": 0}, cited: map[findingKey]citation{},
	}, nil
}

// Frame remembers a frame that evidence may come to cite.
func (e *Evidence) Frame(f *decoders.Frame, why decoders.Reason, r *decoders.Result) {
	if citable(why) || len(r.Messages) > 0 || len(r.Signals) > 0 {
		e.ring.put(f)
	}
}

// citable says whether frames of a reason may be part of a popup, an answer or a handshake.
func citable(why decoders.Reason) bool {
	switch why {
	case wire.Message, wire.Signal, wire.Fragment, wire.Duplicate, wire.ICMPQuote, wire.Stream, wire.StreamAgain, wire.StreamOverlap, wire.StreamOutside:
		return true
	}
	return false
}

// Popup keeps the frames of a popup, and of the handshake of its connection.
func (e *Evidence) Popup(m *decoders.Message, a *spoof.Assessment) {
	note := e.note(m)
	claim := e.claim(a)
	for _, seq := range m.Frames {
		if k := e.keep(seq); k != nil && k.note == 0 {
			k.note, k.claim = note, claim
		}
	}
	if m.Session == nil {
		return
	}
	for _, seq := range []uint64{m.Session.Evidence.SYN, m.Session.Evidence.SYNACK, m.Session.Evidence.Acknowledged} {
		if k := e.keep(seq); k != nil && k.claim == 0 {
			k.claim = claim
		}
	}
}

// note gives the number of what there is to say of a popup as such.
func (e *Evidence) note(m *decoders.Message) int32 {
	what := "Popup"
	if m.Partial {
		what = "Popup of which a part is missing"
	}
	text := fmt.Sprintf("%s. From %q to %q, in the sender's words: %s", what, e.config.Line(m.From.Shown, 40), e.config.Line(m.To.Shown, 40),
		e.config.Line(m.Text.Shown, maxNoteText))
	if id, ok := e.noteIDs[text]; ok {
		return id
	}
	if len(e.notes) == maxNotes {
		text = what + "."
	}
	if id, ok := e.noteIDs[text]; ok {
		return id
	}
	id := int32(len(e.notes))
	e.notes = append(e.notes, text)
	e.noteIDs[text] = id
	return id
}

// Claim takes what a claim's document says, and keeps the packets that it cites. The last word stays.
func (e *Evidence) Claim(a *spoof.Assessment) {
	for i := range a.Evidence {
		for _, seq := range a.Evidence[i].Packets {
			e.keep(seq)
		}
	}
	if at := e.claim(a); at > 0 {
		e.claims[at-1].rows = a.Clone().Evidence
	}
}

// claim gives the number of a claim, 0 where there is no room for it, and notes its state.
func (e *Evidence) claim(a *spoof.Assessment) int32 {
	if a == nil {
		return 0
	}
	at, ok := e.byKey[a.Key]
	switch {
	case !ok && len(e.claims) == maxClaims:
		e.unsaid++
		return 0
	case !ok:
		e.claims = append(e.claims, claimNote{key: a.Key})
		at = int32(len(e.claims))
		e.byKey[a.Key] = at
	}
	c := &e.claims[at-1]
	c.state, c.decibans, c.conflict = a.State, a.Decibans, a.Conflict
	return at
}

// Emit keeps the packets that a finding cites. The error is always nil.
func (e *Evidence) Emit(v *event.Event) error {
	if v.Set != event.SetFinding {
		return nil
	}
	f := v.Finding
	for _, seq := range f.Packets {
		e.keep(seq)
	}
	key := findingKey{f.Class, f.Kind, f.Subject, f.Src.Addr(), f.Dst.Addr(), f.QuoteSrc, f.QuoteDst, f.Part.UnixNano()}
	if _, known := e.cited[key]; known || len(e.cited) < maxNotes {
		e.cited[key] = citation{slices.Clone(f.Evidence), slices.Clone(f.Packets)}
	} else {
		e.unsaid++
	}
	return nil
}

// Close does nothing: Save ends the keeping.
func (e *Evidence) Close() error { return nil }

// keep moves a frame from the ring to the spool; nil where it cannot be had.
func (e *Evidence) keep(seq uint64) *keptFrame {
	if k := e.kept[seq]; k != nil {
		return k
	}
	h := e.ring.frames[seq]
	switch {
	case h == nil || h.left:
		return nil
	case len(e.kept) == e.config.Packets || e.spool.size+int64(len(h.Data)) > e.config.Octets || e.err != nil:
		h.left = true
		e.left++
		return nil
	}
	at, err := e.spool.put(h.Data)
	if err != nil {
		e.err = err
		return nil
	}
	k := &keptFrame{Frame: h.Frame, at: at, n: len(h.Data)}
	k.Data = nil
	e.kept[seq] = k
	return k
}
