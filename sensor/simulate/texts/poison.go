package texts

// Poison is what a message does to pull campaigns together (adversary A15).
type Poison uint8

// The kinds of poison.
const (
	Clean    Poison = iota
	Bridge          // half of it is of another family; it is of none
	Embedded        // holds a legitimate notice
	Brand           // names microsoft.com besides
	Borrowed        // advertises the site of another family: a joe job
)

// PoisonCount is how many kinds there are, Clean included.
const PoisonCount = 5

// String is the kind's name.
func (p Poison) String() string {
	return [...]string{"clean", "bridge", "embedded notice", "brand", "borrowed site"}[min(p, Borrowed)]
}

// poison changes a message that is about to be written.
func (m *maker) poison(out *Message, sentences []string, a *affiliate, others []*family, at float64) []string {
	out.Poison = Poison(1 + m.r.IntN(PoisonCount-1))
	other := others[m.r.IntN(len(others))]
	for try := 0; try < 100 && (other.topic.language != out.Language || other.name == out.Family); try++ {
		other = others[m.r.IntN(len(others))]
	}
	switch out.Poison {
	case Bridge:
		theirs := other.spoken(at, func() bool { return false }, m.r)
		out.Family = ""
		return append(sentences[:(len(sentences)+1)/2:(len(sentences)+1)/2], theirs[len(theirs)/2:]...)
	case Embedded:
		n := m.grammar.notices[m.r.IntN(len(m.grammar.notices))]
		for n.language != "en" {
			n = m.grammar.notices[m.r.IntN(len(m.grammar.notices))]
		}
		return append(sentences[:len(sentences):len(sentences)], newPlaces(m.r).fill(n.text))
	case Brand:
		return append(sentences[:len(sentences):len(sentences)], "www.microsoft.com")
	case Borrowed:
		a.fill.site = other.affiliates[0].fill.site
	}
	return sentences
}
