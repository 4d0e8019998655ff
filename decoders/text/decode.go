package text

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// The pages that a text can be shown in.
const (
	PageASCII  Page = "ascii"
	PageUTF8   Page = "utf-8"
	PageEBCDIC Page = "ebcdic"
)

const highBits = 0x8080808080808080

// Decode chooses the code page that From, To and Text share and decodes them ([MS-MSRP] leaves the page unstated: it is the sender's OEM page).
// The candidates are, in this order, ASCII, UTF-8, CP437, CP850, CP1252, CP852, CP866, CP932, CP949 and CP936; the likeliest wins, ties go to the earlier.
// EBCDIC (CP037) is read only if the call's data representation says so. Margin is ten times the natural logarithm of how much likelier the page is
// than the next one that shows other text, at most 1,000,000; 0 for pure ASCII and EBCDIC, where nothing was weighed. The strings are owned; their NDR counts are left to the caller.
func Decode(from, to, text []byte, ebcdic bool) (f, t, x String, page Page, margin int) {
	if ebcdic || !plainASCII(from, to, text) {
		return decode(from, to, text, ebcdic, nil, nil)
	}
	return plain(string(from)), plain(string(to)), plain(string(text)), PageASCII, 0
}

// Decode is the function Decode with From and To kept in a bounded table, so that a flood with the same names allocates its Text alone.
func (a *Analyzer) Decode(from, to, text []byte, ebcdic bool) (f, t, x String, page Page, margin int) {
	if ebcdic || !plainASCII(from, to, text) {
		return decode(from, to, text, ebcdic, &a.names, &a.pages)
	}
	return plain(a.names.intern(from)), plain(a.names.intern(to)), plain(string(text)), PageASCII, 0
}

func plainASCII(from, to, text []byte) bool {
	return isASCII(shownPart(text)) && isASCII(shownPart(from)) && isASCII(shownPart(to))
}

func decode(from, to, text []byte, ebcdic bool, names *names, pages *pages) (f, t, x String, page Page, margin int) {
	best := codePages.ebcdic
	if !ebcdic {
		best, margin = pages.choose(sample(shownPart(from), shownPart(to), shownPart(text)))
	}
	f, t, x = plain(names.intern(from)), plain(names.intern(to)), plain(string(text))
	best.show(&f)
	best.show(&t)
	best.show(&x)
	return f, t, x, best.page, margin
}

// shownPart is what stands before the first NUL: what Windows shows.
func shownPart(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// plain is a string that is shown as it is, up to the first NUL.
func plain(raw string) String {
	shown := raw
	if i := strings.IndexByte(raw, 0); i >= 0 {
		shown = raw[:i]
	}
	return String{Raw: raw, Shown: shown, Exact: true}
}

// show decodes what is shown of s.
func (p codePage) show(s *String) {
	if p.page != PageEBCDIC && asciiString(s.Shown) {
		return
	}
	octets := s.Shown
	s.Shown = strings.ToValidUTF8(p.decode(octets), string(utf8.RuneError))
	back, ok := p.encode(s.Shown)
	s.Exact = ok && back == octets
}

// isASCII says whether no octet of b is above 0x7f.
func isASCII(b []byte) bool {
	var or uint64
	for ; len(b) >= 32; b = b[32:] {
		or |= binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[8:]) | binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
	}
	for ; len(b) >= 8; b = b[8:] {
		or |= binary.LittleEndian.Uint64(b)
	}
	for _, c := range b {
		or |= uint64(c)
	}
	return or&highBits == 0
}

// names keeps the From and To strings of a flood, of at most maxName octets: one for each value of 12 bits of their hash, a new one in the place of the old.
type names [4096]string

const maxName = 64

// intern is b as an owned string. A nil table keeps none.
func (n *names) intern(b []byte) string {
	if n == nil || len(b) > maxName {
		return string(b)
	}
	known := &n[hash(view(b))%uint64(len(n))]
	if *known != string(b) {
		*known = string(b)
	}
	return *known
}
