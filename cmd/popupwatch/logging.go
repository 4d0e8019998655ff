package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// newLogger writes log lines: as text where a person reads them, else as one JSON document a line in the names of ECS. Only changes of state
// are logged, so that each line is worth reading.
func newLogger(format string, to io.Writer, quiet bool) *slog.Logger {
	level := slog.LevelInfo
	if quiet {
		level = slog.LevelError
	}
	options := &slog.HandlerOptions{Level: level}
	if format == "text" || format == "auto" && terminal(to) {
		return slog.New(slog.NewTextHandler(to, options))
	}
	options.ReplaceAttr = ecsNames
	return slog.New(slog.NewJSONHandler(to, options)).With("ecs.version", "8.17.0", "service.name", "popupwatch", "service.version", version)
}

// ecsNames are the names of the Elastic Common Schema for what slog calls otherwise.
func ecsNames(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey:
		a.Key = "@timestamp"
	case slog.LevelKey:
		a = slog.String("log.level", strings.ToLower(a.Value.String()))
	case slog.MessageKey:
		a.Key = "message"
	case "error":
		a = slog.String("error.message", a.Value.String())
	case "interface":
		a.Key = "observer.ingress.interface.name"
	}
	return a
}

// plainHandler writes log lines as a command says things that are no result: "popupwatch: events wait in the queue (waiting 12)".
type plainHandler struct {
	slog.Handler
	to io.Writer
}

// newPlainLogger makes the logger of a command that somebody looks at.
func newPlainLogger(to io.Writer, quiet bool) *slog.Logger {
	level := slog.LevelInfo
	if quiet {
		level = slog.LevelError
	}
	return slog.New(plainHandler{slog.NewTextHandler(to, &slog.HandlerOptions{Level: level}), to})
}

// Handle writes one line.
func (h plainHandler) Handle(_ context.Context, r slog.Record) error {
	var words []string
	r.Attrs(func(a slog.Attr) bool {
		words = append(words, a.Key+" "+a.Value.String())
		return true
	})
	line := r.Message
	if len(words) > 0 {
		line += " (" + strings.Join(words, ", ") + ")"
	}
	_, err := fmt.Fprintf(h.to, "popupwatch: %s\n", visible(line))
	return err
}
