package text

import (
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBrokenAddressesArePutTogether(t *testing.T) {
	pairs := golden(t, "testdata/n2.txt")
	if len(pairs) < 45 {
		t.Fatalf("%d golden pairs", len(pairs))
	}
	for _, p := range pairs {
		got, done := mend(p[0], anyClass)
		if got != p[1] || (done != 0) != (p[0] != p[1]) {
			t.Errorf("%q\n got %q (%d)\nwant %q", p[0], got, done, p[1])
		}
		if again, done := mend(got, anyClass); again != got || done != 0 {
			t.Errorf("%q mended again is %q", got, again)
		}
	}
}

const anyClass = ^class(0)

// sameWithout says whether mending a text is the same where nothing is known of its octets.
func sameWithout(t *testing.T, shown string) {
	t.Helper()
	var n normaliser
	n.run(shown, asciiString(shown), true)
	got, done := mend(n.source, n.seen)
	if want, all := mend(n.source, anyClass); got != want || done != all {
		t.Fatalf("%q with classes %b: %q, want %q", shown, n.seen, got, want)
	}
}

func TestTheClassesOfATextHideNothingBroken(t *testing.T) {
	for _, p := range golden(t, "testdata/n2.txt") {
		sameWithout(t, p[0])
		sameWithout(t, "Your registry is damaged now. "+p[0]+" and buy it at once")
	}
}

func TestSpellingFindsTheWordsAnywhere(t *testing.T) {
	for i := range 40 {
		before, after := strings.Repeat("x", i), strings.Repeat("o", 40-i)
		for _, w := range []string{"dot", "DOT", "Dot"} {
			if dot, www := spelling(before + w + after); !dot || www {
				t.Errorf("%q after %d octets: %v, %v", w, i, dot, www)
			}
		}
		for _, w := range []string{"www", "WWW"} {
			if dot, www := spelling(before + w + after); dot || !www {
				t.Errorf("%q after %d octets: %v, %v", w, i, dot, www)
			}
		}
		if dot, www := spelling(before + "wwdo" + after + "ttt"); dot || www {
			t.Errorf("nothing after %d octets: %v, %v", i, dot, www)
		}
	}
}

// What is put together is advertised, and what is compared; names stay those of n1.
func TestMendedTextsKeepTheirNames(t *testing.T) {
	a := NewAnalyzer(Config{})
	whole := a.Analyze("STOP! Your registry is damaged. Visit www.example.com now")
	broken := a.Analyze("STOP! Your registry is damaged. Visit www . example dot com now")
	if broken.Form.Norm != whole.Form.Norm || broken.Form.Hash != whole.Form.Hash || !slices.Equal(broken.Domains, []string{"example.com"}) || !broken.Stats.Obfuscated || whole.Stats.Obfuscated {
		t.Errorf("%+v\n%+v", broken, whole)
	}
	for s, f := range map[string]*Features{"STOP! Your registry is damaged. Visit www.example.com now": whole, "STOP! Your registry is damaged. Visit www . example dot com now": broken} {
		if f.Form.Name != sha256.Sum256([]byte(Normalise(s))) {
			t.Errorf("%q has lost its name", s)
		}
	}
	if whole.Form.Name == broken.Form.Name {
		t.Error("two forms n1 have one name")
	}
	if f := a.Analyze("call 1-800-FIX-MYPC"); f.Stats.Obfuscated || !slices.Equal(f.Phones, []string{"18003496972"}) {
		t.Errorf("%+v", f)
	}
	if f := a.Analyze("Visit www. еxample .com now"); !slices.Equal(f.Domains, []string{"example.com"}) { // the first e is Cyrillic
		t.Errorf("%+v", f)
	}
}

// Both addresses of a redirector are advertised.
func TestRedirectorsAdvertiseBoth(t *testing.T) {
	a := NewAnalyzer(Config{})
	for s, want := range map[string][]string{
		"http://redir.com/?url=http://real.net/x":                  {"real.net", "redir.com"},
		"http://www.google.com/url?q=http%3A%2F%2Fspam.info%2Fa&b": {"google.com", "spam.info"},
		"http://rd.yahoo.com/*http://u:p@real.biz":                 {"real.biz", "yahoo.com"},
		"http://a.com/?x=http://b.com/?y=http://c.com":             {"a.com", "b.com", "c.com"},
		"http://a.com/?x=http://":                                  {"a.com"},
		"http://a.com/?x=http://localhost/":                        {"a.com"},
		"http://a.com/xhttp://b.com":                               {"a.com"},
		"http://a.com/?u=http%3A%2F%2Fb.com%zz":                    {"a.com"},
	} {
		if got := a.Analyze(s).Domains; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}

// Long texts of nothing but beginnings take no more than in proportion.
func TestMendingTakesTimeInProportion(t *testing.T) {
	for _, piece := range []string{"www . ", "a . ", "a dot ", "1-800-A ", "(at) ", "a.b.c.d.e.f.g.h.", "http://a/?http://a/?", "( ", "1-8OO-", "1-800-555-0137 2 ", "-0137 2", "800 555 0137 ", "@a ",
		"@", "$+", "oшибка ", "oш", "0", "ш0ш4", "./@", "a@b.ш"} {
		took := func(n int) time.Duration {
			s := strings.Repeat(piece, n/len(piece))
			best := time.Hour
			for range 5 {
				begun := time.Now()
				plain, _ := uncover(s)
				whole, _ := mend(plain, anyClass)
				spellEdges(whole)
				best = min(best, time.Since(begun))
			}
			return best
		}
		if small, large := took(1<<13), took(1<<17); large > 16*6*max(small, time.Microsecond) {
			t.Errorf("%q: %s for 8 KiB, %s for 128 KiB", piece, small, large)
		}
	}
}

func FuzzMend(f *testing.F) {
	for _, s := range realTexts(f) {
		f.Add(s)
	}
	for _, p := range golden(f, "testdata/n2.txt") {
		f.Add(p[0])
	}
	f.Fuzz(func(t *testing.T, s string) {
		sameWithout(t, s)
		m, done := mend(s, anyClass)
		if (done != 0) != (m != s) && m != s {
			t.Fatalf("%q: %q, %d", s, m, done)
		}
		if len(m) > len(s)+len(s)/8+2 {
			t.Fatalf("%q grows to %q", s, m)
		}
		if f := NewAnalyzer(Config{Memory: 1}).Analyze(s); f.Form.Name != sha256.Sum256([]byte(Normalise(s))) {
			t.Fatalf("%q has lost its name", s)
		}
	})
}

func BenchmarkMend(b *testing.B) {
	texts := flood(1000)
	b.ReportAllocs()
	n := 0
	for i := 0; b.Loop(); i++ {
		mend(texts[i%len(texts)], anyClass)
		n += len(texts[i%len(texts)])
	}
	b.SetBytes(int64(n / b.N))
}

func TestLatinLettersInCyrillicWordsAreUncovered(t *testing.T) {
	long := "Дорогие друзья, предлагаем деньги в день заявки, звоните сегодня. "
	for s, want := range map[string]string{
		"звoните по телeфону":         "звоните по телефону",         // Latin o, e
		"HАШЛА 0шибки в pеестpе":      "нАШЛА ошибки в реестре",      // Latin H, p; a zero
		"за3ем 6ольше д4 6":           "зазем 6ольше д4 6",           // a digit other than 0 only within a word
		"ко4евать 2го 3й 5ч д0м д0ма": "кочевать 2го 3й 5ч д0м дома", // fewer letters beside a digit say nothing
		"купить XPшка на DVDшоп":      "купить хршка на DVDшоп",      // D and V have no look-alike
		"a y нас o кредите":           "а у нас о кредите",           // words of one letter
		"витамин C и www.c.com":       "витамин C и www.c.com",       // a name; part of an address
		"Visit us, звоните":           "Visit us, звоните",           // nothing is disguised
		"10 лет, 20го числа, 0":       "10 лет, 20го числа, 0",       // numbers
	} {
		got, words := uncover(long + s)
		if got != long+want || (words > 0) != (s != want) {
			t.Errorf("%q: %q, want %q; %d words", s, got, want, words)
		}
		if again, words := uncover(got); again != got || words != 0 {
			t.Errorf("%q uncovered again is %q", got, again)
		}
	}
	for _, s := range []string{"", "plain", "сheар рills", "Micrоsоft сalls yоu", "Cheap ѕoftware для вас", strings.Repeat("Latin words ", 9) + "звoните"} {
		if got, words := uncover(s); got != s || words != 0 {
			t.Errorf("%q, which is no Cyrillic text, became %q", s, got)
		}
	}
	a := NewAnalyzer(Config{})
	covered, plain := a.Analyze(long+"звoните, телeфон 1-800-555-0137"), a.Analyze(long+"звоните, телефон 1-800-555-0137")
	if covered.Form.Norm != plain.Form.Norm || covered.Form.Hash != plain.Form.Hash || covered.Form.Name != sha256.Sum256([]byte(Normalise(long+"звoните, телeфон 1-800-555-0137"))) {
		t.Errorf("%+v\n%+v", covered.Form, plain.Form)
	}
	if slip := a.Analyze(long + "звoните"); !covered.Stats.Obfuscated || slip.Stats.Obfuscated || plain.Stats.Obfuscated {
		t.Error("two words are disguised, and one is a slip")
	}
}

func TestANumberEndsWhereAnotherBegins(t *testing.T) {
	a := NewAnalyzer(Config{})
	for s, want := range map[string][]string{
		"Call 1-800-555-0137 24 hours a day":       {"18005550137"},
		"Call 1-800-555-0137 7 days a week":        {"18005550137"},
		"Call (800) 555-0137 4nd leave your name":  {"8005550137"},
		"call 800.555.0137 100 times":              {"8005550137"},
		"call 1-800-555-0137. 24 hours":            {"18005550137"},
		"call 1-800-555-0137 (24 hours)":           {"18005550137"},
		"call 1-800-555-0137 or 1-888-555-0199 24": {"18005550137", "18885550199"},
		"call 1-800-555-0137 1-888-555-0199 24":    {"18005550137", "18885550199"},
	} {
		f := a.Analyze(s)
		if !slices.Equal(f.Phones, want) {
			t.Errorf("%q: %q, want %q", s, f.Phones, want)
		}
		if f.Form.Name != sha256.Sum256([]byte(Normalise(s))) || f.Stats.Obfuscated {
			t.Errorf("%q has lost its name, or hides something", s)
		}
	}
}

func TestSignsAtTheEdgesOfWordsAreSpelt(t *testing.T) {
	for s, want := range map[string]string{
		"@ll pill$, @dmissions +oday": "all pills, admissions today",
		"REQUIRED TEST$, nich+ @ND!":  "REQUIRED TESTs, nicht aND!",
		"$@ve now":                    "$@ve now", // a sign between is n1's
		"$US 5, 20 US$, $usd":         "$US 5, 20 US$, $usd",
		"A+ C++ 18+ $5 5$ +1 @ $ a$":  "A+ C++ 18+ $5 5$ +1 @ $ a$",
		"sales @example.com me@x.com": "sales @example.com me@x.com",
		"x@y +a1b b2b$ @\u043b\u0430": "x@y +a1b b2b$ @\u043b\u0430",
		"":                            "", "+++": "+++", "plain": "plain",
	} {
		got, words := spellEdges(s)
		if got != want || (words > 0) != (s != want) {
			t.Errorf("%q: %q, want %q; %d words", s, got, want, words)
		}
	}
	a := NewAnalyzer(Config{})
	if x, y := a.Analyze("@LL PILL$ are cheap"), a.Analyze("all pills are cheap"); x.Form.Hash != y.Form.Hash || x.Form.Name == y.Form.Name || !x.Stats.Obfuscated || y.Stats.Obfuscated {
		t.Errorf("%+v\n%+v", x.Form, y.Form)
	}
}

func FuzzUncover(f *testing.F) {
	f.Add("звoните по телeфону 0шибки в pеестpе")
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		once, words := uncover(s)
		if twice, again := uncover(once); twice != once || again != 0 || (words == 0) != (once == s) {
			t.Errorf("%q, %d words: %q, then %q", s, words, once, twice)
		}
		once, words = spellEdges(s)
		if twice, again := spellEdges(once); twice != once || again != 0 || (words == 0) != (once == s) {
			t.Errorf("%q, %d words: %q, then %q", s, words, once, twice)
		}
	})
}
