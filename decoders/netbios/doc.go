// Package netbios reads the session and the datagram service of NetBIOS over TCP and UDP (RFC 1002 4.3, 4.4) and its names (RFC 1001 14.1,
// RFC 1002 4.1).
package netbios
