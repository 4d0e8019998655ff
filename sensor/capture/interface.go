package capture

import (
	"strings"

	"popupwatch/decoders"
)

const (
	// maxInterfaces bounds the different interfaces of one file over all its sections. None is evicted: the file ends as damaged, since
	// nobody has so many and an attacker has a file of 20 octets for each.
	maxInterfaces = 4096
	maxName       = 256 // octets of an interface's name that are kept

	optionEnd   = 0
	optionName  = 2  // if_name
	optionUnit  = 9  // if_tsresol
	optionShift = 14 // if_tsoffset
	microUnit   = 6  // if_tsresol where none is given
)

// identity is what makes an interface of one section that of another: sections of files that were joined share their interfaces.
type identity struct {
	number int // in the section
	name   string
	link   decoders.LinkType
	order  order
}

// described is what the options of an interface say.
type described struct {
	name   string
	unit   uint8
	offset int64
}

// declareInterface reads an Interface Description Block: link type, snap length, options.
func (r *reader) declareInterface(body []byte) error {
	if len(body) < 8 {
		return r.damage("an interface block of %d octets (at least %d)", len(body)+frameOctets, 8+frameOctets)
	}
	if len(r.origins) == maxInterfaces {
		return r.damage("more than %d interfaces in a section", maxInterfaces)
	}
	d, ok := r.options(body[8:])
	if !ok {
		return r.damage("an option of an interface is longer than its block")
	}
	o := origin{link: decoders.LinkType(r.order.u16(body)), snap: r.order.u32(body[4:])}
	if o.clock, ok = newClock(d.unit, d.offset); !ok {
		return r.damage("a time unit that is too small (if_tsresol %#x)", d.unit)
	}
	if err := r.number(&o, d.name); err != nil {
		return err
	}
	r.origins = append(r.origins, o)
	return nil
}

// number gives an interface its number in the run and its filter: those it had in a section before, or new ones.
func (r *reader) number(o *origin, name string) (err error) {
	id := identity{len(r.origins), name, o.link, r.order}
	known, ok := r.declared[id]
	if !ok && len(r.declared) == maxInterfaces {
		return r.damage("more than %d different interfaces", maxInterfaces)
	}
	if !ok {
		if known, err = r.declarer.declare(name, o.link, o.snap, r.order); err != nil {
			return err
		}
		r.declared[id] = known
	}
	o.declared = known
	return nil
}

// options reads the options that bear on frames; ok is false where one is longer than what is left.
func (r *reader) options(b []byte) (d described, ok bool) {
	d.unit = microUnit
	for len(b) >= 4 {
		code, n := r.order.u16(b), int(r.order.u16(b[2:]))
		if code == optionEnd {
			break
		}
		padded := (n + 3) &^ 3
		if padded > len(b)-4 {
			return d, false
		}
		r.option(&d, code, b[4:4+n])
		b = b[4+padded:]
	}
	return d, true
}

func (r *reader) option(d *described, code uint16, value []byte) {
	switch {
	case code == optionName:
		name := strings.TrimRight(string(value[:min(len(value), maxName)]), "\x00")
		d.name = strings.ToValidUTF8(name, "\ufffd")
	case code == optionUnit && len(value) == 1:
		d.unit = value[0]
	case code == optionShift && len(value) == 8:
		d.offset = int64(r.order.u64(value))
	}
}
