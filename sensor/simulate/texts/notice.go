package texts

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// places fills what varies in legitimate popups: hosts, people, times.
type places struct{ r *rand.Rand }

func newPlaces(r *rand.Rand) places { return places{r} }

// fill gives each place of a text a value of its own.
func (p places) fill(text string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "%")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		text = rest
		for _, name := range []string{"host", "user", "time", "file", "room", "date", "person", "n"} {
			if after, is := strings.CutPrefix(rest, name); is {
				b.WriteString(p.value(name))
				text = after
				break
			}
		}
		if text == rest {
			b.WriteByte('%')
		}
	}
}

func (p places) value(name string) string {
	r := p.r
	switch name {
	case "host":
		return pick(r, "SRV", "FILESRV", "DC", "NT", "APP", "WS-", "ACCT-", "BK", "HQ-") + strconv.Itoa(1+r.IntN(60))
	case "user":
		return pick(r, "j", "m", "k", "a", "p", "t") + pick(r, "smith", "brown", "lewis", "fischer", "king", "jones", "taylor", "clark", "meyer", "ivanov", "kim", "sato")
	case "time":
		return fmt.Sprintf("%d:%02d", 6+r.IntN(17), 5*r.IntN(12))
	case "file":
		return pick(r, "budget", "Letter", "report", "minutes", "invoice", "plan", "setup") + strconv.Itoa(r.IntN(300)) + pick(r, ".doc", ".xls", ".pdf", ".exe", ".ppt")
	case "room":
		return strconv.Itoa(1+r.IntN(9)) + "." + strconv.Itoa(10+r.IntN(40))
	case "date":
		return fmt.Sprintf("2004-%02d-%02d", 1+r.IntN(12), 1+r.IntN(28))
	case "person":
		return pick(r, "Mary", "John", "Anna", "Peter", "Sue", "Karl") + " " + pick(r, "Davis", "Miller", "Schmidt", "Novak", "Walker", "Lind")
	}
	return strconv.Itoa(1 + r.IntN(200))
}
