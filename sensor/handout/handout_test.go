package handout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/rules"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/event"
	"popupwatch/sensor/sink"
	"popupwatch/sensor/store"
)

const (
	realCaptures  = "../../testdata/captures"
	provenCapture = "../report/testdata/proven.pcapng"
	provenAddress = "24.64.8.1"
)

// claimed notes the addresses that events claim as senders.
type claimed map[string]bool

func (c claimed) Emit(e *event.Event) error {
	var d event.ClaimDocument
	err := json.Unmarshal(e.JSON(), &d)
	if c[d.Source.IP] = true; d.Source.IP == "" {
		delete(c, "")
	}
	return err
}

func (claimed) Close() error { return nil }

// collected replays captures into a collector, and gives the addresses that they claim.
func collected(t *testing.T, home string, paths ...string) (*Collector, claimed) {
	t.Helper()
	c := newCollector(t)
	files, err := capture.Open(paths, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	config := sensor.Config{Rules: set, Event: event.Config{Sensor: "replay", Version: "test", Namespace: "default"}}
	if home != "" {
		config.Home = []netip.Prefix{netip.MustParsePrefix(home)}
	}
	seen := claimed{}
	all := sink.Fanout{c, seen}
	if err := sensor.New(config, all).Run(files); err != nil {
		t.Fatal(err)
	}
	if err := all.Close(); err != nil {
		t.Fatal(err)
	}
	return c, seen
}

func newCollector(t *testing.T) *Collector {
	t.Helper()
	c, err := NewCollector()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Discard(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// keep puts documents into a collector that no road made.
func keep(t *testing.T, c *Collector, documents ...string) {
	t.Helper()
	for i, line := range documents {
		var b store.Batch
		b.Add("popupwatch", fmt.Sprint(i), []byte(line))
		if err := c.store.Keep(&b); err != nil {
			t.Fatal(err)
		}
	}
}

// page is the report of what was collected.
func page(t *testing.T, c *Collector, about *About) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(t.Context(), &b, about); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func aboutTest() *About {
	return &About{Version: "test", Frames: 3, Octets: 2048, Reasons: []Reason{{"message", "completed a popup", 3}},
		Inputs: []Input{{Name: "a b'.pcap", Frames: 3, Octets: 2048, SHA256: strings.Repeat("0", 64), Trouble: "damage at octet 7"}}, Settings: []Setting{{"home", "192.0.2.0/24"}}, Command: "popupwatch replay 'a b'"}
}

func TestAReportNamesNobodyWhomNothingProves(t *testing.T) {
	c, seen := collected(t, "", realCaptures)
	html := page(t, c, aboutTest())
	if len(seen) < 10 {
		t.Fatalf("%d addresses are claimed", len(seen))
	}
	for ip := range seen {
		if strings.Contains(html, ip) {
			t.Errorf("%s is named", ip)
		}
	}
	for _, want := range []string{"none is proven", "Of 15 addresses", "registrycleanerxp.com", "Message from <bdi class=\"plain\">Local System</bdi>", "Address 1, name withheld", "Probably forged: 4 addresses"} {
		if !strings.Contains(html, want) {
			t.Errorf("nothing of %q", want)
		}
	}
}

func TestAReportNamesTheProvenAndNoOther(t *testing.T) {
	c, seen := collected(t, "193.11.84.0/24", realCaptures, provenCapture)
	html := page(t, c, aboutTest())
	if !seen[provenAddress] || !strings.Contains(html, "<h4><code>"+provenAddress) || !strings.Contains(html, "<strong>1 is proven</strong>") {
		t.Error("the proven address is not named")
	}
	for ip := range seen {
		if ip != provenAddress && strings.Contains(html, ip) {
			t.Errorf("%s is named", ip)
		}
	}
}

// Without its proof the same address is as nameless as all.
func TestAProofThatIsRefusedNamesNobody(t *testing.T) {
	c := newCollector(t)
	source := func(state string, reportable bool, refused string) string {
		return fmt.Sprintf(`{"@timestamp":"2004-01-01T01:00:00Z","event":{"id":"%032x","dataset":"popupwatch.source","action":"source_final"},"observer":{"name":"x"},"source":{"ip":"24.64.8.1"},"popupwatch":{"campaign":{"id":"cmp1-a"},`+
			`"source":{"state":%q,"reportable":%v,"class":"popup","claim_id":"clm1-a","hour":"2004-01-01T00:00:00Z","part":"2004-01-01T00:00:00Z","first_seen":"2004-01-01T00:00:00Z","last_seen":"2004-01-01T00:00:01Z","messages":3,"decibans":-5,"refused_by":[%s],`+
			`"evidence":[{"id":"R2","group":"rule","decibans":0,"text":"24.64.8.1 answered 10.0.0.1, not 2001:db8::1.","packets":[1]}]}}}`, 7, state, reportable, refused)
	}
	keep(t, c, source("genuine_bound", false, `"few"`), `{"@timestamp":"2004-01-01T00:00:00Z","event":{"id":"00000000000000000000000000000008","dataset":"popupwatch.message","action":"messenger_popup"},"observer":{"name":"x"},`+
		`"source":{"ip":"24.64.8.1"},"destination":{"ip":"192.0.2.1","port":1026},"popupwatch":{"message":{"from":"a","to":"b","text":"c","code_page":"ascii"},"route":"rpc_udp","score":{"total":9,"verdict":"spam"},"campaign":{"id":"cmp1-a"},"source":{"state":"unknown","claim_id":"clm1-a"}}}`)
	c.call(netip.MustParseAddr("24.64.8.1")) // an earlier document called it reportable
	html := page(t, c, aboutTest())
	if strings.Contains(html, "24.64.8.1") || strings.Contains(html, "10.0.0.1") || strings.Contains(html, "2001:db8") {
		t.Error("an address is named")
	}
	for _, want := range []string{"Proven, but not to be reported: 1 address", "Proven, but not to be reported, because", "<strong>none is proven</strong>", "[address withheld] answered [address withheld], not [address withheld]."} {
		if !strings.Contains(html, want) {
			t.Errorf("nothing of %q", want)
		}
	}
}

func TestAReportIsTheSameWhenMadeTwice(t *testing.T) {
	var first string
	for range 3 {
		c, _ := collected(t, "193.11.84.0/24", realCaptures, provenCapture)
		html := page(t, c, aboutTest())
		if first == "" {
			first = html
		}
		if html != first {
			t.Fatal("two reports of the same captures differ")
		}
	}
	if today := time.Now().UTC().Format("2006-01"); strings.Contains(first, today) {
		t.Errorf("it holds %s, when it was made", today)
	}
}

// What a report loads or links to: its own parts.
var (
	links    = regexp.MustCompile(`(?i)\b(?:href|src|srcset|action|data|poster|xlink:href)\s*=\s*"([^"]*)"`)
	anchors  = regexp.MustCompile(`\bid="([^"]*)"`)
	outsides = regexp.MustCompile(`(?i)<(?:script|iframe|object|embed|img|link|base|form)\b|@import|url\(|javascript:|\bon[a-z]+\s*=`)
)

func TestAReportLoadsNothingAndItsLinksLeadSomewhere(t *testing.T) {
	c, _ := collected(t, "193.11.84.0/24", realCaptures, provenCapture)
	html := page(t, c, aboutTest())
	if found := outsides.FindString(html); found != "" {
		t.Errorf("it holds %s", found)
	}
	ids := map[string]int{}
	for _, m := range anchors.FindAllStringSubmatch(html, -1) {
		if ids[m[1]]++; ids[m[1]] > 1 {
			t.Errorf("the id %s is there twice", m[1])
		}
	}
	for _, m := range links.FindAllStringSubmatch(html, -1) {
		if to, own := strings.CutPrefix(m[1], "#"); !own || ids[to] == 0 {
			t.Errorf("a link leads to %q", m[1])
		}
	}
}

// An empty capture has a report, too; so has a run that was interrupted.
func TestAReportOfNothing(t *testing.T) {
	c := newCollector(t)
	about := aboutTest()
	about.Interrupted = true
	html := page(t, c, about)
	for _, want := range []string{"No address is written as the sender", "No popup was found", "Not everything was read", "popupwatch replay &#39;a b&#39;", "damage at octet 7"} {
		if !strings.Contains(html, want) {
			t.Errorf("nothing of %q", want)
		}
	}
}

// The W3C's validator finds no fault in any of them.
func TestAReportIsValidHTML(t *testing.T) {
	jar := "../console/page/node_modules/vnu-jar/build/dist/vnu.jar"
	_, missing := os.Stat(jar)
	java, err := exec.LookPath("java")
	if missing != nil || err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the validator vnu or java is missing (make page-modules tools)")
		}
		t.Skip("needs the validator vnu and java (make page-modules tools)")
	}
	whole, _ := collected(t, "193.11.84.0/24", realCaptures, provenCapture)
	wild := newCollector(t)
	keep(t, wild, wildDocuments()...)
	many := aboutTest()
	many.Inputs = slices.Repeat(many.Inputs, maxInputs+1)
	arguments := []string{"-jar", jar, "--stdout"}
	for name, html := range map[string]string{"whole": page(t, whole, aboutTest()), "wild": page(t, wild, many), "empty": page(t, newCollector(t), &About{})} {
		path := filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(path, []byte(html), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, path)
	}
	if out, err := exec.Command(java, arguments...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%.3000s", err, out)
	}
}

// wildDocuments are a popup and its campaign of texts that would do something on a page that let them, from an address that stands in them.
func wildDocuments() []string {
	quote := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	text := quote("</style><script>alert(1)</script> {{7*7}} ${x} <img src=x onerror=alert(1)> \u202egnp.exe\u202c \x1b[31m \x00 from 198.51.100.7, see http://198.51.100.7:8080/ and http://203.0.113.9/ " + strings.Repeat("long", 4000))
	short := quote(`"'><b onclick=alert(1)> 198.51.100.7`)
	own := quote(`"'><b onclick=alert(1)>`) // what only the sensor writes
	at := "2004-01-01T00:00:00Z"
	common := `"observer":{"name":` + own + `},"source":{"ip":"198.51.100.7"},"destination":{"ip":"192.0.2.1","port":1026},"message":` + short
	campaign := fmt.Sprintf(`"campaign":{"id":"cmp1-w","part":%q,"first_seen":%q,"last_seen":%q,"messages":1,"sources":1,"targets":1,"template":%s,"tool":[%s],"lure":%s,"language":%s,"atlas":[%s],"sample":{"from":%s,"to":%s,"text":%s},"keys":{"domains":[{"value":%s,"count":1,"first":%q,"last":%q}]}}`,
		at, at, at, text, own, own, own, own, short, short, text, short, at, at)
	score := `"score":{"total":9,"verdict":"spam","rules":[],"lure":` + own + `}`
	return []string{
		fmt.Sprintf(`{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.message","action":"messenger_popup"},%s,"popupwatch":{"message":{"from":%s,"to":%s,"text":%s,"code_page":"ascii"},"route":"rpc_udp",%s,"campaign":{"id":"cmp1-w"},"source":{"state":"unknown","claim_id":"clm1-w"}}}`,
			at, 1, common, short, short, text, score),
		fmt.Sprintf(`{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.campaign","action":"campaign_closed"},%s,"popupwatch":{%s,%s}}`, at, 2, common, campaign, score),
		fmt.Sprintf(`{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.source","action":"source_final"},%s,"popupwatch":{"campaign":{"id":"cmp1-w"},"source":{"state":"unknown","class":"popup","claim_id":"clm1-w","hour":%q,"part":%q,"first_seen":%q,"last_seen":%q,"messages":1,"decibans":3,"evidence":[{"id":"E63","group":"G6","decibans":3,"text":%s,"packets":[1]}]}}}`,
			at, 3, common, at, at, at, at, short),
		fmt.Sprintf(`{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.finding","action":"messenger_probe","severity":47},%s,"popupwatch":{"finding":{"class":%s,"count":1,"advice":%s}}}`, at, 4, common, own, short),
	}
}

// What a sender wrote stays text, and names no address that some popup claims; others that he advertises stay.
func TestWildTextsStayText(t *testing.T) {
	c := newCollector(t)
	keep(t, c, wildDocuments()...)
	html := page(t, c, aboutTest())
	if found := outsides.FindString(strings.ReplaceAll(html, "onclick=alert", "")); found != "" && !strings.HasPrefix(found, "on") {
		t.Errorf("it holds %s", found)
	}
	for _, never := range []string{"198.51.100.7", "<script", "\u202e", "\x1b", "\x00", "<b onclick", "<img"} {
		if i := strings.Index(html, never); i >= 0 {
			t.Errorf("%q got through: %q", never, html[max(0, i-100):i+100])
		}
	}
	for _, want := range []string{"203.0.113.9", "http://[address withheld]:8080/", "{{7*7}}", "&lt;/style&gt;&lt;script&gt;", ">202E<", "more characters"} {
		if !strings.Contains(html, want) {
			t.Errorf("nothing of %q", want)
		}
	}
}

// Lists have ends, and say what is behind them.
func TestLongListsSayWhatIsLeft(t *testing.T) {
	c := newCollector(t)
	for i := range maxCampaigns + 3 {
		at := time.Date(2004, 1, 1, i, 0, 0, 0, time.UTC).Format(time.RFC3339)
		keep(t, c,
			fmt.Sprintf(`{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.campaign","action":"campaign_closed"},"observer":{"name":"x"},"popupwatch":{"score":{"verdict":"spam"},"campaign":{"id":"cmp1-%d","part":%q,"first_seen":%q,"last_seen":%q,"messages":%d,"sources":1,"targets":1,"sample":{"text":"t%d"}}}}`,
				at, i*2+1, i, at, at, at, 100-i, i),
			fmt.Sprintf(`{"@timestamp":%q,"event":{"id":"%032x","dataset":"popupwatch.message","action":"messenger_popup"},"observer":{"name":"x"},"destination":{"ip":"192.0.2.1","port":1026},"popupwatch":{"message":{"from":"a","to":"b","text":"t%d","code_page":"ascii"},"route":"rpc_udp","score":{"total":9,"verdict":"spam"},"campaign":{"id":"cmp1-%d"}}}`,
				at, i*2+2, i, i))
	}
	about := aboutTest()
	about.Inputs = slices.Repeat(about.Inputs, maxInputs+2)
	html := page(t, c, about)
	if got := strings.Count(html, `class="card campaign"`); got != maxCampaigns || !strings.Contains(html, "The 25 of most popups are shown, 3 more are not.") {
		t.Errorf("%d campaigns are shown", got)
	}
	if !strings.Contains(html, "2 more files are not listed") || !strings.Contains(html, "from 502 files") {
		t.Error("nothing is said of the files that are not listed")
	}
	for i := range maxProven + 1 {
		c.call(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	if len(c.called) != maxProven || c.beyond != 1 {
		t.Errorf("%d addresses are remembered, %d are beyond", len(c.called), c.beyond)
	}
}

// Of many proven addresses those of most popups are shown with their evidence, the others by name.
func TestManyProvenAddressesAreNamed(t *testing.T) {
	c := newCollector(t)
	keep(t, c, `{"@timestamp":"2004-01-01T00:00:00Z","event":{"id":"000000000000000000000000000000ff","dataset":"popupwatch.message","action":"messenger_popup"},"observer":{"name":"x"},"destination":{"ip":"192.0.2.1","port":1026},"popupwatch":{"message":{"text":"c"}}}`)
	for i := range maxDetailed + 2 {
		keep(t, c, fmt.Sprintf(`{"@timestamp":"2004-01-01T01:00:00Z","event":{"id":"%032x","dataset":"popupwatch.source","action":"source_final"},"observer":{"name":"x"},"source":{"ip":"10.0.0.%d"},"popupwatch":{"campaign":{"id":"cmp1-a"},`+
			`"source":{"state":"genuine_bound","reportable":true,"class":"popup","claim_id":"clm1-%d","hour":"2004-01-01T00:00:00Z","part":"2004-01-01T00:00:00Z","first_seen":"2004-01-01T00:00:00Z","last_seen":"2004-01-01T00:00:01Z","messages":%d,"decibans":-5}}}`,
			i+1, i+1, i+1, i+1))
		c.call(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}))
	}
	c.beyond = 1
	html := page(t, c, aboutTest())
	if got := strings.Count(html, `class="card source"`); got != maxDetailed || !strings.Contains(html, `<th scope="row"><code>10.0.0.1</code>`) || !strings.Contains(html, "<h4><code>10.0.0.102</code>") {
		t.Errorf("%d are shown with their evidence", got)
	}
	for _, want := range []string{"at least 102 are proven", "102 and more</strong>", "not all could be remembered"} {
		if !strings.Contains(html, want) {
			t.Errorf("nothing of %q", want)
		}
	}
}

func TestNoFolderForTheEventsIsSaid(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	if c, err := NewCollector(); err == nil || !strings.Contains(err.Error(), "TMPDIR names a folder") {
		t.Error(c, err)
	}
}
