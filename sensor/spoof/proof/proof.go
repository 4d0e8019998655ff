// Package proof is the only place that can mint a proof of genuineness: that a host at a source address received something unpredictable
// because of a message and echoed it (SPOOF-AND-CAMPAIGNS 3).
//
// No rule mints one yet: Genuine has no constructor, here or elsewhere, so no claim can become genuine_bound and no report can be built.
package proof

import (
	"net/netip"
	"time"
)

// Genuine says that the source of one claim was proven. Only this package can make a valid one; the zero Genuine proves nothing. It is
// never stored and never decoded from anything.
type Genuine struct {
	source netip.Addr
	at     time.Time
	minted bool
}

// Valid says whether g proves anything.
func (g Genuine) Valid() bool { return g.minted }

// Source is the proven address; the zero Addr where g is not valid.
func (g Genuine) Source() netip.Addr { return g.source }

// At is the packet time of the proof.
func (g Genuine) At() time.Time { return g.at }
