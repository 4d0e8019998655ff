package text

import "strings"

// beginnings remembers how ASCII texts began, up to their first key: most of a mail-shot's texts differ only from there. One beginning for each value of eight bits of the
// hash of the first 32 octets, a new one in the place of the old; at most 256 of 8 KiB.
type beginnings [256]beginning

// beginning is a text up to two octets into the token with its first key, and what came of it.
type beginning struct {
	text       string
	norm       string
	stats      Stats // of text without the two octets
	obfuscated bool
}

const (
	minBeginning = 64
	maxBeginning = maxNorm
	hashed       = 32
	overlap      = 2
)

func (b *beginnings) at(shown string) *beginning { return &b[hash(shown[:hashed])%uint64(len(b))] }

// resume normalises and counts shown from where a remembered beginning ends. It says whether it could.
func (b *beginnings) resume(n *normaliser, shown string) (stats Stats, ok bool) {
	if len(shown) < minBeginning {
		return stats, false
	}
	known := b.at(shown)
	if known.text == "" || !strings.HasPrefix(shown, known.text) {
		return stats, false
	}
	from := len(known.text) - overlap
	stats = known.stats
	stats.add(shown[from:])
	stats.lastLine(shown)
	if stats.NonASCII > 0 { // then the whole text is folded another way
		return stats, false
	}
	n.begin(known.norm, known.obfuscated)
	n.scan(shown, from, true)
	return stats, true
}

// keep remembers the beginning of shown, which n has just normalised. What was read before a token depends on no more of it than its first octet if that is a letter, which
// ends every number, and the second, which shows that it does not stand alone: so both belong to the beginning.
func (b *beginnings) keep(n *normaliser, shown string) {
	at := n.keyless.text
	if at < minBeginning || at > maxBeginning || at+overlap > len(shown) || !isLetter(shown[at]) || isBlank(shown[at+1]) || n.keyless.norm > len(n.norm) {
		return
	}
	known := beginning{text: strings.Clone(shown[:at+overlap]), norm: string(n.norm[:n.keyless.norm]), obfuscated: n.keyless.obfuscated}
	known.stats.add(shown[:at])
	*b.at(shown) = known
}
