package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// Budgets of a condition: nodes of its tree, and values that one evaluation may make.
const (
	maxNodes  = 200
	maxValues = 10_000
)

// Field is one identifier that a condition may use.
type Field struct {
	Name string
	Part Part   // what it looks at: PartText or PartSender
	Type string // int, number, bool or string
	Says string // what it says, with unit
}

// Fields lists the identifiers of a condition, besides hits("RULE"), the number of distinct words of that rule's list in the text.
func Fields() []Field { return slices.Clone(fields) }

// To add a field: 1 a row here 2 a field in textFields or senderFields 3 fill it in textOf or senderFields.fill 4 where it
// is a number or bool, how direct reads it 5 a line in cmd/popupwatch/topics/rules.md. Tests hold them together.
var fields = []Field{
	{"urls", PartText, "int", "URLs and hosts advertised, distinct"},
	{"domains", PartText, "int", "registrable domains advertised, distinct"},
	{"phones", PartText, "int", "telephone numbers, distinct"},
	{"emails", PartText, "int", "e-mail addresses, distinct"},
	{"length", PartText, "int", "characters of the text"},
	{"letters", PartText, "int", "letters of the text"},
	{"lines", PartText, "int", "lines of the text"},
	{"exclamations", PartText, "int", "exclamation marks"},
	{"capitals_share", PartText, "number", "capitals among the letters, 0 to 1"},
	{"digits_share", PartText, "number", "digits among the characters, 0 to 1"},
	{"non_ascii_share", PartText, "number", "characters outside ASCII, 0 to 1"},
	{"obfuscated", PartText, "bool", "spacing, leet or look-alikes were undone to read it"},
	{"from", PartSender, "string", "sender's name, small letters, blanks at the ends cut, at most 256 octets"},
	{"to", PartSender, "string", "recipient's name, in the same form"},
	{"route", PartSender, "string", "rpc_udp, smb_tcp or mailslot_udp"},
	{"dst_port", PartSender, "int", "destination port"},
	{"direction", PartSender, "string", "unknown, inbound, outbound, internal or external"},
	{"inbound", PartSender, "bool", "to home from elsewhere; false where home is unknown"},
	{"outbound", PartSender, "bool", "from home to elsewhere; false where home is unknown"},
	{"internal", PartSender, "bool", "within home; false where home is unknown"},
	{"idempotent", PartSender, "bool", "RPC flag: the call may be run twice"},
	{"broadcast", PartSender, "bool", "RPC flag: sent to many"},
	{"maybe", PartSender, "bool", "RPC flag: no answer wanted"},
	{"one_way", PartSender, "bool", "idempotent, broadcast or maybe: it works without one packet back, so from an invented address"},
	{"campaign_sources", PartSender, "int", "source addresses of the campaign so far, as the largest of 1, 3, 10, 30, 100, 300, 1000 that it reaches; 0 where unknown"},
	{"campaign_targets", PartSender, "int", "addresses that the campaign was sent to so far, in the same steps"},
	{"campaign_per_minute", PartSender, "int", "messages of the campaign a minute since its part began, in the same steps"},
	{"campaign_forged", PartSender, "bool", "the campaign has a source whose address was found forged"},
	{"fragments", PartSender, "int", "RPC fragments that it came in, 1 where whole, 0 on other routes"},
}

// textFields is what conditions read of a text.
type textFields struct {
	URLs          int      `expr:"urls"`
	Domains       int      `expr:"domains"`
	Phones        int      `expr:"phones"`
	Emails        int      `expr:"emails"`
	Length        int      `expr:"length"`
	Letters       int      `expr:"letters"`
	Lines         int      `expr:"lines"`
	Exclamations  int      `expr:"exclamations"`
	CapitalsShare float64  `expr:"capitals_share"`
	DigitsShare   float64  `expr:"digits_share"`
	NonASCIIShare float64  `expr:"non_ascii_share"`
	Obfuscated    bool     `expr:"obfuscated"`
	WordHits      []uint16 `expr:"word_hits"` // by list; conditions reach it through hits alone
}

// senderFields is what conditions read of the rest.
type senderFields struct {
	From       string `expr:"from"`
	To         string `expr:"to"`
	Route      string `expr:"route"`
	DstPort    int    `expr:"dst_port"`
	Direction  string `expr:"direction"`
	Inbound    bool   `expr:"inbound"`
	Outbound   bool   `expr:"outbound"`
	Internal   bool   `expr:"internal"`
	Idempotent bool   `expr:"idempotent"`
	Broadcast  bool   `expr:"broadcast"`
	Maybe      bool   `expr:"maybe"`
	OneWay     bool   `expr:"one_way"`
	Fragments  int    `expr:"fragments"`

	CampaignSources   int  `expr:"campaign_sources"`
	CampaignTargets   int  `expr:"campaign_targets"`
	CampaignPerMinute int  `expr:"campaign_per_minute"`
	CampaignForged    bool `expr:"campaign_forged"`
}

// record is the environment of every condition: a struct, so that types are checked at compile time and no map is built.
type record struct {
	textFields
	senderFields
}

// The functions that a condition may call. The rest of the library is refused: it loops, reads the clock, or allocates at will.
var functions = []string{"abs", "len", "lower", "max", "min", "trim", "upper"}

// condition is a compiled condition. Rules with the same one share it, so that it is asked once of each record.
type condition struct {
	program *vm.Program
	direct  truth // the same as a function; nil where it needs the machine
	part    Part
	asked   uint64 // turn of the record that it was last asked of
	holds   bool   // what it answered
	err     error  // why it could not be run
}

// answer asks the condition of r.
func (c *condition) answer(machine *vm.VM, r *record) (bool, error) {
	if c.direct != nil {
		return c.direct(r), nil
	}
	v, err := machine.Run(c.program, r)
	holds, _ := v.(bool)
	return holds && err == nil, err
}

// compileCondition checks and compiles a condition, and says what it looks at. lists are the word lists that hits may name.
func compileCondition(when string, lists map[string]int) (*condition, error) {
	g := &guard{lists: lists}
	program, err := expr.Compile(when, expr.Env(record{}), expr.AsBool(), expr.MaxNodes(maxNodes), expr.Patch(g))
	if g.err != nil {
		return nil, g.err
	}
	if err != nil {
		return nil, errors.New(oneLine(err.Error()))
	}
	return &condition{program: program, direct: direct(program.Node()), part: g.part}, nil
}

// oneLine makes one line of the library's message, which draws an arrow under the source.
func oneLine(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return first
}

// guard walks a condition's tree before its types are checked: it refuses what must not run for every packet, notes which part of
// the popup is looked at, and makes hits("NAME") an index into the counts.
type guard struct {
	lists map[string]int
	part  Part
	err   error // the first refusal
}

// Visit is called for each node, children first.
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		g.identifier(n.Value)
	case *ast.BinaryNode:
		// A regular expression costs microseconds for each text; a range makes as many values as it likes.
		if n.Operator == "matches" || n.Operator == ".." {
			g.refuse("operator %s is not allowed, use words, contains, startsWith, endsWith or in", n.Operator)
		}
	case *ast.BuiltinNode:
		if !slices.Contains(functions, n.Name) {
			g.refuse("function %s is not allowed, there are hits, %s", n.Name, strings.Join(functions, ", "))
		}
	case *ast.CallNode:
		g.call(node, n)
	}
}

func (g *guard) identifier(name string) {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	switch {
	case i >= 0:
		g.part |= fields[i].Part
	case name == "hits":
		g.part |= PartText
	default:
		g.refuse("unknown identifier %s, see: popupwatch help rules", name)
	}
}

func (g *guard) call(node *ast.Node, n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || callee.Value != "hits" || len(n.Arguments) != 1 {
		g.refuse(`the only function with a rule's name is hits("NAME")`)
		return
	}
	name, ok := n.Arguments[0].(*ast.StringNode)
	if !ok {
		g.refuse(`hits takes a name in quotes: hits("NAME")`)
		return
	}
	list, ok := g.lists[name.Value]
	if !ok {
		g.refuse("hits: no rule with words is named %q", name.Value)
		return
	}
	ast.Patch(node, &ast.MemberNode{Node: &ast.IdentifierNode{Value: "word_hits"}, Property: &ast.IntegerNode{Value: list}})
}

func (g *guard) refuse(format string, args ...any) {
	if g.err == nil {
		g.err = fmt.Errorf(format, args...)
	}
}
