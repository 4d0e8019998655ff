package event

import (
	"net/netip"
	"strconv"
	"time"
)

// Sets is a set of data sets.
type Sets uint8

// The sets of data sets that fields stand in.
const (
	inMessage  Sets = 1 << SetMessage
	inSource   Sets = 1 << SetSource
	inCampaign Sets = 1 << SetCampaign
	inFinding  Sets = 1 << SetFinding
	inSensor   Sets = 1 << SetSensor

	inLogs = inMessage | inSource | inCampaign | inFinding
	inAll  = inLogs | inSensor
)

func (s Sets) has(one Set) bool { return s&(1<<one) != 0 }

// Has says whether fields of a data set are meant.
func (s Sets) Has(one Set) bool { return s.has(one) }

// Field is one row of the table: a field of the documents. To add a field: 1 add a row where its group stands (ecs.go, network.go,
// message.go, source.go, campaign.go, finding.go, sensor.go); 2 run the tests with -update, which writes the reference page and the
// golden lines anew. JSON, mapping and page come from the row.
type Field struct {
	Path  string // dotted, from the document's root
	Type  string // of the Elasticsearch mapping
	About string // a sentence
	In    Sets   // the data sets that carry it

	rests  grounds
	append appender
}

// grounds are what the value of a field depends on.
type grounds uint8

const (
	onPacket     grounds = iota // anything: it is written anew for each document
	onConclusion                // what stands in basis, and the configuration: it is written once for each conclusion
	onConfig                    // the configuration and the data set: it is written once
)

// appender appends the JSON value of a field; nothing where it is absent. A row without one stands within the list of the row before.
type appender func(b []byte, e *Event) []byte

// Fields is the table of all fields, in the order in which documents carry them. The caller owns the slice.
func Fields() []Field {
	var t []Field
	for _, group := range [][]Field{
		ecsFields(), endFields(), networkFields(), ruleFields(), messageFields(), rpcFields(), netbiosFields(), sessionFields(), markFields(), judgedFields(),
		sourceFields(), campaignFields(), findingFields(), sensorFields(),
	} {
		t = append(t, group...)
	}
	return t
}

// object makes rows of one object: the first writes all of it, in the order of the others, which only describe. A call for each field
// costs more than the field (each is a jump that the processor cannot foresee), so the objects of messages are written in one go;
// a test holds that the names written are those described. Rows that only some of the data sets carry name those.
func object(path string, in Sets, value appender, about string, rows ...Field) []Field {
	t := []Field{{Path: path, Type: "object", In: in, append: value, About: about}}
	for _, r := range rows {
		r.Path = path + "." + r.Path
		if r.In == 0 {
			r.In = in
		}
		t = append(t, r)
	}
	return t
}

// concluded is an object that the document's conclusion decides.
func concluded(path string, in Sets, value appender, about string, rows ...Field) []Field {
	t := object(path, in, value, about, rows...)
	t[0].rests = onConclusion
	return t
}

// closeObject ends an object that began at start and whose values all have a comma after them; an empty one leaves no trace.
func closeObject(b []byte, start int) []byte {
	if len(b) == start+1 {
		return b[:start]
	}
	b[len(b)-1] = '}'
	return b
}

// appendCounted appends a name and a number. The name has its quotes and colon.
func appendCounted(b []byte, name string, n uint64) []byte {
	b = append(b, name...)
	b = strconv.AppendUint(b, n, 10)
	return append(b, ',')
}

// appendNamed appends a name and a word of ours, unless that is empty.
func appendNamed(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, name...)
	b = appendWord(b, value)
	return append(b, ',')
}

// appendSaid appends a name and a string, unless that is empty.
func appendSaid(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, name...)
	b = appendString(b, value)
	return append(b, ',')
}

func word(get func(*Event) string) appender {
	return func(b []byte, e *Event) []byte {
		s := get(e)
		if s == "" {
			return b
		}
		return appendString(b, s)
	}
}

// ours is a word that this house made: nothing in it is escaped.
func ours(get func(*Event) string) appender {
	return func(b []byte, e *Event) []byte {
		s := get(e)
		if s == "" {
			return b
		}
		return appendWord(b, s)
	}
}

func number(get func(*Event) uint64) appender {
	return func(b []byte, e *Event) []byte { return strconv.AppendUint(b, get(e), 10) }
}

// numberIf is a number that is absent where it is 0.
func numberIf(get func(*Event) uint64) appender {
	return func(b []byte, e *Event) []byte {
		n := get(e)
		if n == 0 {
			return b
		}
		return strconv.AppendUint(b, n, 10)
	}
}

func float(get func(*Event) float64) appender {
	return func(b []byte, e *Event) []byte { return appendFloat(b, get(e)) }
}

// mark is true or absent.
func mark(get func(*Event) bool) appender {
	return func(b []byte, e *Event) []byte {
		if !get(e) {
			return b
		}
		return append(b, "true"...)
	}
}

func truth(get func(*Event) bool) appender {
	return func(b []byte, e *Event) []byte { return strconv.AppendBool(b, get(e)) }
}

func date(get func(*Event) time.Time) appender {
	return func(b []byte, e *Event) []byte { return e.builder.stamps.append(b, get(e)) }
}

func address(get func(*Event) netip.Addr) appender {
	return func(b []byte, e *Event) []byte { return e.builder.addresses.append(b, get(e)) }
}

func fixed(s string) appender {
	return func(b []byte, _ *Event) []byte { return appendString(b, s) }
}

// listRoom is how many values a list of a document carries at most: the text of a packet sizes nothing.
const listRoom = 64

func list(get func(*Event) []string) appender {
	return func(b []byte, e *Event) []byte { return appendWords(b, get(e)) }
}

// appendEach appends a list, the first listRoom of its values, each as one writes it; nothing for none.
func appendEach[T any](b []byte, values []T, one func([]byte, *T) []byte) []byte {
	if len(values) == 0 {
		return b
	}
	b = append(b, '[')
	for i := range values[:min(len(values), listRoom)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, &values[i])
	}
	return append(b, ']')
}

// appendWords appends a list of strings, the first listRoom of them; nothing for none.
func appendWords(b []byte, words []string) []byte {
	return appendEach(b, words, func(b []byte, w *string) []byte { return appendString(b, *w) })
}

// appendNumbers appends a list of numbers, the first room of them; nothing for none.
func appendNumbers[N uint16 | uint64](b []byte, numbers []N, room int) []byte {
	if len(numbers) == 0 {
		return b
	}
	b = append(b, '[')
	for i, n := range numbers[:min(len(numbers), room)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return append(b, ']')
}
