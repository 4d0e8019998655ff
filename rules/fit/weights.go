package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"popupwatch/rules"
)

// coefficient is a rule that adds to a score.
type coefficient struct {
	name    string
	hand    float64 // as its author wrote it: the fit is drawn there, so that fits do not creep away one after the other
	inForce float64
	prior   float64 // how strongly it is drawn
}

// coefficients are those of a set, in its order. Rules that look at how a popup came are held fast: the generator decides by which road its texts
// come, and a fit would only learn what its author assumed.
func coefficients(set *rules.Set, hand map[string]float64) (all []coefficient) {
	for _, r := range set.Rules() {
		if r.Weight == 0 {
			continue
		}
		c := coefficient{r.Name, r.Weight, r.Weight, loose}
		if w, ok := hand[r.Name]; ok {
			c.hand = w
		}
		if r.Part == rules.PartSender {
			c.prior = fast
		}
		all = append(all, c)
	}
	return all
}

// handWritten reads the weights as authors wrote them. A rule that is not there has its first weight still.
func handWritten(root string) (map[string]float64, error) {
	data, err := os.ReadFile(filepath.Join(root, "rules/fit/hand.json"))
	if err != nil {
		return nil, err
	}
	hand := map[string]float64{}
	if err := json.Unmarshal(data, &hand); err != nil {
		return nil, fmt.Errorf("read rules/fit/hand.json: %w", err)
	}
	return hand, nil
}

// apply writes weights into the rule files: the line that begins with weight: after the one that names the rule.
func apply(root string, all []coefficient, fitted []float64) error {
	weight := map[string]float64{}
	for i, c := range all {
		weight[c.name] = fitted[i]
	}
	files, err := filepath.Glob(filepath.Join(root, "rules/*.yml"))
	if err != nil {
		return err
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(withWeights(string(data), weight)), 0o644); err != nil {
			return fmt.Errorf("write weights: %w", err)
		}
	}
	return nil
}

func withWeights(file string, weight map[string]float64) string {
	lines, rule := strings.Split(file, "\n"), ""
	for i, l := range lines {
		if name, ok := strings.CutPrefix(l, "  - name: "); ok {
			rule = name
		}
		if w, known := weight[rule]; known && strings.HasPrefix(l, "    weight: ") {
			lines[i] = "    weight: " + strconv.FormatFloat(w, 'f', 1, 64)
		}
	}
	return strings.Join(lines, "\n")
}
