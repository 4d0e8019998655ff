package text

// Page names a code page that a text was shown in: "ascii", "utf-8", "cp437", "cp850", "cp1252", "cp852", "cp866", "cp932", "cp949",
// "cp936", "ebcdic" (CP037, where the data representation of the call says so).
type Page string

// String is one string of a popup. Raw holds the exact octets as they arrived, those after the first NUL included; Shown is what
// the victim saw: decoded, cut at the first NUL. Both are owned. For pure ASCII they share memory.
type String struct {
	Raw    string
	Shown  string
	Max    uint32 // NDR max_count
	Offset uint32 // NDR offset
	Actual uint32 // NDR actual_count; may lie beyond len(Raw)
	Exact  bool   // Shown encodes back to the octets of Raw before the NUL
}

// Features is what is computed of one text, once. It is shared by all messages of equal octets and read-only.
type Features struct {
	Form  *Form // the normal form: shared by all texts that differ only in what spammers vary
	Stats Stats

	Domains []string // registrable domains advertised, lower case, sorted, unique
	URLs    []string // URLs or hosts as written but lower-cased host, in order of appearance, unique
	Phones  []string // digits with leading + where given, sorted, unique
	Emails  []string // lower case, sorted, unique
}

// Stats are the countable marks of one text. Comparable: the same stats and the same form score the same.
type Stats struct {
	Octets      uint32 // octets before the NUL
	Runes       uint32
	Letters     uint32
	Capitals    uint32
	Digits      uint32
	Exclamation uint32
	Lines       uint32
	NonASCII    uint32
	URLs        uint16
	Domains     uint16
	Phones      uint16
	Emails      uint16
	Obfuscated  bool // normalising undid spacing, leet or look-alikes
}

// Form is the normal form "n2" of a text and what depends on nothing else, but for its name. Shared and read-only, but for its shingles, which a Sorter makes when they
// are first asked for: who shares forms asks in one goroutine.
type Form struct {
	Norm   string       // normal form, at most 4096 octets
	Hash   [32]byte     // SHA-256 of Norm
	Name   [32]byte     // SHA-256 of the form "n1", which is the same where nothing had to be mended: what templates and campaigns are named by
	Sketch [Bins]uint32 // one-permutation MinHash of the shingles; all ones where there are none
	Low    []uint32     // shingles below a bound that 72 of them have in the mean, as they come, at most 128

	full     uint8    // registers of the sketch that have a shingle of their own
	shingles []uint32 // nil until asked for
}
