package kibana

import (
	"testing"
	"time"
)

func TestAddress(t *testing.T) {
	from, to := time.Date(2005, 6, 10, 19, 0, 50, 547358000, time.UTC), time.Date(2008, 5, 16, 9, 17, 44, 904938000, time.UTC)
	const span = "?_g=(time:(from:'2005-06-10T19:00:50.547Z',to:'2008-05-16T09:17:45.904Z'))"
	for _, c := range []struct {
		kibana, space string
		from, to      time.Time
		want          string // empty: an error
	}{
		{"https://kibana.example", "", from, to, "https://kibana.example/app/dashboards#/view/popupwatch-overview" + span},
		{"https://kibana.example:5601/base/", "default", from, to, "https://kibana.example:5601/base/app/dashboards#/view/popupwatch-overview" + span},
		{"http://elastic:secret@127.0.0.1:5601", "soc-1", from, to, "http://127.0.0.1:5601/s/soc-1/app/dashboards#/view/popupwatch-overview" + span},
		{"http://[::1]:5601", "", time.Time{}, time.Time{}, "http://[::1]:5601/app/dashboards#/view/popupwatch-overview"},
		{"kibana.example", "", from, to, ""},
		{"ftp://kibana.example", "", from, to, ""},
		{"http://kibana.example/?x", "", from, to, ""},
		{"http://kibana.example", "So Cool", from, to, ""},
	} {
		got, err := Address(c.kibana, c.space, OverviewID, c.from, c.to)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q, %v", c.kibana, got, err)
		}
	}
}
