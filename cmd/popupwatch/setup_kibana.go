package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"popupwatch/sensor/elastic"
	"popupwatch/sensor/elastic/kibana"
)

// setupKibana installs dashboards and detection rules.
func (p *setupParts) setupKibana(ctx context.Context, s *settings, io stdio) error {
	i, err := s.elastic.importer()
	if err != nil {
		return err
	}
	i.DryRun = p.dryRun
	version, err := i.Check(ctx)
	if err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	if !s.quiet {
		fmt.Fprintf(io.out, "Kibana %s at %s\n", visible(version), visible(withoutPassword(i.URL)))
	}
	var report kibana.Report
	var faults []error
	if p.dashboards {
		report, err = i.Dashboards(ctx)
		faults = append(faults, err)
		p.tellItems(report, s, io)
	}
	if p.rules {
		rules, err := i.DetectionRules(ctx)
		faults = append(faults, err)
		p.tellItems(rules, s, io)
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	if p.dashboards && !p.dryRun && !s.quiet {
		return s.elastic.tellAddress(ctx, i, &report, io)
	}
	return nil
}

// tellItems says what became of each object.
func (p *setupParts) tellItems(r kibana.Report, s *settings, io stdio) {
	for _, item := range r.Items {
		if !s.quiet {
			fmt.Fprintf(io.out, "  %-12s %s %s\n", item.Change, visible(item.Type), visible(item.Title))
		}
	}
}

// tellAddress says where the first dashboard is seen, at the time of the events that are there.
func (e *elasticSettings) tellAddress(ctx context.Context, i *kibana.Importer, r *kibana.Report, io stdio) error {
	var first, last time.Time
	if e.delivers() {
		client, err := e.client()
		if err != nil {
			return err
		}
		if first, last, err = client.Span(ctx); err != nil {
			return err
		}
	}
	address, err := kibana.Address(i.URL, i.Space, r.ActualID(kibana.OverviewID), first, last)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "Look: %s\n", visible(address))
	return err
}

// importer talks to Kibana as the settings say. TLS and proxy are those of output.elasticsearch, and so are the credentials unless
// setup.kibana has its own.
func (e *elasticSettings) importer() (*kibana.Importer, error) {
	c, err := e.cluster()
	if err != nil {
		return nil, err
	}
	c.Hosts, c.CloudID = []string{kibanaURL(e.kibana)}, ""
	client, err := c.HTTP()
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	own := elastic.Config{Username: e.kibanaUsername, Password: e.kibanaPassword, APIKey: e.kibanaAPIKey}
	if own.Username != "" && own.APIKey != "" {
		return nil, usageError("setup.kibana: give api_key, or username with password, not both")
	}
	authorization := own.Authorization()
	if authorization == "" {
		authorization = c.Authorization()
	}
	i := &kibana.Importer{Client: client, URL: c.Hosts[0], Space: e.kibanaSpace, Header: http.Header{}}
	if authorization != "" {
		i.Header.Set("Authorization", authorization)
	}
	return i, nil
}

// withoutPassword is an address for people.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	return u.Redacted()
}

// kibanaURL is Kibana's address in full: as in libbeat a host alone is http, with port 5601.
func kibanaURL(text string) string {
	if strings.Contains(text, "://") {
		return text
	}
	if !strings.Contains(text, ":") {
		text += ":5601"
	}
	return "http://" + text
}

// probe says whether Kibana can be reached.
func (e *elasticSettings) probe(ctx context.Context) (elastic.Check, error) {
	i, err := e.importer()
	if err != nil {
		return elastic.Check{}, err
	}
	name := "kibana " + withoutPassword(i.URL)
	version, err := i.Check(ctx)
	if err != nil {
		return elastic.Check{Name: name, State: elastic.Bad, Text: err.Error(), Todo: "look at --kibana URL and setup.kibana: only setup needs it, delivery does not"}, nil
	}
	return elastic.Check{Name: name, State: elastic.Good, Text: version}, nil
}

// exportKibanaCommand prints what setup would import into Kibana.
func exportKibanaCommand(use, short string, content func() []byte, io stdio) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.out.Write(content())
			return err
		},
	}
}

// dashboard is the address of the overview at the time of what a replay read; empty without --kibana.
func (e *elasticSettings) dashboard(first, last time.Time) string {
	if e.kibana == "" || first.IsZero() {
		return ""
	}
	address, err := kibana.Address(kibanaURL(e.kibana), e.kibanaSpace, kibana.OverviewID, first, last)
	if err != nil {
		return ""
	}
	return address
}
