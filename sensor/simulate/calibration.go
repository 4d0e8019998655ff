package simulate

import (
	"fmt"
	"math"
)

// Calibration is what claims of one bin of the sum of evidence were.
type Calibration struct {
	Label           string
	Forged, Genuine uint64
	Share           float64 // of forged ones, if as many claims were forged as not
	Decibans        float64 // what the bin is worth by that; not a number where one side is empty
	Off             float64 // by how much it is outside of the bin, 0 within; not a number where one side is empty
}

// Calibrations are the bins of a result, from low to high.
func Calibrations(r *Result) []Calibration {
	var forged, genuine uint64
	for _, b := range r.Bins {
		forged, genuine = forged+b.Innocent, genuine+b.Genuine
	}
	out := make([]Calibration, 0, binCount)
	for i, b := range r.Bins {
		low := float64((i + firstBin) * binWidth)
		c := Calibration{Label: binLabel(i), Forged: b.Innocent, Genuine: b.Genuine, Decibans: math.NaN(), Off: math.NaN()}
		f, g := part(b.Innocent, forged), part(b.Genuine, genuine)
		if f+g > 0 {
			c.Share = f / (f + g)
		}
		if f > 0 && g > 0 {
			c.Decibans = 10 * math.Log10(f/g)
			c.Off = max(0, low-c.Decibans, c.Decibans-low-binWidth)
		}
		out = append(out, c)
	}
	return out
}

func part(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func binLabel(i int) string {
	low := (i + firstBin) * binWidth
	switch i {
	case 0:
		return fmt.Sprintf("below %d dB", low+binWidth)
	case binCount - 1:
		return fmt.Sprintf("%d dB and more", low)
	}
	return fmt.Sprintf("%d to %d dB", low, low+binWidth)
}
