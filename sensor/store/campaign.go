package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// The bounds of one campaign's lists.
const (
	maxVariants = 50
	maxParts    = 100
	maxKeys     = 100
	maxOfList   = 50
)

// Campaign says what is known of one campaign, by its id or an alias; the life line is that of the filter's time. It is ErrNotFound where
// there is none. Where an alias belongs to several it is the one of most messages.
func (s *Store) Campaign(ctx context.Context, name string, f Filter) (c Campaign, err error) {
	id, err := s.campaignNumber(ctx, name)
	if err != nil {
		return c, err
	}
	if c.CampaignRow, err = s.campaignRow(ctx, id, &recentBlocks{store: s}, s.newNames()); err != nil {
		return c, err
	}
	for _, part := range []func(context.Context, int64, *Campaign) error{s.campaignDocument, s.campaignParts, s.campaignAliases, s.campaignPopups, s.claimed, s.portsAndRoutes} {
		if err := part(ctx, id, &c); err != nil {
			return c, err
		}
	}
	return c, s.campaignLife(ctx, f, &c)
}

func (s *Store) campaignNumber(ctx context.Context, name string) (id int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT id FROM (SELECT id, messages, 1 AS own FROM campaign WHERE name = ?1 UNION ALL
		SELECT c.id, c.messages, 0 FROM alias a JOIN campaign c ON c.id = a.campaign WHERE a.alias = ?1) ORDER BY own DESC, messages DESC, id LIMIT 1`, name).Scan(&id)
	return id, absent(err)
}

// campaignDocument fills in what only the newest document says.
func (s *Store) campaignDocument(ctx context.Context, id int64, c *Campaign) error {
	var seq int64
	if err := s.db.QueryRowContext(ctx, "SELECT seq FROM campaign WHERE id = ?", id).Scan(&seq); err != nil {
		return absent(err)
	}
	d, line, err := (&recentBlocks{store: s}).document(ctx, seq)
	if err != nil {
		return err
	}
	p := &d.Popupwatch.Campaign
	c.Document, c.Tool, c.Related, c.Keys = line, append([]string{}, p.Tool...), p.Related, map[string][]Key{}
	for _, kind := range advertWords {
		c.Keys[kind] = append([]Key{}, p.Keys[kind][:min(len(p.Keys[kind]), maxKeys)]...)
	}
	return nil
}

// campaignParts lists the parts, the newest first.
func (s *Store) campaignParts(ctx context.Context, id int64, c *Campaign) error {
	rows, err := s.db.QueryContext(ctx, `SELECT p.part, p.first, p.last, p.messages, w.word, p.final FROM part p JOIN word w ON w.id = p.sensor
		WHERE p.campaign = ? ORDER BY p.part DESC, w.word LIMIT ?`, id, maxParts)
	parts, err := collect(rows, err, func(scan scanner) (p Part, err error) {
		var part, first, last int64
		err = scan(&part, &first, &last, &p.Messages, &p.Sensor, &p.Final)
		p.Part, p.First, p.Last = moment(part), moment(first), moment(last)
		return p, err
	})
	c.Parts = append([]Part{}, parts...)
	return err
}

func (s *Store) campaignAliases(ctx context.Context, id int64, c *Campaign) error {
	rows, err := s.db.QueryContext(ctx, "SELECT alias FROM alias WHERE campaign = ? ORDER BY 1 LIMIT 200", id)
	aliases, err := collect(rows, err, scanOne[string])
	c.Aliases = append([]string{}, aliases...)
	return err
}

// wordingSeen is how often and when a wording was seen, and one popup that has it.
type wordingSeen struct {
	count       uint64
	first, last int64
	popup       int64
}

// campaignPopups looks at the campaign's popups, the newest first, as far as patience goes: the wordings of most, and the networks they went to.
func (s *Store) campaignPopups(ctx context.Context, _ int64, c *Campaign) error {
	wordings, counts := map[int64]*wordingSeen{}, map[int64]uint64{}
	networks, names := map[string]uint64{}, []string{}
	f := Filter{Terms: []Term{{Field: FieldCampaign, Values: []string{c.ID}}}}
	_, err := s.walkAll(ctx, f, time.Now(), func(r popupRow) {
		w := wordings[r.wording]
		if w == nil {
			w = &wordingSeen{last: r.time}
			wordings[r.wording] = w
		}
		w.count, w.first, w.popup = w.count+r.count, r.time, r.seq
		counts[r.wording] = w.count
		n := network(r.target)
		if networks[n] == 0 {
			names = append(names, n)
		}
		networks[n] += r.count
	})
	if err != nil {
		return err
	}
	c.Networks = []Named{}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(networks[b], networks[a]), cmp.Compare(a, b)) })
	for _, n := range names[:min(len(names), maxOfList)] {
		if n != "" {
			c.Networks = append(c.Networks, Named{n, networks[n]})
		}
	}
	c.Wordings, c.Variants = uint64(len(wordings)), []Variant{}
	for _, id := range heaviest(counts, maxVariants) {
		if err := s.variant(ctx, id, wordings[id], c); err != nil {
			return err
		}
	}
	return nil
}

// variant adds a wording to a campaign's.
func (s *Store) variant(ctx context.Context, id int64, w *wordingSeen, c *Campaign) error {
	v := Variant{Count: w.count, First: moment(w.first), Last: moment(w.last)}
	var event []byte
	err := s.db.QueryRowContext(ctx, "SELECT sender, recipient, body, code_page, (SELECT substr(ids, ? + 1, 16) FROM ident WHERE block = ?) FROM wording WHERE id = ?",
		(w.popup&255)*idOctets, w.popup>>8, id).Scan(&v.From, &v.To, &v.Text, &v.CodePage, &event)
	if err = absent(err); errors.Is(err, ErrNotFound) {
		return nil
	}
	v.Event = hex.EncodeToString(event)
	c.Variants = append(c.Variants, v)
	return err
}

// claimed lists the addresses of most messages.
func (s *Store) claimed(ctx context.Context, id int64, c *Campaign) error {
	rows, err := s.db.QueryContext(ctx, "SELECT ip FROM claim INDEXED BY claim_campaign WHERE campaign = ? ORDER BY messages DESC LIMIT 500", id)
	ips, err := collect(rows, err, scanOne[[]byte])
	if err != nil {
		return err
	}
	c.Claimed = []SourceRow{}
	for _, ip := range distinct(ips, maxOfList) {
		row, err := s.sourceRow(ctx, ip)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		c.Claimed = append(c.Claimed, row)
	}
	return nil
}

// distinct gives the first n different keys.
func distinct(keys [][]byte, n int) (list [][]byte) {
	for _, k := range keys {
		if len(list) == n {
			break
		}
		if !slices.ContainsFunc(list, func(o []byte) bool { return bytes.Equal(o, k) }) {
			list = append(list, k)
		}
	}
	return list
}

// network is the network of an address, in which neighbours lie.
func network(key []byte) string {
	a, ok := netip.AddrFromSlice(key)
	if !ok {
		return ""
	}
	bits := 48
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

func (s *Store) portsAndRoutes(ctx context.Context, id int64, c *Campaign) error {
	rows, err := s.db.QueryContext(ctx, "SELECT port, route, SUM(count) FROM tally WHERE campaign = ? AND level = ? GROUP BY 1, 2", id, levels[0])
	ports, routes := map[int64]uint64{}, map[int64]uint64{}
	err = eachRow(rows, err, func(scan scanner) error {
		var port, route int64
		var n uint64
		err := scan(&port, &route, &n)
		ports[port] += n
		routes[route] += n
		return err
	})
	c.Ports = namedBy(ports, func(p int64) string { return strconv.FormatInt(p, 10) })
	c.Routes = namedBy(routes, func(r int64) string { return word(routeWords[:], int(r)) })
	return err
}

// campaignLife counts the campaign's popups over the filter's time, or over its own.
func (s *Store) campaignLife(ctx context.Context, f Filter, c *Campaign) error {
	if f.From.IsZero() {
		f.From = c.First
	}
	if f.To.IsZero() {
		f.To = c.Last.Add(time.Nanosecond)
	}
	f.Terms = []Term{{Field: FieldCampaign, Values: []string{c.ID}}}
	if !f.From.Before(f.To) {
		c.Life = newTimeline(1, 0, 1)
		return nil
	}
	t, err := s.tallied(ctx, &f)
	if err == nil {
		c.Life = t.line
	}
	return err
}
