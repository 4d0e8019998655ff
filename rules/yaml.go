package rules

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// mapping hands each key of n to take, and refuses keys that are not known.
func (r *reader) mapping(n ast.Node, what string, known []string, take func(key string, v ast.Node)) {
	pairs, ok := n.(*ast.MappingNode)
	if !ok {
		r.fault(n, "keys are "+strings.Join(known, ", "), "%s is not a list of key: value", what)
		return
	}
	for _, pair := range pairs.Values {
		key := pair.Key.GetToken().Value
		if !slices.Contains(known, key) {
			r.fault(pair.Key, "keys of "+what+" are "+strings.Join(known, ", "), "unknown key %q", key)
			continue
		}
		take(key, pair.Value)
	}
}

// text is a string, plain, quoted or as a block.
func (r *reader) text(n ast.Node, key string) string {
	s, ok := plain(n)
	if !ok {
		r.fault(n, "put it in quotes", "%s is not text", key)
	}
	return strings.TrimSpace(s)
}

// version is text, or a number as it is written.
func (r *reader) version(n ast.Node) string {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value
	}
	return r.text(n, "version")
}

// name is a word of small letters, digits and underscores: it becomes a value that dashboards filter by.
func (r *reader) name(n ast.Node, key string) string {
	s := r.text(n, key)
	if s != "" && !isName(s) {
		r.fault(n, "small letters, digits and _, at most 64, a letter first", "%s %q is not a name", key, s)
	}
	return s
}

func (r *reader) number(n ast.Node, key string) float64 {
	switch v := n.(type) {
	case *ast.FloatNode:
		return v.Value
	case *ast.IntegerNode:
		switch i := v.Value.(type) {
		case int64:
			return float64(i)
		case uint64:
			return float64(i)
		}
	}
	r.fault(n, "", "%s is not a number", key)
	return 0
}

func (r *reader) count(n ast.Node, key string) int {
	v := r.number(n, key)
	if v < 1 || v > maxWords || v != float64(int(v)) {
		r.fault(n, "", "%s is not a whole number from 1 to %d", key, maxWords)
		return 1
	}
	return int(v)
}

func (r *reader) words(n ast.Node) []string {
	list, ok := n.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 || len(list.Values) > maxWords {
		r.fault(n, "words: [registry cleaner, scan now]", "words is not a list of 1 to %d phrases", maxWords)
		return nil
	}
	words := make([]string, 0, len(list.Values))
	for _, v := range list.Values {
		words = append(words, r.text(v, "word"))
	}
	return words
}

// nameOf is the name that a rule's node gives, whatever else is wrong with it.
func nameOf(n ast.Node) string {
	pairs, ok := n.(*ast.MappingNode)
	if !ok {
		return ""
	}
	for _, pair := range pairs.Values {
		if pair.Key.GetToken().Value == "name" {
			s, _ := plain(pair.Value)
			return s
		}
	}
	return ""
}

func plain(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	}
	return "", false
}

// line is where a node begins, 0 where it does not say.
func line(n ast.Node) int {
	if pairs, ok := n.(*ast.MappingNode); ok && len(pairs.Values) > 0 {
		n = pairs.Values[0].Key // the node's own token is the colon
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '_'):
		default:
			return false
		}
	}
	return s != "" && len(s) <= 64
}
