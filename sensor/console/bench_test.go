package console

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"

	"popupwatch/sensor/internal/browser"
)

// The bars of the console, on a million events and two cores.
const (
	paintBar    = 1000    // milliseconds until something is to be seen
	questionBar = 200     // milliseconds, in the 95th percentile
	pageBar     = 120_000 // octets of the page's files, as they come over the wire
)

// How often is measured.
const (
	coldLooks = 5
	warmLooks = 10
)

// watch runs in each page before anything else. It notes when the page has its answers and has drawn them; the browser notes the paints.
const watch = `window.__answered = 0; performance.setResourceTimingBufferSize(1000);
const look = () => { if (` + settled + `) requestAnimationFrame(() => { window.__answered = performance.now(); }); else requestAnimationFrame(look); };
requestAnimationFrame(look);`

// visit is what the browser measured of one visit of a page: milliseconds since the address was entered, octets over the wire.
type visit struct {
	Paint    float64 `json:"paint"` // first contentful paint
	Answered float64 `json:"answered"`
	Octets   float64 `json:"octets"` // of the page's files; 0 where the browser had them
	Packed   float64 `json:"packed"` // the same without the headers
	Asked    []struct {
		Path string  `json:"path"`
		Took float64 `json:"took"`
	} `json:"asked"`
}

// visited reads what the browser noted.
const visited = `(() => {
	const files = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')], api = (e) => new URL(e.name).pathname.startsWith('/api/');
	const sum = (what) => files.filter((e) => !api(e)).reduce((n, e) => n + e[what], 0);
	return {paint: performance.getEntriesByName('first-contentful-paint')[0].startTime, answered: window.__answered, octets: sum('transferSize'), packed: sum('encodedBodySize'),
		asked: files.filter(api).map((e) => ({path: new URL(e.name).pathname.slice('/api/v1/'.length), took: e.responseEnd - e.startTime}))};
})()`

// TestBarsOfTheConsole measures in Chromium what issue 9 asks for, and prints it: make bench-console. BENCH_CONSOLE is the program that serves,
// BENCH_CACHE where the store of a million events is made once and stays, ASK how often each kind of question is asked.
func TestBarsOfTheConsole(t *testing.T) {
	program := os.Getenv("BENCH_CONSOLE")
	if program == "" {
		t.Skip("takes a quarter of an hour: make bench-console")
	}
	s := &served1M{program: program, store: bigStore(t, program)}
	s.start(t)
	defer func() { s.stop() }() // the one of the last start
	v := sampled(t, s.origin)
	kinds := v.kinds(t)
	fmt.Printf("%s events in %.2f GB; the console has 2 of %d cores, Chromium runs beside it\n", grouped(v.events), v.octets/1e9, runtime.NumCPU())

	b := browser.Open(t, s.origin)
	b.Look(t, 1440, 900, "light")
	b.Run(t, chromedp.ActionFunc(addWatch))
	visits := s.visitAll(t, b, v)
	scrollFar(t, b)
	times := askAll(t, b, kinds, number(t, "ASK", 60))
	b.Clean(t, "all")
	report(t, visits, times)
}

// served1M is the console that is measured.
type served1M struct {
	program, store string
	origin         string
	stop           func()
}

// visitAll visits each page: cold is a console that was just started, on a store that is not in memory, in a browser without the page's files.
func (s *served1M) visitAll(t *testing.T, b *browser.Tab, v *sample) (all []pageVisits) {
	t.Helper()
	for _, p := range v.pages() {
		one := pageVisits{name: p.name}
		for range coldLooks {
			s.stop()
			forget(t, s.store)
			s.start(t)
			b.Move(t, s.origin)
			one.cold = append(one.cold, measured(t, b, p.path))
		}
		for range warmLooks {
			one.warm = append(one.warm, measured(t, b, p.path))
		}
		all = append(all, one)
	}
	return all
}

// scrollFar scrolls the table of messages down until thousands are loaded: they stay a few elements of the page.
func scrollFar(t *testing.T, b *browser.Tab) {
	t.Helper()
	b.Go(t, "/messages")
	b.Wait(t, settled)
	rows := 0
	for i := 0; rows < 5000 && i < 200; i++ {
		b.Run(t, chromedp.Evaluate("(() => { const g = document.querySelector('.grid'); g.scrollTop = g.scrollHeight; })()", nil))
		b.Wait(t, fmt.Sprintf("+document.querySelector('.grid').getAttribute('aria-rowcount') > %d", max(rows, 1)))
		rows = browser.Ask[int](t, b, "+document.querySelector('.grid').getAttribute('aria-rowcount')")
	}
	if n := browser.Ask[int](t, b, "document.querySelectorAll('[data-row]').length"); rows < 5000 || n < 10 || n > 200 {
		t.Errorf("%d rows are loaded, %d of them are elements", rows, n)
	}
}

type pageVisits struct {
	name       string
	cold, warm []visit
}

// measured opens a page and reads what was measured once everything is drawn.
func measured(t testing.TB, b *browser.Tab, path string) visit {
	t.Helper()
	b.Go(t, path)
	b.Wait(t, "window.__answered > 0 && performance.getEntriesByName('first-contentful-paint').length > 0")
	return browser.Ask[visit](t, b, visited)
}

// report prints the tables, and says which bars are met. One that is not is a failure.
func report(t *testing.T, visits []pageVisits, times map[string][]answered) {
	t.Helper()
	packed := reportPages(t, visits)
	worst := reportQuestions(t, times)
	fmt.Println()
	verdict(t, "page below 120,000 octets over the wire", packed, pageBar, "octets")
	verdict(t, "first paint below 1 s, the slowest of all visits", slowest(visits), paintBar, "ms")
	verdict(t, "each question below 200 ms, 95th percentile, the slowest kind", worst, questionBar, "ms")
}

// verdict says whether a bar is met.
func verdict(t *testing.T, bar string, got, most float64, unit string) {
	t.Helper()
	met := "met"
	if got >= most {
		met = "MISSED"
		t.Errorf("%s: %.0f %s", bar, got, unit)
	}
	fmt.Printf("%-8s%s: %.0f %s\n", met, bar, got, unit)
}

// reportPages prints what the pages took, and gives the octets of the greatest.
func reportPages(t *testing.T, visits []pageVisits) (octets float64) {
	t.Helper()
	fmt.Printf("\nPages, milliseconds (median, greatest); cold: console just started, store not in memory, browser empty; %d and %d visits\n", coldLooks, warmLooks)
	fmt.Printf("%-12s %18s %18s %18s %18s %9s\n", "", "first paint cold", "answered cold", "first paint warm", "answered warm", "octets")
	var asked [2][]float64
	for _, p := range visits {
		fmt.Printf("%-12s", p.name)
		for i, list := range [][]visit{p.cold, p.warm} {
			fmt.Print(pair(list, func(v visit) float64 { return v.Paint }), pair(list, func(v visit) float64 { return v.Answered }))
			for _, v := range list {
				for _, a := range v.Asked {
					asked[i] = append(asked[i], a.Took)
				}
				octets = max(octets, v.Octets)
			}
		}
		fmt.Printf("%10.0f\n", p.cold[0].Octets)
	}
	for i, name := range []string{"cold", "warm"} {
		fmt.Printf("questions of these visits, %s: %d, median %.0f, p95 %.0f, greatest %.0f\n", name, len(asked[i]), percentile(asked[i], 50), percentile(asked[i], 95), percentile(asked[i], 100))
	}
	return octets
}

// pair writes the median and the greatest.
func pair(list []visit, what func(visit) float64) string {
	var values []float64
	for _, v := range list {
		values = append(values, what(v))
	}
	return fmt.Sprintf(" %10.0f %7.0f", percentile(values, 50), percentile(values, 100))
}

func slowest(visits []pageVisits) (ms float64) {
	for _, p := range visits {
		for _, v := range append(slices.Clone(p.cold), p.warm...) {
			ms = max(ms, v.Paint)
		}
	}
	return ms
}

// reportQuestions prints what each kind of question took, the slowest first, and gives the slowest 95th percentile.
func reportQuestions(t *testing.T, times map[string][]answered) (worst float64) {
	t.Helper()
	type row struct {
		name string
		took []float64
		cut  int
	}
	var rows []row
	all := row{name: "all but the yardsticks"}
	for name, list := range times {
		r := row{name: name}
		for _, a := range list {
			r.took = append(r.took, a.Took)
			r.cut += a.Cut
		}
		rows = append(rows, r)
		if !isYardstick(name) {
			all.took, all.cut = append(all.took, r.took...), all.cut+r.cut
			worst = max(worst, percentile(r.took, 95))
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(-cmp.Compare(percentile(a.took, 95), percentile(b.took, 95)), cmp.Compare(a.name, b.name))
	})
	fmt.Printf("\nQuestions, milliseconds in the browser; cut: answers that say that they did not come to the end\n%-44s %6s %7s %7s %9s %5s\n", "", "n", "median", "p95", "greatest", "cut")
	for _, r := range append(rows, all) {
		missed := ""
		if percentile(r.took, 95) >= questionBar {
			missed = "  missed"
		}
		fmt.Printf("%-44s %6d %7.1f %7.1f %9.1f %5d%s\n", r.name, len(r.took), percentile(r.took, 50), percentile(r.took, 95), percentile(r.took, 100), r.cut, missed)
	}
	return worst
}

// percentile is the value that so many in a hundred do not exceed (nearest rank).
func percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(p/100*float64(len(sorted))))-1)]
}

// number reads a number of the environment.
func number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number above 0", name, text)
	}
	return n
}
