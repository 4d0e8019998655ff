package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"popupwatch/decoders/wire"
	"popupwatch/sensor"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/report"
	"popupwatch/sensor/spoof"
)

// runSummary is what a replay found, with the files it read.
type runSummary struct {
	sensor.Summary
	files    []capture.FileReport
	elapsed  time.Duration
	delivery *delivery // nil: nothing was to be delivered
	beside   *beside
	settings *settings
}

func (r *runSummary) print(form string, to io.Writer) error {
	switch form {
	case "json":
		return r.printJSON(to)
	case "text":
		return r.printText(to)
	}
	return nil
}

// The JSON form (CONTRACT.md 3).
type (
	jsonSummary struct {
		Files     []jsonFile        `json:"files"`
		Messages  uint64            `json:"messages"`
		Campaigns []jsonCampaign    `json:"campaigns"`
		Sources   []jsonSource      `json:"sources"`
		Reasons   map[string]uint64 `json:"reasons"`
		Shed      map[string]uint64 `json:"shed"`
		LooksHome []string          `json:"looks_home,omitempty"`
		Elapsed   float64           `json:"elapsed_s"`
		Speed     float64           `json:"frames_per_s"`
		Delivery  *jsonDelivery     `json:"delivery,omitempty"`
		Drafts    *jsonDrafts       `json:"drafts,omitempty"`   // of reports
		Evidence  *report.Kept      `json:"evidence,omitempty"` // packets of --evidence
	}
	jsonDelivery struct {
		Produced     uint64 `json:"produced"`
		Carried      uint64 `json:"carried,omitempty"` // what an earlier run left in the store: produced and carried are the sum of the rest
		Indexed      uint64 `json:"indexed"`
		Duplicate    uint64 `json:"duplicate"`
		Dead         uint64 `json:"dead"`
		Queued       uint64 `json:"queued"`
		Unqueued     uint64 `json:"unqueued,omitempty"`      // kept for the console, beyond --queue-limit
		Shed         uint64 `json:"shed,omitempty"`          // that found no place, as on a full disk
		FailureStore uint64 `json:"failure_store,omitempty"` // of the indexed ones
		Dashboard    string `json:"dashboard,omitempty"`     // its address at the time of the data, with --kibana
	}
	jsonDrafts struct {
		Made    uint64 `json:"made"`
		Refused uint64 `json:"refused"`
		Kept    bool   `json:"kept"`
	}
	jsonFile struct {
		Path   string  `json:"path"`
		Frames uint64  `json:"frames"`
		Bytes  uint64  `json:"bytes"`
		First  *string `json:"first"`
		Last   *string `json:"last"`
		Error  *string `json:"error"`
	}
	jsonCampaign struct {
		ID             campaign.ID       `json:"id"`
		Messages       uint64            `json:"messages"`
		Sources        uint64            `json:"sources"`
		Targets        uint64            `json:"targets"`
		Verdict        string            `json:"verdict"`
		Sample         string            `json:"sample"`
		Domains        []string          `json:"domains"`
		SourcesByState map[string]uint64 `json:"sources_by_state"`
	}
	jsonSource struct {
		IP         string      `json:"ip"`
		Campaign   campaign.ID `json:"campaign"`
		State      string      `json:"state"`
		Reportable bool        `json:"reportable"`
		Messages   uint64      `json:"messages"`
	}
)

func (r *runSummary) printJSON(to io.Writer) error {
	out := jsonSummary{
		Files: []jsonFile{}, Campaigns: []jsonCampaign{}, Sources: []jsonSource{}, Reasons: map[string]uint64{}, Shed: map[string]uint64{},
		Messages: r.Messages, Elapsed: r.elapsed.Seconds(),
	}
	for _, f := range r.files {
		out.Files = append(out.Files, jsonFile{f.Path, f.Frames, f.Bytes, stamp(f.First), stamp(f.Last), errorText(f.Err)})
	}
	for i := range r.Campaigns {
		c := &r.Campaigns[i]
		out.Campaigns = append(out.Campaigns, jsonCampaign{
			c.ID, c.Messages, c.Sources.N, c.Targets.N, c.Standing.Verdict, c.Sample, values(c.Domains), byState(&c.SourcesByState),
		})
	}
	for _, s := range r.Sources {
		out.Sources = append(out.Sources, jsonSource{s.IP.String(), s.Campaign, s.State.String(), s.Reportable, s.Messages})
	}
	for i, n := range r.Reasons {
		if n > 0 {
			out.Reasons[wire.Reason(i).String()] = n
		}
	}
	for _, t := range r.Shed {
		out.Shed[t.Name] = t.N
	}
	for _, p := range r.LooksHome {
		out.LooksHome = append(out.LooksHome, p.String())
	}
	if r.elapsed > 0 {
		out.Speed = float64(r.Frames) / r.elapsed.Seconds()
	}
	if r.delivery != nil {
		l := r.delivery.Ledger()
		out.Delivery = &jsonDelivery{l.Produced, l.Carried, l.Indexed, l.Duplicate, l.Dead, l.Queued, r.delivery.writer.Unqueued(), l.Shed, l.FailureStore, r.settings.elastic.dashboard(r.extent())}
	}
	r.printBeside(&out)
	document, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("encode summary: %w", err)
	}
	_, err = to.Write(append(visibleJSON(document), '\n'))
	return err
}

// printBeside adds what was made besides the events.
func (r *runSummary) printBeside(out *jsonSummary) {
	b := r.beside
	if b == nil {
		return
	}
	if made, refused := b.drafts.Made(), b.drafts.Refused(); made+refused > 0 {
		out.Drafts = &jsonDrafts{made, refused, b.drafts.Keeps()}
	}
	if b.evidence != nil {
		out.Evidence = &b.kept
	}
}

func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format("2006-01-02T15:04:05.000000000Z")
	return &s
}

func errorText(err error) *string {
	if err == nil {
		return nil
	}
	s := err.Error()
	return &s
}

func values(keys []campaign.Key) []string {
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		out = append(out, k.Value)
	}
	return out
}

func byState(counts *[campaign.StateCount]uint64) map[string]uint64 {
	out := map[string]uint64{}
	for i, n := range counts {
		if n > 0 {
			out[spoof.State(i).String()] = n
		}
	}
	return out
}

// shownRows is how many campaigns and sources the text form lists; the JSON form lists all that are remembered.
const shownRows = 20

func (r *runSummary) printText(to io.Writer) error {
	var b strings.Builder
	r.head(&b)
	r.campaigns(&b)
	r.sources(&b)
	r.reasons(&b)
	r.notes(&b)
	r.delivered(&b)
	for _, line := range r.beside.said() {
		fmt.Fprintf(&b, "\n%s\n", visible(line))
	}
	if r.delivery.keeps() {
		fmt.Fprintf(&b, "\nLook at it in a browser: popupwatch console --store %s\n", visible(quoted(r.settings.elastic.store)))
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// quoted is a file's name as a shell takes it.
func quoted(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+", r)
	}) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// extent is the time of the first and of the last frame; zero without frames.
func (r *runSummary) extent() (first, last time.Time) {
	for _, f := range r.files {
		if !f.First.IsZero() && (first.IsZero() || f.First.Before(first)) {
			first = f.First
		}
		if f.Last.After(last) {
			last = f.Last
		}
	}
	return first, last
}

func (r *runSummary) head(b *strings.Builder) {
	first, last := r.extent()
	fmt.Fprintf(b, "Read %s, %s", plural(uint64(len(r.files)), "file"), plural(r.Frames, "frame"))
	if !first.IsZero() {
		fmt.Fprintf(b, ", %s to %s UTC", first.Format(time.DateTime), last.Format(time.DateTime))
	}
	fmt.Fprintf(b, ", in %s.\n", r.elapsed.Round(time.Millisecond))
	fmt.Fprintf(b, "Found %s in %s.\n", plural(r.Messages, "popup"), plural(uint64(len(r.Campaigns))+r.Forgotten, "campaign"))
}

func (r *runSummary) campaigns(b *strings.Builder) {
	if len(r.Campaigns) == 0 {
		return
	}
	fmt.Fprintf(b, "\nCampaigns: popups of one text, whoever is written on them\n")
	fmt.Fprintf(b, "  %7s %8s %8s  %-8s %6s  %s\n", "POPUPS", "SOURCES", "TARGETS", "VERDICT", "SCORE", "ID, ADVERTISED SITE, SAMPLE")
	for i := range r.Campaigns[:min(len(r.Campaigns), shownRows)] {
		c := &r.Campaigns[i]
		fmt.Fprintf(b, "  %7d %8d %8d  %-8s %6.1f  %s  %s\n", c.Messages, c.Sources.N, c.Targets.N, c.Standing.Verdict, c.Standing.Score,
			c.ID, visible(strings.Join(values(c.Domains), ", ")))
		fmt.Fprintf(b, "%46s%s\n", "", oneLine(c.Sample, 110))
	}
	more(b, len(r.Campaigns), "campaigns")
}

func (r *runSummary) sources(b *strings.Builder) {
	if len(r.Sources) == 0 {
		return
	}
	fmt.Fprintf(b, "\nSources: how far the addresses on the popups can be believed\n")
	fmt.Fprintf(b, "  %7s  %-16s %-9s %-22s %s\n", "POPUPS", "STATE", "EVIDENCE", "CAMPAIGN", "ADDRESS AS WRITTEN BY THE SENDER, BEST EVIDENCE")
	for _, s := range r.Sources[:min(len(r.Sources), shownRows)] {
		fmt.Fprintf(b, "  %7d  %-16s %+6.1f dB %-22s %s\n", s.Messages, s.State, s.Decibans, s.Campaign, s.IP)
		if s.Evidence != "" {
			fmt.Fprintf(b, "%60s%s\n", "", s.Evidence)
		}
	}
	more(b, len(r.Sources), "sources")
	reportable := 0
	for _, s := range r.Sources {
		if s.Reportable {
			reportable++
		}
	}
	if reportable == 0 {
		fmt.Fprintf(b, "  None of these addresses is proven to have sent anything: a report made from this list could blame the innocent.\n")
	}
}

func more(b *strings.Builder, n int, what string) {
	if n > shownRows {
		fmt.Fprintf(b, "  ... and %d more %s (--summary json, or --events, lists them)\n", n-shownRows, what)
	}
}

func (r *runSummary) reasons(b *strings.Builder) {
	if r.Frames == 0 {
		return
	}
	fmt.Fprintf(b, "\nWhat became of the frames\n")
	for i, n := range r.Reasons {
		if n > 0 {
			fmt.Fprintf(b, "  %9d  %-18s %s\n", n, wire.Reason(i).String(), wire.Reason(i).Sentence())
		}
	}
}

func (r *runSummary) notes(b *strings.Builder) {
	for _, t := range r.Shed {
		fmt.Fprintf(b, "\nOut of room: %d %s given up early (--limits-memory gives more).", t.N, strings.ReplaceAll(t.Name, "_", " "))
	}
	if len(r.Shed) > 0 {
		fmt.Fprintln(b)
	}
	if len(r.LooksHome) == 0 {
		return
	}
	var networks []string
	for _, p := range r.LooksHome {
		networks = append(networks, p.String())
	}
	fmt.Fprintf(b, "\nNo home networks were named (--home): directions are unknown, and rules that need them are off.\n")
	fmt.Fprintf(b, "Popups went to %s: if that is yours, add --home %s\n", strings.Join(networks, ", "), strings.Join(networks, ","))
}

// delivered says what became of the events on their way to Elasticsearch; the numbers add up.
func (r *runSummary) delivered(b *strings.Builder) {
	if r.delivery == nil {
		return
	}
	l := r.delivery.Ledger()
	fmt.Fprintf(b, "\nDelivery: %s", plural(l.Produced, "event"))
	if l.Carried > 0 {
		fmt.Fprintf(b, " and %d of an earlier run", l.Carried)
	}
	fmt.Fprintf(b, " = %d indexed + %d there already + %d refused + %d still queued", l.Indexed, l.Duplicate, l.Dead, l.Queued)
	if n := r.delivery.writer.Unqueued(); n > 0 {
		fmt.Fprintf(b, " + %d kept for the console alone (--queue-limit)", n)
	}
	if l.Shed > 0 {
		fmt.Fprintf(b, " + %d that found no place", l.Shed)
	}
	b.WriteByte('\n')
	if l.FailureStore > 0 {
		fmt.Fprintf(b, "%d of the indexed ones went to the failure store: their mapping is not the one that popupwatch setup installs\n", l.FailureStore)
	}
	if address := r.settings.elastic.dashboard(r.extent()); address != "" {
		fmt.Fprintf(b, "Look at %s\n", address)
	}
}

// plural writes a count with its word.
func plural(n uint64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
