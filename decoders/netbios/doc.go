// Package netbios reads the session service of NetBIOS over TCP (RFC 1002 4.3) and its names (RFC 1001 14.1, RFC 1002 4.1).
package netbios
