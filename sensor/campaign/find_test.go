package campaign

import (
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// A text that is only quoted finds its campaign, whole or cut short, and counts nowhere.
func TestAQuotedTextFindsItsCampaignAndCountsNothing(t *testing.T) {
	a := text.NewAnalyzer(text.Config{Memory: 1 << 20})
	tr := New(Config{})
	const advert = "Windows has found critical system errors in your registry. To fix them please download and install the registry cleaner from our site today, then run it and reboot."
	m := &decoders.Message{Time: time.Unix(1e9, 0), Features: a.Analyze(advert)}
	id := tr.Join(m).ID
	for name, c := range map[string]struct {
		text string
		want ID
	}{
		"whole":         {advert, id},
		"cut short":     {advert[:len(advert)*3/4], id},
		"a few letters": {advert[:12], ""},
		"another":       {strings.Repeat("Get a diploma without any study, call now. ", 3), ""},
		"nothing":       {"", ""},
	} {
		if got := tr.Find(a.Analyze(c.text)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := tr.Find(nil); got != "" {
		t.Errorf("no features: %q", got)
	}
	if updates := tr.Finish(m.Time); len(updates) != 1 || updates[0].Messages != 1 {
		t.Errorf("after the questions: %+v", updates)
	}
}
