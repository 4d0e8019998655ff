package text

import "strings"

// beginnings remembers how ASCII texts began, up to their first key: most of a mail-shot's texts differ only from there. A pair for each value of seven bits of the
// hash of the first 32 octets, the newer first; a new one pushes out the older of its pair. At most 256, of 8 KiB and a form of at most 24 KiB each.
type beginnings [128][2]beginning

// beginning is a text up to two octets into the token with its first key, and what came of it.
type beginning struct {
	text       string
	norm       string
	stats      Stats // of text without the two octets
	obfuscated bool
	seen       class
	form       *Form // of the text that last began so
}

const (
	minBeginning = 64
	maxBeginning = maxNorm
	hashed       = 32
	overlap      = 2
)

func (b *beginnings) pair(shown string) *[2]beginning {
	return &b[hash(shown[:hashed])%uint64(len(b))]
}

func (b *beginnings) find(shown string) *beginning {
	if len(shown) < minBeginning {
		return nil
	}
	pair := b.pair(shown)
	for i := range pair {
		if known := &pair[i]; known.text != "" && strings.HasPrefix(shown, known.text) {
			return known
		}
	}
	return nil
}

// resume normalises and counts shown from where a remembered beginning ends, and returns that; nil if it could not.
func (b *beginnings) resume(n *normaliser, shown string) (stats Stats, known *beginning) {
	known = b.find(shown)
	if known == nil {
		return stats, nil
	}
	from := len(known.text) - overlap
	stats = known.stats
	stats.add(shown[from:])
	stats.lastLine(shown)
	if stats.NonASCII > 0 { // then the whole text is folded another way
		return stats, nil
	}
	n.begin(known.norm, known.obfuscated, known.seen)
	n.source = shown
	n.scan(shown, from, true)
	return stats, known
}

// keep remembers the beginning of shown, which n has just normalised. What was read before a token depends on no more of it than its first octet if that is a letter, which
// ends every number, and the second, which shows that it does not stand alone: so both belong to the beginning.
func (b *beginnings) keep(n *normaliser, shown string) {
	at := n.keyless.text
	if at < minBeginning || at > maxBeginning || at+overlap > len(shown) || !isLetter(shown[at]) || isBlank(shown[at+1]) || n.keyless.norm > len(n.norm) {
		return
	}
	known := beginning{text: strings.Clone(shown[:at+overlap]), norm: string(n.norm[:n.keyless.norm]), obfuscated: n.keyless.obfuscated, seen: n.seen}
	known.stats.add(shown[:at])
	pair := b.pair(shown)
	pair[0], pair[1] = known, pair[0]
}
