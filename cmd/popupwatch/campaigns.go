package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"popupwatch/sensor/simulate/texteval"
	"popupwatch/sensor/simulate/texts"
)

// campaignsCommand is about campaigns: what they are worth, and more.
func campaignsCommand(std stdio) *cobra.Command {
	c := &cobra.Command{
		Use: "campaigns", Short: "Join the campaigns of several sensors; evaluate how popups are grouped and scored",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(campaignsEvalCommand(std), campaignsJoinCommand(std))
	return c
}

func campaignsEvalCommand(std stdio) *cobra.Command {
	var config texteval.Config
	var split, report string
	c := &cobra.Command{
		Use: "eval", Short: "Evaluate campaigns and scores on generated texts whose truth is known",
		Long: `Writes popups of 48 campaigns and of many legitimate kinds in five languages, at four levels of mutation, groups and scores them, and
prints a report in Markdown: B-cubed, merges and splits, names at sensors that never talk, recall, false alarms, with intervals over seeds.
The same arguments print the same report. What is tuned on the split dev must be shown on the split test. See: popupwatch help campaigns`,
		Example: `  popupwatch campaigns eval --seeds 3
  popupwatch campaigns eval --split test --seeds 30 --stages --report campaigns.md`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) (err error) {
			if config.Split, err = texts.ParseSplit(split); err != nil {
				return usageError("--split: %w", err)
			}
			if config.Seeds < 1 {
				return usageError("--seeds %d: at least one is needed", config.Seeds)
			}
			if !(config.PoisonRate > 0 && config.PoisonRate <= 0.5) {
				return usageError("--poison %g is not above 0 and up to 0.5", config.PoisonRate)
			}
			return evaluateTexts(config, report, std)
		},
	}
	f := c.Flags()
	f.StringVar(&split, "split", "dev", "space of seeds and sentences: dev for development, test for figures that are shown")
	f.IntVar(&config.Seeds, "seeds", 5, "how many seeds")
	f.BoolVar(&config.Stages, "stages", false, "compare with engines that have fewer stages")
	f.Float64Var(&config.PoisonRate, "poison", 0.02, "share of the poisoned stream's spam that wants to pull campaigns together")
	f.StringVar(&report, "report", "", "write the report to `FILE` instead of standard output")
	return c
}

func evaluateTexts(config texteval.Config, report string, std stdio) error {
	config.Workers = runtime.GOMAXPROCS(0)
	figures, err := texteval.Run(config)
	if err != nil {
		return err
	}
	if report == "" {
		return texteval.Report(std.out, config, figures)
	}
	file, err := os.Create(report)
	if err != nil {
		return fmt.Errorf("open report: %w", err)
	}
	err = texteval.Report(file, config, figures)
	if fault := file.Close(); err == nil {
		err = fault
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", report, err)
	}
	_, err = fmt.Fprintf(std.err, "%s: %d seeds of split %s\n", report, config.Seeds, config.Split)
	return err
}
