package decoders

import "slices"

// Interfaces tells where frames came from: those of this run by the numbers their source gave them, those of earlier runs, of which a
// state file told, by negative ones. The zero value with Now knows those of this run. For one goroutine.
type Interfaces struct {
	Now     func(int) Interface // of this run; nil: not known
	earlier []Interface         // -1, -2, ...
}

// Of gives an interface by its number; the zero Interface where it is not known.
func (t *Interfaces) Of(number int) Interface {
	switch {
	case number < 0 && -number <= len(t.earlier):
		return t.earlier[-number-1]
	case number < 0 || t.Now == nil:
		return Interface{}
	}
	return t.Now(number)
}

// Lasting gives what of an interface lasts beyond its run: neither its path, which no document shows, nor its snap length. So the files of a directory are one
// interface, and there are no more of them than names, links and roles.
func (t *Interfaces) Lasting(number int) Interface {
	i := t.Of(number)
	i.Path, i.Snap = "", 0
	return i
}

// Earlier gives what Lasting gave in an earlier run its number in this one, which is negative.
func (t *Interfaces) Earlier(i Interface) (number int) {
	at := slices.Index(t.earlier, i)
	if at < 0 {
		at = len(t.earlier)
		t.earlier = append(t.earlier, i)
	}
	return -1 - at
}
