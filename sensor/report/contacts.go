package report

import (
	"bufio"
	"fmt"
	"io"
	"net/mail"
	"net/netip"
	"strings"
)

// Contacts says whom to write to about an address: networks and mailboxes that the operator has looked up and takes the responsibility for.
// Nothing is looked up on the network. Eviction: none, the file is the operator's.
type Contacts struct {
	lines []contactLine
}

type contactLine struct {
	network netip.Prefix
	mailbox string
}

// ReadContacts reads lines of a network (or an address) and a mailbox. # begins a comment.
func ReadContacts(r io.Reader) (*Contacts, error) {
	c := &Contacts{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		line, err := parseContact(words)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		c.lines = append(c.lines, line)
	}
	return c, lines.Err()
}

func parseContact(words []string) (contactLine, error) {
	if len(words) != 2 {
		return contactLine{}, fmt.Errorf("%d words (a network and a mailbox are wanted: 192.0.2.0/24 abuse@example.net)", len(words))
	}
	network, err := netip.ParsePrefix(words[0])
	if a, asAddress := netip.ParseAddr(words[0]); err != nil && asAddress == nil {
		network, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	if err != nil {
		return contactLine{}, fmt.Errorf("%q is no network", words[0])
	}
	box, err := mail.ParseAddress(words[1])
	if err != nil || box.Address != words[1] {
		return contactLine{}, fmt.Errorf("%q is no mailbox", words[1])
	}
	return contactLine{network.Masked(), words[1]}, nil
}

// Of gives the mailbox of the smallest network that holds the address; empty where none does.
func (c *Contacts) Of(a netip.Addr) string {
	best, box := -1, ""
	if c == nil {
		return box
	}
	for _, l := range c.lines {
		if l.network.Contains(a.Unmap()) && l.network.Bits() > best {
			best, box = l.network.Bits(), l.mailbox
		}
	}
	return box
}
