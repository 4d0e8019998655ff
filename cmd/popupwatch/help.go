package main

import (
	"embed"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"popupwatch/sensor/elastic/kibana"
	"popupwatch/sensor/event"
)

// topics are the pages of documentation: popupwatch help TOPIC.
//
//go:embed topics/*.md
var topics embed.FS

// helpCommand explains a command, or prints a page of documentation.
func helpCommand(std stdio) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND | TOPIC]", Short: "Explain a command or a topic",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				fmt.Fprintf(std.out, "Topics: %s\n\n", strings.Join(topicNames(), ", "))
				return c.Root().Help()
			}
			if page, err := topics.ReadFile("topics/" + path.Base(args[0]) + ".md"); err == nil && len(args) == 1 {
				_, err = std.out.Write(page)
				return err
			}
			command, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usageError("help: no command or topic %q (topics: %s)", strings.Join(args, " "), strings.Join(topicNames(), ", "))
			}
			return command.Help()
		},
	}
}

// topicNames lists the pages in byte order.
func topicNames() []string {
	entries, err := topics.ReadDir("topics")
	if err != nil {
		panic("popupwatch: embedded topics: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".md"))
	}
	return names
}

// exportCommand prints what other programs want to have.
func exportCommand(std stdio) *cobra.Command {
	c := &cobra.Command{
		Use: "export", Short: "Print what other programs want: configuration, capture filter, event fields, templates, dashboards", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		exportTemplatesCommand(std),
		exportKibanaCommand("dashboards", "Print the dashboards as saved objects of Kibana (NDJSON)", kibana.Objects, std),
		exportKibanaCommand("detection-rules", "Print the detection rules (NDJSON)", kibana.Rules, std),
	)
	c.AddCommand(&cobra.Command{
		Use: "config", Short: "Print the reference configuration, every key with its default and what it does", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := std.out.Write([]byte(referenceConfig()))
			return err
		},
	}, &cobra.Command{
		Use: "filter", Short: "Print the built-in capture filter, as live gives it to the kernel (for tcpdump and dumpcap, too)", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			s := newSettings(commandLive)
			if err := s.load(os.Environ()); err != nil {
				return err
			}
			_, err := fmt.Fprintln(std.out, s.kernelFilter().Expression())
			return err
		},
	}, &cobra.Command{
		Use: "fields", Short: "Print the reference of all event fields (Markdown)", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := std.out.Write([]byte(event.Reference()))
			return err
		},
	})
	return c
}

// manCommand writes the manual pages into a folder.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write manual pages into a folder",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("man: name the folder to write to")
			}
			return doc.GenManTree(c.Root(), &doc.GenManHeader{Title: "POPUPWATCH", Section: "1", Source: "popupwatch " + version}, args[0])
		},
	}
}
