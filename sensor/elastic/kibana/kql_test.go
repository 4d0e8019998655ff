package kibana

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// kql is a query of Kibana's query language, read. It knows what the dashboards and rules use: and, or, not, brackets, field : value, lists
// of values, field : *, and comparisons.
type kql struct {
	op           string // and, or, not, all; else the sign between field and value: : >= <= > <
	parts        []kql
	field, value string
}

// parseKQL reads a query; an empty one matches everything.
func parseKQL(query string) (kql, error) {
	if strings.TrimSpace(query) == "" {
		return kql{op: "all"}, nil
	}
	tokens, err := kqlTokens(query)
	if err != nil {
		return kql{}, err
	}
	p := &kqlParser{tokens: tokens}
	q, err := p.either()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q: %q is too much", query, p.tokens[0])
	}
	return q, err
}

// fields are the fields that the query names.
func (q kql) fields() (all []string) {
	if q.field != "" {
		all = append(all, q.field)
	}
	for _, p := range q.parts {
		all = append(all, p.fields()...)
	}
	return all
}

// dsl is what Kibana asks Elasticsearch: match_phrase for what is quoted, match for a word, exists for a star.
func (q kql) dsl() object {
	var parts []object
	for _, p := range q.parts {
		parts = append(parts, p.dsl())
	}
	switch q.op {
	case "all":
		return object{"match_all": object{}}
	case "and":
		return object{"bool": object{"filter": parts}}
	case "or":
		return object{"bool": object{"should": parts, "minimum_should_match": 1}}
	case "not":
		return object{"bool": object{"must_not": parts}}
	case ":":
		switch {
		case q.value == "*":
			return object{"exists": object{"field": q.field}}
		case q.value[0] == '"':
			return object{"match_phrase": object{q.field: strings.Trim(q.value, `"`)}}
		}
		return object{"match": object{q.field: q.value}}
	}
	return object{"range": object{q.field: object{comparisons[q.op]: q.value}}}
}

var comparisons = map[string]string{">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}

// matches says the same of one document, without Elasticsearch.
func (q kql) matches(d document) bool {
	holds := func(p kql) bool { return p.matches(d) }
	switch q.op {
	case "all":
		return true
	case "and":
		return !slices.ContainsFunc(q.parts, func(p kql) bool { return !holds(p) })
	case "or":
		return slices.ContainsFunc(q.parts, holds)
	case "not":
		return !holds(q.parts[0])
	}
	return slices.ContainsFunc(d.values[q.field], func(v string) bool {
		if q.op == ":" {
			return q.value == "*" || v == strings.Trim(q.value, `"`)
		}
		x, bound := parsed(v), parsed(q.value)
		return q.op[0] == '>' && x > bound || q.op[0] == '<' && x < bound || len(q.op) == 2 && x == bound
	})
}

// kqlTokens cuts a query into words, quoted values and signs.
func kqlTokens(query string) ([]string, error) {
	var tokens []string
	for rest := strings.TrimSpace(query); rest != ""; rest = strings.TrimSpace(rest) {
		n := strings.IndexAny(rest, " ():<>=")
		switch {
		case rest[0] == '"':
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("%q: a quote is not closed", query)
			}
			n = end + 2
		case strings.HasPrefix(rest, ">=") || strings.HasPrefix(rest, "<="):
			n = 2
		case n == 0:
			n = 1
		case n < 0:
			n = len(rest)
		}
		tokens, rest = append(tokens, rest[:n]), rest[n:]
	}
	return tokens, nil
}

type kqlParser struct{ tokens []string }

func (p *kqlParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

// take takes a word if it is the next.
func (p *kqlParser) take(word string) bool {
	if len(p.tokens) == 0 || !strings.EqualFold(p.tokens[0], word) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *kqlParser) either() (kql, error) { return p.chain("or", p.both) }

func (p *kqlParser) both() (kql, error) { return p.chain("and", p.one) }

// chain reads parts between which a word stands.
func (p *kqlParser) chain(word string, part func() (kql, error)) (kql, error) {
	first, err := part()
	q := kql{op: word, parts: []kql{first}}
	for err == nil && p.take(word) {
		first, err = part()
		q.parts = append(q.parts, first)
	}
	if len(q.parts) == 1 {
		q = first
	}
	return q, err
}

func (p *kqlParser) one() (kql, error) {
	if p.take("not") {
		part, err := p.one()
		return kql{op: "not", parts: []kql{part}}, err
	}
	if p.take("(") {
		part, err := p.either()
		if err == nil && !p.take(")") {
			err = errors.New("a bracket is not closed")
		}
		return part, err
	}
	return p.comparison()
}

func (p *kqlParser) comparison() (kql, error) {
	field, sign := p.next(), p.next()
	if field == "" || strings.ContainsAny(field, `"()`) {
		return kql{}, fmt.Errorf("%q is no field", field)
	}
	if sign != ":" && comparisons[sign] == "" {
		return kql{}, fmt.Errorf("%q after the field %s", sign, field)
	}
	if sign == ":" && p.take("(") {
		return p.values(field)
	}
	return p.value(field, sign)
}

// values reads a list of values of one field, up to the closing bracket.
func (p *kqlParser) values(field string) (kql, error) {
	q := kql{op: "or"}
	for {
		one, err := p.value(field, ":")
		if err != nil {
			return q, err
		}
		q.parts = append(q.parts, one)
		if p.take(")") {
			return q, nil
		}
		if !p.take("or") {
			return q, fmt.Errorf("a list of values of %s does not end", field)
		}
	}
}

func (p *kqlParser) value(field, sign string) (kql, error) {
	v := p.next()
	if v == "" || strings.ContainsAny(v, "():") {
		return kql{}, fmt.Errorf("%s has no value", field)
	}
	return kql{op: sign, field: field, value: v}, nil
}
