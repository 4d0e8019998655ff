package kibana

import "testing"

func TestObjectsHoldTogether(t *testing.T) {
	for _, f := range check(Objects()) {
		t.Error(f)
	}
}
