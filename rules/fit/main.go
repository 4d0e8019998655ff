// Command fit fits the weights of the rules to labelled texts and says whether they are better than those written by hand. It never sees the test
// split. With -apply it writes them into the rule files if they are (make fit).
package main

import (
	"flag"
	"fmt"
	"os"

	"popupwatch/rules"
)

func main() {
	root := flag.String("root", ".", "`FOLDER` of the repository")
	out := flag.String("report", "", "`FILE` for the report; standard output where it is missing")
	seeds := flag.Int("seeds", 10, "seeds of generated texts for the fit, and as many others held out")
	write := flag.Bool("apply", false, "write the fitted weights into the rule files if they are better")
	flag.Parse()
	if err := run(*root, *out, *seeds, *write); err != nil {
		fmt.Fprintln(os.Stderr, "fit:", err)
		os.Exit(1)
	}
}

func run(root, out string, seeds int, write bool) error {
	set, err := rules.Default()
	if err != nil {
		return err
	}
	hand, err := handWritten(root)
	if err != nil {
		return err
	}
	fit, held, err := labelled(root, set, seeds)
	if err != nil {
		return err
	}
	c := comparison{all: coefficients(set, hand), fit: fit, held: held, thresholds: set.Thresholds()}
	c.fitted = rounded(bounded(fit, c.all, c.thresholds), c.all)
	if write && c.better() {
		if err := apply(root, c.all, c.fitted); err != nil {
			return err
		}
		for i := range c.all {
			c.all[i].inForce = c.fitted[i]
		}
	}
	if out == "" {
		_, err = os.Stdout.WriteString(c.report())
		return err
	}
	if err := os.WriteFile(out, []byte(c.report()), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
