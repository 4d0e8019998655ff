package main

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/pflag"
)

// configEntry is one setting of a configuration file: nested keys joined by dots, lists by commas.
type configEntry struct {
	key, value string
	line       int
}

// parseConfig reads a YAML configuration into its settings, in the order of the file. What is neither a mapping, a scalar nor a list of
// scalars is refused, and so is a key that stands twice.
func parseConfig(content []byte) ([]configEntry, error) {
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		return nil, err
	}
	var entries []configEntry
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if entries, err = flatten(entries, "", doc.Body); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func flatten(entries []configEntry, prefix string, node ast.Node) ([]configEntry, error) {
	var err error
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if entries, err = flatten(entries, prefix, v); err != nil {
				return nil, err
			}
		}
		return entries, nil
	case *ast.MappingValueNode:
		return flatten(entries, prefix+"."+n.Key.GetToken().Value, n.Value)
	case *ast.CommentGroupNode:
		return entries, nil
	}
	value, err := scalar(node)
	if err != nil {
		return nil, err
	}
	return append(entries, configEntry{strings.TrimPrefix(prefix, "."), value, node.GetToken().Position.Line}), nil
}

// scalar gives the text of a scalar, or of a list of scalars.
func scalar(node ast.Node) (string, error) {
	switch n := node.(type) {
	case *ast.SequenceNode:
		items := make([]string, 0, len(n.Values))
		for _, v := range n.Values {
			item, err := scalar(v)
			if err != nil {
				return "", err
			}
			items = append(items, item)
		}
		return strings.Join(items, ","), nil
	case *ast.StringNode:
		return n.Value, nil
	case *ast.NullNode:
		return "", nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node.GetToken().Value, nil
	}
	return "", fmt.Errorf("line %d: a setting must be a word, a number or a list of them", node.GetToken().Position.Line)
}

// referenceConfig writes every key with its default, commented out, and what it does.
func referenceConfig() string {
	var b strings.Builder
	b.WriteString("# Configuration of popupwatch. Flags and POPUPWATCH_... in the environment beat what stands here.\n")
	newSettings(commandReplay).all.VisitAll(func(flag *pflag.Flag) {
		if flag.Name == "config" {
			return
		}
		_, about := pflag.UnquoteUsage(flag)
		value := flag.DefValue
		if value == "" {
			value = `""`
		}
		fmt.Fprintf(&b, "\n# %s\n#%s: %s\n", about, configKey(flag), value)
	})
	return b.String()
}

// configKey is the key of a flag in the file: grouped settings have dots.
func configKey(f *pflag.Flag) string {
	if key := f.Annotations[keyAnnotation]; key != nil {
		return key[0]
	}
	flag := f.Name
	for _, group := range []string{"privacy-", "limits-", "rollup-", "stats-", "campaign-", "events-", "log-", "queue-", "evidence-", "reporter-"} {
		if rest, ok := strings.CutPrefix(flag, group); ok {
			return group[:len(group)-1] + "." + rest
		}
	}
	return flag
}
