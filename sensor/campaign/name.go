package campaign

import (
	"encoding/base32"

	"popupwatch/decoders/text"
)

// formName is 80 bits of the SHA-256 of a form n1: what a template is called, and its campaign if it opens one. Two forms of one name, which take 2^40 hashes to make, are
// one template.
type formName [10]byte

func nameOf(form *text.Form) formName { return formName(form.Name[:10]) }

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// letters is how many letters a name has.
const letters = 16

// after is the name in letters after a prefix of five octets.
func (n *formName) after(prefix string) string {
	var b [len("cmp1-") + letters]byte
	copy(b[:], prefix)
	lowerBase32.Encode(b[len("cmp1-"):], n[:])
	return string(b[:])
}

// idOf is the id of a campaign that opens with form.
func idOf(form *text.Form) ID {
	name := nameOf(form)
	return ID(name.after("cmp1-"))
}

// nameIn is the name in an id.
func nameIn(id ID) (name formName, ok bool) {
	if len(id) != len("cmp1-")+letters {
		return name, false
	}
	n, err := lowerBase32.Decode(name[:], []byte(id[len("cmp1-"):]))
	return name, err == nil && n == len(name)
}
