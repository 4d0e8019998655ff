// Package geoip reads databases of places and autonomous systems for the documents of events. What it tells is that of an address, never of
// who sent a packet: anybody can write any address into a datagram.
package geoip
