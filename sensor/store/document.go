package store

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// document is what of an event stands in the tables (CONTRACT.md 2). It is read from the document as it was written, so that the tables say
// nothing that the document does not: texts that privacy hides are hidden here too.
type document struct {
	Time    time.Time `json:"@timestamp"`
	Message string    `json:"message"`
	Event   struct {
		ID       string `json:"id"`
		Action   string `json:"action"`
		Dataset  string `json:"dataset"`
		Severity int    `json:"severity"`
	} `json:"event"`
	Observer struct {
		Name string `json:"name"`
	} `json:"observer"`
	Source struct {
		IP string `json:"ip"`
	} `json:"source"`
	Destination struct {
		IP   string `json:"ip"`
		Port int    `json:"port"`
	} `json:"destination"`
	Popupwatch struct {
		Message    messagePart  `json:"message"`
		Route      string       `json:"route"`
		Score      scorePart    `json:"score"`
		Advertised advertPart   `json:"advertised"`
		Campaign   campaignPart `json:"campaign"`
		Source     claimPart    `json:"source"`
		Finding    struct {
			Class string `json:"class"`
			Count int64  `json:"count"`
		} `json:"finding"`
		Sensor map[string]json.RawMessage `json:"sensor"`
	} `json:"popupwatch"`

	dataset int
	id      []byte
}

type messagePart struct {
	From         string   `json:"from"`
	To           string   `json:"to"`
	Text         string   `json:"text"`
	CodePage     string   `json:"code_page"`
	Count        int64    `json:"count"`
	Destinations []string `json:"destinations"`
}

type scorePart struct {
	Total   float64  `json:"total"`
	Verdict string   `json:"verdict"`
	Rules   []string `json:"rules"`
	Lure    string   `json:"lure"`
}

type advertPart struct {
	Domains []string `json:"domains"`
	URLs    []string `json:"urls"`
	Phones  []string `json:"phones"`
	Emails  []string `json:"emails"`
}

type campaignPart struct {
	ID         string           `json:"id"`
	Aliases    []string         `json:"aliases"`
	Part       time.Time        `json:"part"`
	First      time.Time        `json:"first_seen"`
	Last       time.Time        `json:"last_seen"`
	Messages   int64            `json:"messages"`
	Sources    int64            `json:"sources"`
	Targets    int64            `json:"targets"`
	Ports      []portPart       `json:"ports"`
	Routes     []string         `json:"routes"`
	Tool       []string         `json:"tool"`
	Keys       map[string][]Key `json:"keys"`
	Sample     Sample           `json:"sample"`
	Template   string           `json:"template"`
	Language   string           `json:"language"`
	Lure       string           `json:"lure"`
	States     json.RawMessage  `json:"sources_by_state"`
	Reportable uint64           `json:"reportable_sources"`
	Related    json.RawMessage  `json:"related"`
	Atlas      []string         `json:"atlas"`
	Final      bool             `json:"final"`
}

type portPart struct {
	Port  int    `json:"port"`
	Count uint64 `json:"count"`
}

type claimPart struct {
	State      string    `json:"state"`
	Reportable bool      `json:"reportable"`
	ClaimID    string    `json:"claim_id"`
	Part       time.Time `json:"part"`
	Decibans   float64   `json:"decibans"`
	Messages   int64     `json:"messages"`
	First      time.Time `json:"first_seen"`
	Last       time.Time `json:"last_seen"`
}

// errForeign is a document that is none of an event.
var errForeign = errors.New("no event of popupwatch")

// readDocument reads what the tables hold of a document.
func readDocument(line []byte) (*document, error) {
	d := new(document)
	if err := json.Unmarshal(line, d); err != nil {
		return nil, fmt.Errorf("%w: %w", errForeign, err)
	}
	id, err := hex.DecodeString(d.Event.ID)
	set, ours := strings.CutPrefix(d.Event.Dataset, "popupwatch.")
	d.id, d.dataset = id, -1
	for i, word := range datasetWords {
		if ours && word == set {
			d.dataset = i
		}
	}
	if err != nil || len(id) != idOctets || d.dataset < 0 {
		return nil, errForeign
	}
	return d, nil
}

// idOctets is the length of an event's id.
const idOctets = 16

// The data sets' places in datasetWords.
const (
	setMessage = iota
	setSource
	setCampaign
	setFinding
	setSensor
)

// target is the first address that a popup was sent to.
func (d *document) target() string {
	if d.Destination.IP == "" && len(d.Popupwatch.Message.Destinations) > 0 {
		return d.Popupwatch.Message.Destinations[0]
	}
	return d.Destination.IP
}

// popups is how many popups the document stands for.
func (d *document) popups() int64 { return max(1, d.Popupwatch.Message.Count) }

// adverts calls f for each thing that the text advertises, at most 100 of a kind, as it stands in the tables.
func (a *advertPart) each(f func(kind int, value string) error) error {
	for kind, values := range [...][]string{a.Domains, a.URLs, a.Phones, a.Emails} {
		for _, value := range values[:min(len(values), 100)] {
			if kind == 0 {
				value = turned(value)
			}
			if err := f(kind, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// measures calls f for each count of a sensor's document: reasons.message, ports.135.datagrams, frames.
func (d *document) measures(f func(name string, n int64)) {
	for name, value := range d.Popupwatch.Sensor {
		flatten(name, value, 3, f)
	}
}

// isDrop says whether a sensor's count is of packets that never reached it.
func isDrop(name string) bool { return name == "kernel_dropped" || name == "interface_dropped" }

// isShed says whether it is of what was given up for want of memory; texts are a cache, and computed again.
func isShed(name string) bool { return strings.HasPrefix(name, "shed.") && name != "shed.texts" }

// flatten calls f for each number below a value, with its path; deeper than depth nothing is looked for.
func flatten(path string, value json.RawMessage, depth int, f func(string, int64)) {
	var n int64
	if json.Unmarshal(value, &n) == nil {
		f(path, n)
		return
	}
	var inner map[string]json.RawMessage
	if depth == 0 || json.Unmarshal(value, &inner) != nil {
		return
	}
	for name, v := range inner {
		flatten(path+"."+name, v, depth-1, f)
	}
}
