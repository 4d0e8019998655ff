package store

import (
	"bytes"
	"time"
)

// purgeBlocks is how many blocks one transaction gives up at most: writing goes on beside it.
const purgeBlocks = 4

// purge gives up the blocks that arrived too long ago, or for which there is no room, the oldest arrivals first, and everything that the
// tables hold of them.
func (k *keeper) purge() error {
	for range purgeBlocks {
		seq, due, err := k.due()
		if err != nil || !due {
			return err
		}
		if err := k.giveUp(seq); err != nil {
			return err
		}
	}
	return nil
}

// due finds the oldest block, and says whether it has to go.
func (k *keeper) due() (seq int64, due bool, err error) {
	var arrived, used int64
	found, err := k.ask("SELECT seq, arrived FROM block ORDER BY seq LIMIT 1", nil, &seq, &arrived)
	if err != nil || !found || seq == k.next-1 {
		return 0, false, err // what came just now stays, whatever the bound
	}
	if days := k.retention.Days; days > 0 && k.now().Sub(time.Unix(0, arrived)) > time.Duration(days)*24*time.Hour {
		return seq, true, nil
	}
	_, err = k.ask("SELECT (c.page_count - f.freelist_count) * s.page_size FROM pragma_page_count() c, pragma_freelist_count() f, pragma_page_size() s",
		nil, &used)
	return seq, used > k.retention.octets(), err
}

// giveUp deletes a block.
func (k *keeper) giveUp(seq int64) error {
	var events, sum int64
	var body []byte
	if _, err := k.ask("SELECT events, sum, body FROM block WHERE seq = ?", []any{seq}, &events, &sum, &body); err != nil {
		return err
	}
	raw, err := unpack(nil, body, uint32(sum))
	if err == nil {
		err = k.dropDocuments(raw, seq)
	} else {
		err = k.dropUnreadable(seq)
	}
	if err != nil {
		return err
	}
	k.counters["purged"] += events
	if _, err := k.exec("DELETE FROM ident WHERE block = ?", seq); err != nil {
		return err
	}
	_, err = k.exec("DELETE FROM block WHERE seq = ?", seq)
	return err
}

// dropUnreadable takes out of the tables what is known of the documents of a block that cannot be read: the popups; of the sums of claims and
// campaigns nothing can be told any more.
func (k *keeper) dropUnreadable(block int64) error {
	for n := range int64(batchDocuments) {
		if err := k.dropPopup(block<<8 | n); err != nil {
			return err
		}
	}
	_, err := k.exec("DELETE FROM event WHERE seq BETWEEN ? AND ?", block<<8, block<<8|(batchDocuments-1))
	return err
}

// dropDocuments takes the documents of a block out of all tables.
func (k *keeper) dropDocuments(raw []byte, block int64) error {
	for n, line := range bytes.Split(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n")) {
		d, err := readDocument(line)
		if err != nil {
			continue // it was never kept
		}
		k.counters["event."+datasetWords[d.dataset]]--
		if _, err := k.exec("DELETE FROM event WHERE time = ? AND id = ?", d.Time.UnixNano(), d.id); err != nil {
			return err
		}
		if err := k.drop(d, block<<8|int64(n)); err != nil {
			return err
		}
	}
	return nil
}

// drop takes one document out of the tables of its set.
func (k *keeper) drop(d *document, seq int64) (err error) {
	switch d.dataset {
	case setMessage:
		return k.dropPopup(seq)
	case setSource:
		return k.dropClaim(d, seq)
	case setCampaign:
		return k.dropPart(d, seq)
	case setFinding:
		_, err = k.exec("DELETE FROM finding WHERE seq = ?", seq)
		return err
	}
	sensor, err := k.word(d.Observer.Name)
	if err != nil {
		return err
	}
	if err := k.measure(d, sensor, -1); err != nil {
		return err
	}
	_, err = k.exec("DELETE FROM stat WHERE seq = ?", seq)
	return err
}

func (k *keeper) dropPopup(seq int64) error {
	var at, wording, popups, left int64
	var target []byte
	var key tallyKey
	found, err := k.ask("DELETE FROM popup WHERE seq = ? RETURNING time, wording, target, campaign, verdict, route, port, sensor, count", []any{seq},
		&at, &wording, &target, &key.campaign, &key.verdict, &key.route, &key.port, &key.sensor, &popups)
	if err != nil || !found {
		return err
	}
	k.tally(at, key, -popups)
	if err := k.dropTarget(target); err != nil {
		return err
	}
	if _, err := k.ask("UPDATE wording SET popups = popups - 1 WHERE id = ? RETURNING popups", []any{wording}, &left); err != nil || left > 0 {
		return err
	}
	return k.dropWording(wording)
}

func (k *keeper) dropTarget(ip []byte) error {
	var left int64
	found, err := k.ask("UPDATE target SET popups = popups - 1 WHERE ip = ? RETURNING popups", []any{ip}, &left)
	if err == nil && found && left <= 0 {
		_, err = k.exec("DELETE FROM target WHERE ip = ?", ip)
	}
	return err
}

// dropWording takes a wording that no popup has any more out of the tables; the index of words wants to know what it was.
func (k *keeper) dropWording(id int64) error {
	_, err := k.exec("INSERT INTO wording_words (wording_words, rowid, sender, recipient, body) SELECT 'delete', id, sender, recipient, body FROM wording WHERE id = ?", id)
	if err != nil {
		return err
	}
	for _, table := range []string{"DELETE FROM advert WHERE wording = ?", "DELETE FROM wording WHERE id = ?"} {
		if _, err := k.exec(table, id); err != nil {
			return err
		}
	}
	clear(k.wordings)
	return nil
}

// dropClaim deletes a claim whose newest document goes, and takes it away from its source's sums.
func (k *keeper) dropClaim(d *document, seq int64) error {
	s, ip := &d.Popupwatch.Source, addressKey(d.Source.IP)
	sensor, err := k.word(d.Observer.Name)
	if err != nil || ip == nil {
		return err
	}
	var messages, left int64
	found, err := k.ask("DELETE FROM claim WHERE ip = ? AND name = ? AND part = ? AND sensor = ? AND seq = ? RETURNING messages",
		[]any{ip, claimNumber(s.ClaimID), s.Part.UnixNano(), sensor, seq}, &messages)
	if err != nil || !found {
		return err
	}
	_, err = k.ask("UPDATE source SET messages = messages - ?, claims = claims - 1 WHERE ip = ? RETURNING claims", []any{messages, ip}, &left)
	if err == nil && left <= 0 {
		_, err = k.exec("DELETE FROM source WHERE ip = ?", ip)
	}
	return err
}

// dropPart deletes the part of a campaign whose newest document goes, and the campaign with its last.
func (k *keeper) dropPart(d *document, seq int64) error {
	w, err := k.wordsOf(d.Popupwatch.Campaign.ID, d.Observer.Name)
	if err != nil {
		return err
	}
	gone, err := k.exec("DELETE FROM part WHERE campaign = ? AND part = ? AND sensor = ? AND seq = ?", w[0], d.Popupwatch.Campaign.Part.UnixNano(), w[1], seq)
	if err != nil || gone == 0 {
		return err
	}
	if err := k.sumParts(w[0]); err != nil {
		return err
	}
	gone, err = k.exec("DELETE FROM campaign WHERE id = ? AND seq = 0", w[0])
	if err == nil && gone > 0 {
		_, err = k.exec("DELETE FROM alias WHERE campaign = ?", w[0])
	}
	return err
}
