package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"popupwatch/rules"
	"popupwatch/sensor"
	"popupwatch/sensor/simulate"
	"popupwatch/sensor/simulate/texts"
)

// simulation is what one command line of simulate asks for.
type simulation struct {
	scenario, split    string
	out, truth, report string
	scenarios          []string
	scale              string
	size               int
	seed, seeds        uint64
	loss               float64
	list, shuffle      bool
}

func simulateCommand(std stdio) *cobra.Command {
	var s simulation
	c := &cobra.Command{
		Use: "simulate", Short: "Write labelled traffic: a capture and who really sent each packet; evaluate the verdicts with it",
		Long: `Writes traffic whose senders are known: a capture (pcap) and a truth file (one line of JSON for each packet). The same
scenario, split, seed and size give the same octets. The addresses of the network that is watched are ` + simulate.Home().String() + `.
See: popupwatch help simulate`,
		Example: `  popupwatch simulate --list
  popupwatch simulate --scenario a8-prime --seed 7 --out x.pcap --truth x.jsonl
  popupwatch replay --home ` + simulate.Home().String() + ` x.pcap`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if s.list {
				return listScenarios(std.out)
			}
			return s.write(std)
		},
	}
	f := c.Flags()
	f.StringVar(&s.scenario, "scenario", "", "`NAME` of the scenario")
	f.Uint64Var(&s.seed, "seed", 1, "seed of the random numbers")
	f.StringVar(&s.split, "split", "dev", "space of seeds: dev for development, test for figures that are shown")
	f.IntVar(&s.size, "size", 0, "popups, about; 0: the scenario's small size")
	f.Float64Var(&s.loss, "loss", 0, "share of frames that the capture loses at least, 0 to 0.5")
	f.StringVar(&s.out, "out", "", "`FILE` for the capture")
	f.StringVar(&s.truth, "truth", "", "`FILE` for the truth")
	f.BoolVar(&s.list, "list", false, "list the scenarios")
	c.AddCommand(evaluateCommand(std))
	return c
}

func listScenarios(w io.Writer) error {
	for _, s := range simulate.Scenarios() {
		if _, err := fmt.Fprintf(w, "%-20s %-10s %-4s %s\n", s.Name, s.Kind, s.Adversary, s.About); err != nil {
			return err
		}
	}
	return nil
}

// options reads what chooses a stream.
func (s *simulation) options() (o simulate.Options, err error) {
	if o.Split, err = texts.ParseSplit(s.split); err != nil {
		return o, usageError("--split: %w", err)
	}
	if !(s.loss >= 0 && s.loss <= 0.5) {
		return o, usageError("--loss %g is not between 0 and 0.5", s.loss)
	}
	if s.size < 0 {
		return o, usageError("--size %d is negative", s.size)
	}
	o.Seed, o.Size, o.Loss = s.seed, s.size, s.loss
	return o, nil
}

// write writes one scenario.
func (s *simulation) write(std stdio) error {
	if s.scenario == "" || s.out == "" || s.truth == "" {
		return usageError("simulate: name --scenario, --out and --truth (--list shows the scenarios)")
	}
	specs, err := simulate.Find([]string{s.scenario})
	if err == nil && len(specs) > 1 {
		err = fmt.Errorf("%q names %d scenarios; one fits into a file", s.scenario, len(specs))
	}
	if err != nil {
		return usageError("--scenario: %w", err)
	}
	o, err := s.options()
	if err != nil {
		return err
	}
	capture, err := os.Create(s.out)
	if err != nil {
		return err
	}
	truth, err := os.Create(s.truth)
	if err != nil {
		return errors.Join(err, capture.Close())
	}
	n, err := simulate.Write(simulate.New(specs[0], o), capture, truth)
	if err = errors.Join(err, capture.Close(), truth.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s: %s, seed %d (%s)\n", visible(s.out), plural(n, "packet"), s.seed, s.split)
	return err
}

func evaluateCommand(std stdio) *cobra.Command {
	var s simulation
	c := &cobra.Command{
		Use: "eval", Short: "Run the road over labelled traffic and count false blame, recall, calibration, baselines",
		Long: `Simulates scenarios, carries them along the same road as live and replay, with the built-in rules, and compares the documents with
the truth. Ends with status 1 if an innocent claim was called reportable or genuine in a scenario that counts.`,
		Example: `  popupwatch simulate eval
  popupwatch simulate eval --scale full --split test --report evaluation.md
  popupwatch simulate eval --scenarios 'a8-*,botnet-*' --loss 0.01`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return s.evaluate(std) },
	}
	f := c.Flags()
	f.StringSliceVar(&s.scenarios, "scenarios", []string{"*"}, "`NAMES` of scenarios; a name may end in *")
	f.StringVar(&s.split, "split", "dev", "space of seeds: dev for development, test for figures that are shown")
	f.StringVar(&s.scale, "scale", "small", "small: some seconds; full: a million innocent claims, some minutes")
	f.Uint64Var(&s.seeds, "seeds", 0, "seeds of each scenario, 1 to N, which share its size; 0: 1 at small scale, 10 at full")
	f.Float64Var(&s.loss, "loss", 0, "share of frames that the captures lose at least, 0 to 0.5")
	f.BoolVar(&s.shuffle, "shuffle", false, "let popups arrive in an order that means nothing: no test of order may find a counter then")
	f.StringVar(&s.report, "report", "", "`FILE.md` for the report; its plots are written beside it (SVG)")
	return c
}

func (s *simulation) evaluate(std stdio) error {
	o, err := s.options()
	if err != nil {
		return err
	}
	if s.scale != "small" && s.scale != "full" {
		return usageError("--scale %q is neither small nor full", s.scale)
	}
	if s.seeds > 1000 {
		return usageError("--seeds %d is more than 1000", s.seeds)
	}
	scale := simulate.Scale{Full: s.scale == "full", Seeds: s.seeds, Split: o.Split, Loss: o.Loss, Shuffle: s.shuffle}
	if s.seeds == 0 {
		scale.Seeds = map[bool]uint64{false: 1, true: 10}[scale.Full]
	}
	specs, err := simulate.Find(s.scenarios)
	if err != nil {
		return usageError("--scenarios: %w", err)
	}
	set, err := rules.Default()
	if err != nil {
		return err
	}
	road := func(e *simulate.Evaluation) error {
		return sensor.New(sensor.Config{Rules: set, Home: []netip.Prefix{simulate.Home()}}, e).Run(e)
	}
	fmt.Fprintf(std.out, "%-20s %8s %8s %6s %8s %17s %8s %17s %9s\n", "scenario", "popups", "innocent", "blamed", "genuine", "proven/provable", "certain", "probable", "forged")
	all, err := simulate.Evaluate(specs, scale, road, func(r *simulate.Result) { printResult(std.out, r) })
	if err != nil {
		return err
	}
	if err := s.writeReport(all, scale); err != nil {
		return err
	}
	return concludeEvaluation(std.out, all)
}

func printResult(w io.Writer, r *simulate.Result) {
	forged := "-"
	if r.Forged.Of > 0 {
		forged = fmt.Sprintf("%.2f %%", 100*float64(r.Forged.Are)/float64(r.Forged.Of))
	}
	fmt.Fprintf(w, "%-20s %8d %8d %6d %8d %17s %8d %17d %9s\n", r.Scenario.Name, r.Popups, r.Innocent, r.Blamed, r.Genuine,
		fmt.Sprintf("%d/%d", r.Proofs.Are, r.Proofs.Of), r.Certain, r.Probable, forged)
}

// concludeEvaluation says what counts in one line, and fails where somebody innocent was blamed.
func concludeEvaluation(w io.Writer, all []simulate.Result) error {
	total := simulate.Total(all)
	_, err := fmt.Fprintf(w, "False blame: %d of %d innocent claims, 95 %% upper bound %.2g. %d of %d popups came back as messages.\n",
		total.Blamed, total.Innocent, simulate.UpperBound(total.Blamed, total.Innocent), total.Messages, total.Popups)
	if err == nil && total.Blamed > 0 {
		err = &exitError{exitFailed, fmt.Errorf("%s blamed falsely: %s", plural(total.Blamed, "claim"), strings.Join(total.Blames, "; "))}
	}
	return err
}

// writeReport writes the report and its plots, if one is asked for.
func (s *simulation) writeReport(all []simulate.Result, scale simulate.Scale) (err error) {
	if s.report == "" {
		return nil
	}
	base := strings.TrimSuffix(s.report, filepath.Ext(s.report))
	for _, p := range simulate.Plots(all) {
		if err := createFile(base+"-"+p.Name+".svg", p.Write); err != nil {
			return err
		}
	}
	return createFile(s.report, func(w io.Writer) error {
		return simulate.Report(w, all, scale, func(p *simulate.Plot) string { return filepath.Base(base) + "-" + p.Name + ".svg" })
	})
}

func createFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
