package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/text"
	"popupwatch/rules"
)

func rulesCommand(std stdio) *cobra.Command {
	c := &cobra.Command{
		Use: "rules", Short: "List the scoring rules, check a rule file, explain a score",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(rulesListCommand(std), rulesCheckCommand(std), rulesExplainCommand(std))
	return c
}

func rulesListCommand(std stdio) *cobra.Command {
	var paths []string
	c := &cobra.Command{
		Use: "list", Short: "List the rules in force", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			set, err := rules.Load(nil, paths...)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			for _, r := range set.Rules() {
				fmt.Fprintf(std.out, "%+6.1f  %-28s %-12s %-10s %s\n", r.Weight, r.Name, r.Category, r.Part, r.Description)
			}
			t := set.Thresholds()
			fmt.Fprintf(std.out, "suspect from %.1f, spam from %.1f; rule set %s\n", t.Suspect, t.Spam, set.Version())
			return nil
		},
	}
	c.Flags().StringSliceVar(&paths, "rules", nil, "`DIR` or file whose rules replace or join the built-in ones")
	return c
}

func rulesCheckCommand(std stdio) *cobra.Command {
	return &cobra.Command{
		Use: "check PATH", Short: "Check a rule file, or a folder of them",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("rules check: name one rule file or folder")
			}
			found, err := rules.Check(args[0])
			if err != nil {
				return &exitError{exitUsage, err}
			}
			_, err = fmt.Fprintf(std.out, "%s: %s in order\n", args[0], plural(uint64(len(found)), "rule"))
			return err
		},
	}
}

func rulesExplainCommand(std stdio) *cobra.Command {
	var paths []string
	var from, to string
	c := &cobra.Command{
		Use: "explain [flags] TEXT...", Short: "Explain the score of one message",
		Long:    "Explains the score of a popup with this text, as one idempotent datagram from outside. - reads the text from standard input.",
		Example: `  popupwatch rules explain --from SYSTEM --to ALERT 'STOP! Your registry is damaged. Visit www.example.com'`,
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := rules.Load(nil, paths...)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			if len(args) == 0 {
				return usageError("rules explain: give the text, or - for standard input")
			}
			words := strings.Join(args, " ")
			if words == "-" {
				read, err := io.ReadAll(io.LimitReader(std.in, 1<<16))
				if err != nil {
					return fmt.Errorf("read standard input: %w", err)
				}
				words = string(read)
			}
			return explain(set, from, to, words, std.out)
		},
	}
	c.Flags().StringVar(&from, "from", "", "sender `NAME`")
	c.Flags().StringVar(&to, "to", "", "recipient `NAME`")
	c.Flags().StringSliceVar(&paths, "rules", nil, "`DIR` or file whose rules replace or join the built-in ones")
	return c
}

// explain prints the verdict over one text, a line for each rule that hit, strongest first.
func explain(set *rules.Set, from, to, words string, out io.Writer) error {
	analyzer := text.NewAnalyzer(text.Config{})
	m := decoders.Message{
		From: text.String{Shown: from}, To: text.String{Shown: to}, Text: text.String{Shown: words},
		Features: analyzer.Analyze(words),
		RPC:      dcerpc.Call{Header: dcerpc.Header{Flags: dcerpc.FlagIdempotent | dcerpc.FlagNoFack}, Fragments: 1},
	}
	e := set.Explain(&m, rules.Context{})
	var b strings.Builder
	fmt.Fprintf(&b, "%s, score %.1f (suspect from %.1f, spam from %.1f)\n", e.Verdict.Class, e.Verdict.Score, e.Thresholds.Suspect, e.Thresholds.Spam)
	for _, r := range e.Rules {
		switch {
		case r.Hit && r.Matched != "":
			fmt.Fprintf(&b, "%+6.1f  %-28s %s [%s]\n", r.Rule.Weight, r.Rule.Name, r.Rule.Description, oneLine(r.Matched, 80))
		case r.Hit:
			fmt.Fprintf(&b, "%+6.1f  %-28s %s\n", r.Rule.Weight, r.Rule.Name, r.Rule.Description)
		case r.Err != nil:
			fmt.Fprintf(&b, "        %-28s its condition could not be run: %v\n", r.Rule.Name, r.Err)
		}
	}
	fmt.Fprintf(&b, "normal form: %s\n", oneLine(m.Features.Form.Norm, 400))
	_, err := io.WriteString(out, b.String())
	return err
}
