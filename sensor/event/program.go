package event

import "strings"

// step is one instruction of a program.
type step struct {
	do     opcode
	length uint8          // field, open: octets of name
	name   [nameRoom]byte // field: `"name":`; open: `"name":{`
	append appender       // field, piece
	text   string         // literal: what to write, with the comma after it
}

// nameRoom is the longest name with its marks. Names are copied whole, so that the copy has one size and costs no branch.
const nameRoom = 32

type opcode uint8

const (
	literal opcode = iota // constant text
	field                 // a name and a value that may be absent
	piece                 // whole fields that the document's conclusion decides
	open                  // an object that may turn out empty
	shut                  // its end
)

// program writes one data set's document. Constant fields are rendered when it is compiled, and neighbours that documents of one
// conclusion share are one piece; an object that turns out empty leaves no trace. Every value is followed by a comma, which the end of
// its object overwrites.
type program struct {
	steps []step
	depth int
}

// maxDepth is how deep the table nests at most; compile holds it.
const maxDepth = 8

// run appends the document of e.
func (p *program) run(b []byte, e *Event) []byte {
	e.conclusion, e.piece = e.builder.conclusions.find(e), 0
	b = p.fields(append(b, '{'), e)
	e.conclusion.end()
	b[len(b)-1] = '}'
	return b
}

// fields appends what the steps say. A name is written before its value and taken back where there is none: no value is computed twice.
func (p *program) fields(b []byte, e *Event) []byte {
	var opened [maxDepth]int // where each open object began
	depth := 0
	for i := range p.steps {
		s := &p.steps[i]
		mark := len(b)
		switch s.do {
		case field:
			b = append(b, s.name[:]...)[:mark+int(s.length)]
			if b = s.append(b, e); len(b) == mark+int(s.length) {
				b = b[:mark]
				continue
			}
			b = append(b, ',')
		case literal:
			b = append(b, s.text...)
		case piece:
			b = e.recall(b, s.append)
		case open:
			opened[depth&(maxDepth-1)] = mark
			depth++
			b = append(b, s.name[:]...)[:mark+int(s.length)]
		case shut:
			depth--
			if b[mark-1] == '{' {
				b = b[:opened[depth&(maxDepth-1)]]
				continue
			}
			b[mark-1] = '}'
			b = append(b, ',')
		}
	}
	return b
}

// branch is a node of the tree that the paths of a table make.
type branch struct {
	name     string
	field    *Field
	children []*branch
}

// compile makes the program of the data set of e, whose constant fields it renders.
func compile(table []Field, e *Event) program {
	root := &branch{}
	for i := range table {
		f := &table[i]
		if f.In.has(e.Set) && f.append != nil {
			root.add(strings.Split(f.Path, "."), f)
		}
	}
	var p program
	p.children(root.children, e)
	return p
}

// add puts a field at its place; objects stand where their first field stands.
func (t *branch) add(path []string, f *Field) {
	for _, c := range t.children {
		if c.name == path[0] && c.field == nil {
			c.add(path[1:], f)
			return
		}
	}
	c := &branch{name: path[0]}
	t.children = append(t.children, c)
	if len(path) == 1 {
		c.field = f
		return
	}
	c.add(path[1:], f)
}

// children appends the steps of neighbours; a run of them that one conclusion decides becomes a piece.
func (p *program) children(list []*branch, e *Event) {
	if p.depth++; p.depth > maxDepth {
		panic("event: the table of fields nests too deep")
	}
	for len(list) > 0 {
		n := 0
		for n < len(list) && list[n].repeats() && e.Set.remembers() {
			n++
		}
		if n > 0 {
			p.piece(list[:n], e)
		} else {
			n = 1
			p.emit(list[0], e)
		}
		list = list[n:]
	}
	p.depth--
}

// repeats says whether all of a branch is constant or concluded.
func (t *branch) repeats() bool {
	if t.field != nil {
		return t.field.rests != onPacket
	}
	for _, c := range t.children {
		if !c.repeats() {
			return false
		}
	}
	return true
}

// piece appends branches as one step: a literal where all is constant.
func (p *program) piece(list []*branch, e *Event) {
	sub := &program{depth: p.depth}
	for _, c := range list {
		sub.emit(c, e)
	}
	switch {
	case len(sub.steps) == 0:
	case len(sub.steps) == 1 && sub.steps[0].do == literal:
		p.literal(sub.steps[0].text)
	default:
		p.steps = append(p.steps, step{do: piece, append: sub.fields})
	}
}

// emit appends the steps of a branch.
func (p *program) emit(t *branch, e *Event) {
	switch {
	case t.field != nil && t.field.rests == onConfig:
		if v := t.field.append(nil, e); len(v) > 0 {
			p.literal(`"` + t.name + `":` + string(v) + ",")
		}
	case t.field != nil:
		p.named(field, `"`+t.name+`":`, t.field.append)
	case t.certain(e):
		p.literal(`"` + t.name + `":{`)
		p.inside(t, e)
		p.end()
	default:
		p.named(open, `"`+t.name+`":{`, nil)
		p.inside(t, e)
		p.steps = append(p.steps, step{do: shut})
	}
}

// inside appends the steps within an object: pieces do not nest.
func (p *program) inside(t *branch, e *Event) {
	if !t.repeats() || !e.Set.remembers() {
		p.children(t.children, e)
		return
	}
	for _, c := range t.children {
		p.emit(c, e)
	}
}

func (p *program) named(do opcode, name string, value appender) {
	s := step{do: do, append: value, length: uint8(len(name))}
	if copy(s.name[:], name) < len(name) {
		panic("event: the name of a field is too long: " + name)
	}
	p.steps = append(p.steps, s)
}

// literal appends constant text, to the literal before if there is one.
func (p *program) literal(text string) {
	if n := len(p.steps); n > 0 && p.steps[n-1].do == literal {
		p.steps[n-1].text += text
		return
	}
	p.steps = append(p.steps, step{do: literal, text: text})
}

// end closes an object that is never empty.
func (p *program) end() {
	last := &p.steps[len(p.steps)-1]
	if last.do == literal {
		last.text = strings.TrimSuffix(last.text, ",") + "},"
		return
	}
	p.steps = append(p.steps, step{do: shut})
}

// certain says whether an object has a constant field, and so is never empty.
func (t *branch) certain(e *Event) bool {
	for _, c := range t.children {
		if c.field != nil && c.field.rests == onConfig && len(c.field.append(nil, e)) > 0 {
			return true
		}
		if c.field == nil && c.certain(e) {
			return true
		}
	}
	return false
}
