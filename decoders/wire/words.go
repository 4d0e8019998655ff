package wire

// Words gives the words of a set of bits, in their order: bit i has words[i].
func Words[S ~uint8 | ~uint16 | ~uint32](set S, words []string) []string {
	var out []string
	for i, w := range words {
		if set&(1<<i) != 0 {
			out = append(out, w)
		}
	}
	return out
}
