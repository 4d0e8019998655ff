package capture

import (
	"fmt"

	"popupwatch/decoders"
)

// DamageError says where a capture stops making sense: it is cut short, damaged, or no capture at all. What was readable before Offset
// has been delivered, nothing after it is.
type DamageError struct {
	Path     string // the file as it was found, "-" for standard input
	Offset   int64  // octets before the record that cannot be read
	Inflated bool   // Offset counts octets of the inflated stream, not of the file
	What     string // what is wrong there, in words
	Err      error  // what the system or the inflater said; nil where the octets themselves are wrong

	foreign bool // it does not begin like a capture: in a directory it is skipped
}

// Error names the file, the offset and the damage.
func (e *DamageError) Error() string {
	stream := ""
	if e.Inflated {
		stream = " of the inflated stream"
	}
	return fmt.Sprintf("read %s: damage at octet %d%s: %s", e.Path, e.Offset, stream, e.What)
}

// Unwrap is what the system or the inflater said, nil where the octets themselves are wrong.
func (e *DamageError) Unwrap() error { return e.Err }

// FilterError says that the filter expression cannot be used on frames of a link type.
type FilterError struct {
	Expr string            // the expression as it was given
	Link decoders.LinkType // what it was compiled for
	Err  error             // libpcap's reason
}

// Error gives libpcap's reason and a hint.
func (e *FilterError) Error() string {
	return fmt.Sprintf("compile the filter %q for link type %d: %v (the syntax is that of tcpdump, see pcap-filter(7))", e.Expr, e.Link, e.Err)
}

// Unwrap is libpcap's reason.
func (e *FilterError) Unwrap() error { return e.Err }
