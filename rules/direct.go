package rules

import "github.com/expr-lang/expr/ast"

// The machine of expr boxes each value that it touches: 100 to 250 ns for a condition, with allocations. Most conditions only compare and
// add fields that are numbers, so those are translated into functions once; a test holds that both give the same answers.

type (
	truth  func(*record) bool
	number func(*record) float64 // counts are below 1<<32: exact
)

// truths and numbers read the fields that a translated condition may use.
var (
	truths = map[string]truth{
		"obfuscated":      func(r *record) bool { return r.Obfuscated },
		"inbound":         func(r *record) bool { return r.Inbound },
		"outbound":        func(r *record) bool { return r.Outbound },
		"internal":        func(r *record) bool { return r.Internal },
		"idempotent":      func(r *record) bool { return r.Idempotent },
		"broadcast":       func(r *record) bool { return r.Broadcast },
		"maybe":           func(r *record) bool { return r.Maybe },
		"campaign_forged": func(r *record) bool { return r.CampaignForged },
		"one_way":         func(r *record) bool { return r.OneWay },
	}
	numbers = map[string]number{
		"urls":                func(r *record) float64 { return float64(r.URLs) },
		"domains":             func(r *record) float64 { return float64(r.Domains) },
		"phones":              func(r *record) float64 { return float64(r.Phones) },
		"emails":              func(r *record) float64 { return float64(r.Emails) },
		"length":              func(r *record) float64 { return float64(r.Length) },
		"letters":             func(r *record) float64 { return float64(r.Letters) },
		"lines":               func(r *record) float64 { return float64(r.Lines) },
		"exclamations":        func(r *record) float64 { return float64(r.Exclamations) },
		"capitals_share":      func(r *record) float64 { return r.CapitalsShare },
		"digits_share":        func(r *record) float64 { return r.DigitsShare },
		"non_ascii_share":     func(r *record) float64 { return r.NonASCIIShare },
		"dst_port":            func(r *record) float64 { return float64(r.DstPort) },
		"campaign_sources":    func(r *record) float64 { return float64(r.CampaignSources) },
		"campaign_targets":    func(r *record) float64 { return float64(r.CampaignTargets) },
		"campaign_per_minute": func(r *record) float64 { return float64(r.CampaignPerMinute) },
		"fragments":           func(r *record) float64 { return float64(r.Fragments) },
	}
)

// direct translates a condition whose types were checked; nil where it holds something else than these few nodes.
func direct(n ast.Node) truth {
	switch n := n.(type) {
	case *ast.BoolNode:
		return func(*record) bool { return n.Value }
	case *ast.IdentifierNode:
		return truths[n.Value]
	case *ast.UnaryNode:
		if of := direct(n.Node); of != nil && (n.Operator == "not" || n.Operator == "!") {
			return func(r *record) bool { return !of(r) }
		}
	case *ast.BinaryNode:
		if a, b := direct(n.Left), direct(n.Right); a != nil && b != nil {
			return connect(n.Operator, a, b)
		}
		if a, b := directNumber(n.Left), directNumber(n.Right); a != nil && b != nil {
			return compare(n.Operator, a, b)
		}
	}
	return nil
}

func connect(operator string, a, b truth) truth {
	switch operator {
	case "and", "&&":
		return func(r *record) bool { return a(r) && b(r) }
	case "or", "||":
		return func(r *record) bool { return a(r) || b(r) }
	}
	return nil
}

func compare(operator string, a, b number) truth {
	switch operator {
	case ">":
		return func(r *record) bool { return a(r) > b(r) }
	case ">=":
		return func(r *record) bool { return a(r) >= b(r) }
	case "<":
		return func(r *record) bool { return a(r) < b(r) }
	case "<=":
		return func(r *record) bool { return a(r) <= b(r) }
	case "==":
		return func(r *record) bool { return a(r) == b(r) }
	case "!=":
		return func(r *record) bool { return a(r) != b(r) }
	}
	return nil
}

// directNumber translates sums of fields, constants and hits.
func directNumber(n ast.Node) number {
	switch n := n.(type) {
	case *ast.IntegerNode:
		if n.Value < 0 || n.Value >= 1<<32 { // beyond it, sums need not be exact
			return nil
		}
		value := float64(n.Value)
		return func(*record) float64 { return value }
	case *ast.FloatNode:
		return func(*record) float64 { return n.Value }
	case *ast.IdentifierNode:
		return numbers[n.Value]
	case *ast.MemberNode: // only guard makes one of an array and an index in its bounds
		if list, ok := n.Property.(*ast.IntegerNode); ok && isWordHits(n.Node) {
			return func(r *record) float64 { return float64(r.WordHits[list.Value]) }
		}
	case *ast.BinaryNode:
		if a, b := directNumber(n.Left), directNumber(n.Right); a != nil && b != nil && n.Operator == "+" {
			return func(r *record) float64 { return a(r) + b(r) }
		}
	}
	return nil
}

func isWordHits(n ast.Node) bool {
	name, ok := n.(*ast.IdentifierNode)
	return ok && name.Value == "word_hits"
}
