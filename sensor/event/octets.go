package event

import (
	"net/netip"
	"unsafe"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// What the parts of rollups take, in octets, rather too much than too little: entries of maps and slices that grow count double.
const (
	bucketOctets = 2*int64(unsafe.Sizeof(bucket{})) + 512
	groupOctets  = 2*int64(unsafe.Sizeof(claimGroup{})) + 128
	sketchOctets = 24 << 10 // of an estimated count
)

// octets is what a document that opens takes, its lists of addresses full.
func (g *rolling) octets() int64 {
	n := 2*int64(unsafe.Sizeof(*g)) + listRoom*int64(unsafe.Sizeof(netip.Addr{})) + 128
	m := &g.message
	for _, s := range []*text.String{&m.From, &m.To, &m.Text} {
		n += int64(len(s.Raw) + len(s.Shown))
	}
	n += int64(len(m.Frames))*8 + wordOctets(m.Anomalies) + wordOctets(g.membership.Aliases)
	if f := m.Features; f != nil {
		n += wordOctets(f.Domains) + wordOctets(f.URLs) + wordOctets(f.Phones) + wordOctets(f.Emails) + int64(unsafe.Sizeof(*f))
	}
	if m.Session != nil {
		n += int64(unsafe.Sizeof(*m.Session)) + int64(len(m.Session.Called)+len(m.Session.Calling))
	}
	if g.claim != nil {
		n += assessmentOctets(g.claim)
	}
	return n
}

func wordOctets(words []string) (n int64) {
	for _, w := range words {
		n += int64(len(w)) + int64(unsafe.Sizeof(w))
	}
	return n
}

// assessmentOctets is what a held assessment takes with its evidence.
func assessmentOctets(a *spoof.Assessment) int64 {
	n := 2*int64(unsafe.Sizeof(heldClaim{})) + int64(len(a.Emitter))
	for i := range a.Evidence {
		v := &a.Evidence[i]
		n += int64(unsafe.Sizeof(*v)) + int64(len(v.Text)) + 8*int64(cap(v.Packets))
	}
	return n
}

// advertisedOnly is what documents say of a text's features: the rest of them is large, and its cache may have forgotten it.
func advertisedOnly(f *text.Features) *text.Features {
	if f == nil {
		return nil
	}
	return &text.Features{Domains: f.Domains, URLs: f.URLs, Phones: f.Phones, Emails: f.Emails}
}

// weighed counts distinct addresses and knows what that takes.
type weighed struct {
	decoders.Distinct
	octets    int64
	estimated bool // it grows no more
}

// add counts an address and says by how many octets the count grew.
func (w *weighed) add(a netip.Addr) int64 {
	w.Add(a)
	if w.estimated {
		return 0
	}
	n, estimated := w.Count()
	before := w.octets
	w.estimated = estimated
	switch {
	case estimated:
		w.octets = sketchOctets
	case n > 16:
		w.octets = 1024 + 21*int64(n)
	case n > 1:
		w.octets = 256
	}
	return w.octets - before
}

func (w *weighed) count() campaign.Count {
	n, estimated := w.Count()
	return campaign.Count{N: n, Estimated: estimated}
}
