package store

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// wordsOf gives the numbers of several words.
func (k *keeper) wordsOf(words ...string) ([]int64, error) {
	ids := make([]int64, len(words))
	for i, w := range words {
		var err error
		if ids[i], err = k.word(w); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// keepPopup keeps a document of the message set.
func (k *keeper) keepPopup(d *document, seq int64) error {
	p := &d.Popupwatch
	wording, err := k.wording(d)
	if err != nil {
		return err
	}
	w, err := k.wordsOf(p.Campaign.ID, d.Observer.Name, d.Event.Action, p.Score.Lure, rulesMark+","+strings.Join(p.Score.Rules, ","))
	if err != nil {
		return err
	}
	key := tallyKey{campaign: w[0], verdict: int64(code(verdictWords[:], p.Score.Verdict)), route: int64(code(routeWords[:], p.Route)),
		port: int64(d.Destination.Port), sensor: w[1]}
	k.tally(d.Time.UnixNano(), key, d.popups())
	target := addressKey(d.target())
	if target != nil {
		if _, err := k.exec("INSERT INTO target VALUES (?, 1) ON CONFLICT DO UPDATE SET popups = popups + 1", target); err != nil {
			return err
		}
	}
	_, err = k.exec("INSERT INTO popup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		seq, d.Time.UnixNano(), key.campaign, addressKey(d.Source.IP), target, claimNumber(p.Source.ClaimID), wording, key.verdict,
		p.Score.Total, code(stateWords[:], p.Source.State), key.route, key.port, key.sensor, w[2], w[3], w[4], d.popups())
	return err
}

// claimNumber is the number that stands for a claim's id: 63 bits of its SHA-256.
func claimNumber(id string) int64 {
	if id == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(id))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}

// wording gives the number of a popup's three texts, which stand in the tables once, and counts the popup to it.
func (k *keeper) wording(d *document) (int64, error) {
	m := &d.Popupwatch.Message
	hash := wordingHash(m)
	id, known := k.wordings[hash]
	if !known {
		found, err := k.ask("SELECT id FROM wording WHERE hash = ?", []any{hash[:]}, &id)
		if err != nil {
			return 0, err
		}
		if !found {
			return k.newWording(d, hash)
		}
		k.remember(hash, id)
	}
	_, err := k.exec("UPDATE wording SET popups = popups + 1 WHERE id = ?", id)
	return id, err
}

// wordingHash tells wordings apart.
func wordingHash(m *messagePart) (hash [16]byte) {
	h := sha256.New()
	for _, part := range []string{m.From, m.To, m.Text, m.CodePage} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	copy(hash[:], h.Sum(nil))
	return hash
}

func (k *keeper) remember(hash [16]byte, id int64) {
	if len(k.wordings) >= maxRemembered {
		clear(k.wordings)
	}
	k.wordings[hash] = id
}

// newWording keeps the three texts, and what they advertise.
func (k *keeper) newWording(d *document, hash [16]byte) (id int64, err error) {
	m := &d.Popupwatch.Message
	_, err = k.ask("INSERT INTO wording (hash, sender, recipient, body, code_page, popups) VALUES (?, ?, ?, ?, ?, 1) RETURNING id",
		[]any{hash[:], m.From, m.To, m.Text, m.CodePage}, &id)
	if err != nil {
		return 0, err
	}
	if k.unread == 0 {
		k.unread = id
	}
	k.remember(hash, id)
	return id, d.Popupwatch.Advertised.each(func(kind int, value string) error {
		_, err := k.exec("INSERT OR IGNORE INTO advert VALUES (?, ?, ?)", kind, value, id)
		return err
	})
}

// readWords puts the words of the transaction's new wordings into their index, all at once: FTS5 writes what it gathered at each statement.
func (k *keeper) readWords() error {
	if k.unread == 0 {
		return nil
	}
	_, err := k.exec("INSERT INTO wording_words (rowid, sender, recipient, body) SELECT id, sender, recipient, body FROM wording WHERE id >= ?", k.unread)
	k.unread = 0
	return err
}

// keepClaim keeps a document of the source set, if it is the newest of its claim. Claims that share a document have no address, and stand in
// the events alone.
func (k *keeper) keepClaim(d *document, seq int64) error {
	s, ip := &d.Popupwatch.Source, addressKey(d.Source.IP)
	if ip == nil {
		return nil
	}
	w, err := k.wordsOf(d.Observer.Name, d.Popupwatch.Campaign.ID)
	if err != nil {
		return err
	}
	name, part, state := claimNumber(s.ClaimID), s.Part.UnixNano(), code(stateWords[:], s.State)
	var messages int64
	known, err := k.ask("SELECT messages FROM claim WHERE ip = ? AND name = ? AND part = ? AND sensor = ?", []any{ip, name, part, w[0]}, &messages)
	if err != nil {
		return err
	}
	_, err = k.exec("INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		ip, name, part, w[0], w[1], state, s.Decibans, s.Reportable, s.Messages, s.First.UnixNano(), s.Last.UnixNano(), seq)
	if err != nil {
		return err
	}
	more := int64(1)
	if known {
		more = 0
	}
	_, err = k.exec(`INSERT INTO source VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET messages = messages + excluded.messages,
		claims = claims + excluded.claims, first = MIN(first, excluded.first), last = MAX(last, excluded.last),
		state = iif(excluded.last >= last, excluded.state, state), decibans = iif(excluded.last >= last, excluded.decibans, decibans),
		reportable = iif(excluded.last >= last, excluded.reportable, reportable)`,
		ip, state, s.Decibans, s.Reportable, s.Messages-messages, more, s.First.UnixNano(), s.Last.UnixNano())
	return err
}

// keepCampaign keeps a document of the campaign set, which is the newest of its part.
func (k *keeper) keepCampaign(d *document, seq int64) error {
	c := &d.Popupwatch.Campaign
	w, err := k.wordsOf(c.ID, d.Observer.Name, c.Lure, c.Language)
	if err != nil {
		return err
	}
	_, err = k.exec("INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		w[0], c.Part.UnixNano(), w[1], c.Messages, c.Sources, c.Targets, c.First.UnixNano(), c.Last.UnixNano(), c.Final, seq)
	if err != nil {
		return err
	}
	for _, a := range c.Aliases[:min(len(c.Aliases), 200)] {
		if _, err := k.exec("INSERT OR IGNORE INTO alias VALUES (?, ?)", a, w[0]); err != nil {
			return err
		}
	}
	_, err = k.exec(`INSERT INTO campaign VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?) ON CONFLICT DO UPDATE SET verdict = excluded.verdict,
		score = excluded.score, lure = excluded.lure, language = excluded.language, seq = excluded.seq`,
		w[0], c.ID, code(verdictWords[:], d.Popupwatch.Score.Verdict), d.Popupwatch.Score.Total, w[2], w[3], seq)
	if err != nil {
		return err
	}
	return k.sumParts(w[0])
}

// sumParts sums up the parts of a campaign; one without parts is gone.
func (k *keeper) sumParts(campaign int64) error {
	_, err := k.exec(`UPDATE campaign SET (messages, sources, targets, first, last, seq) =
		(SELECT COALESCE(SUM(messages), 0), COALESCE(SUM(sources), 0), COALESCE(SUM(targets), 0), COALESCE(MIN(first), 0), COALESCE(MAX(last), 0),
		COALESCE(MAX(seq), 0) FROM part WHERE campaign = campaign.id) WHERE id = ?`, campaign)
	return err
}

// keepFinding keeps a document of the finding set.
func (k *keeper) keepFinding(d *document, seq int64) error {
	f := &d.Popupwatch.Finding
	w, err := k.wordsOf(f.Class, d.Popupwatch.Campaign.ID, d.Observer.Name)
	if err != nil {
		return err
	}
	_, err = k.exec("INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?)", seq, d.Time.UnixNano(), w[0], d.Event.Severity, f.Count, w[1], w[2])
	return err
}

// keepStat keeps a document of the sensor set: the counts over time, and all its numbers by hour.
func (k *keeper) keepStat(d *document, seq int64) error {
	sensor, err := k.word(d.Observer.Name)
	if err != nil {
		return err
	}
	if err := k.measure(d, sensor, 1); err != nil {
		return err
	}
	var frames, popups, lost int64
	d.measures(func(name string, n int64) {
		switch {
		case name == "frames":
			frames = n
		case name == "messages":
			popups = n
		case isDrop(name), isShed(name):
			lost += n
		}
	})
	_, err = k.exec("INSERT INTO stat VALUES (?, ?, ?, ?, ?, ?)", seq, d.Time.UnixNano(), sensor, frames, popups, lost)
	return err
}

// measure adds a sensor's counts to their sums, or takes them away.
func (k *keeper) measure(d *document, sensor, sign int64) (err error) {
	at := floor(d.Time.Unix(), 3600)
	d.measures(func(name string, n int64) {
		if strings.HasPrefix(name, "queue.") {
			return // a state and no count
		}
		id, e := k.word(name)
		if e != nil {
			err = e
			return
		}
		k.measures[measureKey{at, sensor, id}] += sign * n
	})
	return err
}
