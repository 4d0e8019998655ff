package text

// SketchOf gives the sketch that belongs to the shingles of a Form, for who kept the shingles alone.
func SketchOf(shingles []uint32) [Bins]uint32 { return sketch(shingles) }
