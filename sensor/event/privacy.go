package event

import "crypto/sha256"

// pseudonymLength is how many octets of SHA-256 stand for a text.
const pseudonymLength = 16

// appendPrivate appends s as privacy wants it: as it is, as a pseudonym ("sha256:" and 128 bits), or not at all. The pseudonym keeps
// texts comparable; it hides no text that can be guessed, as a user's name can.
func appendPrivate(b []byte, p Privacy, s string) []byte {
	switch p {
	case PrivacyDrop:
		return b
	case PrivacyKeep:
		return appendString(b, s)
	}
	h := sha256.New()
	h.Write([]byte("popupwatch privacy\x00"))
	h.Write([]byte(s))
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	b = append(b, `"sha256:`...)
	b = appendHex(b, sum[:pseudonymLength])
	return append(b, '"')
}
