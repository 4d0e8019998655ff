package simulate

// claim is what is known of one claim of the road, and what simple judges would see of it.
type claim struct {
	family  string
	mailing uint32
	genuine bool // its source sent at least one of its popups
	legit   bool
	proof   bool // an exchange proves one of its popups
	blamed  bool // a document called it genuine or reportable

	popups              uint32
	first               int64
	lowTTL, highTTL     uint8
	odd, near, alive    bool
	tcp                 bool
	answered, connected bool
}

// add notes a popup and when it came.
func (c *claim) add(t *Truth, at int64) {
	c.family, c.mailing = t.Family, t.Campaign
	c.genuine = c.genuine || t.Genuine
	c.legit = t.Legit
	c.proof = c.proof || t.Proof
	if c.popups == 0 {
		c.lowTTL, c.highTTL, c.near, c.first = t.ttl, t.ttl, true, at
	}
	c.popups++
	c.lowTTL, c.highTTL = min(c.lowTTL, t.ttl), max(c.highTTL, t.ttl)
	c.odd = c.odd || t.odd
	c.near = c.near && nearTo(t.ttl, t.hops)
	c.alive, c.tcp = t.alive, t.tcp
}

// judge notes what was seen of the source besides, from shortly before its first popup on: when it last answered a callback, whatever it said, and when
// it last completed a handshake.
func (c *claim) judge(answered, connected int64) {
	c.answered = answered >= c.first
	c.connected = c.tcp && connected >= c.first-minute
}

// nearTo says whether a TTL fits a distance, two hops more or less.
func nearTo(ttl, hops uint8) bool {
	for _, initial := range []int{32, 64, 128, 255} {
		if d := initial - int(ttl) - int(hops); d >= -2 && d <= 2 {
			return true
		}
	}
	return false
}

// baseline is a simple judge: it reports an address, or does not.
type baseline struct {
	Name, About string
	blames      func(c *claim) bool
}

// baselines are the judges to beat (SPOOF-AND-CAMPAIGNS 10.3).
var baselines = [...]baseline{
	{"B0", "report every source", func(*claim) bool { return true }},
	{"B1", "report what the filter of CAIDA leaves", func(c *claim) bool { return !c.odd }},
	{"B2", "report whose hop count fits, ±2", func(c *claim) bool { return c.near }},
	{"B3", "report 10 packets of one TTL", func(c *claim) bool { return c.popups >= 10 && c.lowTTL == c.highTTL }},
	{"B4", "report who answers a ping", func(c *claim) bool { return c.alive }},
	{"B5", "report who answers a callback, whatever it says", func(c *claim) bool { return c.answered }},
	{"B6", "report after a TCP handshake alone, never UDP", func(c *claim) bool { return c.connected }},
}
