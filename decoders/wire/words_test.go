package wire

import (
	"slices"
	"testing"
)

func TestWordsOfASetStandInTheOrderOfItsBits(t *testing.T) {
	words := []string{"one", "two", "three"}
	for set, want := range map[uint8][]string{0: nil, 1: {"one"}, 6: {"two", "three"}, 0xf8: nil, 0xff: words} {
		if got := Words(set, words); !slices.Equal(got, want) {
			t.Errorf("%x: %q, want %q", set, got, want)
		}
	}
}
