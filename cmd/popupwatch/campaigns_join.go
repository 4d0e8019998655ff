package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"popupwatch/sensor/campaign"
)

// campaignsJoinCommand says which campaigns of several sensors are one.
func campaignsJoinCommand(std stdio) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "join [flags] FILE...", Short: "Join the campaigns of several sensors by their aliases",
		Long: `Reads events (NDJSON, as --events writes them, also compressed; - for standard input) of several sensors, and says which of their campaigns are one and by what: the
same id, an alias in common (tpl1- the same text, cmp1- a campaign found to be the same, fam1- to fam3- the sealed names), half of the anchors (anc1-), or a key that they
advertise (key1-) where their samples are akin. A key alone joins nothing: whoever wants can name another one's site.`,
		Example: `  popupwatch campaigns join london.ndjson tokyo.ndjson`,
		RunE: func(_ *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return usageError("campaigns join: name the events of the sensors (see: popupwatch campaigns join --help)")
			}
			j := campaign.NewJoiner()
			for _, path := range paths {
				if err := readCampaigns(path, std, j); err != nil {
					return err
				}
			}
			return printGroups(j.Groups(), all, std.out)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "list campaigns that one file alone has, too")
	return c
}

// campaignLine is what a document of a campaign says of its names.
type campaignLine struct {
	DataStream struct{ Dataset string } `json:"data_stream"`
	Popupwatch struct {
		Score    struct{ Verdict string }
		Campaign struct {
			ID       string
			Aliases  []string
			Messages uint64
			Part     string
			Sample   struct{ Text string }
		}
	}
}

// readCampaigns takes the campaigns in one file of events.
func readCampaigns(path string, std stdio, j *campaign.Joiner) error {
	in, err := openInput(path, std.in)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxEventLine)
	for n := 1; lines.Scan(); n++ {
		if !strings.Contains(lines.Text(), `"popupwatch.campaign"`) {
			continue
		}
		var doc campaignLine
		if err := json.Unmarshal(lines.Bytes(), &doc); err != nil {
			return &exitError{exitDamaged, fmt.Errorf("%s line %d: %w", path, n, err)}
		}
		if c := &doc.Popupwatch.Campaign; doc.DataStream.Dataset == "popupwatch.campaign" && c.ID != "" {
			j.Add(path, campaign.Named{ID: campaign.ID(c.ID), Aliases: c.Aliases, Part: c.Part, Messages: c.Messages, Sample: c.Sample.Text})
		}
	}
	if err := lines.Err(); err != nil {
		return &exitError{exitDamaged, fmt.Errorf("read %s: %w", path, err)}
	}
	return nil
}

// printGroups prints a row for each campaign of a group, and an empty line between groups.
func printGroups(groups []campaign.Group, all bool, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	joined, alone := 0, 0
	for _, g := range groups {
		if g.Files < 2 {
			if alone++; !all {
				continue
			}
		} else {
			joined++
		}
		for _, m := range g.Members {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", m.ID, visible(m.File), m.Messages, m.By, visible(oneLine(m.Sample, 60)))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print campaigns: %w", err)
	}
	_, err := fmt.Fprintf(out, "%s in several files, %d in one alone\n", plural(uint64(joined), "campaign"), alone)
	return err
}
