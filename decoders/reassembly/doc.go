// Package reassembly puts pieces together: IP fragments and the fragments of RPC calls, bounded in octets, sets and packet time.
package reassembly
