package texts

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// fill is what stands in the places of a template.
type fill struct {
	site, phone, money, name, code string
	number                         int
}

func newFill(language string, r *rand.Rand) fill {
	f := fill{name: title(invented(r)) + title(invented(r)), code: strings.ToUpper(letters(4, r)), number: 2 + r.IntN(900)}
	f.site = newSite(r)
	f.phone = fmt.Sprintf("1-%d%d-555-01%02d", 2+r.IntN(7), 12+r.IntN(78), r.IntN(100)) // numbers of fiction; no area is called 211
	f.money = money(language, r)
	return f
}

// newSite is the address of a site that nobody was seen to have.
func newSite(r *rand.Rand) string {
	host := "www." + invented(r) + invented(r) + pick(r, ".com", ".com", ".net", ".biz", ".info")
	if r.IntN(2) == 0 {
		return "http://" + host + "/"
	}
	return host
}

func money(language string, r *rand.Rand) string {
	n := 19 + r.IntN(900)
	switch language {
	case "ko":
		return strconv.Itoa(n) + "만원"
	case "ja":
		return strconv.Itoa(n) + "万円"
	case "ru":
		return "$" + strconv.Itoa(n)
	case "de":
		return strconv.Itoa(n) + " EUR"
	default:
		return "$" + strconv.Itoa(n) + pick(r, "", ".95", ".99")
	}
}

// newAffiliate is a new user of a kit with names of its own.
func newAffiliate(language string, r *rand.Rand) affiliate {
	a := affiliate{from: pick(r, "SYSTEM", "SECURITY", "ALERT", "Windows", "FROM", "Local System", title(invented(r))), fill: newFill(language, r)}
	a.to = pick(r, "USER", "ALERT", "TO", "CUSTOMER", "YOU", "WINDOWS USER", title(invented(r)))
	return a
}

// replace fills the places of a word; key says that it then holds a site or number, which a spammer does not damage.
func (f *fill) replace(word string) (filled string, key bool) {
	if !strings.Contains(word, "%") {
		return word, false
	}
	key = strings.Contains(word, "%site") || strings.Contains(word, "%phone")
	filled = strings.NewReplacer(
		"%site", f.site, "%phone", f.phone, "%money", f.money, "%name", f.name, "%code", f.code, "%n", strconv.Itoa(f.number),
	).Replace(word)
	return filled, key
}

// invented is a word that nobody else uses.
func invented(r *rand.Rand) string {
	const consonants, vowels = "bcdfghklmnprstvz", "aeiou"
	var b strings.Builder
	for range 2 + r.IntN(2) {
		b.WriteByte(consonants[r.IntN(len(consonants))])
		b.WriteByte(vowels[r.IntN(len(vowels))])
		if r.IntN(3) == 0 {
			b.WriteByte(consonants[r.IntN(len(consonants))])
		}
	}
	return b.String()
}

// letters are n letters at random.
func letters(n int, r *rand.Rand) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}

func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }
