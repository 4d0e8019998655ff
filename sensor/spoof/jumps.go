package spoof

// ttlJumps remembers the TTLs of a claim's packets for E15: three that are two or more apart, within jumpSpan. Paths of equal cost differ by
// one hop, hosts behind one address seldom by three values.
type ttlJumps struct {
	TTL   [3]uint8
	N     uint8
	Since uint32 // packet time of the first, Unix seconds
}

// jumpSpan is ten minutes, in seconds (SPOOF-AND-CAMPAIGNS 2.2 E15: "in minutes").
const jumpSpan = 600

// jumped notes a packet's TTL, and gives E15 for the one that makes the third value.
func (c *claim) jumped(m *sighting) rows {
	t, now := &c.jumps, uint32(m.time.Unix())
	if t.N == 0 || now-t.Since > jumpSpan {
		*t = ttlJumps{Since: now}
	}
	for _, known := range t.TTL[:t.N] {
		if d := int(known) - int(m.marks.TTL); d > -2 && d < 2 {
			return 0
		}
	}
	if int(t.N) == len(t.TTL) {
		return rowE15
	}
	t.TTL[t.N] = m.marks.TTL
	if t.N++; int(t.N) == len(t.TTL) {
		return rowE15
	}
	return 0
}

// remembered gives the frames of a claim that it remembers.
func (j *Judge) remembered(c *claim) []uint64 {
	from := len(j.packets)
	j.packets = append(j.packets, c.frames[:min(int(c.messages), maxPackets)]...)
	return j.packets[from:len(j.packets):len(j.packets)]
}
