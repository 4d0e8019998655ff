package texts

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed grammar/*.txt
var grammars embed.FS

// Languages are those that texts are written in.
func Languages() []string { return []string{"en", "de", "ko", "ru", "ja"} }

// sentence is literal text with alternatives between: literals[0] groups[0] literals[1] ...
type sentence struct {
	number   int // unique in its split
	literals []string
	groups   [][]string
}

// topic is what one lure says in one language.
type topic struct {
	lure, language      string
	opens, bodies, ends []sentence
}

// notice is one template of legitimate popups.
type notice struct {
	number                         int
	kind, language, from, to, text string
}

// grammar is all that the texts of a split are made of.
type grammar struct {
	topics    []topic
	notices   []notice
	sentences int
}

// readGrammar reads the files of a split. They are compiled in: a fault in them is one of the program.
func readGrammar(split Split) *grammar {
	g := &grammar{}
	for _, language := range Languages() {
		for n, line := range lines(split.String() + "." + language + ".txt") {
			if err := g.line(language, line); err != nil {
				panic(fmt.Sprintf("texts: %s %s, line %d: %v", split, language, n+1, err))
			}
		}
	}
	for n, line := range lines(split.String() + ".legit.txt") {
		f := strings.SplitN(line, "|", 5)
		if len(f) == 5 {
			g.notices = append(g.notices, notice{n, f[0], f[1], f[2], f[3], f[4]})
		}
	}
	return g
}

func lines(name string) []string {
	data, err := grammars.ReadFile("grammar/" + name)
	if err != nil {
		panic("texts: " + err.Error())
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// line takes one line: a topic in brackets, a sentence with its place, or a comment.
func (g *grammar) line(language, line string) error {
	if strings.HasPrefix(line, "#") {
		return nil
	}
	if lure, ok := strings.CutPrefix(line, "["); ok {
		g.topics = append(g.topics, topic{lure: strings.TrimSuffix(lure, "]"), language: language})
		return nil
	}
	place, words, ok := strings.Cut(line, " ")
	if !ok || len(g.topics) == 0 {
		return fmt.Errorf("%q is no sentence of a topic", line)
	}
	s, t := parseSentence(words), &g.topics[len(g.topics)-1]
	s.number = g.sentences
	g.sentences++
	switch place {
	case "open":
		t.opens = append(t.opens, s)
	case "body":
		t.bodies = append(t.bodies, s)
	case "call":
		t.ends = append(t.ends, s)
	default:
		return fmt.Errorf("%q is no place of a sentence", place)
	}
	return nil
}

func parseSentence(words string) (s sentence) {
	for {
		before, rest, ok := strings.Cut(words, "{")
		s.literals = append(s.literals, before)
		if !ok {
			return s
		}
		group, after, _ := strings.Cut(rest, "}")
		s.groups = append(s.groups, strings.Split(group, "|"))
		words = after
	}
}

// say is the sentence with one alternative of each group.
func (s *sentence) say(choice []int) string {
	var b strings.Builder
	for i, literal := range s.literals {
		b.WriteString(literal)
		if i < len(s.groups) {
			b.WriteString(s.groups[i][choice[i]])
		}
	}
	return b.String()
}

// Lures are what spam tempts with, in both splits.
func Lures() []string {
	return []string{"registry_cleaner", "fake_update", "popup_blocker", "diploma", "pills", "loan", "dating", "casino", "software", "other"}
}

// Kinds are the kinds of legitimate popups.
func Kinds() []string {
	return []string{"ups", "print", "backup", "helpdesk", "antivirus", "alerter", "shutdown", "mail", "room", "disk", "licence", "monitor", "database", "colleague", "password", "update", "remote"}
}
