package console

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"popupwatch/sensor/store"
)

// The bounds of a query.
const (
	MaxQuery      = 1024 // octets
	MaxConditions = 32
	maxValues     = 64 // of one condition, as the store takes them
)

// QueryError is what is wrong with a query: where, in octets from its beginning, and what to do.
type QueryError struct {
	At   int
	Says string
	Hint string
}

func (e *QueryError) Error() string { return e.Says }

// ParseQuery reads the query language (see the package's documentation). Its error is a *QueryError.
func ParseQuery(q string) ([]store.Term, error) {
	terms, _, err := parseQuery(q)
	return terms, err
}

// parseQuery says besides where each condition begins.
func parseQuery(q string) (terms []store.Term, begins []int, err error) {
	if len(q) > MaxQuery {
		return nil, nil, &QueryError{MaxQuery, fmt.Sprintf("the query has %d octets, at most %d are taken", len(q), MaxQuery), "leave conditions out, or export and search there"}
	}
	if !utf8.ValidString(q) {
		return nil, nil, &QueryError{0, "the query is no UTF-8", ""}
	}
	r := &queryReader{text: q}
	for r.space(); r.at < len(q); r.space() {
		t, err := r.term()
		if err != nil {
			return nil, nil, err
		}
		if len(terms) == MaxConditions {
			return nil, nil, &QueryError{r.begun, fmt.Sprintf("more than %d conditions", MaxConditions), "values of one field can be joined by commas"}
		}
		terms, begins = append(terms, t), append(begins, r.begun)
	}
	return terms, begins, nil
}

// queryReader stands in a query; begun is where the condition began that it reads.
type queryReader struct {
	text  string
	at    int
	begun int
}

func (r *queryReader) space() {
	for r.at < len(r.text) && isSpace(r.text[r.at]) {
		r.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// term reads one condition: a field, a colon and values, or a word alone, which is looked for in the text.
func (r *queryReader) term() (t store.Term, err error) {
	r.begun = r.at
	if r.text[r.at] == '-' {
		t.Not = true
		r.at++
	}
	name := r.fieldName()
	if name == "" {
		value, err := r.value("")
		t.Values = []string{value}
		return t, err
	}
	if t.Field, err = fieldOf(name, r.begun); err != nil {
		return t, err
	}
	r.at += len(name) + 1
	t.Compare = r.comparison()
	t.Values, err = r.values()
	return t, err
}

// fieldName is the word before a colon, if one stands here.
func (r *queryReader) fieldName() string {
	rest := r.text[r.at:]
	end := strings.IndexFunc(rest, func(c rune) bool { return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' })
	if end <= 0 || rest[end] != ':' {
		return ""
	}
	return rest[:end]
}

func (r *queryReader) comparison() store.Compare {
	for i, sign := range []string{">=", "<="} {
		if strings.HasPrefix(r.text[r.at:], sign) {
			r.at += len(sign)
			return store.AtLeast + store.Compare(i)
		}
	}
	return store.Equal
}

// values reads values with commas between them.
func (r *queryReader) values() (list []string, err error) {
	for {
		v, err := r.value(",")
		if err != nil {
			return nil, err
		}
		if len(list) == maxValues {
			return nil, &QueryError{r.begun, fmt.Sprintf("more than %d values", maxValues), ""}
		}
		list = append(list, v)
		if r.at == len(r.text) || r.text[r.at] != ',' {
			return list, nil
		}
		r.at++
	}
}

// value reads one value: up to a space or what ends it, or between quotes, in which \" and \\ stand for quote and backslash. A * behind the
// quote belongs to it.
func (r *queryReader) value(ends string) (string, error) {
	from := r.at
	if r.at < len(r.text) && r.text[r.at] == '"' {
		return r.quoted()
	}
	for r.at < len(r.text) && !isSpace(r.text[r.at]) && !strings.ContainsRune(ends, rune(r.text[r.at])) && r.text[r.at] != '"' {
		r.at++
	}
	if r.at == from {
		return "", &QueryError{from, "a value is missing", `write field:value, and "…" around a value with spaces`}
	}
	return r.text[from:r.at], nil
}

func (r *queryReader) quoted() (string, error) {
	from := r.at
	var b strings.Builder
	for r.at++; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return r.behindQuote(&b, from)
		case c == '\\' && r.at+1 < len(r.text):
			r.at++
			b.WriteByte(r.text[r.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", &QueryError{from, "a quote is opened and not closed", `write \" for a quote within quotes`}
}

// behindQuote ends a quoted value.
func (r *queryReader) behindQuote(b *strings.Builder, from int) (string, error) {
	if r.at < len(r.text) && r.text[r.at] == '*' {
		b.WriteByte('*')
		r.at++
	}
	if r.at < len(r.text) && !isSpace(r.text[r.at]) && r.text[r.at] != ',' {
		return "", &QueryError{r.at, "a space is missing behind the quote", ""}
	}
	if b.Len() == 0 {
		return "", &QueryError{from, "the value between the quotes is empty", ""}
	}
	return b.String(), nil
}

// fieldOf finds the field of a name.
func fieldOf(name string, at int) (store.Field, error) {
	lower := strings.ToLower(name)
	var names []string
	for f := range store.Field(store.FieldCount) {
		if f.String() == lower {
			return f, nil
		}
		names = append(names, f.String())
	}
	hint := "fields are " + strings.Join(names, ", ")
	if near := nearest(lower, names); near != "" {
		hint = "did you mean " + near + ":? " + hint
	}
	return 0, &QueryError{at, fmt.Sprintf("there is no field %q", name), hint + `; a word with a colon in it stands in quotes`}
}

// nearest is the name that is at most two changes of a letter away; empty where none is.
func nearest(word string, names []string) string {
	best, least := "", 3
	for _, n := range names {
		if d := distance(word, n); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is how many letters have to be changed, added or left out to get from a to b, of words below 20 letters; 1 where the same letters
// stand in another order.
func distance(a, b string) int {
	if len(a) > 20 {
		return len(a)
	}
	if sorted(a) == sorted(b) {
		return 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// sorted gives the letters of a word in their order.
func sorted(word string) string {
	letters := []byte(word)
	slices.Sort(letters)
	return string(letters)
}

// FormatQuery writes terms in the query language; ParseQuery gives them again.
func FormatQuery(terms []store.Term) string {
	words := make([]string, 0, len(terms))
	for _, t := range terms {
		word := t.Field.String() + ":" + [...]string{"", ">=", "<="}[t.Compare]
		if t.Not {
			word = "-" + word
		}
		values := make([]string, 0, len(t.Values))
		for _, v := range t.Values {
			values = append(values, formatValue(v))
		}
		words = append(words, word+strings.Join(values, ","))
	}
	return strings.Join(words, " ")
}

// formatValue puts quotes around a value where it needs them.
func formatValue(v string) string {
	plain := v != "" && !strings.ContainsAny(v, "\" ,\\\t\r\n") && !slices.ContainsFunc([]string{">=", "<="}, func(s string) bool { return strings.HasPrefix(v, s) })
	if plain {
		return v
	}
	star := ""
	if len(v) > 1 && strings.HasSuffix(v, "*") {
		v, star = v[:len(v)-1], "*"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"` + star
}
