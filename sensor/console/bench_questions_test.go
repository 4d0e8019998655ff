package console

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/internal/browser"
	"popupwatch/sensor/store"
)

// kind is a kind of question: a name, and paths below /api/v1 that ask it, each of which is asked in its turn.
type kind struct {
	name  string
	paths []string
}

// isYardstick says whether a kind is none of the console's questions but what others are measured by.
func isYardstick(name string) bool { return strings.HasPrefix(name, "yardstick") }

// answered is what one question took in the browser, and whether its answer says that it did not come to the end (1).
type answered struct {
	Took   float64 `json:"took"`
	Cut    int     `json:"cut"`
	Status int     `json:"status"`
}

// asking asks one question by fetch, and gives what the browser's resource timing says of it, from the call to the last octet.
const asking = `(async (path) => {
	performance.clearResourceTimings();
	const answer = await fetch(path), body = await answer.text();
	let entry;
	for (let i = 0; !entry; i++) {
		if (i > 1000) throw new Error('no timing of ' + path + ' but of ' + performance.getEntriesByType('resource').map((e) => e.name));
		await new Promise((r) => setTimeout(r, 1));
		entry = performance.getEntriesByType('resource').find((e) => e.name === new URL(path, location).href);
	}
	const value = path.startsWith('/api/') ? JSON.parse(body) : {};
	return {took: entry.responseEnd - entry.startTime, status: answer.status, cut: value.partial || value.count_is_least || value.next && !value.rows.length ? 1 : 0};
})(%q)`

// askAll asks each kind of question so often, one of each kind after the other, so that what else the machine does is borne by all.
func askAll(t *testing.T, b *browser.Tab, kinds []kind, times int) map[string][]answered {
	t.Helper()
	all := map[string][]answered{}
	for i := range times {
		for _, k := range kinds {
			path := k.paths[i%len(k.paths)]
			a := browser.Ask[answered](t, b, fmt.Sprintf(asking, path))
			if a.Status != http.StatusOK {
				t.Errorf("%s: status %d", path, a.Status)
			}
			all[k.name] = append(all[k.name], a)
		}
	}
	return all
}

// sample is what a store holds, from which questions are made: addresses, campaigns, sites of many popups and of few.
type sample struct {
	origin                                                 string
	events                                                 int
	octets                                                 float64
	from, to                                               time.Time
	campaigns, domains, lures, languages                   []string
	sources, targets, ids, sensors, routes, ports, senders []string
}

// sampled asks the console itself what its store holds.
func sampled(t *testing.T, origin string) *sample {
	t.Helper()
	v := &sample{origin: origin}
	kept := answerOf[status](t, origin, "/api/v1/status")
	v.octets = float64(kept.Store.Octets)
	for _, n := range kept.Store.Events {
		v.events += int(n)
	}
	if v.events < 1_000_000 {
		t.Fatalf("the store has %d events, a million are wanted", v.events)
	}
	o := answerOf[store.Overview](t, origin, "/api/v1/overview")
	v.from, v.to = o.From, o.To
	for _, r := range o.Routes {
		v.routes = append(v.routes, r.Name)
	}
	for _, p := range o.Ports {
		v.ports = append(v.ports, p.Name)
	}
	for _, order := range []string{"messages", "last_seen", "first_seen", "sources"} {
		for _, r := range answerOf[store.CampaignPage](t, origin, "/api/v1/campaigns?limit=30&sort="+order).Rows {
			v.campaigns = add(v.campaigns, r.ID)
			v.domains = add(v.domains, r.Domains...)
			v.lures, v.languages = add(v.lures, r.Lure), add(v.languages, r.Language)
		}
	}
	for _, order := range []string{"messages", "last_seen", "decibans"} {
		for _, r := range answerOf[store.SourcePage](t, origin, "/api/v1/sources?limit=20&sort="+order).Rows {
			v.sources = add(v.sources, r.IP)
		}
	}
	v.sampleMessages(t)
	return v
}

// sampleMessages takes popups of twenty moments.
func (v *sample) sampleMessages(t *testing.T) {
	t.Helper()
	for i := range 20 {
		to := v.to.Add(-v.to.Sub(v.from) * time.Duration(i) / 20)
		for _, r := range answerOf[store.MessagePage](t, v.origin, "/api/v1/messages?limit=3&to="+instant(to)).Rows {
			v.ids, v.sources, v.targets, v.sensors = add(v.ids, r.ID), add(v.sources, r.Source), add(v.targets, r.Target), add(v.sensors, r.Sensor)
			v.senders = add(v.senders, r.From)
		}
	}
}

// add adds words that are not there yet.
func add(list []string, words ...string) []string {
	for _, w := range words {
		if w != "" && !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return list
}

// answerOf asks the console past the browser.
func answerOf[T any](t *testing.T, origin, path string) (value T) {
	t.Helper()
	answer, err := http.Get(origin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	if err := json.NewDecoder(answer.Body).Decode(&value); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", path, answer.StatusCode, err)
	}
	return value
}

func instant(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// pages are the console's pages, by the paths of the browser.
func (v *sample) pages() []struct{ name, path string } {
	return []struct{ name, path string }{
		{"overview", "/"}, {"campaigns", "/campaigns"}, {"campaign", "/campaigns/" + v.campaigns[0]}, {"sources", "/sources"}, {"source", "/sources/" + v.sources[0]},
		{"messages", "/messages"}, {"message", "/messages/" + v.ids[0]}, {"findings", "/findings"}, {"sensor", "/sensor"}, {"help", "/help"},
		{"search", "/messages?q=registry"}, {"zoom", "/?from=" + instant(v.to.Add(-24*time.Hour))},
	}
}

// kinds are all kinds of questions: each filter on each page that takes one, orders, pages of long answers, single things.
func (v *sample) kinds(t *testing.T) []kind {
	t.Helper()
	list := []kind{
		{"yardstick: a file of 0.3 kB", []string{"/icon.svg"}}, {"yardstick: status", []string{"/api/v1/status"}},
		{"one campaign", each("campaigns/", v.campaigns)}, {"one source", each("sources/", v.sources)}, {"one popup", each("events/", v.ids)},
		{"findings", []string{"/api/v1/findings"}}, {"sensor", []string{"/api/v1/sensor"}}, {"sensor, a time", v.within("sensor?")}, {"findings, a time", v.within("findings?")},
		{"messages, the oldest first", []string{"/api/v1/messages?order=oldest&limit=200"}},
		{"campaigns, each order", each("campaigns?limit=50&sort=", []string{"messages", "last_seen", "first_seen", "score", "sources"})},
		{"sources, by messages or last seen", each("sources?limit=100&sort=", []string{"messages", "last_seen"})},
		{"sources, by decibans", each("sources?limit=100&sort=", []string{"decibans"})},
		{"campaigns, next pages", counted("campaigns?limit=50", 50)}, {"sources, next pages", counted("sources?limit=100", 100)},
		{"messages, next pages", v.following(t, "messages?limit=200")}, {"messages text, next pages", v.following(t, "messages?limit=200&q=text:registry+score:>=5")},
	}
	for _, page := range []string{"overview?", "campaigns?limit=50", "sources?limit=100", "messages?limit=200"} {
		name, _, _ := strings.Cut(page, "?")
		list = append(list, kind{name, []string{"/api/v1/" + page}}, kind{name + ", a time", v.within(page + "&")})
		for _, f := range v.filters() {
			list = append(list, kind{name + " " + f.name, each(page+"&q=", f.paths)})
		}
		list = append(list, kind{name + " text:, a time", v.within(page + "&q=windows&")})
	}
	return list
}

// filters are queries by kind.
func (v *sample) filters() []kind {
	words := []string{"registry", "windows", `"critical error"`, "regis*", "win*", "the", "www", "nosuchword", "free security", "-windows"}
	return []kind{
		{"text:", words}, {"from: to:", []string{"from:system", "to:user", "from:security", "-from:security", "to:ale*"}},
		{"domain:", append(prefixed("domain:", v.domains), "domain:com", "-domain:com", "domain:nosuch.example")}, {"url: phone: email:", []string{"url:http://nosuch.example", "phone:18005551234", "email:a@nosuch.example"}},
		{"campaign:", append(prefixed("campaign:", v.campaigns), "-campaign:"+v.campaigns[0], "campaign:"+strings.Join(v.campaigns[:8], ","))},
		{"state:", prefixed("state:", []string{"unknown", "forged_probable", "genuine_bound", "unknown,forged_probable"})},
		{"verdict:", []string{"verdict:spam", "verdict:suspect", "verdict:clean", "-verdict:spam"}},
		{"source: of one", prefixed("source:", v.sources)}, {"source: of a net", []string{"source:24.0.0.0/8", "source:0.0.0.0/0", "-source:24.0.0.0/8", "source:" + v.sources[0] + "/16"}},
		{"target:", append(prefixed("target:", v.targets), "target:146.97.0.0/17")}, {"port:", append(prefixed("port:", v.ports), "port:>=1027", "-port:1026")},
		{"score:", []string{"score:>=10", "score:<=3", "score:>=1000", "-score:>=5"}}, {"route:", prefixed("route:", v.routes)}, {"sensor:", prefixed("sensor:", append(v.sensors, "nobody"))},
		{"lure: language: rule: action:", []string{"lure:" + v.lures[0], "language:" + v.languages[0], "rule:urgency", "-rule:urgency", "action:messenger_popup", "action:messenger_exploit_attempt"}},
		{"several", []string{"verdict:spam -port:1026 registry", "state:forged_probable score:>=10 windows", "campaign:" + v.campaigns[1] + " state:unknown text:the",
			"domain:com -text:registry route:rpc_udp", "from:system to:user score:>=5 source:0.0.0.0/1", "state:genuine_bound,unknown -verdict:spam upd* -domain:com"}},
	}
}

func prefixed(prefix string, list []string) (all []string) {
	for _, s := range list {
		all = append(all, prefix+s)
	}
	return all
}

// each puts a path before values.
func each(path string, values []string) (paths []string) {
	for _, s := range values {
		paths = append(paths, "/api/v1/"+path+strings.ReplaceAll(url.QueryEscape(s), "+", "%20"))
	}
	return paths
}

// within asks for times of any length and place: from a hundredth of what is there to all of it.
func (v *sample) within(path string) (paths []string) {
	whole := v.to.Sub(v.from)
	for _, share := range []int{1, 2, 7, 30, 100} {
		for i := range min(share, 4) {
			from := v.from.Add(whole * time.Duration(i) / time.Duration(min(share, 4)))
			paths = append(paths, "/api/v1/"+path+"from="+instant(from)+"&to="+instant(from.Add(whole/time.Duration(share))))
		}
	}
	return paths
}

// counted are pages of an answer that is counted through, up to the hundredth.
func counted(path string, limit int) (paths []string) {
	for _, n := range []int{1, 2, 3, 5, 10, 20, 50, 100} {
		paths = append(paths, "/api/v1/"+path+"&cursor="+base64.RawURLEncoding.EncodeToString(fmt.Append(nil, n*limit)))
	}
	return paths
}

// following are the pages behind the first, each behind the one before.
func (v *sample) following(t *testing.T, path string) (paths []string) {
	t.Helper()
	for next := "/api/v1/" + path; len(paths) < 20; {
		page := answerOf[store.MessagePage](t, v.origin, next)
		if page.Next == "" {
			break
		}
		next = "/api/v1/" + path + "&cursor=" + page.Next
		paths = append(paths, next)
	}
	return paths
}
