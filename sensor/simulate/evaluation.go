package simulate

import (
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/sensor/event"
	"popupwatch/sensor/spoof"
)

// Evaluation is a source and a sink at once: it hands the frames of a stream to the road, keeps who sent them for a while, and scores the documents
// that come back.
type Evaluation struct {
	stream *Stream
	recent []Truth // by frame number
	claims map[claimKey]claim
	result Result

	answered  map[address]int64 // by whom callbacks were answered, and when
	connected map[address]int64 // who completed a handshake
	campaigns map[string]bool
	owners    map[address]struct{} // innocent ones
	flags     map[uint32]flagging  // by mailing
}

// flagging is how far a mailing had come when one of its sources was first called forged.
type flagging struct {
	popups, at uint32
}

// kept is how many frames back a popup may name: those that time releases come late.
const kept = 1 << 16

// claimKey names a claim of the road, as spoof.ClaimKey does.
type claimKey struct {
	source   address
	hour     int64
	campaign string
}

func keyOf(k *spoof.ClaimKey) claimKey {
	b := k.Source.As4()
	return claimKey{address(b[0])<<24 | address(b[1])<<16 | address(b[2])<<8 | address(b[3]), k.Hour.Unix(), k.Campaign}
}

// NewEvaluation makes an evaluation of one stream.
func NewEvaluation(s *Stream) *Evaluation {
	return &Evaluation{
		stream: s, recent: make([]Truth, kept), claims: map[claimKey]claim{}, result: Result{Scenario: s.spec}, answered: map[address]int64{},
		connected: map[address]int64{}, campaigns: map[string]bool{},
		owners: map[address]struct{}{}, flags: map[uint32]flagging{},
	}
}

// Next gives the next frame of the stream.
func (e *Evaluation) Next() (decoders.Frame, error) {
	f, err := e.stream.Next()
	if err != nil {
		return f, err
	}
	t := e.stream.Truth()
	e.recent[f.Seq%kept] = *t
	e.result.Frames++
	if t.Popup {
		e.result.Popups++
	}
	switch t.step {
	case stepAnswer:
		e.answered[t.Claimed] = e.stream.last.at
	case stepHandshake:
		e.connected[t.Claimed] = e.stream.last.at
	}
	return f, nil
}

// Interface is that of the stream.
func (e *Evaluation) Interface(i int) decoders.Interface { return e.stream.Interface(i) }

// Emit scores a document of the road.
func (e *Evaluation) Emit(v *event.Event) error {
	switch v.Set {
	case event.SetMessage:
		e.message(v)
	case event.SetSource:
		e.assessed(v.Source)
	}
	return nil
}

// message joins a popup with who sent it.
func (e *Evaluation) message(v *event.Event) {
	t := e.truthOf(v.Message.Frames)
	if t == nil || t.Claimed.netip() != v.Message.Src.Addr() {
		e.result.Strays++
		return
	}
	e.result.Messages++
	if v.Source == nil {
		return
	}
	e.campaigns[v.Source.Key.Campaign] = true
	k := keyOf(&v.Source.Key)
	c := e.claims[k]
	c.add(t, e.stream.last.at)
	e.claims[k] = c
	f := e.flags[t.Campaign]
	f.popups++
	e.flags[t.Campaign] = f
	e.seen(v.Source, k, c)
}

// truthOf finds the popup among the frames that a message came in.
func (e *Evaluation) truthOf(frames []uint64) *Truth {
	for _, n := range frames {
		if t := &e.recent[n%kept]; t.Frame == n && t.Popup {
			return t
		}
	}
	return nil
}

// seen counts a claim as blamed as soon as any document of it says so, whatever comes later.
func (e *Evaluation) seen(a *spoof.Assessment, k claimKey, c claim) {
	if f := e.flags[c.mailing]; f.at == 0 && a.State.Forged() && !c.genuine {
		f.at = f.popups
		e.flags[c.mailing] = f
	}
	if a.State != spoof.GenuineBound && !a.Reportable || c.blamed {
		return
	}
	c.blamed = true
	if _, open := e.claims[k]; open {
		e.claims[k] = c
	}
}

// assessed takes what the road says of a claim.
func (e *Evaluation) assessed(a *spoof.Assessment) {
	if a == nil || !a.Key.Source.Is4() || a.Key.Class == spoof.ClassProbe {
		return
	}
	k := keyOf(&a.Key)
	c, ok := e.claims[k]
	if !ok {
		if a.State == spoof.GenuineBound || a.Reportable {
			e.result.note(&e.result.Blames, a, "a claim without a popup")
			e.result.Blamed++
		}
		return
	}
	e.seen(a, k, c)
	if a.Final {
		c = e.claims[k]
		c.judge(e.answered[k.source], e.connected[k.source])
		e.closed(a, &c)
		delete(e.claims, k)
	}
}

// closed scores the last document of a claim.
func (e *Evaluation) closed(a *spoof.Assessment, c *claim) {
	r := &e.result
	switch {
	case c.legit:
		r.Legit++
		if a.Reportable {
			r.LegitReportable++
		}
		return
	case c.genuine:
		r.genuine(a, c)
	default:
		r.innocent(a, c)
		e.owners[keyOf(&a.Key).source] = struct{}{}
	}
	r.calibrate(a, c.genuine)
	r.ablate(a, c.genuine)
	for i, judge := range baselines {
		if judge.blames(c) {
			r.Baselines[i].count(c.genuine)
		}
	}
}

// Result ends the evaluation.
func (e *Evaluation) Result() Result {
	e.result.Open = uint64(len(e.claims))
	e.result.Owners = uint64(len(e.owners))
	for _, f := range e.flags {
		if f.at > 0 {
			e.result.Flagged = append(e.result.Flagged, f.at)
		}
	}
	slices.Sort(e.result.Flagged)
	e.result.Mailings, e.result.Campaigns = uint64(e.stream.mailings), uint64(len(e.campaigns))
	return e.result
}

// Road carries the frames of an evaluation along the road and its documents back: sensor.New(config, e).Run(e).
type Road func(e *Evaluation) error

// Scale is how much is simulated.
type Scale struct {
	Full  bool
	Seeds uint64 // of each scenario: 1 to Seeds, which share its size
	Split Split
	Loss  float64

	Shuffle bool // the null hypothesis of all tests of order
}

// Evaluate runs scenarios one after the other; after each of them done may say so.
func Evaluate(specs []*Scenario, scale Scale, road Road, done func(*Result)) ([]Result, error) {
	var out []Result
	for _, spec := range specs {
		total := Result{Scenario: spec}
		seeds := scale.Seeds
		if spec.whole && scale.Full {
			seeds = 1
		}
		for seed := uint64(1); seed <= seeds; seed++ {
			r, err := evaluate(spec, scale, seed, max(1, spec.size(scale.Full)/int(seeds)), road)
			if err != nil {
				return nil, err
			}
			total.add(&r)
		}
		out = append(out, total)
		done(&total)
	}
	return out, nil
}

// size is how many popups a scale asks for.
func (s *Scenario) size(full bool) int {
	if full {
		return s.full
	}
	return s.small
}

func evaluate(spec *Scenario, scale Scale, seed uint64, size int, road Road) (Result, error) {
	began := time.Now()
	e := NewEvaluation(New(spec, Options{Split: scale.Split, Seed: seed, Size: size, Loss: scale.Loss, Shuffle: scale.Shuffle}))
	if err := road(e); err != nil {
		return Result{}, err
	}
	r := e.Result()
	r.Elapsed = time.Since(began)
	return r, nil
}
