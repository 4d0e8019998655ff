package simulate

// block is how many popups are shuffled among each other: more than any test of order looks at.
const block = 1024

// shuffled is a stream whose popups come in an order that means nothing: their times stay, what comes at them is drawn by lot. A counter or clock
// that several sources share is then none any more, and a test of order that still finds one finds nothing but its own error.
func (s *Stream) shuffled() {
	var popups []int
	for i, p := range s.ready {
		if p.truth.Popup {
			popups = append(popups, i)
		}
	}
	s.rng.Shuffle(len(popups), func(i, j int) {
		a, b := s.ready[popups[i]], s.ready[popups[j]]
		a.data, b.data = b.data, a.data
		a.truth, b.truth = b.truth, a.truth
	})
}

// gather fills a block before any of it is taken.
func (s *Stream) gather() {
	for len(s.ready) < block && s.step() {
	}
	s.shuffled()
}
