package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"popupwatch/sensor/elastic"
)

// testOutputCommand says what stands between here and the cluster.
func testOutputCommand(io stdio) *cobra.Command {
	s := newSettings(commandReplay)
	c := &cobra.Command{
		Use: "output", Short: "Check the way to Elasticsearch and Kibana: address, TLS, version, licence, privileges, templates", Args: noArguments,
		Long: "Checks, line by line, what delivery needs, and says at each line that fails what to do. It changes nothing.\n" +
			"Exit status: 0 events can be delivered, 1 something is missing, 2 wrong configuration.",
		RunE: func(*cobra.Command, []string) error {
			if err := s.load(os.Environ()); err != nil {
				return err
			}
			if !s.elastic.delivers() {
				return usageError("test output: say which (--elasticsearch URL, or output.elasticsearch in the configuration)")
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return testOutput(ctx, s, io)
		},
	}
	for _, name := range []string{"config", "elasticsearch", "kibana"} {
		c.Flags().AddFlag(s.all.Lookup(name))
	}
	return c
}

func testOutput(ctx context.Context, s *settings, io stdio) error {
	client, err := s.elastic.client()
	if err != nil {
		return err
	}
	checks := client.Probe(ctx)
	if s.elastic.kibana != "" {
		check, err := s.elastic.probe(ctx)
		if err != nil {
			return err
		}
		checks = append(checks, check)
	}
	failed := 0
	for _, check := range checks {
		fmt.Fprintf(io.out, "%-4s  %s: %s\n", check.State, visible(check.Name), visible(check.Text))
		if check.Todo != "" {
			fmt.Fprintf(io.out, "      -> %s\n", visible(check.Todo))
		}
		if check.State == elastic.Bad {
			failed++
		}
	}
	if failed > 0 {
		return &exitError{exitFailed, fmt.Errorf("%s failed for %s", plural(uint64(failed), "check"), client.Config())}
	}
	return nil
}
