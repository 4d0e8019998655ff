package handout

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"popupwatch/sensor/store"
	"popupwatch/sensor/view"
)

// campaign is one campaign as the report shows it.
type campaign struct {
	store.Campaign
	Title    string
	Sample   store.Sample // as most victims saw it
	SeenAt   time.Time
	LifeLine *picture
	Wordings []wording
	WordLeft int
	Adverts  []advert
	AdLeft   int
	ByState  []share
	ByRoute  []share
	ByPort   []share
	To       []share
}

// wording is one variant, and how it differs from the first.
type wording struct {
	store.Variant
	Pieces []view.Piece
}

// advert is something that is advertised.
type advert struct {
	Kind string
	store.Key
}

// campaigns tells of the campaigns of most popups.
func (c *Collector) campaigns(ctx context.Context, r *report) error {
	page, err := c.store.Campaigns(ctx, store.Filter{}, store.Page{Limit: maxCampaigns})
	if err != nil {
		return err
	}
	for _, row := range page.Rows {
		found, err := c.store.Campaign(ctx, row.ID, store.Filter{})
		if err != nil {
			return err
		}
		r.Shown = append(r.Shown, show(found, r.names))
	}
	r.CampaignsLeft = r.Campaigns - min(r.Campaigns, uint64(len(r.Shown)))
	return nil
}

// show makes of a campaign what the page shows.
func show(found store.Campaign, names *redactor) campaign {
	one := campaign{Campaign: found, Title: names.text(titleOf(&found)), Sample: found.CampaignRow.Sample, SeenAt: found.First, LifeLine: overTime(&found.Life, "Life line", 110),
		ByState: byState(found.States), ByRoute: shares(found.Routes, view.Route), ByPort: shares(found.Ports, func(p string) string { return "port " + p }),
		To: shares(found.Networks[:min(len(found.Networks), maxNetworks)], func(n string) string { return n })}
	if len(found.Variants) > 0 {
		one.Sample, one.SeenAt = found.Variants[0].Sample, found.Variants[0].First
	}
	one.Sample = names.sample(one.Sample)
	for _, v := range found.Variants[:min(len(found.Variants), maxWordings)] {
		v.Sample = names.sample(v.Sample)
		one.Wordings = append(one.Wordings, wording{v, view.Compare(one.Sample.Text, v.Text)})
	}
	one.WordLeft = int(found.Wordings) - len(one.Wordings)
	one.Adverts, one.AdLeft = adverts(found.Keys)
	for i := range one.Adverts {
		one.Adverts[i].Value = names.text(one.Adverts[i].Value)
	}
	return one
}

// adverts lists what a campaign advertises, by kind, the most first.
func adverts(keys map[string][]store.Key) (list []advert, left int) {
	for _, kind := range [...]struct{ word, name string }{{"domains", "Site"}, {"urls", "Page"}, {"phones", "Phone"}, {"emails", "Mailbox"}} {
		all := slices.Clone(keys[kind.word])
		slices.SortStableFunc(all, func(a, b store.Key) int { return cmp.Compare(b.Count, a.Count) })
		left += len(all) - min(len(all), maxKeys)
		for _, k := range all[:min(len(all), maxKeys)] {
			list = append(list, advert{kind.name, k})
		}
	}
	return list, left
}

// titleOf is the beginning of a campaign's text in one line.
func titleOf(c *store.Campaign) string {
	text := cmp.Or(c.CampaignRow.Sample.Text, c.Template, c.ID)
	return cmp.Or(strings.Join(strings.Fields(text), " "), c.ID)
}
