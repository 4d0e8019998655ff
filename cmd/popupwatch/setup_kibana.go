package main

import (
	"context"
	"errors"
)

// setupKibana installs dashboards and detection rules.
func (p *setupParts) setupKibana(context.Context, *settings, stdio) error {
	return errors.New("setup: Kibana is not reached yet")
}
