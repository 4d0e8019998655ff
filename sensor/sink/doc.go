// Package sink writes events: as NDJSON to files and standard output, and to several sinks at once.
package sink
