package sensor_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/sensor/event"
)

// finalEvidence gives the evidence of each final claim, by source and hour.
func finalEvidence(t *testing.T, events string) map[string]any {
	t.Helper()
	out := map[string]any{}
	for line := range strings.Lines(events) {
		var d struct {
			Source     struct{ IP string }
			Popupwatch struct {
				Source struct {
					Final    bool
					Hour     string
					State    string
					Evidence any
				}
			}
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if s := d.Popupwatch.Source; s.Final {
			out[d.Source.IP+" "+s.Hour+" "+s.State] = s.Evidence
		}
	}
	return out
}

// Rolled up or not, a claim's last document carries its own evidence.
func TestRollupLeavesEachClaimItsEvidence(t *testing.T) {
	c := config(t)
	want := finalEvidence(t, road(t, c, realCaptures(t)...).events)
	c.Rollup = time.Minute
	if diff := cmp.Diff(want, finalEvidence(t, road(t, c, realCaptures(t)...).events)); diff != "" || len(want) == 0 {
		t.Errorf("%d claims; without and with rollup (-want +got):\n%s", len(want), diff)
	}
}

// A campaign counts each source once, by the state of its last claim.
func TestSourcesByStateFollowTheLastClaim(t *testing.T) {
	all := readAll(t, filepath.Join(testdata, "captures/wireshark-wiki_aol.pcap"))
	later := make([]decoders.Frame, len(all))
	for i, f := range all { // the same popups hours later, from plausible distances
		f.Seq, f.Time = uint64(len(all)+i+1), f.Time.Add(3*time.Hour)
		f.Data = append([]byte(nil), f.Data...)
		later[i] = f
	}
	for _, in := range [][]decoders.Frame{all, append(append([]decoders.Frame(nil), all...), later...)} {
		got := roadOf(t, config(t), &list{frames: in}).summary
		states := map[string]map[string]uint64{}
		for _, s := range got.Sources {
			if states[string(s.Campaign)] == nil {
				states[string(s.Campaign)] = map[string]uint64{}
			}
			states[string(s.Campaign)][s.State.String()]++
		}
		for _, c := range got.Campaigns {
			want, sum := states[string(c.ID)], uint64(0)
			for _, n := range c.SourcesByState {
				sum += n
			}
			if sum != c.Sources.N || uint64(len(want)) == 0 || !maps.Equal(want, stateWords(c.SourcesByState)) {
				t.Errorf("campaign %s: %v, by its sources %v", c.ID, stateWords(c.SourcesByState), want)
			}
		}
	}
}

func stateWords(counts [6]uint64) map[string]uint64 {
	out := map[string]uint64{}
	for i, word := range []string{"unknown", "forged_certain", "nonroutable_leak", "forged_probable", "reachable_unbound", "genuine_bound"} {
		if counts[i] > 0 {
			out[word] = counts[i]
		}
	}
	return out
}

// privacy.clean holds for the summary as for the documents.
func TestTheSummaryWithholdsWhatCleanPopupsSay(t *testing.T) {
	for _, c := range []struct {
		privacy event.Privacy
		want    string
	}{{event.PrivacyKeep, "Print Job Completed"}, {event.PrivacyHash, ""}, {event.PrivacyDrop, ""}} {
		cfg := config(t)
		cfg.Event.Privacy = c.privacy
		got := road(t, cfg, filepath.Join(testdata, "vectors/05_way2_exchange.pcap")).summary
		if len(got.Campaigns) != 1 || got.Campaigns[0].Standing.Verdict != "clean" || got.Campaigns[0].Sample != c.want {
			t.Errorf("privacy %v: %+v", c.privacy, got.Campaigns)
		}
	}
}
