package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"popupwatch/sensor/elastic"
)

// setupParts are what setup does: all of it, unless some are named.
type setupParts struct {
	index, dashboards, rules bool

	layout elastic.Layout
	dryRun bool
}

// setupCommand makes a cluster and its Kibana ready.
func setupCommand(io stdio) *cobra.Command {
	s, p := newSettings(commandReplay), &setupParts{}
	c := &cobra.Command{
		Use: "setup --elasticsearch URL [--kibana URL]", Short: "Make Elasticsearch and Kibana ready: templates, lifecycle, dashboards, detection rules",
		Long: "Installs what events need in Elasticsearch and what people want in Kibana. It may be run again: what is there and right is left alone,\n" +
			"and so is what popupwatch did not make, or a newer one did. Without --index-management, --dashboards and --detection-rules it does\n" +
			"all three. See: popupwatch help elastic.",
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if err := s.load(os.Environ()); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return p.run(ctx, s, io)
		},
	}
	for _, name := range []string{"config", "elasticsearch", "kibana", "quiet"} {
		c.Flags().AddFlag(s.all.Lookup(name))
	}
	f := c.Flags()
	f.BoolVar(&p.index, "index-management", false, "only templates and lifecycle (and what else is named)")
	f.BoolVar(&p.dashboards, "dashboards", false, "only dashboards (and what else is named)")
	f.BoolVar(&p.rules, "detection-rules", false, "only detection rules (and what else is named)")
	f.BoolVar(&p.dryRun, "dry-run", false, "say what would change, and change nothing")
	p.addLayout(c)
	return c
}

// addLayout adds the flags that say what of the cluster is wanted.
func (p *setupParts) addLayout(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&p.layout.Retention, "retention", "", "delete events this long after they were stored: `TIME` as 90d or 48h (default: never)")
	f.BoolVar(&p.layout.ILM, "ilm", false, "an ILM policy in place of the data streams' own lifecycle")
	f.BoolVar(&p.layout.Pipeline, "pipeline", false, "an ingest pipeline that adds places and networks of destinations and proven sources")
	f.BoolVar(&p.layout.Transforms, "transforms", false, "transforms that gather campaigns and sources of all sensors")
}

// run does the parts that are wanted.
func (p *setupParts) run(ctx context.Context, s *settings, io stdio) error {
	named := p.index || p.dashboards || p.rules
	if !named {
		p.index, p.dashboards, p.rules = true, true, true
	}
	if err := p.layout.Check(); err != nil {
		return usageError("setup: %w", err)
	}
	if p.index && !s.elastic.delivers() {
		return usageError("setup: say where to (--elasticsearch URL, or output.elasticsearch in the configuration)")
	}
	if (p.dashboards || p.rules) && s.elastic.kibana == "" {
		if named {
			return usageError("setup: --dashboards and --detection-rules need --kibana URL")
		}
		p.dashboards, p.rules = false, false
		if !s.quiet {
			fmt.Fprintln(io.err, "popupwatch: without --kibana URL there are no dashboards and detection rules")
		}
	}
	if p.index {
		if err := p.setupIndex(ctx, s, io); err != nil {
			return err
		}
	}
	if p.dashboards || p.rules {
		return p.setupKibana(ctx, s, io)
	}
	return nil
}

// setupIndex brings the cluster to the layout.
func (p *setupParts) setupIndex(ctx context.Context, s *settings, io stdio) error {
	client, err := s.elastic.client()
	if err != nil {
		return err
	}
	plan, err := client.Plan(ctx, p.layout)
	if err != nil {
		return fmt.Errorf("setup of %s: %w", client.Config(), err)
	}
	if !s.quiet {
		fmt.Fprintf(io.out, "%s at %s\n", visible(plan.Server.String()), visible(client.Config().String()))
	}
	tell := func(step elastic.Step) {
		if !s.quiet {
			fmt.Fprintf(io.out, "  %-12s %s %s\n", p.word(step.Action), step.Asset.Kind, step.Asset.Name)
		}
	}
	if p.dryRun {
		for _, step := range plan.Steps {
			tell(step)
		}
		return nil
	}
	if err := client.Apply(ctx, plan, tell); err != nil {
		return fmt.Errorf("setup of %s: %w", client.Config(), err)
	}
	if !s.quiet {
		p.remind(plan, io)
	}
	return nil
}

// word is what an action is called.
func (p *setupParts) word(a elastic.Action) string {
	switch {
	case a == elastic.Keep:
		return "unchanged"
	case p.dryRun:
		return "would " + string(a)
	}
	return string(a) + "d"
}

// remind says what streams that are there already do not take over by themselves.
func (p *setupParts) remind(plan *elastic.Plan, io stdio) {
	if len(plan.Streams) == 0 || !plan.Changes() {
		return
	}
	streams := visible(strings.Join(plan.Streams, ","))
	fmt.Fprintf(io.out, "These data streams are there already: %s\n", streams)
	fmt.Fprintln(io.out, "  their mapping and settings change with their next rollover: POST /STREAM/_rollover makes one now")
	if !p.layout.ILM && !plan.Server.OpenSearch {
		body := `{}`
		if p.layout.Retention != "" {
			body = fmt.Sprintf(`{"data_retention": %q}`, p.layout.Retention)
		}
		fmt.Fprintf(io.out, "  their retention is their own: PUT /_data_stream/%s/_lifecycle %s\n", streams, body)
	}
}

// exportTemplatesCommand prints what setup would install.
func exportTemplatesCommand(io stdio) *cobra.Command {
	p := &setupParts{}
	c := &cobra.Command{
		Use: "templates", Short: "Print what setup installs in Elasticsearch, as a list of PUT requests (JSON)", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if err := p.layout.Check(); err != nil {
				return usageError("export templates: %w", err)
			}
			out, err := elastic.Export(elastic.Assets(p.layout, elastic.Server{}))
			if err != nil {
				return err
			}
			_, err = io.out.Write(out)
			return err
		},
	}
	p.addLayout(c)
	return c
}
