package report

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Impersonation gathers what a notice to somebody can say whose address stands on packets that he did not send.
type Impersonation struct {
	source      netip.Addr
	first, last time.Time
	messages    uint64
	campaigns   map[string]bool
	sentences   []string
	states      map[string]bool
	nowhere     bool // no host can be at the address
}

// maxSentences is how many sentences a notice names.
const maxSentences = 8

// NewImpersonation begins to gather for one address.
func NewImpersonation(source netip.Addr) *Impersonation {
	return &Impersonation{source: source.Unmap(), campaigns: map[string]bool{}, states: map[string]bool{}}
}

// Read takes events. It may be called for several streams.
func (n *Impersonation) Read(from io.Reader) error {
	return read(from, func(d *document) error {
		a, err := netip.ParseAddr(d.Source.IP)
		if err == nil && a.Unmap() == n.source && d.Event.Dataset == sourceSet && d.Our.Source.Final {
			n.add(&d.Our.Source, d.Our.Campaign.ID)
		}
		return nil
	})
}

func (n *Impersonation) add(s *sourceDocument, campaign string) {
	n.states[s.State] = true
	if s.Conflict {
		n.states["conflict"] = true
	}
	if !forged(s.State) {
		return
	}
	n.first, n.last = earlier(n.first, s.First), later(n.last, s.Last)
	n.messages += s.Messages
	if campaign != "" && len(n.campaigns) < maxTraced {
		n.campaigns[campaign] = true
	}
	for _, e := range s.Evidence {
		n.nowhere = n.nowhere || strings.HasPrefix(e.ID, "R1")
		if len(n.sentences) < maxSentences && e.Decibans >= 0 && !slices.Contains(n.sentences, e.Text) {
			n.sentences = append(n.sentences, e.Text)
		}
	}
}

// The reasons for which there is no notice.
var (
	ErrNotForged   = errors.New("no last word in these events says that this address was forged: there is nothing to notify of")
	ErrMixed       = errors.New("other claims on this address say that it sent or answered something, or contradict themselves: a notice could be wrong")
	ErrNotRoutable = errors.New("this address is not one that somebody could be reached at")
)

// Notice writes the notice, or says why there is none. line makes text from the network one visible line.
func (n *Impersonation) Notice(line func(string, int) string) (string, error) {
	switch {
	case !n.states["forged_certain"] && !n.states["forged_probable"]:
		return "", ErrNotForged
	case n.nowhere || !n.source.IsGlobalUnicast() || n.source.IsPrivate():
		return "", ErrNotRoutable
	case n.states["genuine_bound"] || n.states["reachable_unbound"] || n.states["conflict"]:
		return "", ErrMixed
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Your address appears as a forged source, no action implied\n\n")
	fmt.Fprintf(&b, "The address %s was written as the source on %s (%s) that our sensor saw\n",
		n.source, many(n.messages, "Windows Messenger popup", "Windows Messenger popups"), many(uint64(len(n.campaigns)), "campaign", "campaigns"))
	fmt.Fprintf(&b, "from %s to %s. The evidence says that somebody else wrote it there.\n\n", instant(n.first), instant(n.last))
	b.WriteString("This is no complaint. We do not report your address, and ask nothing of you. If somebody complains to you about these packets, you can\n" +
		"answer with this notice.\n\nWhat shows it:\n\n")
	for _, s := range n.sentences {
		fmt.Fprintf(&b, "* %s\n", line(s, maxSentence))
	}
	b.WriteString("\nWhat this does not say: who sent the packets, or that nothing else ever came from your address.\n")
	return b.String(), nil
}
