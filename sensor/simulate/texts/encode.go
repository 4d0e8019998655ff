package texts

import (
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
)

// pageOf is the code page of a language's computers.
func pageOf(language, german string) encoding.Encoding {
	switch language {
	case "ru":
		return charmap.CodePage866
	case "ko":
		return korean.EUCKR
	case "ja":
		return japanese.ShiftJIS
	}
	if german == "cp1252" {
		return charmap.Windows1252
	}
	return charmap.CodePage850
}

// encode is a text in a code page. What the page lacks becomes the sign for that.
func encode(page encoding.Encoding, s string) []byte {
	b, err := encoding.ReplaceUnsupported(page.NewEncoder()).Bytes([]byte(s))
	if err != nil {
		return []byte(s) // only invalid UTF-8 errs, and nobody writes that here
	}
	return b
}
