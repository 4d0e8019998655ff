package main

import (
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
