// Package reassembly puts pieces together: IP fragments, the fragments of RPC calls, the segments of TCP connections; bounded in octets, sets and
// packet time.
package reassembly
