package sensor_test

import (
	"testing"

	"popupwatch/sensor"
)

func TestTheBudgetNeverExceedsWhatIsDivided(t *testing.T) {
	for _, memory := range []int64{sensor.LeastMemory, sensor.DefaultMemory, 1<<40 + 17} {
		if sum := sensor.Divide(memory).Sum(); sum > memory || sum < memory*9/10 {
			t.Errorf("%d of %d", sum, memory)
		}
	}
}
