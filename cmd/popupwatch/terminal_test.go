package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a terminal might obey is shown by another name, every character up to 3000 and a sample of the rest; everything else stays as it is.
func TestVisibleLeavesNothingThatATerminalObeys(t *testing.T) {
	for r := rune(0); utf8.ValidRune(r) || r < utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) || r > 0x3000 && r%61 != 0 {
			continue // surrogates are no characters; of the far planes a sample does
		}
		in := "a" + string(r) + "b"
		got := visible(in)
		if strings.ContainsFunc(got, hidden) {
			t.Fatalf("%U is left in %q", r, got)
		}
		if changed := got != in; changed != hidden(r) {
			t.Fatalf("%U is hidden: %v, but shown as %q", r, hidden(r), got)
		}
	}
}

func TestVisibleShowsControlsByName(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, Grüße, 警告\n\ttabs": "plain text, Grüße, 警告\n\ttabs",
		"\x1b[31mred\x07":               `\x1b[31mred\x07`,
		"\u009b2J":                      `\x9b2J`, // C1: CSI in one character
		"\x9b2J":                        `\x9b2J`, // and as an octet that is no UTF-8
		"exe.\u202egpj":                 `exe.\u202egpj`,
		"\U000e0041":                    `\ue0041`, // a tag: it shows as nothing
		"\r\x00\x7f\u2028":              `\x0d\x00\x7f\u2028`,
		"\ufffd kept":                   "\ufffd kept",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) is %q, want %q", in, got, want)
		}
	}
}

// JSON that went through visibleJSON means what it meant, and holds nothing that a terminal obeys.
func TestVisibleJSONMeansTheSame(t *testing.T) {
	for r := rune(0); utf8.ValidRune(r) || r < utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) || r > 0x3000 && r%61 != 0 {
			continue // surrogates are no characters; of the far planes a sample does
		}
		in := "a" + string(r) + "b"
		document, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		document = visibleJSON(document)
		if strings.ContainsFunc(string(document), hidden) {
			t.Fatalf("%U is left in %q", r, document)
		}
		var back string
		if err := json.Unmarshal(document, &back); err != nil || back != in {
			t.Fatalf("%U comes back as %q, %v", r, back, err)
		}
	}
}

func TestOneLineIsOneVisibleLineOfBoundedLength(t *testing.T) {
	for in, want := range map[string]string{
		"two\nli\r\nnes\x14 ": "two li nes",
		"\x1b]0;title\x07":    `\x1b]0;ti…`,
		"twelve chars":        "twelve ch…",
		"ten chars!":          "ten chars!",
		"":                    "",
	} {
		if got := oneLine(in, 10); got != want {
			t.Errorf("oneLine(%q, 10) is %q, want %q", in, got, want)
		}
	}
}
