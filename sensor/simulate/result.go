package simulate

import (
	"fmt"
	"math"
	"slices"
	"time"

	"popupwatch/sensor/spoof"
)

// Share is how many of some claims.
type Share struct {
	Of, Are uint64
	seeds   []Share // of each seed, where several were added
}

// count notes one more, and whether it is.
func (s *Share) count(is bool) {
	s.Of++
	if is {
		s.Are++
	}
}

func (s *Share) add(o Share) {
	s.Of, s.Are = s.Of+o.Of, s.Are+o.Are
	s.seeds = append(s.seeds, Share{Of: o.Of, Are: o.Are})
}

// Both counts innocents and genuine senders that a judge names.
type Both struct{ Innocent, Genuine uint64 }

func (b *Both) count(genuine bool) {
	if genuine {
		b.Genuine++
		return
	}
	b.Innocent++
}

func (b *Both) add(o Both) { b.Innocent, b.Genuine = b.Innocent+o.Innocent, b.Genuine+o.Genuine }

// bins are those of the sum of evidence, 5 decibans wide, from below -10 to 40 and more.
const (
	binWidth = 5
	firstBin = -2
	binCount = 11
)

// groupCount is how many groups of evidence there are: G1 to G6.
const groupCount = 6

// Result is what came of one scenario.
type Result struct {
	Scenario *Scenario
	Elapsed  time.Duration

	Frames, Popups, Messages uint64 // popups of the truth, and those that came back as messages
	Strays                   uint64 // messages that nobody sent
	Open                     uint64 // claims without a last document
	Mailings, Campaigns      uint64

	Owners                 uint64 // innocent addresses, of each seed
	Innocent, Blamed       uint64 // claims of innocents, and those that any document called genuine or reportable
	Genuine, Bound         uint64 // claims of senders, and those proven
	Proofs                 Share  // of those that an exchange proves, the proven
	Reportable             uint64
	Certain, Probable      uint64 // genuine claims called forged
	Legit, LegitReportable uint64
	Forged                 Share // of the innocents' claims, those called forged, or addresses that cannot have been there (nonroutable_leak)
	States                 [spoof.StateCount]Both

	Bins      [binCount]Both
	Baselines [len(baselines)]Both
	Ablations [groupCount + 1]Both // claims called forged with a group left out; the first with none
	Disagree  uint64               // claims of which the rows say something else than the road

	Flagged []uint32 // of each mailing: popups until a source was first called forged; ascending

	Blames, Wrongs, Misses []string // the first of each, in words: blamed falsely, genuine but called forged, not proven but provable
}

// innocent scores the last document of a claim whose source sent nothing.
func (r *Result) innocent(a *spoof.Assessment, c *claim) {
	r.Innocent++
	r.States[a.State].Innocent++
	r.Forged.count(a.State.Forged() || a.State == spoof.NonroutableLeak)
	if c.blamed {
		r.Blamed++
		r.note(&r.Blames, a, c.family)
	}
}

// genuine scores the last document of a claim whose source sent what it says.
func (r *Result) genuine(a *spoof.Assessment, c *claim) {
	r.Genuine++
	r.States[a.State].Genuine++
	bound := a.State == spoof.GenuineBound
	if bound {
		r.Bound++
	}
	if a.Reportable {
		r.Reportable++
	}
	if c.proof {
		r.Proofs.count(bound)
		if !bound {
			r.note(&r.Misses, a, c.family)
		}
	}
	switch a.State {
	case spoof.ForgedCertain:
		r.Certain++
		r.note(&r.Wrongs, a, c.family)
	case spoof.ForgedProbable:
		r.Probable++
		r.note(&r.Wrongs, a, c.family)
	}
}

// mostCases is how many cases of a kind are kept in words.
const mostCases = 5

// note keeps a few cases in words.
func (r *Result) note(list *[]string, a *spoof.Assessment, family string) {
	if len(*list) >= mostCases {
		return
	}
	text := fmt.Sprintf("%s %s %s %s %+.1f dB:", family, a.Key.Source, a.Key.Hour.Format(time.RFC3339), a.State, a.Decibans)
	for _, v := range a.Evidence {
		text += fmt.Sprintf(" %s %+.1f", v.ID, v.Decibans)
		if v.Group == "rule" {
			text += " (" + v.Text + ")"
		}
	}
	*list = append(*list, text)
}

// calibrate puts a claim into its bin; what a rule decides is no matter of weight.
func (r *Result) calibrate(a *spoof.Assessment, genuine bool) {
	if a.State == spoof.ForgedCertain || a.State == spoof.NonroutableLeak {
		return
	}
	bin := int(math.Floor(a.Decibans/binWidth)) - firstBin
	r.Bins[max(0, min(binCount-1, bin))].count(genuine)
}

// ablate judges the rows anew, with each group left out.
func (r *Result) ablate(a *spoof.Assessment, genuine bool) {
	certain := a.State == spoof.ForgedCertain
	for without := range groupCount + 1 {
		forged := certain || a.State != spoof.NonroutableLeak && forgedBy(a.Evidence, without)
		if forged {
			r.Ablations[without].count(genuine)
		}
		if without == 0 && forged != a.State.Forged() {
			r.Disagree++
		}
	}
}

// caps of the groups, and from which sum a claim is probably forged (SPOOF-AND-CAMPAIGNS 5).
var caps = [groupCount]float64{20, 30, 10, 20, 13, 13}

const (
	probable      = 20
	negativeFloor = -10
)

// forgedBy goes down the ladder with the rows of a document, without one group, 1 to 6; 0 leaves none out.
func forgedBy(rows []spoof.Evidence, without int) bool {
	var high, low [groupCount]float64
	for i := range rows {
		g := groupOf(rows[i].Group)
		if g < 0 || g+1 == without {
			continue
		}
		high[g] = max(high[g], min(rows[i].Decibans, caps[g]))
		low[g] = min(low[g], rows[i].Decibans)
	}
	total, negative, positive := 0.0, 0.0, 0
	for g := range high {
		total += high[g]
		negative += low[g]
		if high[g] > 0 {
			positive++
		}
	}
	total = math.Round((total+max(negative, negativeFloor))*10) / 10
	return total >= probable && (positive >= 2 || high[1] >= probable)
}

// groupOf is the number of a group from 0; -1 for what is no matter of weight.
func groupOf(name string) int {
	if len(name) != 2 || name[0] != 'G' || name[1] < '1' || name[1] > '6' {
		return -1
	}
	return int(name[1] - '1')
}

// add adds the result of another seed.
func (r *Result) add(o *Result) {
	r.Elapsed += o.Elapsed
	for _, n := range []struct{ to, of *uint64 }{
		{&r.Frames, &o.Frames}, {&r.Popups, &o.Popups}, {&r.Messages, &o.Messages}, {&r.Strays, &o.Strays}, {&r.Open, &o.Open},
		{&r.Mailings, &o.Mailings}, {&r.Campaigns, &o.Campaigns}, {&r.Innocent, &o.Innocent}, {&r.Blamed, &o.Blamed}, {&r.Genuine, &o.Genuine},
		{&r.Bound, &o.Bound}, {&r.Reportable, &o.Reportable}, {&r.Certain, &o.Certain}, {&r.Probable, &o.Probable}, {&r.Legit, &o.Legit},
		{&r.LegitReportable, &o.LegitReportable}, {&r.Disagree, &o.Disagree}, {&r.Owners, &o.Owners},
	} {
		*n.to += *n.of
	}
	r.Proofs.add(o.Proofs)
	r.Forged.add(o.Forged)
	for i := range r.States {
		r.States[i].add(o.States[i])
	}
	for i := range r.Bins {
		r.Bins[i].add(o.Bins[i])
	}
	for i := range r.Baselines {
		r.Baselines[i].add(o.Baselines[i])
	}
	for i := range r.Ablations {
		r.Ablations[i].add(o.Ablations[i])
	}
	r.Flagged = append(r.Flagged, o.Flagged...)
	slices.Sort(r.Flagged)
	r.Blames = append(r.Blames, o.Blames[:min(len(o.Blames), max(0, mostCases-len(r.Blames)))]...)
	r.Misses = append(r.Misses, o.Misses[:min(len(o.Misses), max(0, mostCases-len(r.Misses)))]...)
	r.Wrongs = append(r.Wrongs, o.Wrongs[:min(len(o.Wrongs), max(0, mostCases-len(r.Wrongs)))]...)
}

// Total adds all scenarios whose false blame counts.
func Total(all []Result) Result {
	total := Result{Scenario: &Scenario{Name: "all that count"}}
	for i := range all {
		if all[i].Scenario.Excluded == "" {
			total.add(&all[i])
		}
	}
	return total
}
