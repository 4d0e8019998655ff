package spoof

import "slices"

// Counsel is what a person should know besides a verdict, in sentences that can be printed as they are.
type Counsel struct {
	Says   string   // what the verdict means, in words for somebody who knows nothing of networks
	Change []string // what would change the verdict
	Never  []string // what must not be concluded
	Harm   string   // why a report would hurt somebody; empty for what is proven
}

// Advice gives the counsel for a state and the ids of the evidence behind it, as both stand in events. Words that are not known get the
// counsel of the unknown state, and nothing besides: events may come from a newer version, or from anybody.
func Advice(state string, evidence []string) Counsel {
	i := slices.IndexFunc(stateAdvice[:], func(a adviceOfState) bool { return a.state.String() == state })
	own := stateAdvice[max(i, 0)]
	c := Counsel{Says: own.says, Change: []string{own.change}, Never: []string{own.never}, Harm: own.harm}
	for _, id := range evidence {
		if a, ok := adviceOn(id); ok {
			c.Change = appendNew(c.Change, a.change)
			c.Never = appendNew(c.Never, a.never)
		}
	}
	return c
}

func appendNew(to []string, sentence string) []string {
	if sentence == "" || slices.Contains(to, sentence) {
		return to
	}
	return append(to, sentence)
}

// adviceOfState is the counsel for a state, whatever led there.
type adviceOfState struct {
	state                     State
	says, change, never, harm string
}

// harmOfForged is why nobody may be reported whom the evidence clears.
const harmOfForged = "The sender chose this address. Who has it sent nothing, and would have to answer for somebody else's spam."

// stateAdvice begins with the state that stands for all words that are not known.
var stateAdvice = [StateCount]adviceOfState{
	{Unknown,
		"It is not known who sent these messages. The address stands on them because the sender wrote it there, as one writes a return address on a postcard; nobody checked it, and nothing that was seen proves it right or wrong.",
		"A proof: an answer of the address to something unpredictable that our host sent it because of this very message. Or evidence of forging that adds up to 20 decibans.",
		"That the address sent it. Unknown is the default and no suspicion: whoever sends such a datagram writes what source he likes.",
		"Nothing ties the address to the message. If it was forged, and that costs a sender nothing, its owner would be blamed for what he never sent."},
	{ForgedCertain,
		"The address on these messages is false. No computer can have sent them from that address to where they were seen; the sender wrote it there.",
		"Nothing that packets show: no host can have sent this from that address. Only a mistake about the place of the sensor could (home networks, roles of interfaces).",
		"That the whole campaign is forged, or that who has the address has anything to do with it.",
		harmOfForged},
	{NonroutableLeak,
		"The address on these messages is a private one, as millions of networks use at the same time. It leads to nobody in particular.",
		"A capture inside the network that let the address out.",
		"That it was forged: private addresses leak from misconfigured networks. Nor who the owner is: millions of networks use the same addresses.",
		"The address belongs to nobody in particular: a report would reach somebody who cannot know what it is about."},
	{ForgedProbable,
		"The address on these messages is most likely false: several independent traces in the messages speak for a sender who invented it or took it from somebody else.",
		"A proof that the address received something unpredictable because of this very message. It would not make the claim genuine, but a conflict that a person has to look at.",
		"That another address of the campaign is the true one. And that it is certain: the number is a weight of evidence, under rules that can be read.",
		"Most likely the sender chose this address. Then who has it sent nothing, and would have to answer for somebody else's spam."},
	{ReachableUnbound,
		"A computer answers at this address, but nothing ties it to these messages: anybody could have written the address of a computer that exists.",
		"A proof that is bound to this message: that the address received something unpredictable because of it, and echoed it.",
		"That it sent this, because it answers. A framed victim is a live host, and answers too.",
		"That a host exists is no deed. Forgers like living addresses, and the report would hit one of them."},
	{GenuineBound,
		"A computer at this address took part: it was told something that nobody could guess, because of these very messages, and repeated it. That it sent them is proven as far as network traffic can prove it.",
		"Contradictions: another answer of the same address, a denial, or evidence of forging of 10 decibans or more.",
		"That its owner wanted it: a machine may be taken over. That it was not imitated on its way: who sits on the path can. And that the address belongs to the same person at another time.",
		""},
}

// Refusal says in a sentence what a gate's word means (event field refused_by); empty for a word that is not known.
func Refusal(word string) string {
	switch word {
	case RefusedRestored:
		return "The proof is not held any more: the claim came from a state file, and no proof is ever stored."
	case RefusedOwn:
		return "It is an address of our own network: an internal matter, nothing to report to others."
	case RefusedAllowed:
		return "The address is on our own list of those that are not reported."
	case RefusedText:
		return "The text is not spam by the rules, or there is none (a probe, an exploit attempt)."
	case RefusedFew:
		return "Fewer than three submissions of this campaign were seen."
	case RefusedSingle:
		return "There are no two proofs at least a minute apart: one alone may be a race that somebody won by luck."
	case RefusedConflict:
		return "Proof and evidence about this address contradicted each other within the last 24 hours."
	case RefusedLoss:
		return "The capture lost frames around the proof: what contradicts it may be among them."
	case RefusedShort:
		return "The input ended before the proof had stood ten seconds without contradiction."
	}
	return ""
}

// Weigh divides evidence into what the sum counts and what it leaves out: of each group the strongest row of either sign counts, the first
// where they tie. Rows that are no matter of weight count where they decide.
func Weigh(all []Evidence) (counted, left []Evidence) {
	for i, e := range all {
		if e.Decibans == 0 && e.Group != "rule" || outweighed(all, i) {
			left = append(left, e)
		} else {
			counted = append(counted, e)
		}
	}
	return counted, left
}

// outweighed says whether another row of the same group and sign counts instead.
func outweighed(all []Evidence, i int) bool {
	e := all[i]
	if e.Group == "rule" {
		return false
	}
	return slices.ContainsFunc(all[:i], func(o Evidence) bool { return o.Group == e.Group && o.Decibans*direction(e) >= e.Decibans*direction(e) }) ||
		slices.ContainsFunc(all[i+1:], func(o Evidence) bool { return o.Group == e.Group && o.Decibans*direction(e) > e.Decibans*direction(e) })
}

func direction(e Evidence) float64 {
	if e.Decibans < 0 {
		return -1
	}
	return 1
}
