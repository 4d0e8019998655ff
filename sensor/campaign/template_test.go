package campaign

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestTemplateShowsWhatVaries(t *testing.T) {
	for sample, want := range map[string]string{
		"STOP! Visit http://www.x.com/?id=1 or call 1-800-555-1234,\nerror 0x80040154, 55 errors. $99 v1agra": "STOP! Visit {url} or call {phone} error {code} {number} errors. {money} v1agra",
		"Load the zip. Now:":     "Load the zip. Now:",
		"":                       "",
		" \r\n":                  "",
		"nothing varies in here": "nothing varies in here",
	} {
		if got := template(sample); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestTemplateIsMadeWordByWord compares with the plain way: split at blanks, replace, put together.
func TestTemplateIsMadeWordByWord(t *testing.T) {
	pieces := []string{
		"system", "alert", "a", "Ihr", "größer", "警告", "www.example.com", "call", "1-800-555-0137", "$99", "v1agra", "zip.", "now:", "x/y", "0x80040154", "end.", "...",
	}
	blanks := []string{" ", " ", " ", " ", "  ", "\r\n", "\x14", "\t", ""}
	rnd := rand.New(rand.NewPCG(3, 2))
	for range 5000 {
		var b strings.Builder
		for range rnd.IntN(30) {
			b.WriteString(pieces[rnd.IntN(len(pieces))] + blanks[rnd.IntN(len(blanks))])
		}
		words := strings.FieldsFunc(b.String(), func(r rune) bool { return r <= ' ' })
		for i, w := range words {
			inner := w
			if w[len(w)-1] == '.' || w[len(w)-1] == ':' {
				inner = w[:len(w)-1]
			}
			if strings.ContainsFunc(inner, func(r rune) bool { return r < 'A' && tells(byte(r)) }) {
				words[i] = placeholder(w)
			}
		}
		if got, want := template(b.String()), strings.Join(words, " "); got != want {
			t.Fatalf("%q: got %q, want %q", b.String(), got, want)
		}
	}
}
