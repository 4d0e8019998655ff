package text

import (
	"bufio"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// goldenForms are those of n1.
func goldenForms(t testing.TB) [][2]string {
	t.Helper()
	return golden(t, "testdata/n1.txt")
}

// golden reads pairs: a quoted text, a tab, what the quoted text becomes.
func golden(t testing.TB, name string) (pairs [][2]string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		shown, norm, ok := strings.Cut(lines.Text(), "\t")
		if !ok || strings.HasPrefix(shown, "#") {
			continue
		}
		s, err := strconv.Unquote(shown)
		if err != nil {
			t.Fatalf("read %s: %v", shown, err)
		}
		n, err := strconv.Unquote(norm)
		if err != nil {
			t.Fatalf("read %s: %v", norm, err)
		}
		pairs = append(pairs, [2]string{s, n})
	}
	return pairs
}

func TestNormalFormsAreThoseOfTheGoldenFile(t *testing.T) {
	pairs := goldenForms(t)
	if len(pairs) < 40 {
		t.Fatalf("%d golden forms", len(pairs))
	}
	for _, p := range pairs {
		if got := Normalise(p[0]); got != p[1] {
			t.Errorf("%q\n got %q\nwant %q", p[0], got, p[1])
		}
	}
}

func TestNormalFormOfPlainWordsIsTheirOwn(t *testing.T) {
	for _, p := range goldenForms(t) {
		if strings.Contains(p[1], "zurl") || strings.Contains(p[1], "zmail") {
			continue // "zurl" read again has an l, which folds
		}
		if again := Normalise(p[1]); again != p[1] {
			t.Errorf("%q becomes %q", p[1], again)
		}
	}
}

func TestVariantsOfOneTextHaveOneForm(t *testing.T) {
	want := Normalise("Windows has found 55 Critical System Errors. Visit www.helpfixpc.com now")
	for _, s := range []string{
		"WINDOWS HAS FOUND 55 CRITICAL SYSTEM ERRORS!!! VISIT www.regfixit.com NOW",
		"W1nd0ws h4s f0und 71 Cr1t1cal Sy5tem Err0rs.\r\nVisit http://other.example.net/?id=123456 now [a8f3]",
		"Wіndоws hаs fоund 55 Critical Systеm Errors. Visit www.helpfixpc.com now",
		"Ｗｉｎｄｏｗｓ has found 55 Critical Sys\u00adtem Er\u200brors. Visit www.helpfixpc.com now",
		"W i n d o w s  has found 55 C r i t i c a l  System Errors. Visit www.helpfixpc.com now",
		"Wíndöws hàs found 55 Critical System Errors. Visit www.helpfixpc.com now",
	} {
		if got := Normalise(s); got != want {
			t.Errorf("%q\n got %q\nwant %q", s, got, want)
		}
	}
}

func TestNormalFormIsTheSameForEachLineEnd(t *testing.T) {
	texts := append(realTexts(t), "U\nN\nI V E R\nS I T Y\n\nD E G\nR E E", "call 206\n555 1234\n", "a\nb\nc\n\nd\n", "x\ny z\nwww.a.com\n[x7f3]\n", "é\nü\nU\nN\nI\nV\n")
	for _, p := range goldenForms(t) {
		texts = append(texts, p[0])
	}
	for _, s := range texts {
		s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x14", "\n").Replace(s)
		want := Normalise(s)
		for _, end := range []string{"\r\n", "\r", "\x14"} {
			if got := Normalise(strings.ReplaceAll(s, "\n", end)); got != want {
				t.Errorf("%q with line ends %q\n got %q\nwant %q", s, end, got, want)
			}
		}
	}
}

type advertised struct{ Domains, URLs, Phones, Emails []string }

func TestKeysAreFound(t *testing.T) {
	tests := []struct {
		shown string
		want  advertised
	}{
		{"visit WWW.WUPDATE.NET", advertised{Domains: []string{"wupdate.net"}, URLs: []string{"www.wupdate.net"}}},
		{"Please visit\n\nhttp://SwipeSpy.com\n\nFailure", advertised{Domains: []string{"swipespy.com"}, URLs: []string{"http://swipespy.com"}}},
		{"go to HTTP://www.A.co.uk/Path?Q=1.", advertised{Domains: []string{"a.co.uk"}, URLs: []string{"http://www.a.co.uk/Path?Q=1"}}},
		{"type helpfixpc.com, or (www.helpfixpc.com)", advertised{Domains: []string{"helpfixpc.com"}, URLs: []string{"helpfixpc.com", "www.helpfixpc.com"}}},
		{"This is the end.Next we go to readme.zip and ntoskrnl.exe at 12.30", advertised{}},
		{"http://10.1.2.3/x and 10.1.2.3 alone", advertised{URLs: []string{"http://10.1.2.3/x"}}},
		{"http://www.microsoft.com@evil.example.org/", advertised{Domains: []string{"example.org"}, URLs: []string{"http://www.microsoft.com@evil.example.org/"}}},
		{"mail Sales@Diplomas.example.com today", advertised{Emails: []string{"sales@diplomas.example.com"}}},
		{"CALL 1-800-555-1234 or +1 (206) 555 1234, (206) 555-1234", advertised{Phones: []string{"+12065551234", "18005551234", "2065551234"}}},
		{"call 0800 123 4567 or 030/1234567 or 01 23 45 67 89", advertised{Phones: []string{"0123456789", "0301234567", "08001234567"}}},
		{"see KB824146, Q 329390, on 2003-07-16 or 16.07.2003 19:30, 4.0.1381, 1,000,000, error 0x8004005, version 10.0.2195.6717", advertised{}},
		{"w w w . s p a m . c o m", advertised{Domains: []string{"spam.com"}, URLs: []string{"www.spam.com"}}},
		{"www.blogspot.com and evil.org", advertised{Domains: []string{"blogspot.com", "evil.org"}, URLs: []string{"www.blogspot.com", "evil.org"}}},
		{"http://www.com/ and http://a.www.com/ and http://www.www.com", advertised{Domains: []string{"www.com"}, URLs: []string{"http://www.com/", "http://a.www.com/", "http://www.www.com"}}},
		{"www.x.blogspot.com", advertised{Domains: []string{"x.blogspot.com"}, URLs: []string{"www.x.blogspot.com"}}},
		{"посетите сайт www.primer.ru сейчас", advertised{Domains: []string{"primer.ru"}, URLs: []string{"www.primer.ru"}}},
		{"경고 www.example.co.kr에서", advertised{Domains: []string{"example.co.kr"}, URLs: []string{"www.example.co.kr"}}},
		{"co.uk and localhost and a..com and .com", advertised{}},
		{"this is the end.next we call.help, see.click or read.me2 and b.zip", advertised{}},
		{"go to www.spam.click or http://spam.help/x", advertised{Domains: []string{"spam.click", "spam.help"}, URLs: []string{"www.spam.click", "http://spam.help/x"}}},
		{"pills.biz x.de a.co.jp OLD.MUSEUM", advertised{Domains: []string{"a.co.jp", "old.museum", "pills.biz", "x.de"}, URLs: []string{"pills.biz", "x.de", "a.co.jp", "old.museum"}}},
	}
	for _, test := range tests {
		f := NewAnalyzer(Config{}).Analyze(test.shown)
		if diff := cmp.Diff(test.want, advertised{f.Domains, f.URLs, f.Phones, f.Emails}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.shown, diff)
		}
	}
}

func TestKeysOfOneTextAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 40 {
		b.WriteString("http://host" + strconv.Itoa(i) + "x.com/ a" + strconv.Itoa(i) + "@b.com 206-555-10" + strconv.Itoa(10+i) + "\n")
	}
	f := NewAnalyzer(Config{}).Analyze(b.String())
	if len(f.URLs) != maxKeys || len(f.Domains) != maxKeys || len(f.Emails) != maxKeys || len(f.Phones) != maxKeys || f.Stats.URLs != maxKeys {
		t.Errorf("%d URLs, %d domains, %d e-mails, %d phones, want %d of each", len(f.URLs), len(f.Domains), len(f.Emails), len(f.Phones), maxKeys)
	}
}

func TestObfuscationIsMarked(t *testing.T) {
	for s, want := range map[string]bool{
		"Windows NT4 has 55 errors! Visit www.fix4u.com": false, "U N I V E R S I T Y degree": true, "v1agra": true, "vi\u200bagra": true, "Сheap lоans": true,
		"Внимание! Ваш компьютер заражен": false, "Grüße aus Köln": false, "pa$$word": true,
	} {
		if got := NewAnalyzer(Config{}).Analyze(s).Stats.Obfuscated; got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range realTexts(f) {
		f.Add(s)
	}
	for _, p := range goldenForms(f) {
		f.Add(p[0])
	}
	f.Fuzz(func(t *testing.T, s string) {
		var wide, single normaliser
		wide.run(s, asciiString(s), true)
		single.run(s, asciiString(s), false)
		n := string(wide.norm)
		if n != string(single.norm) {
			t.Fatalf("%q: wide %q, single %q", s, n, single.norm)
		}
		if len(n) > maxNorm || !utf8.ValidString(n) || n != strings.Join(strings.Fields(n), " ") && asciiString(n) {
			t.Fatalf("%q: form %q", s, n)
		}
	})
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range realTexts(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		small, large := NewAnalyzer(Config{Memory: 1}), NewAnalyzer(Config{Memory: 1 << 20})
		large.Analyze(s)
		if got, want := large.Analyze(s), small.Analyze(s); !reflect.DeepEqual(got, want) { // cmp.Diff would take most of the time
			t.Fatalf("%q (-small +large):\n%s", s, cmp.Diff(want, got, cmpopts.IgnoreUnexported(Form{})))
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("SYSTEM\x00"), []byte("ALERT\x00"), []byte("STOP! WINDOWS REQUIRES IMMEDIATE ATTENTION.\x00"), false)
	f.Add([]byte("OEM\x00"), []byte("cp437\x00"), []byte("Gr\x81\xe1e! caf\x82 \xab\x00"), false)
	f.Add([]byte("OEM\x00"), []byte("cp932\x00"), []byte("\x8cx\x8d\x90\x00"), false)
	f.Add([]byte("\xd4\xe5\xe2"), []byte("\xc4"), []byte("\xc5\xc2\xc3\x00"), true)
	f.Fuzz(func(t *testing.T, from, to, text []byte, ebcdic bool) {
		ff, tt, xx, page, margin := Decode(from, to, text, ebcdic)
		if ff.Raw != string(from) || tt.Raw != string(to) || xx.Raw != string(text) {
			t.Fatal("raw octets changed")
		}
		if !utf8.ValidString(ff.Shown) || !utf8.ValidString(xx.Shown) || strings.ContainsRune(xx.Shown, 0) || page == "" || margin < 0 || margin > widest {
			t.Fatalf("%q on page %q, margin %d", xx.Shown, page, margin)
		}
	})
}
