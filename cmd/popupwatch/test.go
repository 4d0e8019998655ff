package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"popupwatch/sensor/capture"
)

// testCommand checks before it matters.
func testCommand(io stdio) *cobra.Command {
	c := &cobra.Command{
		Use: "test", Short: "Check the configuration before it is used", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(testConfigCommand(io), testOutputCommand(io))
	return c
}

func testConfigCommand(io stdio) *cobra.Command {
	s := newSettings(commandLive)
	c := &cobra.Command{
		Use: "config", Short: "Check settings, rules and capture filter as live would; exit 2 names what is wrong", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if err := s.load(os.Environ()); err != nil {
				return err
			}
			return testConfig(s, io)
		},
	}
	s.addFlags(c.Flags())
	return c
}

// testConfig goes through everything that live checks before it opens an interface.
func testConfig(s *settings, io stdio) error {
	config, err := s.liveSensorConfig()
	if err != nil {
		return err
	}
	source, err := s.liveConfig()
	if err != nil {
		return err
	}
	if _, err := s.token(); err != nil {
		return err
	}
	set, err := s.loadRules(config.Memory)
	if err != nil {
		return err
	}
	for _, i := range source.Interfaces {
		if !slices.Contains(capture.InterfaceNames(), i.Name) {
			fmt.Fprintf(io.out, "note: there is no interface %s here and now\n", visible(i.Name))
		}
	}
	if len(s.home) == 0 {
		fmt.Fprintln(io.out, "note: "+homeMissing)
	}
	_, err = fmt.Fprintf(io.out, "ok: %d interfaces, %d rules, %d home networks, events to %s\n",
		len(source.Interfaces), len(set.Rules()), len(config.Home), orNone(s.events))
	return err
}

func orNone(s string) string {
	if s == "" {
		return "nowhere (give --events)"
	}
	return s
}
