package complaint

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// form is one way in which a log writes that a packet came.
type form struct {
	name  string // as people know it
	hint  string // stands in each line of the form: a cheap test
	expr  string // regular expression; {src} and the like stand for groups
	like  string // an example
	utc   bool   // the form is always in UTC
	order dateOrder
}

// groups are the words of the expressions. An address group takes what may be one; netip has the last word.
const (
	exprAddr = `(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*[0-9A-Fa-f:])`
	exprPort = `\d{1,5}`
)

// compiled is a form that can read.
type compiled struct {
	*form
	re *regexp.Regexp
}

// compile makes the forms readable, in the order of the table.
func compile() []compiled {
	words := strings.NewReplacer(
		"{src}", `(?P<src>`+exprAddr+`)`, "{dst}", `(?P<dst>`+exprAddr+`)`,
		"{sport}", `(?P<sport>`+exprPort+`)`, "{dport}", `(?P<dport>`+exprPort+`)`,
		"{proto}", `(?P<proto>[A-Za-z0-9-]+)`)
	out := make([]compiled, 0, len(forms))
	for i := range forms {
		out = append(out, compiled{&forms[i], regexp.MustCompile(words.Replace(forms[i].expr))})
	}
	return out
}

// read makes a sight of a line, if the form fits it.
func (c *compiled) read(line string, times *clock) (Sight, bool) {
	if !strings.Contains(line, c.hint) {
		return Sight{}, false
	}
	found := c.re.FindStringSubmatch(line)
	if found == nil {
		return Sight{}, false
	}
	f := fields(c.re, found)
	s := Sight{Form: c.name, Proto: protocol(f["proto"]), Flags: flagLetters(f["flags"] + f["ack"]), Subject: strings.TrimSpace(f["subject"]), Count: 1}
	if f["proto"] == "" && f["flags"] != "" { // tcpdump names it by its flags
		s.Proto = "tcp"
	}
	var ok bool
	if s.Src, ok = addrPort(f["src"], f["sport"]); !ok || !s.Src.Addr().IsValid() {
		return Sight{}, false
	}
	if s.Dst, ok = addrPort(f["dst"], f["dport"]); !ok {
		return Sight{}, false
	}
	if s.Proto == "icmp" { // what stands for ports there are type and code
		s.Src, s.Dst = netip.AddrPortFrom(s.Src.Addr(), 0), netip.AddrPortFrom(s.Dst.Addr(), 0)
	}
	s.TTL, s.ID = uint8(within(f["ttl"], 255)), uint16(within(f["id"], 65535))
	s.Count = max(1, within(f["count"], 1e9))
	s.Stamp = times.read(line, c.order)
	s.Stamp.Zone = s.Stamp.Zone || c.utc && s.Stamp.Known
	return s, true
}

// addrPort reads an address and a port that may be missing. An IPv4 address that is written as IPv6 stays another address.
func addrPort(addr, port string) (netip.AddrPort, bool) {
	n := within(port, 65535)
	if port != "" && strconv.Itoa(n) != strings.TrimLeft(port, "0") && n != 0 {
		return netip.AddrPort{}, false
	}
	if addr == "" {
		return netip.AddrPortFrom(netip.Addr{}, uint16(n)), true
	}
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a, uint16(n)), true
}

// within reads a number up to a bound; 0 for what is none, or beyond.
func within(s string, most int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > most {
		return 0
	}
	return n
}

func protocol(s string) string {
	switch s = strings.ToLower(s); s {
	case "17":
		return "udp"
	case "6":
		return "tcp"
	case "1", "58", "icmp6", "icmpv6", "ipv6-icmp", "icmp-type":
		return "icmp"
	}
	return s
}

// flagLetters writes TCP flags by their letters: SYN ACK, SA, S. and ack, ***A**S* are all known ways.
func flagLetters(s string) string {
	s = strings.ToUpper(s)
	for _, word := range []string{"SYN", "ACK", "FIN", "RST", "PSH", "URG"} {
		s = strings.ReplaceAll(s, word, word[:1])
	}
	out := ""
	for _, letter := range "SAFRPU" {
		if strings.ContainsRune(s, letter) {
			out += string(letter)
		}
	}
	return out
}
