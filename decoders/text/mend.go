package text

import "strings"

// Comparison names the normal form that texts are compared, keyed and scored by: n2 is n1 of the mended text. Names stay those of n1 (CONTRACT.md 2.0), so
// that what a document carried is found again. Most texts need no mending, and n2 is n1 then.
const Comparison = "n2"

// The bounds of what is put together.
const (
	maxLabels = 6
	maxLabel  = 63 // octets (RFC 1035 2.3.4)
	maxGap    = 3  // blanks in a row
)

// mend puts together the addresses and telephone numbers that a text breaks so that no filter reads them, while people do: "www . example . com",
// "example dot com", "bob (at) example.com", "1-800-FIX-MYPC". What is doubtful stays as it is. Mending the result again changes nothing.
// It takes time linear in s; nothing is made where there is nothing to mend. Seen has the classes of all octets in s but letters and blanks.
func mend(s string, seen class) (out string, done mending) {
	if !breaks(s, seen) {
		return s, 0
	}
	var b strings.Builder
	from := 0
	for i := 0; i < len(s); {
		if !startsWord(s, i) {
			i++
			continue
		}
		piece, ok := mendAt(s, i)
		if !ok || piece.start < from { // what was put together before is no part of it
			i = max(piece.end, i+1)
			continue
		}
		b.WriteString(s[from:piece.start])
		b.WriteString(piece.text)
		from, i, done = piece.end, piece.end, done|piece.what
	}
	if done == 0 {
		return s, 0
	}
	b.WriteString(s[from:])
	return b.String(), done
}

// mending says what was mended. Who breaks an address wants it not to be found; who writes a number in letters wants it to be remembered.
type mending uint8

const (
	mendedAddress mending = 1 << iota
	mendedPhone
)

// mended is a part of a text and what it says when it is put together. Where nothing was put together, end is where the next look may begin; zero: anywhere.
type mended struct {
	start, end int
	text       string
	what       mending
}

func startsWord(s string, i int) bool {
	return (isASCIIWord(s[i]) || s[i] == '(' || s[i] == '+') && (i == 0 || !isWord(s[i-1]))
}

func isASCIIWord(c byte) bool { return c < 0x80 && isWord(c) }

// mendAt puts together what begins at the word at i.
func mendAt(s string, i int) (m mended, ok bool) {
	if c := s[i]; isDigit(c) || c == '(' || c == '+' {
		if m, ok = mendPhone(s, i); ok {
			return m, true
		}
	}
	end := labelEnd(s, i)
	if _, dotted := jointAt(s, end); !dotted {
		return mended{end: end}, false
	}
	h := brokenHost(s, i)
	if !h.known {
		return mended{end: h.plainEnd}, false
	}
	local, mailed := mailbox(s, i, h.worded)
	if !mailed && !(h.broken && h.believed(s)) {
		return mended{end: h.plainEnd}, false
	}
	m = mended{start: i, end: h.end, text: h.name(s), what: mendedAddress}
	if mailed {
		m.start, m.text = local[0], s[local[0]:local[1]]+"@"+m.text
	} else {
		m.scheme(s)
	}
	return m, true
}

// host is labels in a text, with whatever stands between them for dots.
type host struct {
	labels                [maxLabels][2]int
	torn                  int // the label that goes on the one before, without a dot; 0: none
	n                     int
	end                   int
	plainEnd              int  // where the first label ends
	broken                bool // a dot is not just a dot
	worded                bool // one is written as a word, or stands in brackets
	before, after         bool // one has a blank before it; only behind it
	comma                 bool // one is a comma
	schemed               bool // a scheme stands before it
	lower, generic, known bool // of the top-level domain
}

// brokenHost reads labels from i on, to the first that ends a host.
func brokenHost(s string, i int) (h host) {
	at := i
	for h.n < maxLabels {
		end := labelEnd(s, at)
		if end == at || end-at > maxLabel {
			break
		}
		h.labels[h.n] = [2]int{at, end}
		h.n++
		if h.n == 1 {
			h.plainEnd = end
		}
		h.end = end
		j, ok := jointAt(s, end)
		if !ok {
			j, ok = h.tear(s, end)
		}
		if !ok || h.n > 1 && h.complete(s) && !j.plain {
			break
		}
		if next := labelEnd(s, j.end); next == j.end {
			break
		}
		h.add(j)
		at = j.end
	}
	if h.n > 1 { // else it is no host at all
		last := strings.ToLower(h.label(s, h.n-1))
		h.generic, h.known, h.lower = isGenericTop(last), isGenericTop(last) || len(last) == 2 && isLetter(last[0]) && isLetter(last[1]), last == h.label(s, h.n-1)
	}
	h.schemed = i > 1 && strings.HasSuffix(strings.TrimRight(s[max(0, i-2-maxGap):i], " "), "/")
	return h
}

// tear finds where a label goes on behind a blank or line end: www.exam ple.com. What begins with www and one label more is no host yet.
func (h *host) tear(s string, end int) (j joint, ok bool) {
	next := skipBlanks(s, end)
	if h.n != 2 || !h.www(s) || h.broken || next < 0 || next == end {
		return j, false
	}
	dot := labelEnd(s, next)
	if dot == next || dot == len(s) || s[dot] != '.' || !isGenericTop(strings.ToLower(s[dot+1:labelEnd(s, dot+1)])) {
		return j, false
	}
	h.torn = h.n
	return joint{end: next}, true
}

func labelEnd(s string, i int) int {
	end := i
	for end < len(s) && (isASCIIWord(s[end]) || s[end] == '-' && end > i) {
		end++
	}
	return end
}

func (h *host) label(s string, i int) string { return s[h.labels[i][0]:h.labels[i][1]] }

// complete says whether the labels so far are a host that ends in a generic top-level domain: what stands behind a broken dot then is the next sentence.
func (h *host) complete(s string) bool {
	least := 1
	if h.www(s) {
		least = 2
	}
	return h.n > least && isGenericTop(strings.ToLower(h.label(s, h.n-1)))
}

func (h *host) www(s string) bool { return strings.EqualFold(h.label(s, 0), "www") }

func (h *host) add(j joint) {
	h.broken = h.broken || !j.plain
	h.worded = h.worded || j.worded
	h.before, h.after, h.comma = h.before || j.before, h.after || j.after, h.comma || j.comma
}

// believed says whether a host that is broken is meant as one. A dot with blanks ends most sentences, and "dot" is a word.
func (h *host) believed(s string) bool {
	if h.www(s) {
		return h.n > 2
	}
	switch {
	case h.comma:
		return false
	case h.schemed:
		return true
	case !h.generic:
		return false
	case isArticle(h.label(s, 0)):
		return false
	case h.after:
		return h.label(s, h.n-1) == "com"
	case h.before:
		return h.lower
	}
	return true
}

// name is the host with dots between its labels.
func (h *host) name(s string) string {
	var b strings.Builder
	for i := range h.n {
		if i > 0 && i != h.torn {
			b.WriteByte('.')
		}
		b.WriteString(h.label(s, i))
	}
	return b.String()
}

// isGenericTop says whether a top-level domain is one that sites of 2002 to 2010 had, whatever their country.
func isGenericTop(label string) bool {
	if len(label) < len("com") || len(label) > len("info") {
		return false
	}
	switch strings.ToLower(label) {
	case "com", "net", "org", "info", "biz":
		return true
	}
	return false
}

// isArticle says whether a word before "dot com" speaks of dot coms and of no site.
func isArticle(word string) bool {
	switch strings.ToLower(word) {
	case "a", "an", "the", "this", "that", "every", "each", "any", "no", "your", "our", "my", "its", "and", "or", "of", "on", "in", "at", "is", "was", "to", "for", "with":
		return true
	}
	return false
}

// joint is what stands between two labels.
type joint struct {
	end                                 int
	plain, worded, before, after, comma bool
}

// jointAt reads a dot at i, in whatever way it is written: ".", " . ", "dot", "(dot)", "[.]", ",".
func jointAt(s string, i int) (j joint, ok bool) {
	at := skipBlanks(s, i)
	if at < 0 || at == len(s) {
		return j, false
	}
	gap := at > i
	switch end := skipDot(s, at); {
	case s[at] == '.':
		j.end = skipBlanks(s, at+1)
		j.before, j.after = gap, !gap && j.end > at+1
		j.plain = !gap && j.end == at+1
	case s[at] == ',' && !gap:
		j.end, j.comma = at+1, true
	case end > 0 && (gap || s[at]|0x20 != 'd'):
		j.worded = true
		j.end = skipBlanks(s, end)
		if s[at]|0x20 == 'd' && j.end == end { // "dot" is a word of its own
			return j, false
		}
	default:
		return j, false
	}
	return j, j.end > 0
}

// skipBlanks passes over at most maxGap blanks or one line end; -1 where there are more.
func skipBlanks(s string, i int) int {
	at := i
	for at < len(s) && isBlank(s[at]) {
		if at-i == maxGap {
			return -1
		}
		at++
	}
	return at
}

// skipDot passes over the word "dot", or over it or a dot in brackets; 0 where there is none.
func skipDot(s string, i int) int {
	if c := s[i]; isWord(c) && c|0x20 != 'd' {
		return 0
	}
	open := strings.IndexByte("([{<", s[i])
	if open >= 0 {
		i++
	}
	end := 0
	switch {
	case i+3 <= len(s) && strings.EqualFold(s[i:i+3], "dot"):
		end = i + 3
	case open >= 0 && i < len(s) && s[i] == '.':
		end = i + 1
	default:
		return 0
	}
	if open < 0 {
		return end
	}
	if end < len(s) && s[end] == ")]}>"[open] {
		return end + 1
	}
	return 0
}

// scheme puts a scheme that blanks tore from the host before it: "http : // ".
func (m *mended) scheme(s string) {
	at := m.start
	for _, want := range [...]byte{'/', '/', ':'} {
		if at = skipBack(s, at, maxGap); byteBefore(s, at) != want {
			return
		}
		at--
	}
	at = skipBack(s, at, maxGap)
	from := at
	for from > 0 && at-from < len("https") && isLetter(s[from-1]) && s[from-1] < 0x80 {
		from--
	}
	if name := strings.ToLower(s[from:at]); name == "http" || name == "https" {
		m.start, m.text = from, s[from:at]+"://"+m.text
	}
}

// mailbox finds the local part of a mail address before its host at i: torn off by "(at)" or blanks, or by "at" where the host's dots are words, too.
func mailbox(s string, i int, worded bool) (local [2]int, ok bool) {
	at := skipBack(s, i, maxGap)
	switch closing := strings.IndexByte(")]}>", byteBefore(s, at)); {
	case closing >= 0 && at > 3 && strings.EqualFold(s[at-3:at-1], "at") && s[at-4] == "([{<"[closing]:
		at -= 4
	case at < i && byteBefore(s, at) == '@':
		at--
	case at < i && worded && at > 2 && strings.EqualFold(s[at-2:at], "at") && isBlank(s[at-3]):
		at -= 2
	default:
		return local, false
	}
	at = skipBack(s, at, maxGap)
	start := localPart(s[:at], at)
	return [2]int{start, at}, start < at && !isArticle(s[start:at]) && !isVerb(s[start:at])
}

// skipBack passes over at most so many blanks before i.
func skipBack(s string, i, most int) int {
	at := i
	for at > 0 && i-at < most && s[at-1] == ' ' {
		at--
	}
	return at
}

func byteBefore(s string, i int) byte {
	if i == 0 {
		return 0
	}
	return s[i-1]
}

// isVerb says whether a word before "at example dot com" says where to look or what to do, and is no mailbox.
func isVerb(word string) bool {
	switch strings.ToLower(word) {
	case "us", "me", "look", "visit", "found", "available", "online", "site", "website", "now", "page", "buy", "download", "free", "order", "info":
		return true
	}
	return false
}
