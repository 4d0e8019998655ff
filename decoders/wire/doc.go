// Package wire reads bytes: a cursor with a sticky error, and the Reason that every frame ends with; and it gives sets of bits their words.
package wire
