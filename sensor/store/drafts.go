package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// maxDrafts bounds the drafts that are kept. The oldest by packet time go first: they are too old to be sent long before that.
const maxDrafts = 10_000

// draftsWaiting is how many drafts may wait for the writing goroutine.
const draftsWaiting = 64

// Draft is the text of a report that was drafted while a proof was held. It is text and nothing else: no proof can be made from it.
type Draft struct {
	ID       string // the same claim gives the same: a later draft takes its place
	Source   string
	Campaign string
	At       time.Time // packet time of what it reports
	Document []byte    // XARF
	Hash     string    // SHA-256 of Document, in hexadecimal
}

// draftOrder is what the writing goroutine is asked for: to keep a draft, or to withdraw some.
type draftOrder struct {
	keep     *Draft
	withdraw string    // id
	source   string    // or all of this source
	since    time.Time // that report something of then or later
}

// KeepDraft keeps the text of a report; one of the same id takes its place. A Writer that does not wait may find no room for it, or fail to
// write it: see DraftsUnkept.
func (w *Writer) KeepDraft(d Draft) { w.askDraft(draftOrder{keep: &d}) }

// WithdrawDraft deletes the draft of that id, if there is one. A withdrawal is never given up for want of room: the caller waits for the
// writing goroutine, whatever the policy.
func (w *Writer) WithdrawDraft(id string) { w.askDraft(draftOrder{withdraw: id}) }

// WithdrawSource deletes the drafts on a source that report something of since or later.
func (w *Writer) WithdrawSource(source string, since time.Time) {
	w.askDraft(draftOrder{source: source, since: since})
}

// DraftsUnkept is how many orders about drafts were not carried out. Any goroutine may ask.
func (w *Writer) DraftsUnkept() uint64 { return w.unkept.Load() }

func (w *Writer) askDraft(o draftOrder) {
	if w.waits || o.keep == nil {
		w.drafts <- o
		return
	}
	select {
	case w.drafts <- o:
	default:
		w.unkept.Add(1)
	}
}

// writeDrafts carries out what was asked for before.
func (w *Writer) writeDrafts() {
	for len(w.drafts) > 0 {
		w.writeDraft(<-w.drafts)
	}
}

// writeDraft carries out an order, and those that came behind it, in one transaction.
func (w *Writer) writeDraft(first draftOrder) {
	orders := []draftOrder{first}
	for len(w.drafts) > 0 && len(orders) < draftsWaiting {
		orders = append(orders, <-w.drafts)
	}
	if err := w.store.changeDrafts(orders); err != nil {
		w.unkept.Add(uint64(len(orders)))
		w.fail(err)
	}
}

// changeDrafts carries out orders, in a transaction.
func (s *Store) changeDrafts(orders []draftOrder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.within(func(tx *sql.Tx) error {
		for _, o := range orders {
			if err := changeDraft(tx, o); err != nil {
				return err
			}
		}
		_, err := tx.Exec("DELETE FROM draft WHERE id IN (SELECT id FROM draft ORDER BY at DESC, id LIMIT -1 OFFSET ?)", maxDrafts)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep drafts in %s: %w", s.path, damaged(err))
	}
	return nil
}

func changeDraft(tx *sql.Tx, o draftOrder) (err error) {
	switch {
	case o.keep != nil:
		d := o.keep
		_, err = tx.Exec("INSERT INTO draft VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET source = excluded.source, "+
			"campaign = excluded.campaign, at = excluded.at, document = excluded.document, hash = excluded.hash",
			d.ID, d.Source, d.Campaign, d.At.UnixNano(), d.Document, d.Hash)
	case o.withdraw != "":
		_, err = tx.Exec("DELETE FROM draft WHERE id = ?", o.withdraw)
	default:
		_, err = tx.Exec("DELETE FROM draft WHERE source = ? AND at >= ?", o.source, o.since.UnixNano())
	}
	return err
}

// Drafts calls f for each draft, the oldest first by packet time, ties by id. A store of before there were drafts has none.
func (s *Store) Drafts(f func(Draft) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found < 2 {
		return nil
	}
	rows, err := s.conn.QueryContext(context.Background(), "SELECT id, source, campaign, at, document, hash FROM draft ORDER BY at, id")
	if err != nil {
		return fmt.Errorf("read the drafts of %s: %w", s.path, damaged(err))
	}
	defer rows.Close() // after an error of Err nothing is left to say
	for rows.Next() {
		var d Draft
		var at int64
		if err := rows.Scan(&d.ID, &d.Source, &d.Campaign, &at, &d.Document, &d.Hash); err != nil {
			return fmt.Errorf("read the drafts of %s: %w", s.path, damaged(err))
		}
		d.At = time.Unix(0, at).UTC()
		if err := f(d); err != nil {
			return err
		}
	}
	return rows.Err()
}
