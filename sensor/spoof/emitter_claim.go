package spoof

// neverRows are rows of sources that can be no sender (E40).
const neverRows = rowR1 | rowE03

// meet brings a packet to the tests of its campaign: the first one of a source joins them, a later one moves the counters that were found. It
// says whether a look changed what follows for others.
func (j *Judge) meet(p *population, c *claim, m *sighting, fresh, stranger bool) (looked bool) {
	if !fresh {
		return j.again(p, c, m)
	}
	f := j.firstOf(m, c)
	c.fk, c.loose = fold(f.key()), fold(f.loose())
	if !stranger {
		c.place = p.place(f.source)
	}
	c.fits = p.fit(c, &f)
	if !stranger {
		return false
	}
	c.ttl = m.marks.TTL
	if p.sources++; len(p.first) >= maxFirst || j.held > j.memory/2 {
		return false
	}
	f.asn, f.fits = j.networks.of(m.src.Addr()), c.fits
	if c.place, looked = p.add(&f); looked {
		j.look(p, m)
	}
	j.weigh(p)
	return looked
}

// again follows a source that is known: its second and third packet, and the counters that moved.
func (j *Judge) again(p *population, c *claim, m *sighting) bool {
	if len(p.moving) > 0 {
		p.move(c, m)
	}
	if c.place == 0 || !p.follow(int(c.place)-1, m) {
		return false
	}
	j.look(p, m)
	j.weigh(p)
	return true
}

// look computes what the first packets of a campaign show, and makes the phase test where it is due.
func (j *Judge) look(p *population, m *sighting) {
	p.look()
	if j.lookPhases(p, m.time) {
		p.look()
	}
	p.start()
}

// start follows each counter that a look found.
func (p *population) start() {
	for i := range p.seen.cells {
		c := &p.seen.cells[i]
		for k := range c.signs {
			s := &c.signs[k]
			if s.row&orderRows == 0 || len(p.moving) >= maxTails || p.tail(c.key, s.kind) != nil {
				continue
			}
			t := c.series(p.first, s.kind)
			_, last, mean := t.members()
			p.moving = append(p.moving, tail{Cell: c.key, Kind: s.kind, Last: last, Mean: mean})
		}
	}
}

func (p *population) tail(key uint64, k counter) *tail {
	for i := range p.moving {
		if p.moving[i].Cell == key && p.moving[i].Kind == k {
			return &p.moving[i]
		}
	}
	return nil
}

// fold makes a key small enough for a claim.
func fold(key uint64) uint32 { return uint32(key>>32) ^ uint32(key) }

// cell gives the cell of a claim as of the last look; nil where it has none.
func (p *population) cell(c *claim) *cell {
	if p.seen == nil {
		return nil
	}
	if place := int(c.place); place > 0 && place <= len(p.seen.cellOf) {
		if at := p.seen.cellOf[place-1]; at > 0 {
			return &p.seen.cells[at-1]
		}
		return nil
	}
	var loose *cell
	for i := range p.seen.cells {
		switch fold(p.seen.cells[i].key) {
		case c.fk:
			return &p.seen.cells[i]
		case c.loose:
			loose = &p.seen.cells[i]
		}
	}
	return loose
}

// looked says whether the last look had the source's first packet.
func (p *population) looked(c *claim) bool { return c.place > 0 && int(c.place) <= len(p.seen.cellOf) }

// fit gives the signs that a packet shows which no look had: they are known, and it is measured by them.
func (p *population) fit(c *claim, f *firstPacket) (r rows) {
	in := p.cell(c)
	if in == nil || p.looked(c) {
		return 0
	}
	for i := range in.signs {
		if s := &in.signs[i]; p.fitsSign(in, s, f) {
			r |= s.row
			if s.makes {
				r |= rowMember
			}
			if s.makes && s.never > 0 {
				r |= rowE40
			}
		}
	}
	return r
}

func (p *population) fitsSign(c *cell, s *sign, f *firstPacket) bool {
	switch s.row {
	case rowE20, rowE22, rowE22Port:
		v, ok := f.value(s.kind)
		t := p.tail(c.key, s.kind)
		return ok && t != nil && t.fits(v)
	case rowE21:
		return f.v4 && s.phase.coherent(f.id[0], c.seconds(p.first, f.at))
	case rowE23:
		return s.shows(f)
	case rowVote:
		return f.ttl == s.ttl
	}
	return false // what order and pace show is of the packets that were looked at
}

// move lets the counters of a claim's cell go on with a packet that is no source's first: between two new sources of a small pool lie many.
func (p *population) move(c *claim, m *sighting) {
	in := p.cell(c)
	if in == nil {
		return
	}
	for i := range p.moving {
		if t := &p.moving[i]; t.Cell == in.key {
			t.moveTo(m)
		}
	}
}

func (t *tail) moveTo(m *sighting) {
	switch {
	case t.Kind == counterPort:
		t.fits(uint32(m.src.Port()))
	case t.Kind == counterID && !m.marks.IPv6:
		t.fits(uint32(m.marks.ID))
	case t.Kind == counterSwapped && !m.marks.IPv6:
		t.fits(uint32(m.marks.ID<<8 | m.marks.ID>>8))
	case m.call != nil && t.Kind == counterSequence:
		t.fits(m.call.Sequence)
	case m.call != nil && t.Kind == counterSerial:
		t.fits(uint32(m.call.Serial))
	}
}

// shared gives the rows that a claim's source shows with others of its cell.
func (p *population) shared(c *claim) (r rows) {
	if in := p.cell(c); in != nil {
		for i := range in.signs {
			if s := &in.signs[i]; p.shows(s, c) {
				r |= s.row
			}
		}
	}
	return r & emitterRows
}

// shows says whether a claim's source shows a sign of its cell.
func (p *population) shows(s *sign, c *claim) bool {
	if p.looked(c) {
		return s.in.has(int(c.place) - 1)
	}
	return c.fits&s.row != 0
}

// sign gives the sign of a row that a claim's source shows; nil where it shows none.
func (p *population) sign(row rows, c *claim) *sign {
	in := p.cell(c)
	if in == nil {
		return nil
	}
	for i := range in.signs {
		s := &in.signs[i]
		if s.row == row && p.shows(s, c) {
			return s
		}
	}
	return nil
}

// emitter names the emitter that a claim's source belongs to; empty where there is none.
func (p *population) emitter(c *claim) string {
	in := p.cell(c)
	if in == nil || in.verdict != single {
		return ""
	}
	if p.looked(c) && in.members.has(int(c.place)-1) || !p.looked(c) && c.fits&rowMember != 0 {
		return in.emitter
	}
	return ""
}

// many gives what shows that a claim's source is one of several hosts with one tool; nil where nothing does.
func (p *population) many(c *claim) *finding {
	if in := p.cell(c); in != nil && in.verdict == multi {
		return &in.many
	}
	return nil
}
