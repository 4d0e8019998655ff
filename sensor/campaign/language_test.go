package campaign

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
)

func TestLanguageIsThatOfTheScriptOrTheCommonWords(t *testing.T) {
	for s, want := range map[string]string{
		"Your system is infected, please visit the site": "en", "Ihr Rechner ist nicht sicher, besuchen Sie die Seite": "de",
		"Ваш компьютер заражен www.example.com": "ru", "당신의 컴퓨터가 감염되었습니다": "ko", "コンピュータが感染しています": "ja", "警告": "", "OK": "", "": "",
		"prés dés lés": "", "THE PC AND YOU": "en",
	} {
		if got := languageOf(s); got != want {
			t.Errorf("%q is in %q, want %q", s, got, want)
		}
	}
}

// TestStopwordsAreCountedWordByWord compares with the plain way: split at what is no letter, make small, look up.
func TestStopwordsAreCountedWordByWord(t *testing.T) {
	languageFor := map[string]int{}
	var words []string
	for i := range stopwords {
		p := &stopwords[i]
		if p.language == languages {
			continue
		}
		w := strings.TrimRight(string([]byte{byte(p.word), byte(p.word >> 8), byte(p.word >> 16), byte(p.word >> 24), byte(p.word >> 32)}), "\x00")
		languageFor[w] = int(p.language)
		words = append(words, w)
	}
	if len(words) != 46 {
		t.Fatalf("%d stop words have a place of their own, want 46", len(words))
	}
	rnd := rand.New(rand.NewPCG(3, 1))
	for range 3000 {
		var b strings.Builder
		for b.Len() < rnd.IntN(maxTold) {
			w := words[rnd.IntN(len(words))]
			switch rnd.IntN(6) {
			case 0:
				w = strings.ToUpper(w)
			case 1:
				w += []string{"s", "x", "é", "ж", "1", "-", "—"}[rnd.IntN(7)]
			case 2:
				w = "verylongword" + w
			}
			b.WriteString(w + []string{" ", "", "\r\n", ".", "@", "[", "`", "{", "…"}[rnd.IntN(9)])
		}
		s := cut(b.String(), maxTold)
		var want [languages + 1]int
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
			if i, ok := languageFor[strings.ToLower(w)]; ok {
				want[i]++
			} else if w[0] < 0x80 || !isASCII(s) {
				want[languages]++
			}
		}
		if got := countStopwords(s, isASCII(s)); got != want {
			t.Fatalf("%q: %v, want %v", s, got, want)
		}
	}
}
