package kibana

import (
	"fmt"
	"strings"
)

// kql is a query of Kibana's query language, read: what Elasticsearch would be asked, and the fields that it names. It knows what the
// dashboards and rules use: and, or, not, brackets, field : value, lists of values, field : *, and comparisons.
type kql struct {
	dsl    object
	fields []string
}

// parseKQL reads a query; an empty one matches everything.
func parseKQL(query string) (kql, error) {
	if strings.TrimSpace(query) == "" {
		return kql{dsl: object{"match_all": object{}}}, nil
	}
	tokens, err := kqlTokens(query)
	if err != nil {
		return kql{}, err
	}
	p := &kqlParser{tokens: tokens}
	dsl, err := p.either()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q: %q is too much", query, p.tokens[0])
	}
	return kql{dsl, p.fields}, err
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

type kqlParser struct {
	tokens []string
	fields []string
}

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

func (p *kqlParser) either() (object, error) { return p.chain("or", "should", p.both) }

func (p *kqlParser) both() (object, error) { return p.chain("and", "filter", p.one) }

// chain reads parts between which a word stands.
func (p *kqlParser) chain(word, clause string, part func() (object, error)) (object, error) {
	first, err := part()
	if err != nil {
		return nil, err
	}
	parts := []object{first}
	for p.take(word) {
		more, err := part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, more)
	}
	if len(parts) == 1 {
		return first, nil
	}
	b := object{clause: parts}
	if clause == "should" {
		b["minimum_should_match"] = 1
	}
	return object{"bool": b}, nil
}

func (p *kqlParser) one() (object, error) {
	if p.take("not") {
		part, err := p.one()
		return object{"bool": object{"must_not": part}}, err
	}
	if p.take("(") {
		part, err := p.either()
		if err == nil && !p.take(")") {
			err = fmt.Errorf("a bracket is not closed")
		}
		return part, err
	}
	return p.comparison()
}

func (p *kqlParser) comparison() (object, error) {
	field, sign := p.next(), p.next()
	if field == "" || strings.ContainsAny(field, `"()`) {
		return nil, fmt.Errorf("%q is no field", field)
	}
	p.fields = append(p.fields, field)
	if names := map[string]string{">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}; names[sign] != "" {
		return object{"range": object{field: object{names[sign]: p.next()}}}, nil
	}
	if sign != ":" {
		return nil, fmt.Errorf("%q after the field %s", sign, field)
	}
	if p.take("(") {
		return p.values(field)
	}
	return fieldIs(field, p.next())
}

// values reads a list of values of one field, up to the closing bracket.
func (p *kqlParser) values(field string) (object, error) {
	var any []object
	for {
		one, err := fieldIs(field, p.next())
		if err != nil {
			return nil, err
		}
		any = append(any, one)
		if p.take(")") {
			return object{"bool": object{"should": any, "minimum_should_match": 1}}, nil
		}
		if !p.take("or") {
			return nil, fmt.Errorf("a list of values of %s does not end", field)
		}
	}
}

// fieldIs asks as Kibana does: match_phrase for what is quoted, match for a word, exists for a star.
func fieldIs(field, value string) (object, error) {
	switch {
	case value == "" || strings.ContainsAny(value, "():"):
		return nil, fmt.Errorf("%s has no value", field)
	case value == "*":
		return object{"exists": object{"field": field}}, nil
	case value[0] == '"':
		return object{"match_phrase": object{field: strings.Trim(value, `"`)}}, nil
	}
	return object{"match": object{field: value}}, nil
}
