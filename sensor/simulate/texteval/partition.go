package texteval

// partition is a grouping beside the truth: labels and classes of the same items.
type partition struct {
	cluster, class []int
	clusters       []int // sizes
	classes        []int
	both           map[[2]int]int
}

func newPartition(labels, truth []string) *partition {
	p := &partition{both: map[[2]int]int{}}
	p.cluster, p.clusters = numbered(labels)
	p.class, p.classes = numbered(truth)
	for i := range labels {
		p.both[[2]int{p.cluster[i], p.class[i]}]++
	}
	return p
}

// numbered gives each word a number in the order of appearance, and counts each.
func numbered(words []string) (number, count []int) {
	known := map[string]int{}
	for _, w := range words {
		n, ok := known[w]
		if !ok {
			n = len(count)
			known[w] = n
			count = append(count, 0)
		}
		count[n]++
		number = append(number, n)
	}
	return number, count
}

// bcubed is precision and recall averaged over the items that are chosen. Without self an item does not count as its own companion, and
// one that can have none is left out: singletons then flatter nobody.
func (p *partition) bcubed(chosen func(i int) bool, self bool) (precision, recall float64) {
	own := 1
	if self {
		own = 0
	}
	var sums, counts [2]float64
	for i := range p.cluster {
		if !chosen(i) {
			continue
		}
		both := float64(p.both[[2]int{p.cluster[i], p.class[i]}] - own)
		for k, size := range []int{p.clusters[p.cluster[i]], p.classes[p.class[i]]} {
			if size > own {
				sums[k] += both / float64(size-own)
				counts[k]++
			}
		}
	}
	return ratio(sums[0], counts[0]), ratio(sums[1], counts[1])
}

// ratio is 1 where nothing was counted: nothing was wrong.
func ratio(sum, count float64) float64 {
	if count == 0 {
		return 1
	}
	return sum / count
}

// harmonic is the F measure.
func harmonic(precision, recall float64) float64 {
	if precision+recall == 0 {
		return 0
	}
	return 2 * precision * recall / (precision + recall)
}

// ari is the adjusted Rand index: 1 where both agree, 0 as by chance.
func (p *partition) ari() float64 {
	pairs := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	var both, clusters, classes float64
	for _, n := range p.both {
		both += pairs(n)
	}
	for _, n := range p.clusters {
		clusters += pairs(n)
	}
	for _, n := range p.classes {
		classes += pairs(n)
	}
	chance := clusters * classes / max(pairs(len(p.cluster)), 1)
	most := (clusters + classes) / 2
	if most == chance {
		return 1
	}
	return (both - chance) / (most - chance)
}

// mergesAndSplits counts classes too many in clusters, and clusters too many in classes.
func (p *partition) mergesAndSplits() (merges, splits int) {
	return len(p.both) - len(p.clusters), len(p.both) - len(p.classes)
}
