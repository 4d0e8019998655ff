package handout

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/internal/browser"
)

// saved is the name of a page's file, and of the folder that it lies in.
func saved(t *testing.T, html string) (dir, name string) {
	t.Helper()
	dir, name = t.TempDir(), "report.html"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, name
}

// In Chromium, from a file: nothing is asked for from elsewhere, everybody can read it, and it fits. PICTURES=DIR keeps pictures.
func TestAReportInABrowser(t *testing.T) {
	axe := browser.AxeSource(t)
	c, _ := collected(t, "193.11.84.0/24", realCaptures, provenCapture)
	dir, name := saved(t, page(t, c, aboutTest()))
	b := browser.Open(t, "file://"+dir)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1440} {
			where := fmt.Sprintf("report-%s-%d", scheme, width)
			b.Look(t, width, 900, scheme)
			b.Go(t, "/"+name)
			if over := browser.Ask[int](t, b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("%s is %d pixels too wide", where, over)
			}
			for _, fault := range b.Axe(t, axe) {
				t.Errorf("%s: %s", where, fault)
			}
			if n := browser.Ask[int](t, b, "document.querySelectorAll('svg.pic rect').length"); n < 30 {
				t.Errorf("%s shows %d bars", where, n)
			}
			b.Clean(t, where)
			b.Picture(t, where)
		}
	}
}

// Whatever the texts are: nothing runs, and the policy is not even tried.
func TestHostileTextsDoNothingInAReport(t *testing.T) {
	quote := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	texts := browser.Hostile(t)
	texts = slices.DeleteFunc(texts, func(s string) bool { return len(s) > maxText/2 }) // the wild texts have long ones
	c := newCollector(t)
	each := len(texts)/maxCampaigns + 1
	for i := range maxCampaigns {
		part := texts[min(i*each, len(texts)):min((i+1)*each, len(texts))]
		at := time.Date(2004, 1, 1, i, 0, 0, 0, time.UTC).Format(time.RFC3339)
		text, from := quote(strings.Join(part, "\n")), quote(strings.Join(part[:min(3, len(part))], " "))
		keep(t, c, fmt.Sprintf(`{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.campaign","action":"campaign_closed"},"observer":{"name":"x"},"popupwatch":{"score":{"verdict":"spam"},"campaign":{"id":"cmp1-%d","part":%q,"first_seen":%q,"last_seen":%q,"messages":1,"sources":1,"targets":1,"sample":{"from":%s,"to":%s,"text":%s},"keys":{"domains":[{"value":%s,"count":1,"first":%q,"last":%q}]}}}}`,
			at, i*2+1, i, at, at, at, from, from, text, from, at, at),
			fmt.Sprintf(`{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.message","action":"messenger_popup"},"observer":{"name":"x"},"destination":{"ip":"192.0.2.1","port":1026},"popupwatch":{"message":{"from":%s,"to":%s,"text":%s,"code_page":"ascii"},"route":"rpc_udp","score":{"total":9,"verdict":"spam"},"campaign":{"id":"cmp1-%d"}}}`,
				at, i*2+2, from, from, text, i))
	}
	dir, name := saved(t, page(t, c, aboutTest()))
	b := browser.Open(t, "file://"+dir)
	b.Look(t, 1440, 900, "light")
	b.Go(t, "/"+name)
	if n := browser.Ask[int](t, b, "document.querySelectorAll('.campaign .box').length"); n != maxCampaigns {
		t.Errorf("%d campaigns are shown", n)
	}
	b.Clean(t, name)
	if links := browser.Ask[int](t, b, "document.querySelectorAll('a[href]:not([href^=\"#\"]), img, script, iframe, [onerror], [onclick], [onload]').length"); links > 0 {
		t.Errorf("%d elements of the texts are elements of the page", links)
	}
}
