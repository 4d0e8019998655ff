// Package text turns the octets of a popup into what its victim read, into a normal form that survives what spammers vary, and into the keys it advertises.
package text
