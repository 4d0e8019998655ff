package spoof

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"popupwatch/sensor/spoof/proof"
)

// Due gives the next document that is due at now: a claim that had to make room, one whose state changed because of others, one whose hour
// is over. Call it until it says no. The assessment is a view, valid until the next call.
func (j *Judge) Due(now time.Time) (*Assessment, bool) {
	j.now = now
	j.prove(func() (proof.Outcome, bool) { return j.trust.bench.Due(now) }, now)
	if a, ok := j.waiting(); ok {
		return a, true
	}
	if len(j.hours) == 0 {
		return nil, false
	}
	over := time.Unix(int64(j.hours[0].hour+1)*3600, 0).UTC().Add(grace)
	if over.After(now) {
		return nil, false
	}
	return j.final(j.claims.get(j.hours[0].head), over), true
}

// Finish closes the claims that are still open, in the order of their hours; call it until it says no.
func (j *Judge) Finish(now time.Time) (*Assessment, bool) {
	j.now = now
	j.prove(j.trust.bench.Finish, now)
	if a, ok := j.waiting(); ok {
		return a, true
	}
	if len(j.hours) == 0 {
		return nil, false
	}
	return j.final(j.claims.get(j.hours[0].head), now), true
}

// waiting gives what closes to make room, then what changed.
func (j *Judge) waiting() (*Assessment, bool) {
	if a, ok := j.makeRoom(); ok {
		return a, true
	}
	for len(j.changed) > 0 {
		e := j.changed[0]
		j.changed = slices.Delete(j.changed, 0, 1)
		c := j.claims.get(e.slot)
		if c.key != e.key || !c.open {
			continue
		}
		c.pending = false
		a := j.assessment(c, j.populations.get(c.slot), j.now)
		if j.report(a, c); a.Changed {
			return a, true
		}
	}
	return nil, false
}

// final closes a claim and gives its last document.
func (j *Judge) final(c *claim, at time.Time) *Assessment {
	p := j.populations.get(c.slot)
	j.judge(c, p)
	a := j.assessment(c, p, at)
	j.report(a, c)
	if !a.Changed {
		j.argue(a, c)
	}
	a.Final = true
	c.open = false
	delete(j.trust.dossiers, j.byKey[c.key]) // what it says stands in the document
	j.delist(c)
	if p.refs--; p.refs == 0 {
		j.rest(c.slot, p)
	}
	return a
}

// reconsider judges the other open claims of a campaign anew after a look; those whose state changed wait for Due.
func (j *Judge) reconsider(p *population, except *claim) {
	for i := range p.first {
		k := claimKey{p.first[i].source, p.seq, except.key.hour}
		slot, ok := j.byKey[k]
		if !ok {
			continue
		}
		c := j.claims.get(slot)
		if c == except || !c.open {
			continue
		}
		if j.judge(c, p); c.state != c.reported && !c.pending {
			c.pending = true
			j.changed = append(j.changed, claimRef{slot, k})
		}
	}
}

// judge goes down the ladder: structural rules, then the ledger.
func (j *Judge) judge(c *claim, p *population) {
	var l ledger
	w := weights(c, p)
	for i := range w {
		if w[i] != 0 {
			l.add(rowTable[i].group, w[i])
		}
	}
	total, _ := l.sum()
	c.version, c.decibans, c.conflict = p.version, float32(total), false
	switch {
	case c.rows&(rowR1|rowSelf|rowE03) != 0:
		c.state = ForgedCertain
	case c.rows&rowR1b != 0:
		c.state = NonroutableLeak
	case c.rows&rowProven != 0 && c.contradicted(&l):
		c.state, c.conflict = Unknown, true
		j.clash(c.key.source, j.now)
	case c.rows&rowProven != 0:
		c.state = GenuineBound
	case l.forged() && p.many(c) == nil:
		c.state = ForgedProbable
	case c.rows&rowReached != 0:
		c.state = ReachableUnbound
	default:
		c.state = Unknown
	}
}

// opposed is from how many decibans of one group on a proof and the ledger contradict each other (R2c).
const opposed = 10

// contradicted says whether something speaks against the proof of a claim: a denial, or a group of the ledger.
func (c *claim) contradicted(l *ledger) bool {
	if c.rows&(rowE52|rowE53|rowE54) != 0 {
		return true
	}
	for g := range groupCount {
		if l.high[g] >= opposed {
			return true
		}
	}
	return false
}

// weights gives the decibans of each row of rowTable; 0 where it does not hold.
func weights(c *claim, p *population) (w [len(rowTable)]float64) {
	shared := p.shared(c)
	for i := range rowTable {
		r := &rowTable[i] // in place: a row is large
		if c.rows&r.bit != 0 {
			w[i] = r.weight
		}
		switch {
		case r.bit == rowE32 && p.once():
			w[i] = r.weight
		case p.seen == nil:
		case r.bit == rowE14:
			if t := p.seen.atTTL(c.ttl); t != nil {
				w[i] = t.weight
			}
		case r.bit == rowE26:
			w[i] = p.seen.clocks[c.key.source].decibans
		case r.bit == rowE24 && p.seen.prints[c.key.source] != nil:
			w[i] = r.weight
		case r.bit&shared != 0:
			w[i] = p.sign(r.bit, c).weight
		}
	}
	return w
}

// assessment fills j.out with all but what argue adds.
func (j *Judge) assessment(c *claim, p *population, at time.Time) *Assessment {
	j.out = Assessment{
		Time: at,
		Key:  ClaimKey{Source: c.key.source.addr(), Campaign: p.id(), Class: p.class, Hour: time.Unix(int64(c.key.hour)*3600, 0).UTC()},
		Part: nanoTime(c.part), State: c.state, Previous: c.reported, Decibans: round(float64(c.decibans)),
		Messages: uint64(c.messages), First: nanoTime(c.first), Last: nanoTime(c.last),
		Evidence: j.out.Evidence[:0], Conflict: c.conflict, Emitter: p.emitter(c),
	}
	if c.state == GenuineBound {
		j.out.Refusals = j.refusals(c, p)
		j.out.Reportable = len(j.out.Refusals) == 0
		if d := j.dossierOf(c); d != nil {
			j.out.proof = d.proof
		}
	}
	return &j.out
}

// argue adds what only a document needs: the evidence, strongest first, and the number of targets, which is dear where it is an estimate.
func (j *Judge) argue(a *Assessment, c *claim) {
	p := j.populations.get(c.slot)
	a.Targets, a.TargetsEstimated = c.targets.Count()
	a.Posterior = posterior(a.Decibans)
	switch a.State {
	case ForgedCertain:
		a.Posterior = Posterior{1, 1, 1}
	case GenuineBound:
		a.Posterior = Posterior{}
	}
	j.packets = j.packets[:0]
	if c.rows&rowSelf != 0 {
		a.Evidence = append(a.Evidence, Evidence{"E05", "rule", 0, sentenceSelf, j.showed(c, rowSelf)})
	}
	if c.special != 0 {
		id := "R1"
		if c.rows&rowR1b != 0 {
			id = "R1b"
		}
		a.Evidence = append(a.Evidence, Evidence{id, "rule", 0, j.special.sentences[c.special], j.showed(c, rowR1|rowR1b)})
	}
	if c.rows&rowE03 != 0 {
		a.Evidence = append(a.Evidence, Evidence{"E03", "rule", 0, j.routes.sentence(), j.showed(c, rowE03)})
	}
	if f := p.many(c); f != nil {
		a.Evidence = append(a.Evidence, Evidence{"MULTI", "rule", 0, f.says, f.frames})
	}
	a.Evidence = j.proofRows(a.Evidence, c)
	rules := len(a.Evidence)
	w := weights(c, p)
	for i := range w {
		if r := &rowTable[i]; w[i] != 0 {
			text, packets := j.says(r.bit, c, p)
			a.Evidence = append(a.Evidence, Evidence{r.id, groupNames[r.group], w[i], text, packets})
		}
	}
	slices.SortStableFunc(a.Evidence[rules:], func(x, y Evidence) int { return cmp.Compare(y.Decibans, x.Decibans) })
}

// says gives the sentence of a row and the frames that show it.
func (j *Judge) says(r rows, c *claim, p *population) (string, []uint64) {
	own := j.showed(c, r)
	s := j.sentences
	switch r {
	case rowE12, rowE13:
		return j.sentenceHops(r, c), own
	case rowE60:
		return sentenceQuoted, own
	case rowE50, rowE51, rowE52, rowE53, rowE54:
		return answerSentence(r), j.answered(c, r)
	case rowE10:
		return s.impossible[c.ttlOf(r)], own
	case rowE11:
		return s.high[c.ttlOf(r)], own
	case rowE04:
		return sentenceOwn, own
	case rowE43:
		return sentenceOctet, own
	case rowE61:
		return sentenceOne, own
	case rowE63Windows:
		return s.windows[c.ttlOf(r)], own
	case rowE63Sum:
		return sentenceSum0, own
	case rowE63:
		return s.stack[c.ttlOf(r)], own
	case rowE14:
		t := p.seen.atTTL(c.ttl)
		return t.says, t.frames
	case rowE15:
		return sentenceJumps, j.remembered(c)
	case rowE20, rowE21, rowE22, rowE22Port, rowE23, rowE25, rowE30, rowE31, rowE40:
		n := p.sign(r, c)
		return n.says, n.frames
	case rowE24:
		return p.seen.prints[c.key.source].says, p.seen.prints[c.key.source].frames
	case rowE26:
		g := p.seen.clocks[c.key.source]
		return g.sentence(), j.members(p, g)
	default:
		return p.sentenceOnce(), j.firsts(p)
	}
}

// sentenceOnce says that sources send one submission each.
func (p *population) sentenceOnce() string {
	of, what := "of this campaign", "submissions"
	if p.class != ClassPopup {
		of, what = "of the hour", p.class+"s"
	}
	return fmt.Sprintf("%d sources %s sent %d %s, hardly more than one each: so do invented addresses.", p.sources, of, p.submissions, what)
}

// firsts gives the first packets of the first sources of a campaign.
func (j *Judge) firsts(p *population) []uint64 {
	from := len(j.packets)
	for i := range p.first[:min(len(p.first), maxCited)] {
		j.packets = append(j.packets, p.first[i].frame)
	}
	return j.packets[from:len(j.packets):len(j.packets)]
}

// sentence says what the clocks of a group show.
func (g clockGroup) sentence() string {
	where := "in different networks: one machine stands behind them."
	if g.pool {
		where = "but all in one operator's network, where an address pool would show the same; so this weighs less."
	}
	how, from, to := "lag by", g.from, g.to
	if g.to < 0 {
		how, from, to = "are ahead by", -g.to, -g.from
	}
	return fmt.Sprintf("The clocks in the activity UUIDs of %d of %d sources %s the same %.1f to %.1f s, %s", g.k, g.n, how, from, to, where)
}

// byTTL are the rows whose sentence names a TTL: it must be that of each packet they cite.
const byTTL = rowE10 | rowE11 | rowE63 | rowE63Windows

// showed gives the frames of the claim that showed a row, of those that it remembers. A row of an earlier part names none.
func (j *Judge) showed(c *claim, r rows) []uint64 {
	from := len(j.packets)
	for i := range min(int(c.messages), maxPackets) {
		if c.shown[i]&r != 0 && (r&byTTL == 0 || c.ttlShown[i] == c.ttlOf(r)) {
			j.packets = append(j.packets, c.frames[i])
		}
	}
	return j.packets[from:len(j.packets):len(j.packets)]
}

// members gives the first packets of the sources of a group, at most maxCited.
func (j *Judge) members(p *population, g clockGroup) []uint64 {
	from := len(j.packets)
	for _, i := range g.members[:min(len(g.members), maxCited)] {
		j.packets = append(j.packets, p.first[i].frame)
	}
	slices.Sort(j.packets[from:])
	return j.packets[from:len(j.packets):len(j.packets)]
}

// Clone gives an assessment that owns its evidence.
func (a *Assessment) Clone() *Assessment {
	out := *a
	out.Evidence = slices.Clone(a.Evidence)
	for i := range out.Evidence {
		out.Evidence[i].Packets = slices.Clone(out.Evidence[i].Packets)
	}
	return &out
}
