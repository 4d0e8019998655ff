package text

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// realTexts are the popups that were heard or quoted.
func realTexts(t testing.TB) (texts []string) {
	t.Helper()
	f, err := os.Open("../../testdata/captures/spam-texts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var line struct{ Message string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, line.Message)
	}
	if len(texts) < 10 {
		t.Fatalf("read %d real texts: %v", len(texts), lines.Err())
	}
	return texts
}

var floodWords = strings.Fields("SYSTEM ALERT Windows has encountered an internal error your registry is corrupted STOP critical update immediately visit download repair scan computer virus infected security warning required urgent failure to fix this problem please the following website degree university diploma offer free click OK and type in browser patch memory system messenger service spam block popups now buy cheap loan mortgage rate pills pharmacy online")

// flood makes texts as testdata/yardsticks/gen.c does: 40 templates, six random digits each, four random letters in the domain of half of them.
func flood(n int) []string {
	rnd := rand.New(rand.NewPCG(1, 2))
	templates := make([][]byte, 40)
	for i := range templates {
		var b []byte
		for size := 200 + rnd.IntN(380); len(b) < size; {
			b = append(append(b, floodWords[rnd.IntN(len(floodWords))]...), " \n"[min(1, rnd.IntN(12))])
		}
		b = fmt.Appendf(b, "http://www.fix%02d-pc.com/?id=000000", i)
		templates[i] = b
	}
	texts := make([]string, n)
	for i := range texts {
		b := slices.Clone(templates[rnd.IntN(40)])
		copy(b[len(b)-6:], fmt.Sprintf("%06d", rnd.IntN(1e6)))
		if rnd.IntN(2) == 0 {
			at := len(b) - len("fix00-pc.com/?id=000000")
			for j := range 4 {
				b[at+j] = byte('a' + rnd.IntN(26))
			}
		}
		texts[i] = string(b)
	}
	return texts
}

func TestFloodOfFortyTemplatesHasFortyFormsThatAreKept(t *testing.T) {
	a := NewAnalyzer(Config{})
	forms, norms := make(map[*Form]bool), make(map[string]bool)
	texts := flood(2000)
	for i, s := range texts {
		f := a.Analyze(s).Form
		if norms[f.Norm] = true; i >= len(texts)/2 { // each was heard more than twice by then
			forms[f] = true
		}
	}
	if len(forms) != 40 || len(norms) != 40 {
		t.Errorf("%d forms of %d, want 40", len(forms), len(norms))
	}
}

func TestFloodOfNewTextsLeavesWhatReturns(t *testing.T) {
	const memory = 2 << 20
	a, rnd := NewAnalyzer(Config{Memory: memory}), rand.New(rand.NewPCG(3, 5))
	s := realTexts(t)[0]
	a.Analyze(s + " 1")
	want := a.Analyze(s + " 2").Form
	for range 5000 {
		a.Analyze(randomText(rnd, 400))
	}
	a.Analyze(s + " 3") // heard again where another took its place
	if got := a.Analyze(s + " 4").Form; got != want {
		t.Error("the form of a text that returns is not kept")
	}
	if a.forms.bytes > memory/8 {
		t.Errorf("forms of %d octets are kept", a.forms.bytes)
	}
}

func TestEqualTextsShareTheirFeaturesFromTheSecondTimeWithoutAllocation(t *testing.T) {
	a := NewAnalyzer(Config{})
	s := realTexts(t)[0]
	a.Analyze(s)
	want := a.Analyze(s)
	if n := testing.AllocsPerRun(100, func() {
		if a.Analyze(s) != want {
			t.Fatal("computed again")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestVariantOfAKnownFormTakesOneAllocation(t *testing.T) {
	a := NewAnalyzer(Config{})
	texts := flood(4000)
	for _, s := range texts[:2000] {
		a.Analyze(s)
	}
	next := 2000
	if n := testing.AllocsPerRun(1000, func() { a.Analyze(texts[next]); next++ }); n > 1 {
		t.Errorf("%v allocations, want 1: the features with their keys", n)
	}
}

func TestDecodeOfASCIIAllocatesTheTextAlone(t *testing.T) {
	a := NewAnalyzer(Config{})
	from, to, text := []byte("SYSTEM\x00\x00"), []byte("ALERT\x00"), []byte(realTexts(t)[0]+"\x00")
	if n := testing.AllocsPerRun(100, func() { a.Decode(from, to, text, false) }); n != 1 {
		t.Errorf("%v allocations, want 1", n)
	}
}

func TestFeaturesDoNotDependOnWhatTheCachesHold(t *testing.T) {
	small, large := NewAnalyzer(Config{Memory: 64 << 10}), NewAnalyzer(Config{})
	for _, s := range append(flood(500), realTexts(t)...) {
		if diff := cmp.Diff(large.Analyze(s), small.Analyze(s), cmpopts.IgnoreUnexported(Form{})); diff != "" {
			t.Fatalf("%q (-large +small):\n%s", s, diff)
		}
	}
	if small.Shed() == 0 {
		t.Error("the small caches shed nothing: the test shows nothing")
	}
}

func TestTextsThatBeginAlikeHaveTheFeaturesOfTheirOwn(t *testing.T) {
	begin := rapid.SampledFrom([]string{
		"STOP! Windows has found 55 Critical System Errors. Your registry is damaged.\r\nVisit ",
		"W1nd0ws has found v1ruses, c a l l us to be safe from 206 555 and U N I V ",
		"Windows has found critical system errors in your registry, order now 1-800-555 ",
	})
	rest := rapid.SampledFrom([]string{"www.a.com", "http://fix.com/?id=1", "1234 www.a.com", "E R S I T Y", "a b www.x.com", "", "ü www.a.com", "x", "sales@a.com [x7f3]", "(www.a.com)", "www.b.com 206 555 1234\n", "wwwwww", "visit www.b.com"})
	rapid.Check(t, func(t *rapid.T) {
		a := NewAnalyzer(Config{Memory: 1})
		for range 6 {
			s := begin.Draw(t, "begin") + rest.Draw(t, "rest") + rest.Draw(t, "more")
			if diff := cmp.Diff(NewAnalyzer(Config{Memory: 1}).Analyze(s), a.Analyze(s), cmpopts.IgnoreUnexported(Form{})); diff != "" {
				t.Fatalf("%q (-alone +after others):\n%s", s, diff)
			}
		}
	})
}

func TestCachesStayInTheirBoundInAFloodOfRandomTexts(t *testing.T) {
	const memory = 2 << 20
	a := NewAnalyzer(Config{Memory: memory})
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		s := randomText(rnd, 10+rnd.IntN(2000))
		a.Analyze(s)
		a.Analyze(s) // what is heard twice is kept
		table := int64(len(a.texts.slots)+len(a.forms.slots)) * slotSize
		if held := a.texts.bytes + a.forms.bytes + table; held > memory {
			t.Fatalf("%d octets held, bound %d", held, memory)
		}
	}
	var counted int64
	for _, s := range a.forms.slots {
		counted += s.size
	}
	if counted != a.forms.bytes || a.Shed() == 0 {
		t.Errorf("slots hold %d octets, counted %d, shed %d", counted, a.forms.bytes, a.Shed())
	}
}

func TestNamesStayInTheirBound(t *testing.T) {
	a := NewAnalyzer(Config{})
	for i := range 3 * len(a.names) {
		want := fmt.Sprintf("HOST%d", i)
		if from, _, _, _, _ := a.Decode([]byte(want), nil, nil, false); from.Shown != want {
			t.Fatalf("%q shown as %q", want, from.Shown)
		}
	}
	a.Decode(make([]byte, maxName+1), nil, nil, false)
	for _, kept := range a.names {
		if len(kept) > maxName {
			t.Fatalf("keeps a name of %d octets", len(kept))
		}
	}
}

func randomText(rnd *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz      "[rnd.IntN(32)]
	}
	return string(b)
}

func TestWideStepsGiveTheSameFormAsSingleOctets(t *testing.T) {
	pieces := rapid.SliceOf(rapid.OneOf(
		rapid.SampledFrom([]string{" ", "  ", "\r\n", "a", "U N I V E R S I T Y", "l", "L", "www.Fix.com", "[x7f3]", "1-800-555-1234", "STOP!", "v1agra", "ü", "é", "http://1.2.3.4/a", "x@y.com", "$99", "\x14", "A.B", "Windows", "system"}),
		rapid.StringMatching(`[ -~\n]{0,12}`), rapid.StringMatching(`[a-zA-Z \n]{0,40}`)))
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(pieces.Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "joint"))
		var wide, single normaliser
		wide.run(s, asciiString(s), true)
		single.run(s, asciiString(s), false)
		if diff := cmp.Diff(string(single.norm), string(wide.norm)); diff != "" {
			t.Fatalf("%q (-single +wide):\n%s", s, diff)
		}
		if wide.obfuscated != single.obfuscated || !slices.Equal(wide.keys.urls, single.keys.urls) || !slices.Equal(wide.keys.phones, single.keys.phones) {
			t.Fatalf("%q: keys or marks differ", s)
		}
	})
}

func TestFoldingRunesChangesNothingInASCII(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[\x00-\x7f]{0,100}`).Draw(t, "s")
		if got, obfuscated := foldRunes(s); got != s || obfuscated {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

func TestStatsOfWideStepsAreThoseOfSingleRunes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`([ -~]|\r\n|\n|\r|\x14|!|[A-Z]|[0-9]){0,60}`).Draw(t, "s")
		want := Stats{Octets: uint32(len(s))}
		returned := false
		for _, r := range s {
			want.one(r, returned)
			returned = r == '\r'
		}
		if s != "" && !isLineEnd(s[len(s)-1]) {
			want.Lines++
		}
		if diff := cmp.Diff(want, count(s)); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", s, diff)
		}
	})
}

func TestCountOfAText(t *testing.T) {
	want := Stats{Octets: 41, Runes: 40, Letters: 26, Capitals: 6, Digits: 2, Exclamation: 2, Lines: 4, NonASCII: 1}
	if diff := cmp.Diff(want, count("STOP!! You have 55\r\n errors\rin Ägypten\n\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJaccardCountsCommonShingles(t *testing.T) {
	f := func(a, b []uint32, want float64) {
		t.Helper()
		if got := Jaccard(a, b); got != want {
			t.Errorf("Jaccard(%v, %v) = %v, want %v", a, b, got, want)
		}
	}
	f(nil, nil, 0)
	f([]uint32{1}, nil, 0)
	f([]uint32{1, 2, 3}, []uint32{1, 2, 3}, 1)
	f([]uint32{1, 2, 3}, []uint32{2, 3, 4}, 0.5)
}

func TestFormIsNamedByItsText(t *testing.T) {
	f := NewAnalyzer(Config{}).Analyze("STOP! Visit www.regfixit.com").Form
	if f.Norm != "stop visit zurl" || f.Hash != sha256.Sum256([]byte(f.Norm)) {
		t.Errorf("form %q", f.Norm)
	}
	if empty := NewAnalyzer(Config{}).Analyze("!!! ...").Form; empty.Norm != "" || !empty.Empty() || empty.Sketch[0] != ^uint32(0) {
		t.Errorf("empty form %+v", empty)
	}
}

func TestHostileTextsStayInTheirBounds(t *testing.T) {
	for _, unit := range []string{ // 256 KiB each: what is not linear takes minutes
		"a ", "a.", "1 ", "1-", "(", "+1", "://", "a@", "@", "a.b@", "http://", "[", "ﷺ", "\u0301", "a\u0301", "аa", "l", "1.1.", "www.", "가 ", "a a a bb ", "1 (", "$a", "!!a", "a.b/"} {
		f := NewAnalyzer(Config{}).Analyze(strings.Repeat(unit, 1<<18/len(unit)))
		if len(f.Form.Norm) > maxNorm || !utf8.ValidString(f.Form.Norm) || len(f.URLs) > maxKeys || len(f.Phones) > maxKeys {
			t.Errorf("%q: %d octets, %d URLs", unit, len(f.Form.Norm), len(f.URLs))
		}
	}
}

func BenchmarkAnalyzeRepeat(b *testing.B) {
	a, s := NewAnalyzer(Config{}), flood(1)[0]
	b.ReportAllocs()
	for b.Loop() {
		a.Analyze(s)
	}
}

// BenchmarkAnalyzeVariant analyzes texts that differ in their digits and, every second, their domain. It makes each text anew, as Decode does, so that it lies in
// the processor's cache as on the road; BenchmarkMakeVariant is what that costs.
func BenchmarkAnalyzeVariant(b *testing.B) {
	a := NewAnalyzer(Config{})
	benchmarkVariants(b, func(s string) { a.Analyze(s) })
}

func BenchmarkMakeVariant(b *testing.B) {
	benchmarkVariants(b, func(s string) { made = s })
}

// made keeps the compiler from sparing the work.
var made string

func benchmarkVariants(b *testing.B, use func(string)) {
	var templates [][]byte
	for _, s := range flood(40) {
		templates = append(templates, []byte(s))
	}
	i := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		t := templates[i%40]
		i++
		vary(t[len(t)-6:], i, "0123456789")
		if i&1 == 0 {
			at := len(t) - len("fix00-pc.com/?id=000000")
			vary(t[at:at+4], i, "abcdefghijklmnop")
		}
		use(string(t))
	}
}

func vary(b []byte, n uint32, alphabet string) {
	n *= 2654435761
	for i := range b {
		b[i] = alphabet[n%uint32(len(alphabet))]
		n /= uint32(len(alphabet))
	}
}

func BenchmarkAnalyzeNew(b *testing.B) {
	a, rnd := NewAnalyzer(Config{}), rand.New(rand.NewPCG(5, 6))
	texts := make([]string, 1<<14)
	for i := range texts {
		texts[i] = randomText(rnd, 400)
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		a.Analyze(texts[i&(1<<14-1)])
		i++
	}
}

func BenchmarkDecode(b *testing.B) {
	a := NewAnalyzer(Config{})
	from, to := []byte("SYSTEM\x00"), []byte("ALERT\x00")
	for _, test := range [][2]string{{"ascii", flood(1)[0] + "\x00"}, {"cp437", strings.Repeat("Ihr Computer ist gef\x84hrdet ", 16)}} {
		octets := []byte(test[1])
		b.Run(test[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Decode(from, to, octets, false)
			}
		})
	}
}
