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
	return decode(from, to, text, ebcdic, newString, choosePage)
}

// Decode is the function Decode with From and To kept in a bounded table, so that a flood with the same names allocates its Text alone.
func (a *Analyzer) Decode(from, to, text []byte, ebcdic bool) (f, t, x String, page Page, margin int) {
	return decode(from, to, text, ebcdic, a.names.intern, a.pages.choose)
}

func newString(b []byte) string { return string(b) }

func decode(from, to, text []byte, ebcdic bool, name func([]byte) string, choose func(string) (codePage, int)) (f, t, x String, page Page, margin int) {
	if ebcdic {
		return decodePage(codePages.ebcdic, from, name), decodePage(codePages.ebcdic, to, name), decodePage(codePages.ebcdic, text, newString), PageEBCDIC, 0
	}
	sf, st, sx := shownPart(from), shownPart(to), shownPart(text)
	if isASCII(sf) && isASCII(st) && isASCII(sx) {
		return plain(from, name), plain(to, name), plain(text, newString), PageASCII, 0
	}
	best, margin := choose(sample(sf, st, sx))
	return decodePage(best, from, name), decodePage(best, to, name), decodePage(best, text, newString), best.page, margin
}

// shownPart is what stands before the first NUL: what Windows shows.
func shownPart(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

func plain(b []byte, keep func([]byte) string) String {
	raw := keep(b)
	shown := raw
	if i := strings.IndexByte(raw, 0); i >= 0 {
		shown = raw[:i]
	}
	return String{Raw: raw, Shown: shown, Exact: true}
}

func decodePage(p codePage, b []byte, keep func([]byte) string) String {
	s := plain(b, keep)
	if p.page != PageEBCDIC && isASCII(shownPart(b)) {
		return s
	}
	octets := s.Shown
	s.Shown = strings.ToValidUTF8(p.decode(octets), string(utf8.RuneError))
	back, ok := p.encode(s.Shown)
	s.Exact = ok && back == octets
	return s
}

// isASCII says whether no octet of b is above 0x7f.
func isASCII(b []byte) bool {
	var or uint64
	for ; len(b) >= 8; b = b[8:] {
		or |= binary.LittleEndian.Uint64(b)
	}
	for _, c := range b {
		or |= uint64(c)
	}
	return or&highBits == 0
}

// names keeps the From and To strings of a flood: at most maxNames of at most maxName octets. When it is full it forgets all of them at once, which
// nothing but the allocations can show.
type names struct{ kept map[string]string }

const (
	maxNames = 4096
	maxName  = 64
)

func (n *names) intern(b []byte) string {
	if s, ok := n.kept[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(b) > maxName {
		return s
	}
	if len(n.kept) >= maxNames {
		clear(n.kept)
	}
	n.kept[s] = s
	return s
}
