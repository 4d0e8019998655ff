package console

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"popupwatch/sensor/internal/browser"
)

// settled is whether the page has its answers.
const settled = `!!document.querySelector('main h1, main .failed') && !document.querySelector('.wait, [aria-busy=true]')`

// open goes to a page and waits until it has its answers.
func open(t testing.TB, b *browser.Tab, path string) {
	t.Helper()
	b.Go(t, path)
	b.Wait(t, settled)
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
	axe := browser.AxeSource(t)
	server := served(t, lines(t, "real"))
	b := browser.Open(t, server.URL)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1440, 2560} {
			b.Look(t, width, 900, scheme)
			for name, path := range walked() {
				where := fmt.Sprintf("%s-%s-%d", name, scheme, width)
				open(t, b, path)
				if over := browser.Ask[int](t, b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
					t.Errorf("%s is %d pixels too wide", where, over)
				}
				if width != 2560 {
					for _, fault := range b.Axe(t, axe) {
						t.Errorf("%s: %s", where, fault)
					}
				}
				b.Clean(t, where)
				b.Picture(t, where)
			}
		}
	}
}

func TestThePageSaysWhatTheEventsSay(t *testing.T) {
	server := served(t, lines(t, "real"))
	b := browser.Open(t, server.URL)
	b.Look(t, 1440, 900, "light")
	text := func(path string) string {
		open(t, b, path)
		return browser.Ask[string](t, b, "document.querySelector('main').innerText")
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
	b.Clean(t, "all")
}

// Dragging over the chart sets the time; going back undoes it; a row opens with Enter.
func TestAPageIsUsedByMouseAndKeys(t *testing.T) {
	server := served(t, lines(t, "real"))
	b := browser.Open(t, server.URL)
	b.Look(t, 1440, 900, "light")
	open(t, b, "/")
	b.Wait(t, "!!document.querySelector('.u-over')")
	box := browser.Ask[map[string]float64](t, b, "(() => { const r = document.querySelector('.u-over').getBoundingClientRect(); return {x: r.x, y: r.y, w: r.width, h: r.height}; })()")
	y := box["y"] + box["h"]/2
	b.Run(t, chromedp.MouseEvent("mousePressed", box["x"]+box["w"]*.7, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	for i := range 10 {
		b.Run(t, chromedp.MouseEvent("mouseMoved", box["x"]+box["w"]*(.7+.03*float64(i)), y, chromedp.ButtonLeft))
	}
	b.Run(t, chromedp.MouseEvent("mouseReleased", box["x"]+box["w"]*.97, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	b.Wait(t, "location.search.includes('from=') && "+settled+" && !document.querySelector('.figures').innerText.startsWith('34\\n')")
	b.Run(t, chromedp.Evaluate("history.back()", nil))
	b.Wait(t, "!location.search && document.querySelector('.figures').innerText.startsWith('34\\n')")
	open(t, b, "/messages")
	b.Wait(t, "document.querySelectorAll('[data-row]').length > 5")
	b.Run(t, chromedp.Evaluate("document.querySelector('[data-row] a').focus()", nil), chromedp.KeyEvent(kb.ArrowDown))
	if row := browser.Ask[string](t, b, "document.activeElement.closest('[data-row]').dataset.row"); row != "1" {
		t.Errorf("arrow down leads to row %s", row)
	}
	b.Run(t, chromedp.KeyEvent(kb.Enter))
	b.Wait(t, "location.pathname.length > 20 && "+settled)
	b.Clean(t, "all")
}

// hostileEvents are popups, a campaign and a source for each text.
func hostileEvents(t *testing.T) (documents [][]byte, n int) {
	list := browser.Hostile(t)
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
	b := browser.Open(t, server.URL)
	b.Look(t, 1440, 900, "light")
	for _, path := range []string{"/", "/campaigns", "/sources", "/messages?columns=time,from,to,text,domains,campaign,sensor,route", "/findings", "/sensor"} {
		open(t, b, path)
		b.Clean(t, path)
	}
	for i := range n {
		paths := []string{fmt.Sprintf("/campaigns/cmp1-%d", i), fmt.Sprintf("/messages/%032x", i*4+1)}
		if i%25 == 0 || i >= n-11 {
			paths = append(paths, fmt.Sprintf("/sources/192.0.2.%d", i%250))
		}
		for _, path := range paths {
			b.Run(t, chromedp.Evaluate(fmt.Sprintf("history.pushState(null, '', %q); dispatchEvent(new PopStateEvent('popstate'))", path), nil))
			b.Wait(t, settled)
		}
	}
	for _, s := range browser.Hostile(t)[:40] {
		if len(s) <= 200 {
			open(t, b, "/messages?q="+url.QueryEscape(s))
		}
	}
	b.Clean(t, "all texts")
	if links := browser.Ask[int](t, b, "document.querySelectorAll('a[href]:not([href^=\"/\"]):not([href^=\"#\"])').length"); links > 0 {
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
