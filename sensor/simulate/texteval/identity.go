package texteval

import (
	"slices"
	"strconv"
	"strings"

	"popupwatch/sensor/campaign"
	"popupwatch/sensor/simulate/texts"
)

// mostSensors is how many sensors see their own half of a stream each.
const mostSensors = 5

// leastSeen and sealedAt are how many messages of a campaign each sensor must have seen before their names are compared.
const (
	leastSeen = 10
	sealedAt  = 16
)

// identity counts how far sensors that never talk give one campaign one name.
func (r *run) identity(stream string, items []item) {
	var sensors []grouping
	for k := range mostSensors {
		random := texts.NewRand(r.config.Split, "sensor "+strconv.Itoa(k), r.seed)
		half := make([]bool, len(items))
		for i := range half {
			half[i] = random.IntN(2) == 0
		}
		sensors = append(sensors, group(r.config.Engine(), items, func(i int) bool { return half[i] }))
	}
	for n := 2; n <= mostSensors; n++ {
		r.names(stream, items, sensors[:n])
		p, c := joined(items, sensors[:n])
		r.f.add(Key{stream, tracker, "join F, " + strconv.Itoa(n) + " sensors"}, harmonic(p, c), 1)
	}
}

// main is the campaign that most messages of a family are in at a sensor, and how many of the family it saw.
func (g *grouping) main(items []item, family string) (id string, seen int) {
	count := map[string]int{}
	for i := range items {
		if items[i].Family == family && g.labels[i] != "" {
			seen++
			count[g.labels[i]]++
		}
	}
	for name, n := range count {
		if n > count[id] || n == count[id] && name < id {
			id = name
		}
	}
	return id, seen
}

// names compares ids, sealed names and aliases of each family over the sensors.
func (r *run) names(stream string, items []item, sensors []grouping) {
	of := " of " + strconv.Itoa(len(sensors)) + " sensors"
	for _, family := range familiesOf(items) {
		var ids [][]string
		least := len(items)
		for k := range sensors {
			id, seen := sensors[k].main(items, family)
			least = min(least, seen)
			ids = append(ids, sensors[k].called(id))
		}
		if least >= leastSeen {
			r.f.add(Key{stream, tracker, "same id" + of}, truth(common(ids, "cmp1-", true)), 1)
			r.f.add(Key{stream, tracker, "an alias in common" + of}, truth(common(ids, "", false)), 1)
		}
		if least >= sealedAt && slices.ContainsFunc(ids, func(of []string) bool { return slices.ContainsFunc(of, sealed) }) {
			r.f.add(Key{stream, tracker, "same first sealed name" + of}, truth(common(ids, "fam1-", false)), 1)
			r.f.add(Key{stream, tracker, "a sealed name in common" + of}, truth(common(ids, "fam", false)), 1)
		}
	}
}

func sealed(alias string) bool { return strings.HasPrefix(alias, "fam1-") }

// called are all names of a campaign, its id first.
func (g *grouping) called(id string) []string {
	all := []string{id}
	for other, aliases := range g.aliases {
		if other == id || slices.Contains(aliases, id) || slices.Contains(g.aliases[id], other) {
			all = append(all, aliases...)
		}
	}
	slices.Sort(all[1:])
	return all
}

// common says whether a name with that prefix is in all lists; first looks at the first of each alone.
func common(lists [][]string, prefix string, first bool) bool {
	if first {
		return !slices.ContainsFunc(lists, func(l []string) bool { return l[0] != lists[0][0] })
	}
	return slices.ContainsFunc(lists[0], func(name string) bool {
		return strings.HasPrefix(name, prefix) && !slices.ContainsFunc(lists, func(l []string) bool { return !slices.Contains(l, name) })
	})
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// familiesOf are the families of the items in byte order.
func familiesOf(items []item) []string {
	var all []string
	for i := range items {
		if items[i].Family != "" {
			all = append(all, items[i].Family)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// groupsOf are the groups that popupwatch campaigns join makes of the documents of sensors: for each sensor, the group of each campaign.
func groupsOf(sensors []grouping) []map[string]string {
	j := campaign.NewJoiner()
	groups := make([]map[string]string, len(sensors))
	for k := range sensors {
		groups[k] = map[string]string{}
		for _, n := range sensors[k].named {
			j.Add(strconv.Itoa(k), n)
		}
	}
	for i, g := range j.Groups() {
		for _, m := range g.Members {
			k, err := strconv.Atoi(m.File)
			if err == nil {
				groups[k][string(m.ID)] = strconv.Itoa(i)
			}
		}
	}
	return groups
}

// cell is a group, a class, or what is of both.
type cell struct{ group, class string }

// joined is B-cubed across sensors when their campaigns are joined: each message beside those that the others saw.
func joined(items []item, sensors []grouping) (precision, recall float64) {
	groups := groupsOf(sensors)
	all, own := map[cell]float64{}, make([]map[cell]float64, len(sensors))
	for k := range sensors {
		own[k] = map[cell]float64{}
		for i, id := range sensors[k].written {
			if id == "" || items[i].Family == "" {
				continue
			}
			for _, c := range []cell{{groups[k][id], items[i].Family}, {groups[k][id], ""}, {"", items[i].Family}} {
				all[c]++
				own[k][c]++
			}
		}
	}
	return across(all, own)
}

// across averages over the messages of all sensors what of the others' messages in their group is of their class, and the other way round.
func across(all map[cell]float64, own []map[cell]float64) (precision, recall float64) {
	var sums, counts [2]float64
	for k := range own {
		for c, n := range own[k] {
			if c.group == "" || c.class == "" {
				continue
			}
			for side, whole := range []cell{{c.group, ""}, {"", c.class}} {
				if others := all[whole] - own[k][whole]; others > 0 {
					sums[side] += n * (all[c] - own[k][c]) / others
					counts[side] += n
				}
			}
		}
	}
	return ratio(sums[0], counts[0]), ratio(sums[1], counts[1])
}
