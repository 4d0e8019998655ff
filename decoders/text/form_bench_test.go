package text

import "testing"

func BenchmarkNewForm(b *testing.B) {
	var s Sorter
	var norms [][]byte
	for _, t := range flood(64) {
		norms = append(norms, []byte(Normalise(t)))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		newForm(norms[i&63], &s)
	}
}
